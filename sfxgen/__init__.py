"""sfxgen: make for game sound."""

__version__ = "0.1.0"
