"""The tests of the package, one folder for each room of it."""
