"""What is not as it was last applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.model.address import Address
from reconciler.model.change import FieldChange
from reconciler.model.origin import Origin
from reconciler.model.plan import Scope

DriftStatus = Literal["changed", "deleted", "not-tracked", "unreadable"]

DRIFT_STATUSES: tuple[DriftStatus, ...] = ("deleted", "changed", "unreadable", "not-tracked")
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
    """What changed on the platforms since the last apply; `tracked` counts the objects compared."""

    entries: tuple[DriftEntry, ...] = ()
    unmanaged: tuple[Address, ...] = ()
    tracked: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    scope: Scope = Scope()

    @property
    def drifted(self) -> tuple[DriftEntry, ...]:
        """The objects that differ: what makes the exit code 2."""
        return tuple(e for e in self.entries if e.status in ("changed", "deleted"))

    @property
    def is_incomplete(self) -> bool:
        """Whether some object could not be read."""
        return any(e.status == "unreadable" for e in self.entries)

    def summary(self) -> dict[str, int]:
        """How many objects of each status."""
        found = [entry.status for entry in self.entries]
        return {status: found.count(status) for status in DRIFT_STATUSES}
