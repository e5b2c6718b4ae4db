"""What the rest of a run knows of an inventory, wherever it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.model import Entry, Inventory


class Store(Protocol):
    """A place that remembers what is owned. Safe to use from several threads."""

    @property
    def where(self) -> str:
        """How the place is named to people."""

    def load(self) -> Inventory:
        """What is recorded; nothing where nobody recorded anything yet.

        Raises UsageError where the place holds something that is no inventory of ours.
        """

    def change(self, entries: Mapping[str, Entry | None]) -> None:
        """Record some entries, by full address; None removes one.

        What others recorded at the same time stays. Raises UsageError where it cannot be written.
        """

    def note_plan(self, key: str) -> None:
        """Remember that a plan was used; once it is, its time stays. Raises as `change` does."""

    def require_writable(self) -> None:
        """Make sure that a change can be recorded, before what it records is done.

        Raises UsageError when it cannot.
        """

    def close(self) -> None:
        """Leave the place tidy: what was recorded piece by piece is put together."""
