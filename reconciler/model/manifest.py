"""One object as its owner wants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.model.address import Address
from reconciler.model.origin import JsonValue, Origin

Manage = Literal["full", "create-only", "observe"]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How far an object is managed (`metadata.lifecycle`)."""

    protect: bool = False
    manage: Manage = "full"
    ignore: tuple[str, ...] = ()
    takeover: bool = False
    replace: bool = False
    release: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as its owner wants it, on one platform.

    `spec` holds only what the author wrote: an absent key is neither compared nor written, None
    means "clear it".
    """

    address: Address
    spec: Mapping[str, JsonValue]
    origin: Origin
    index: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    previous_names: tuple[str, ...] = ()
    after: tuple[Address, ...] = ()
    """Other sites of the same object, which are written first."""

    def previous_addresses(self) -> Iterator[Address]:
        """The addresses the object may still be at (`metadata.previousNames`)."""
        for name in self.previous_names:
            yield replace(self.address, parts=(*self.address.parts[:-1], name))
