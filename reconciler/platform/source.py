"""What can be asked of one platform while a plan is made, and the platform itself as the answer.

The other answer is a snapshot (`platform/snapshot/`): the observer cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.kinds.kind import Kind
from reconciler.kinds.rest import Content
from reconciler.model import Address, Observed, PlatformInfo
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

    def probe(self) -> PlatformInfo:
        """The platform's versions."""

    def listing(self, kind: Kind) -> Objects | None:
        """What the kind's listing answers; None when it may not be used."""

    def names(self, kind: Kind) -> list[str]:
        """The names of all objects of the kind's listing."""

    def read(self, kind: Kind, address: Address) -> Observed:
        """One object by its own name."""

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """What one object holds; None for one that holds nothing."""


@dataclass(frozen=True)
class LivePlatform:
    """A platform that is asked now."""

    client: Client

    @property
    def concurrency(self) -> int:
        """As many as the client may send at once."""
        return self.client.options.concurrency

    def probe(self) -> PlatformInfo:
        """See `platform/probe.py`."""
        return probe(self.client)

    def listing(self, kind: Kind) -> Objects | None:
        """One read for all objects."""
        listing = kind.rest.listing
        found: Objects | None = self.client.run(listing.read()) if listing else None
        return found

    def names(self, kind: Kind) -> list[str]:
        """One read for all names."""
        names: list[str] = self.client.run(kind.rest.listing.names()) if kind.rest.listing else []
        return names

    def read(self, kind: Kind, address: Address) -> Observed:
        """One read for one object."""
        observed: Observed = self.client.run(kind.rest.read(address))
        return observed

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """Counts what the object holds."""
        content: Content | None = self.client.run(kind.rest.measure(address))
        return content
