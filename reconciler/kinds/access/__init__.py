"""Kinds of the Access service: projects, environments, groups."""
