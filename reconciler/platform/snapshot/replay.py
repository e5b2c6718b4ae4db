"""What was recorded of a platform in, a source that answers from it out: no network at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.errors import AnswerError, UsageError
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content
from reconciler.model import Absent, Address, Observed, PlatformInfo, Unreadable
from reconciler.platform.snapshot.model import Listed, Recorded, Snapshot
from reconciler.platform.source import Objects, Source


def sources(snapshot: Snapshot, platforms: Iterable[str], registry: Registry) -> dict[str, Source]:
    """The named platforms as they were. Raises UsageError for one the snapshot does not hold."""
    found: dict[str, Source] = {}
    for name in platforms:
        if name not in snapshot.platforms:
            known = ", ".join(f"'{name}'" for name in sorted(snapshot.platforms)) or "no platform"
            raise UsageError(
                f"the snapshot does not hold platform '{name}'; it holds {known}",
                hint="take a new one with this workspace, or leave the platform out: "
                f"--exclude platform={name}",
            )
        found[name] = RecordedPlatform(snapshot.platforms[name], registry)
    return found


@dataclass(frozen=True)
class RecordedPlatform:
    """A platform as it was when the snapshot was taken.

    What was never asked for is answered from a listing that was complete; without one it is
    unreadable, because a guess would be a wrong plan.
    """

    recorded: Recorded
    registry: Registry

    @property
    def concurrency(self) -> int:
        """Nothing waits for anything."""
        return 1

    def probe(self) -> PlatformInfo:
        """What the platform said of itself."""
        return self.recorded.info

    def listing(self, kind: Kind) -> Objects | None:
        """What the listing answered."""
        listed = self._listed(kind)
        return listed.objects if listed else None

    def names(self, kind: Kind) -> list[str]:
        """What the list of names answered. Raises AnswerError when it was not asked for."""
        listed = self._listed(kind)
        if listed is None or listed.names is None:
            raise AnswerError(f"the snapshot does not say which {kind.name} objects there are")
        return list(listed.names)

    def read(self, kind: Kind, address: Address) -> Observed:
        """What was answered for the object, else what follows from a complete listing."""
        known = self.recorded.objects.get(address.full)
        if known is not None:
            return known
        listed = self._listed(kind)
        raw = (listed.objects or {}).get(address.name) if listed else None
        if raw is not None:
            return kind.rest.live(raw)
        return Absent() if listed and listed.complete else Unreadable(_silence(listed))

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """What was counted. Raises AnswerError for what nobody counted."""
        if address.full not in self.recorded.contents:
            raise AnswerError(f"the snapshot does not say what {address} holds")
        return self.recorded.contents[address.full]

    def _listed(self, kind: Kind) -> Listed | None:
        """The record of the kind's listing, under its own name or that of a kind that shares it:
        the snapshot may be older than the kind.
        """
        if kind.rest.listing is None:
            return None
        by_kind: Mapping[str, Listed] = {
            name: listed for listed in self.recorded.listings for name in listed.kinds
        }
        if kind.name in by_kind:
            return by_kind[kind.name]
        for name, listed in by_kind.items():
            if name in self.registry and self.registry[name].rest.listing == kind.rest.listing:
                return listed
        return None


def _silence(listed: Listed | None) -> str:
    if listed is None or listed.objects is None:
        return "the snapshot does not hold it: it was not declared when the snapshot was taken"
    return (
        "the snapshot does not hold it, and the token it was taken with does not see everything: "
        "it may exist"
    )
