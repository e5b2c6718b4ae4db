"""What can be managed: declarations, no I/O."""
