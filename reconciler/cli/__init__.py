"""Commands and flags in, an exit code out. No decisions are made here."""
