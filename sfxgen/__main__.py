"""`python -m sfxgen`."""

from sfxgen.cli import main

if __name__ == "__main__":
    main()
