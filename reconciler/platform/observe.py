"""Addresses in, what is live out: the stage that reads the platforms.

What many objects share is read once (a kind's listing). An object the listing lacks is asked for
by its own name before it counts as absent: a weaker token sees fewer objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.observation import Group, Observation
from reconciler.errors import AnswerError, Diagnostic, UnauthorisedError, UnreachableError
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content, Listing
from reconciler.model import Address, Live, Observed, PlatformInfo, Unreadable
from reconciler.platform.source import Source

Progress = Callable[[str, int, int], None]
"""Told what is going on: words, how many are done, how many there are."""


def silent(words: str, done: int, total: int) -> None:
    """Progress that nobody wants to see."""


@dataclass
class Observer:
    """Reads the platforms of one run; listings and versions are asked for once.

    `sources` are the platforms themselves, or what a snapshot recorded of them.
    """

    sources: Mapping[str, Source]
    registry: Registry
    progress: Progress = silent
    infos: dict[str, PlatformInfo] = field(default_factory=dict)
    notes: list[Diagnostic] = field(default_factory=list)
    """What slows the run down."""
    skipped: dict[Address, Unreadable] = field(default_factory=dict)
    """Objects that are listed by name and could not be read."""
    _listings: dict[tuple[str, Listing], Mapping[str, Any] | None] = field(default_factory=dict)

    def probe(self, platforms: Iterable[str]) -> None:
        """Ask each platform for its versions. Raises UnreachableError."""
        for name in platforms:
            if name not in self.infos:
                self.infos[name] = self.sources[name].probe()

    def observe(self, addresses: Iterable[Address]) -> Observation:
        """Read every address.

        Raises UnreachableError or UnauthorisedError when a platform as a whole cannot be read.
        """
        wanted = list(dict.fromkeys(addresses))
        self.probe(dict.fromkeys(a.platform for a in wanted))
        found: dict[Address, Observed] = {}
        alone: list[Address] = []
        for address in wanted:
            listed = self._from_listing(address)
            if listed is None:
                alone.append(address)
            else:
                found[address] = listed
        found.update(self._one_by_one(alone))
        return Observation(found, dict(self._listed()), tuple(self.infos.values()))

    def list_all(self, platform: str) -> Iterator[tuple[Address, Mapping[str, Any]]]:
        """Every live object of the kinds that can be listed, with its raw answer.

        Raises AnswerError where even the names cannot be listed.
        """
        self.probe([platform])
        for kind in self.registry:
            for name, raw in self._all(platform, kind).items():
                if kind.rest.listing and kind.rest.listing.matches(kind.rest.constants, raw):
                    yield Address(kind.name, (name,), platform), raw

    def _all(self, platform: str, kind: Kind) -> Mapping[str, Mapping[str, Any]]:
        """What a kind's listing covers; object by object where the server has no bulk read."""
        listing = kind.rest.listing
        if listing is None:
            return {}
        found = self._listing(platform, kind)
        if found is None:
            names = self.sources[platform].names(kind)
            addresses = [Address(kind.name, (name,), platform) for name in names]
            read = self._one_by_one(addresses)
            found = {a.name: live.raw for a, live in read.items() if isinstance(live, Live)}
            self.skipped |= {a: o for a, o in read.items() if isinstance(o, Unreadable)}
            self._listings[platform, listing] = found
        return found

    def measure(self, addresses: Iterable[Address]) -> dict[Address, Content | None]:
        """What each object holds; None where it could not be measured."""
        return dict(self._map(self._measure, list(addresses), "measuring"))

    def _measure(self, address: Address) -> Content | None:
        try:
            return self._source(address).measure(self.registry[address.kind], address)
        except (AnswerError, UnreachableError):
            return None

    def _source(self, address: Address) -> Source:
        return self.sources[address.platform]

    def _from_listing(self, address: Address) -> Observed | None:
        kind = self.registry[address.kind]
        raw = (self._listing(address.platform, kind) or {}).get(address.name)
        return kind.rest.live(raw) if raw is not None else None

    def _listing(self, platform: str, kind: Kind) -> Mapping[str, Any] | None:
        listing = kind.rest.listing
        if listing is None:
            return None
        key = (platform, listing)
        if key not in self._listings:
            self._listings[key] = self._read_listing(platform, kind, listing)
        return self._listings[key]

    def _read_listing(
        self, platform: str, kind: Kind, listing: Listing
    ) -> Mapping[str, Any] | None:
        version = self.infos[platform].versions.get(listing.service, "")
        if not at_least(version, listing.since):
            return None
        self.progress(f"reading {platform}", 0, 0)
        try:
            return self.sources[platform].listing(kind)
        except AnswerError as error:
            self.notes.append(_one_by_one_note(platform, error))
            return None

    def _listed(self) -> Iterator[tuple[Group, Mapping[str, Any]]]:
        for kind in self.registry:
            for platform in self.infos:
                listed = (
                    self._listings.get((platform, kind.rest.listing)) if kind.rest.listing else None
                )
                if listed is not None:
                    yield (platform, kind.namespace), listed

    def _one_by_one(self, addresses: list[Address]) -> dict[Address, Observed]:
        return dict(self._map(self.read, addresses, "reading"))

    def read(self, address: Address) -> Observed:
        """One object by its own name.

        Raises UnreachableError when the platform as a whole does not answer any more.
        """
        try:
            return self._source(address).read(self.registry[address.kind], address)
        except UnauthorisedError:
            raise
        except AnswerError as error:
            return Unreadable(error.summary, error.status)
        except UnreachableError as error:
            self._source(address).probe()
            return Unreadable(error.summary)

    def _map(
        self, read: Callable[[Address], Any], addresses: list[Address], words: str
    ) -> Iterator[tuple[Address, Any]]:
        if not addresses:
            return
        workers = min(len(addresses), self._concurrency(addresses))
        with ThreadPoolExecutor(workers) as pool:
            for done, (address, result) in enumerate(
                zip(addresses, pool.map(read, addresses), strict=True), 1
            ):
                self.progress(words, done, len(addresses))
                yield address, result

    def _concurrency(self, addresses: list[Address]) -> int:
        return self._source(addresses[0]).concurrency


def _one_by_one_note(platform: str, error: AnswerError) -> Diagnostic:
    return Diagnostic(
        "bulk-read",
        "warning",
        f"the bulk read of {platform} cannot be used, so its objects are read one by one: "
        f"{error.summary}",
        hint="a proxy that answers in the server's place is often the reason; --trace shows it",
    )
