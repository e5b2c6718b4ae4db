"""What the rest of a run knows of an inventory, wherever it is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reconciler.model import Entry, Inventory
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.lease import Held, Lease


class Store(Protocol):
    """A place that remembers what is owned. Safe to use from several threads."""

    @property
    def where(self) -> str:
        """How the place is named to people."""

    def load(self, wanted: Iterable[str] = ()) -> Inventory:
        """What is recorded; nothing where nobody recorded anything yet.

        Of the full addresses that are `wanted`, it also holds what other workspaces own, as far as
        that can be seen from here. Raises UsageError where the place holds something that is no
        inventory of ours.
        """

    def claimed(self, wanted: Iterable[str]) -> Mapping[str, Entry]:
        """What other workspaces say they own of these full addresses, whatever is recorded here."""

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

    def lease(
        self,
        holder: Holder,
        part: str = "",
        wait: float = 0.0,
        stop: threading.Event | None = None,
    ) -> AbstractContextManager[Lease]:
        """The right to write, for one run at a time, given back at the end.

        `part` is the shard the run is about, as `2/4`: other shards of it may write meanwhile.
        Waits `wait` seconds for a run that has it, or until `stop` is set. Raises LeaseHeldError
        when it still has it then, UsageError when a lease cannot be written.
        """

    def unlock(self, lease_id: str) -> Held:
        """End the lease with this id; its holder writes no more. Returns what it was.

        Raises UsageError when there is no such lease.
        """

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep how everything was before an apply, beside the newest few. Raises as `change`."""

    def kept(self) -> Sequence[Mapping[str, Any]]:
        """What was kept, oldest first; what is damaged is left out."""

    def held(self) -> Sequence[Held]:
        """The leases that runs have now. Raises as `unlock` does where they cannot be read."""

    def close(self) -> None:
        """Leave the place tidy: what was recorded piece by piece is put together."""
