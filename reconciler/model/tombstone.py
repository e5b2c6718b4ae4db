"""Permission to delete one object although it holds content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.model.address import Address
from reconciler.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One object may be deleted with at most `max_bytes` of content, up to and with `expires`."""

    address: Address
    max_bytes: int
    origin: Origin
    expires: date | None = None
