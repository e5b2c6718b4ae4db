"""Decisions: pure functions; no clock, network, disk or environment."""
