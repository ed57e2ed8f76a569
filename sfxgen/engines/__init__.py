"""Exporters: one engine a file, each behind `sfxgen.contracts.Exporter`."""
