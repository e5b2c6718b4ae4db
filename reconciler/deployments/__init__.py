"""Decisions about deployments to devices: facts and a manifest in, the next step out. No I/O."""
