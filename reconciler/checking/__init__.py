"""The doctor's room: what a run needs in, whether it is there out. Only reads."""
