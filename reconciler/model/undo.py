"""What an apply changed, as it was before: what `undo` begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.inventory import Entry
from reconciler.model.origin import JsonValue


@dataclass(frozen=True, slots=True)
class Image:
    """One object before a change.

    `spec` holds, as a manifest would write them, the fields that were changed, or all of an object
    that was deleted; None for one that was not there, or where only the inventory was changed.
    `entry` is what the inventory said of it. `lost` says what of it cannot be had back. `at` is the
    address it had, where a rename or a conversion gave it another.
    """

    address: Address
    action: str
    spec: Mapping[str, JsonValue] | None = None
    entry: Entry | None = None
    lost: str = ""
    at: Address | None = None

    @property
    def place(self) -> Address:
        """The address it had before."""
        return self.at or self.address


@dataclass(frozen=True, slots=True)
class UndoRecord:
    """What one apply changed; `created` is a time in UTC, which names the record."""

    id: str
    created: str
    workspace: str
    digest: str
    images: tuple[Image, ...] = ()
