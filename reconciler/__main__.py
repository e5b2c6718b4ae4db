"""Lets `python -m reconciler` be the command."""

from reconciler.cli.main import main

if __name__ == "__main__":
    main()
