"""Addresses in, what is live out: the stage that reads the platforms.

What many objects share is read once (a kind's listing). An object the listing lacks is asked for
by its own name before it counts as absent: a weaker token sees fewer objects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from reconciler.engine.observation import Group, Observation
from reconciler.errors import (
    AnswerError,
    Diagnostic,
    NotOfferedError,
    UnauthorisedError,
    UnreachableError,
)
from reconciler.kinds.evidence import Budget
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Bulk, Content, Listing, Shape, Write
from reconciler.model import (
    SERVICES,
    Absent,
    Address,
    Impact,
    Live,
    Observed,
    PlatformInfo,
    Unreadable,
)
from reconciler.platform.client import Clock
from reconciler.platform.source import Objects, Source

Progress = Callable[[str, int, int], None]
"""Told what is going on: words, how many are done, how many there are."""


def silent(words: str, done: int, total: int) -> None:
    """Progress that nobody wants to see."""


FEW_CHUNKS = 4
"""So many requests for parts cost less than one for everything."""


def _grouped(
    addresses: Iterable[Address], group_of: Callable[[Address], Hashable]
) -> Iterator[list[Address]]:
    groups: dict[Hashable, list[Address]] = {}
    for address in addresses:
        groups.setdefault(group_of(address), []).append(address)
    yield from groups.values()


class _Place(NamedTuple):
    """Where the objects of a kind inside one parent are looked up, or why there are none."""

    shape: Shape
    listing: Listing | None = None
    listed: Mapping[str, Any] | None = None
    absent: Collection[Address] = ()
    lacks: Absent | None = None


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
    unlistable: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The kinds that could not be listed, by platform and reason."""
    unreachable: dict[str, UnreachableError] = field(default_factory=dict)
    """The platforms that did not answer as a whole, and what happened."""
    clock: Clock = field(default_factory=Clock)
    _listings: dict[tuple[str, Listing], Mapping[str, Any] | None] = field(default_factory=dict)
    _read_at: dict[tuple[str, Listing], float] = field(default_factory=dict)
    _absent: dict[tuple[str, Listing], set[Address]] = field(default_factory=dict)
    """What a listing lacked and a second look did not find either, as long as it is used."""
    _proofs: dict[tuple[str, Listing], bool] = field(default_factory=dict)
    _not_offered: dict[tuple[str, Listing], str] = field(default_factory=dict)
    """Why a platform has no objects of a listing."""

    def probe(self, platforms: Iterable[str]) -> None:
        """Ask each platform for its versions.

        Raises UnreachableError when none of the run's platforms answers.
        """
        for name in platforms:
            if name not in self.infos:
                try:
                    self.infos[name] = self.sources[name].probe()
                except UnreachableError as error:
                    self.gone(name, error)

    def gone(self, platform: str, error: UnreachableError) -> None:
        """One of several platforms does not answer: it is told once, the others are read.

        Raises the error when no platform is left.
        """
        self.unreachable[platform] = error
        if len(self.unreachable) == len(self.sources):
            raise error
        self.infos[platform] = PlatformInfo(platform, self.sources[platform].url)
        self.notes.append(_unreachable_note(platform, error))

    @property
    def unreachable_urls(self) -> Mapping[str, str]:
        """The URLs of the platforms that did not answer, by name."""
        return {name: self.sources[name].url for name in self.unreachable}

    def observe(self, addresses: Iterable[Address], also: Iterable[str] = ()) -> Observation:
        """Read every address, and list what there is of the kinds in `also`.

        On a platform that does not answer, all are unreadable.

        Raises UnreachableError or UnauthorisedError when no platform can be read.
        """
        wanted = list(dict.fromkeys(addresses))
        self.probe(dict.fromkeys(a.platform for a in wanted))
        found: dict[Address, Observed] = {}
        platforms = {address.platform for address in wanted}
        groups = [wanted] if len(platforms) == 1 else _grouped(wanted, lambda a: a.platform)
        for group in groups:
            found.update(self._on_one(group[0].platform, group, self._seen))
        unlisted = {
            (platform, kind)
            for kind in also
            for platform in self.infos.keys() - self.unreachable.keys()
            if (listing := self.registry[kind].rest.listing) is not None
            and not self._is_looked_through(platform, listing)
        }
        return Observation(
            found,
            dict(self._listed({*(a.kind for a in wanted), *also})),
            tuple(self.infos.values()),
            unlisted=frozenset(unlisted),
            unreachable=self.unreachable_urls,
        )

    def _is_looked_through(self, platform: str, listing: Listing) -> bool:
        """Whether all objects were listed, as far as the server has a list and can tell."""
        if not listing.reads or not self._has(platform, listing.service, listing.since):
            return True
        if self._listing(platform, listing) is None:
            return False
        provable = listing.provable_since
        is_provable = bool(provable) and self._has(platform, listing.service, provable)
        return not is_provable or self._sees_all(platform, listing)

    def by_name(self, addresses: Iterable[Address]) -> dict[Address, Observed]:
        """Each object by its own name; one that a listing shows is not absent.

        On a platform that does not answer, all are unreadable. Raises UnreachableError when none
        does.
        """
        found: dict[Address, Observed] = {}
        for group in _grouped(addresses, lambda a: a.platform):
            found.update(self._on_one(group[0].platform, group, self._one_by_one))
        return {
            address: Unreadable("it is listed, and not found by its name") if shown else seen
            for address, seen in found.items()
            for shown in [isinstance(seen, Absent) and self._is_listed(address)]
        }

    def _is_listed(self, address: Address) -> bool:
        shape = self.registry[address.kind].rest
        listed = self._listing(address.platform, shape.listing_of(address))
        return listed is not None and shape.listed_as(address) in listed

    def _on_one(
        self,
        platform: str,
        addresses: Sequence[Address],
        look: Callable[[Sequence[Address]], Mapping[Address, Observed]],
    ) -> Mapping[Address, Observed]:
        if platform not in self.unreachable:
            try:
                return look(addresses)
            except UnreachableError as error:
                self.gone(platform, error)
        reason = Unreadable(self.unreachable[platform].summary)
        return dict.fromkeys(addresses, reason)

    def fresh(
        self, addresses: Sequence[Address], *, newest: float = 0.0
    ) -> dict[Address, Observed]:
        """The objects as they are now, read in bulk.

        A listing that is younger than `newest` seconds is good enough. Raises UnreachableError.
        """
        found: dict[Address, Observed] = {}
        for group in _grouped(addresses, self._sources):
            found.update(self._fresh(group, newest))
        return found

    def _sources(self, address: Address) -> tuple[str, Listing | None, Bulk | None]:
        shape = self.registry[address.kind].rest
        return address.platform, shape.listing_of(address), shape.bulk

    def _fresh(self, addresses: Sequence[Address], newest: float) -> dict[Address, Observed]:
        platform, listing, bulk = self._sources(addresses[0])
        if listing is not None and self._age(platform, listing) < newest:
            return self._seen(addresses)
        chunks = list(bulk.chunks([a.name for a in addresses])) if bulk else []
        if bulk is None or (listing is not None and len(chunks) > FEW_CHUNKS):
            if listing is not None:
                for read_again in filter(None, (listing, listing.extends)):
                    self._listings.pop((platform, read_again), None)
                self._absent.pop((platform, listing), None)
            return self._seen(addresses)
        raw = self._in_bulk(platform, bulk, listing, addresses) or {}
        found: dict[Address, Observed] = {
            a: self.registry[a.kind].rest.live(raw[a.name]) for a in addresses if a.name in raw
        }
        return found | self._one_by_one([a for a in addresses if a not in found])

    def _age(self, platform: str, listing: Listing) -> float:
        """Seconds since a listing was read."""
        return self.clock.now() - self._read_at.get((platform, listing), float("-inf"))

    def _seen(self, addresses: Iterable[Address]) -> dict[Address, Observed]:
        """What the listings say; what they lack is absent if that is proved, else asked for.

        Of a kind that the server is too old for there is nothing; the plan says so.
        """
        found: dict[Address, Observed] = {}
        lacking: dict[tuple[str, Listing], list[Address]] = {}
        alone: list[Address] = []
        places: dict[tuple[str, str, tuple[str, ...]], _Place] = {}
        for address in addresses:
            beside = (address.platform, address.kind, address.parts[:-1])
            place = places.get(beside)
            if place is None:  # what is asked of thousands of objects has one answer for all
                place = places[beside] = self._place(address)
            if place.lacks is not None:
                found[address] = place.lacks
            elif place.listing is None or place.listed is None:
                alone.append(address)
            elif (raw := place.listed.get(place.shape.listed_as(address))) is not None:
                found[address] = place.shape.live(raw)
            elif address in place.absent:
                found[address] = Absent()
            else:
                lacking.setdefault((address.platform, place.listing), []).append(address)
        for (platform, listing), missing in lacking.items():
            if len(missing) > 1 and self._sees_all(platform, listing):
                looked = self._looked_twice(platform, missing)
            else:
                looked = self._one_by_one(missing)
            absent = self._absent.setdefault((platform, listing), set())
            absent.update(a for a, seen in looked.items() if isinstance(seen, Absent))
            found.update(looked)
        return found | self._one_by_one(alone)

    def _place(self, address: Address) -> _Place:
        """What holds for all objects beside an address."""
        kind, platform = self.registry[address.kind], address.platform
        if not self._has(platform, kind.service, kind.since):
            return _Place(kind.rest, lacks=Absent())
        listing = kind.rest.listing_of(address)
        listed = self._listing(platform, listing)
        if listing is None:
            return _Place(kind.rest)
        if (platform, listing) in self._not_offered:
            return _Place(kind.rest, lacks=Absent(self._not_offered[platform, listing]))
        return _Place(kind.rest, listing, listed, self._absent.get((platform, listing), set()))

    def _looked_twice(self, platform: str, missing: list[Address]) -> dict[Address, Observed]:
        """What a listing lacks, asked for once more by name, many at a time.

        Only for a caller who sees everything: for others a missing name may be a hidden one.
        """
        _, listing, bulk = self._sources(missing[0])
        if bulk is None or not self._has(platform, "artifactory", bulk.read_since):
            return dict.fromkeys(missing, Absent())
        raw = self._in_bulk(platform, bulk, listing, missing)
        if raw is None:
            return self._one_by_one(missing)
        return {
            address: self.registry[address.kind].rest.live(raw[address.name])
            if address.name in raw
            else Absent()
            for address in missing
        }

    def _in_bulk(
        self, platform: str, bulk: Bulk, listing: Listing | None, addresses: Iterable[Address]
    ) -> Objects | None:
        """Raw answers by name; None where the bulk read fails, so that each is read by itself."""
        names = [a.name for a in addresses]
        try:
            return self.sources[platform].in_bulk(bulk, listing, names)
        except UnauthorisedError:
            raise
        except AnswerError:
            return None

    def _sees_all(self, platform: str, listing: Listing) -> bool:
        key = (platform, listing)
        if key not in self._proofs:
            version = self.infos[platform].versions.get(listing.service, "")
            try:
                self._proofs[key] = self.sources[platform].sees_all(listing, version)
            except AnswerError:
                self._proofs[key] = False
        return self._proofs[key]

    def list_all(self, platform: str) -> Iterator[tuple[Address, Mapping[str, Any]]]:
        """Every live object of the kinds that can be listed, with its raw answer.

        Kinds this token may not list are noted in `unlistable`. Raises AnswerError when that is
        all of them.
        """
        self.probe([platform])
        if platform in self.unreachable:
            return
        failed: AnswerError | None = None
        some = False
        for kind in self.registry:
            if (kind.home or platform) != platform or (platform in SERVICES and not kind.home):
                continue
            try:
                for parents in self._parents(platform, kind):
                    yield from self._list_kind(platform, kind, parents)
                some = some or kind.rest.listing is not None
            except AnswerError as error:
                self.unlistable.setdefault((platform, error.summary), []).append(kind.name)
                failed = error
        if failed is not None and not some:
            raise failed

    def live_names(self, platform: str, kinds: Iterable[str]) -> frozenset[str] | None:
        """The names of all live objects of these kinds; None where they cannot be listed."""
        self.probe([platform])
        found: set[str] = set()
        for kind in map(self.registry.__getitem__, kinds):
            if kind.rest.listing is None:
                return None
            try:
                for address, _ in self._list_kind(platform, kind, ()):
                    found.update((address.name, *kind.also_named(address.name)))
            except AnswerError:
                return None
        return frozenset(found)

    def _parents(self, platform: str, kind: Kind) -> Iterator[tuple[str, ...]]:
        """The live objects that objects of the kind live in; one empty tuple for most kinds."""
        if not kind.parents:
            yield ()
            return
        *_, parent = kind.parents.values()
        if parent in self.registry:
            for address, _ in self._list_kind(platform, self.registry[parent], ()):
                yield address.parts

    def _list_kind(
        self, platform: str, kind: Kind, parents: tuple[str, ...]
    ) -> Iterator[tuple[Address, Mapping[str, Any]]]:
        listing = kind.rest.listing_of(Address(kind.name, (*parents, ""), platform))
        if listing is None or not self._has(platform, kind.service, kind.since):
            return
        for name, raw in self._all(platform, kind, listing).items():
            parts = kind.rest.parts_of(name, parents)
            is_its = listing.matches(kind.rest.constants, raw)
            if parts is not None and is_its and not kind.rest.is_untouched(raw):
                yield Address(kind.name, parts, platform), raw

    def _all(self, platform: str, kind: Kind, listing: Listing) -> Mapping[str, Mapping[str, Any]]:
        """What a listing covers; object by object where the server has no bulk read."""
        found = self._listing(platform, listing)
        if found is None:
            names = self.sources[platform].names(listing)
            addresses = [Address(kind.name, (name,), platform) for name in names]
            read = self._one_by_one(addresses)
            found = {a.name: live.raw for a, live in read.items() if isinstance(live, Live)}
            self.skipped |= {a: o for a, o in read.items() if isinstance(o, Unreadable)}
            self._listings[platform, listing] = found
        return found

    def measure(self, addresses: Iterable[Address]) -> dict[Address, Content | None]:
        """What each object holds, and its last use; None where it could not be measured."""
        return dict(self._map(self._content_and_use, list(addresses), "measuring"))

    def _content_and_use(self, address: Address) -> Content | None:
        content = self.content(address)
        if content is None or content.is_empty:
            return content
        kind = self.registry[address.kind]
        try:
            return replace(content, used=self._source(address).last_use(kind, address, content))
        except (AnswerError, UnreachableError):
            return content

    def content(self, address: Address) -> Content | None:
        """What one object holds now; None where it could not be measured."""
        try:
            return self._source(address).measure(self.registry[address.kind], address)
        except (AnswerError, UnreachableError):
            return None

    def impact(self, write: Write, budget: Budget) -> Impact:
        """What an object would hit once it is as a write has it; what fails is not measured."""
        kind = self.registry[write.address.kind]
        try:
            return self._source(write.address).impact(kind, write, budget)
        except (AnswerError, UnreachableError) as error:
            return Impact("estimate", "candidate", gaps=(error.summary,))

    def _source(self, address: Address) -> Source:
        return self.sources[address.platform]

    def _has(self, platform: str, service: str, since: str) -> bool:
        return at_least(self.infos[platform].versions.get(service, ""), since)

    def _listing(self, platform: str, listing: Listing | None) -> Mapping[str, Any] | None:
        if listing is None:
            return None
        key = (platform, listing)
        if key not in self._listings:
            self._listings[key] = self._read_listing(platform, listing)
            self._read_at[key] = self.clock.now()
        return self._listings[key]

    def _read_listing(self, platform: str, listing: Listing) -> Mapping[str, Any] | None:
        if not self._has(platform, listing.service, listing.since):
            return None
        self.progress(f"reading {platform}", 0, 0)
        try:
            if listing.extends is None:
                return self.sources[platform].listing(listing)
            found = self._listing(platform, listing.extends)
            return None if found is None else self.sources[platform].extended(listing, found)
        except NotOfferedError as error:
            self._not_offered[platform, listing] = error.summary
            return {}
        except AnswerError as error:
            self.notes.append(_one_by_one_note(platform, error))
            return None

    def _listed(self, kinds: Iterable[str]) -> Iterator[tuple[Group, Mapping[str, Any]]]:
        """What was listed for these kinds; no others are imported for it."""
        for kind in map(self.registry.__getitem__, kinds):
            listing = kind.rest.listing
            if listing is None or not kind.namespace:
                continue
            for platform in self.infos:
                if (listed := self._listings.get((platform, listing))) is not None:
                    yield (platform, kind.namespace), listed

    def _one_by_one(self, addresses: Iterable[Address]) -> dict[Address, Observed]:
        return dict(self._map(self.read, list(addresses), "reading"))

    def read(self, address: Address) -> Observed:
        """One object by its own name.

        Raises UnreachableError when the platform as a whole does not answer any more.
        """
        try:
            seen = self._source(address).read(self.registry[address.kind], address)
            return self._doubted(address) if _may_be_hidden(seen) else seen
        except UnauthorisedError:
            raise
        except NotOfferedError as error:
            return Absent(error.summary)
        except AnswerError as error:
            return Unreadable(error.summary, error.status)
        except UnreachableError as error:
            self._source(address).probe()
            return Unreadable(error.summary)

    def _doubted(self, address: Address) -> Observed:
        """A no that may hide the object: it counts for a caller who may see all there is."""
        kind = self.registry[address.kind]
        listing = kind.rest.listing_of(address)
        if listing is None or self._is_looked_through(address.platform, listing):
            return Absent(may_hide=True)
        return Unreadable(
            "the platform answers 404, which it may also say of what the token must not see", 404
        )

    def _map(
        self, read: Callable[[Address], Any], addresses: list[Address], words: str
    ) -> Iterator[tuple[Address, Any]]:
        if not addresses:
            return
        workers = min(len(addresses), self._concurrency(addresses))
        with ThreadPoolExecutor(workers) as pool:
            try:
                for done, (address, result) in enumerate(
                    zip(addresses, pool.map(read, addresses), strict=True), 1
                ):
                    self.progress(words, done, len(addresses))
                    yield address, result
            except KeyboardInterrupt:
                for source in self.sources.values():
                    source.hurry()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _concurrency(self, addresses: list[Address]) -> int:
        return self._source(addresses[0]).concurrency


def _may_be_hidden(seen: Observed) -> bool:
    return isinstance(seen, Absent) and seen.may_hide


def _unreachable_note(platform: str, error: UnreachableError) -> Diagnostic:
    return Diagnostic(
        "platform-unreachable",
        "error",
        f"platform '{platform}' cannot be read: {error.summary}",
        hint=error.hint or "nothing is planned for it, and nothing that needs it",
    )


def _one_by_one_note(platform: str, error: AnswerError) -> Diagnostic:
    return Diagnostic(
        "bulk-read",
        "warning",
        f"the bulk read of {platform} cannot be used, so its objects are read one by one: "
        f"{error.summary}",
        hint=error.hint
        or "a proxy that answers in the server's place is often the reason; --trace shows it",
    )
