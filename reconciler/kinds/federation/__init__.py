"""Repositories that several platforms hold together, declared once."""
