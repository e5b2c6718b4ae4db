"""A project's key: its rule, shared by the projects and by whatever names one in a path."""

from __future__ import annotations

import re

LONGEST = 32
_FITS = re.compile("[a-z][a-z0-9-]*")

ALLOWED = (
    "a project key has 2 to 32 characters, small letters, digits and '-', and begins with a letter"
)


def is_project_key(key: str) -> bool:
    """Whether a project can have this key."""
    return 2 <= len(key) <= LONGEST and _FITS.fullmatch(key) is not None
