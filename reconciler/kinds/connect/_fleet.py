"""A fleet's key: its rule, shared by everything that lives in a fleet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.kinds.kind import Fault, Subject

_KEY = re.compile("[a-z][a-z0-9]{1,31}")


def fleet_key(subject: Subject) -> Iterator[Fault]:
    """Requests take the key; pages of the web UI show the name."""
    for key in subject.parents[:1]:
        if not _KEY.fullmatch(key):
            yield Fault(
                ("metadata", "fleet"),
                "name-illegal",
                f"'{key}' is no key of a fleet: 2 to 32 small letters and digits, a letter first",
                "the fleet's settings show its key beside its name",
            )
