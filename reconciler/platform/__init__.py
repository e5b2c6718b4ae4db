"""The wire: the only rooms that talk to a platform, the disk or the clock on its behalf."""
