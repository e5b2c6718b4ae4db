"""A recording of everything a plan reads of the platforms, in a file without secrets."""
