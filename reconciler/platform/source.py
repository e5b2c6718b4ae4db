"""What can be asked of one platform while a plan is made, and the platform itself as the answer.

The other answer is a snapshot (`platform/snapshot/`): the observer cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.kinds.evidence import Budget, within
from reconciler.kinds.kind import Kind
from reconciler.kinds.rest import Bulk, Content, Listing, Write
from reconciler.model import SERVICES, Address, Impact, Observed, PlatformInfo
from reconciler.platform.client import Client
from reconciler.platform.probe import probe

Objects = Mapping[str, Mapping[str, Any]]
"""Raw answers by object name."""


class Source(Protocol):
    """One platform, as far as a plan reads it. Nothing here changes anything.

    Raises AnswerError for an answer that allows no conclusion, UnauthorisedError and
    UnreachableError when the platform as a whole does not answer.
    """

    @property
    def concurrency(self) -> int:
        """How many questions may be asked side by side."""

    @property
    def url(self) -> str:
        """Where the platform is."""

    def hurry(self) -> None:
        """Wait for nothing any more: what fails from now on is not asked again."""

    def probe(self) -> PlatformInfo:
        """The platform's versions."""

    def listing(self, listing: Listing) -> Objects | None:
        """What a listing answers; None when it may not be used."""

    def extended(self, listing: Listing, found: Objects) -> Objects:
        """What a listing makes of the answer of the one it extends."""

    def names(self, listing: Listing) -> list[str]:
        """The names of all objects of a listing."""

    def sees_all(self, listing: Listing, version: str) -> bool:
        """Whether a listing is known to hide nothing, so that what it lacks is absent."""

    def in_bulk(self, bulk: Bulk, listing: Listing | None, names: Sequence[str]) -> Objects:
        """Those of the named objects that can be seen, in as few questions as there can be."""

    def read(self, kind: Kind, address: Address) -> Observed:
        """One object by its own name."""

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """What one object holds; None for one that holds nothing."""

    def last_use(self, kind: Kind, address: Address, content: Content) -> str:
        """When something of it was last downloaded; see `Content.used`."""

    def impact(self, kind: Kind, write: Write, budget: Budget) -> Impact:
        """What an object would hit once it is as a write has it."""


def live_source(client: Client) -> Source:
    """The platform, or the service beside the platforms, that a client talks to."""
    return LiveService(client) if client.endpoint.name in SERVICES else LivePlatform(client)


@dataclass(frozen=True)
class LivePlatform:
    """A platform that is asked now."""

    client: Client

    @property
    def concurrency(self) -> int:
        """As many as the client may send at once."""
        return self.client.options.concurrency

    @property
    def url(self) -> str:
        """The client's base."""
        return self.client.base

    def hurry(self) -> None:
        """Requests that fail are not repeated."""
        self.client.stop.set()

    def probe(self) -> PlatformInfo:
        """See `platform/probe.py`."""
        return probe(self.client)

    def listing(self, listing: Listing) -> Objects | None:
        """One read for all objects."""
        found: Objects | None = self.client.run(listing.read())
        return found

    def extended(self, listing: Listing, found: Objects) -> Objects:
        """One read more."""
        more: Objects = self.client.run(listing.extended(found))
        return more

    def names(self, listing: Listing) -> list[str]:
        """One read for all names."""
        names: list[str] = self.client.run(listing.names())
        return names

    def sees_all(self, listing: Listing, version: str) -> bool:
        """Asks for a proof, if there can be one."""
        return bool(self.client.run(listing.sees_all(version)))

    def in_bulk(self, bulk: Bulk, listing: Listing | None, names: Sequence[str]) -> Objects:
        """One read for each chunk."""
        found: dict[str, Mapping[str, Any]] = {}
        for chunk in bulk.chunks(names):
            found.update(self.client.run(bulk.read(chunk)))
        return found

    def read(self, kind: Kind, address: Address) -> Observed:
        """One read for one object."""
        observed: Observed = self.client.run(kind.rest.read(address))
        return observed

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """Counts what the object holds."""
        content: Content | None = self.client.run(kind.rest.measure(address))
        return content

    def last_use(self, kind: Kind, address: Address, content: Content) -> str:
        """One query, where its answer is not too long."""
        return str(self.client.run(kind.rest.last_use(address, content), attempts=1))

    def impact(self, kind: Kind, write: Write, budget: Budget) -> Impact:
        """Asks as far as the budget goes."""
        assert kind.evidence is not None
        found: Impact = self.client.run(within(kind.evidence(write, budget), budget), attempts=2)
        return found


@dataclass(frozen=True)
class LiveService(LivePlatform):
    """A service beside the platforms: it tells no version, and no request is the same for all."""

    def probe(self) -> PlatformInfo:
        """Asks nothing; a service that is not there shows when an object is read."""
        return PlatformInfo(self.client.endpoint.name, self.client.base)
