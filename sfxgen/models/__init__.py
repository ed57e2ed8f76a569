"""Adapters: one kind of model a file, each behind `sfxgen.contracts.Adapter`."""
