"""What was recorded of a platform in, a source that answers from it out: no network at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.errors import AnswerError, UsageError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Bulk, Content, Listing, Write
from reconciler.model import Absent, Address, Impact, Observed, PlatformInfo, Unreadable
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

    @property
    def url(self) -> str:
        """Where the platform was."""
        return self.recorded.info.url

    def hurry(self) -> None:
        """Nothing is ever waited for."""

    def probe(self) -> PlatformInfo:
        """What the platform said of itself."""
        return self.recorded.info

    def listing(self, listing: Listing) -> Objects | None:
        """What the listing answered."""
        listed = self._listed(listing)
        return listed.objects if listed else None

    def extended(self, listing: Listing, found: Objects) -> Objects:
        """What was answered; without it, what it would have added is not known."""
        more = self.listing(listing)
        return found if more is None else more

    def names(self, listing: Listing) -> list[str]:
        """What the list of names answered. Raises AnswerError when it was not asked for."""
        listed = self._listed(listing)
        if listed is None or listed.names is None:
            raise AnswerError(f"the snapshot does not say what {listing.path} lists")
        return list(listed.names)

    def sees_all(self, listing: Listing, version: str) -> bool:
        """Whether the listing was seen to be complete."""
        listed = self._listed(listing)
        return listed is not None and listed.complete

    def in_bulk(self, bulk: Bulk, listing: Listing | None, names: Sequence[str]) -> Objects:
        """What the listing answered for these names."""
        objects = (self.listing(listing) if listing is not None else None) or {}
        return {name: objects[name] for name in names if name in objects}

    def read(self, kind: Kind, address: Address) -> Observed:
        """What was answered for the object, else what follows from a complete listing."""
        known = self.recorded.objects.get(address.full)
        if known is not None:
            return known
        listing = kind.rest.listing_of(address)
        listed = self._listed(listing) if listing is not None else None
        raw = (listed.objects or {}).get(kind.rest.listed_as(address)) if listed else None
        if raw is not None:
            return kind.rest.live(raw)
        if listed and listed.complete and kind.rest.listed_as(address) not in (listed.names or ()):
            return Absent()
        return Unreadable(_silence(listed))

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """What was counted. Raises AnswerError for what nobody counted."""
        if address.full not in self.recorded.contents:
            raise AnswerError(f"the snapshot does not say what {address} holds")
        return self.recorded.contents[address.full]

    def last_use(self, kind: Kind, address: Address, content: Content) -> str:
        """As it was recorded with the content."""
        return content.used

    def impact(self, kind: Kind, write: Write, budget: Budget) -> Impact:
        """Nobody recorded it. Raises AnswerError."""
        raise AnswerError("a snapshot does not hold what a policy would hit")

    def _listed(self, listing: Listing) -> Listed | None:
        return next((one for one in self.recorded.listings if one.path == listing.path), None)


def _silence(listed: Listed | None) -> str:
    if listed is None or listed.objects is None:
        return "the snapshot does not hold it: it was not declared when the snapshot was taken"
    return (
        "the snapshot does not hold it, and the token it was taken with does not see everything: "
        "it may exist"
    )
