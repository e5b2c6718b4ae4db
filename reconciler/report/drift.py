"""What changed on the platforms since the last apply, as a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.model import Address, FieldChange, Origin

DriftStatus = Literal["changed", "deleted", "not-tracked", "unreadable"]

STATUSES: tuple[DriftStatus, ...] = ("deleted", "changed", "unreadable", "not-tracked")
"""In the order in which they matter."""


@dataclass(frozen=True, slots=True)
class DriftEntry:
    """One object that is not as it was last applied, or whose state nobody can tell.

    `fields` hold what was last applied as `before` and what is live as `after`. A declared object
    that was never applied is `not-tracked`: it cannot have drifted.
    """

    address: Address
    status: DriftStatus
    fields: tuple[FieldChange, ...] = ()
    origin: Origin | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """All drift of a workspace. `tracked` counts the objects that were compared."""

    entries: tuple[DriftEntry, ...] = ()
    unmanaged: tuple[Address, ...] = ()
    tracked: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def drifted(self) -> tuple[DriftEntry, ...]:
        """The objects that differ: what makes the exit code 2."""
        return tuple(e for e in self.entries if e.status in ("changed", "deleted"))

    def summary(self) -> dict[str, int]:
        """How many objects of each status."""
        counts = Counter(entry.status for entry in self.entries)
        return {status: counts[status] for status in STATUSES}
