"""Cleanup, archive and retention policies."""
