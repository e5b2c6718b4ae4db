"""One object as a platform answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.origin import JsonValue


@dataclass(frozen=True, slots=True)
class Live:
    """One object as the platform answers it.

    `raw` is the answer as it came; it is not in the repr, because URLs may hold passwords.
    `complete` is False when the answer is the reduced one that a weaker token gets: then a field
    it lacks is unknown, not unset.
    """

    raw: Mapping[str, JsonValue] = field(repr=False)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """The platform said that the object does not exist.

    `obstacle` says why it cannot exist there, where that is so: the platform does not offer such
    objects. `may_hide` says that it answers the same for what the caller must not know of.
    """

    obstacle: str = ""
    may_hide: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The platform's answer allows no conclusion; never taken for absence."""

    reason: str
    status: int = 0
    hint: str = ""
    """What may help, where more is known than the status tells."""


Observed = Live | Absent | Unreadable
