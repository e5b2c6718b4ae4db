"""A platform in, the same platform out, remembering every answer: how a snapshot is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import AnswerError, UnreachableError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Bulk, Content, Listing, Write
from reconciler.model import Absent, Address, Impact, Live, Observed, PlatformInfo, Unreadable
from reconciler.platform.snapshot.model import Listed, Recorded
from reconciler.platform.snapshot.sanitise import Sanitiser
from reconciler.platform.source import Objects, Source
from reconciler.report.sanitise import safe_url

NOBODY = "reconciler-asks-for-what-is-not-there"
"""A name no object has: whoever is told that it does not exist is told the truth about others."""


@dataclass
class Recorder:
    """Passes every question on to a platform and keeps what was answered."""

    source: Source
    info: PlatformInfo | None = None
    listings: dict[Listing, Objects | None] = field(default_factory=dict)
    listed_names: dict[Listing, list[str]] = field(default_factory=dict)
    objects: dict[Address, Observed] = field(default_factory=dict)
    contents: dict[Address, Content | None] = field(default_factory=dict)

    @property
    def concurrency(self) -> int:
        """The platform's."""
        return self.source.concurrency

    @property
    def url(self) -> str:
        """The platform's."""
        return self.source.url

    def hurry(self) -> None:
        """Passed on."""
        self.source.hurry()

    def probe(self) -> PlatformInfo:
        """Recorded: versions and URL."""
        self.info = self.source.probe()
        return self.info

    def listing(self, listing: Listing) -> Objects | None:
        """Recorded, also that it cannot be used."""
        self.listings[listing] = None
        self.listings[listing] = found = self.source.listing(listing)
        return found

    def extended(self, listing: Listing, found: Objects) -> Objects:
        """Recorded as a listing of its own."""
        self.listings[listing] = None
        self.listings[listing] = more = self.source.extended(listing, found)
        return more

    def names(self, listing: Listing) -> list[str]:
        """Recorded."""
        self.listed_names[listing] = found = self.source.names(listing)
        return found

    def sees_all(self, listing: Listing, version: str) -> bool:
        """Asked anew when the snapshot is written."""
        return self.source.sees_all(listing, version)

    def in_bulk(self, bulk: Bulk, listing: Listing | None, names: Sequence[str]) -> Objects:
        """Not recorded: it answers what the listing did."""
        return self.source.in_bulk(bulk, listing, names)

    def read(self, kind: Kind, address: Address) -> Observed:
        """Recorded, also that it could not be read."""
        try:
            self.objects[address] = observed = self.source.read(kind, address)
        except (AnswerError, UnreachableError) as error:
            status = error.status if isinstance(error, AnswerError) else 0
            self.objects[address] = Unreadable(error.summary, status)
            raise
        return observed

    def measure(self, kind: Kind, address: Address) -> Content | None:
        """Recorded."""
        self.contents[address] = None
        self.contents[address] = found = self.source.measure(kind, address)
        return found

    def last_use(self, kind: Kind, address: Address, content: Content) -> str:
        """Recorded with the content."""
        used = self.source.last_use(kind, address, content)
        self.contents[address] = replace(content, used=used)
        return used

    def impact(self, kind: Kind, write: Write, budget: Budget) -> Impact:
        """Not recorded: it holds for a moment only."""
        return self.source.impact(kind, write, budget)

    def recorded(self, registry: Registry) -> Recorded:
        """Everything that was answered, without secrets.

        Asks once more for each listing: only who is told of absence knows a complete one.
        """
        info = self.info or self.probe()
        clean = Sanitiser(registry)
        return Recorded(
            PlatformInfo(info.name, safe_url(info.url), info.versions),
            tuple(self._listed(registry, clean)),
            {
                address.full: _clean(clean, registry[address.kind], observed)
                for address, observed in self.objects.items()
            },
            {address.full: content for address, content in self.contents.items()},
        )

    def _listed(self, registry: Registry, clean: Sanitiser) -> Iterable[Listed]:
        for listing in sorted({*self.listings, *self.listed_names}, key=lambda one: one.path):
            sharing = [kind for kind in registry if kind.rest.listing == listing]
            named = tuple(kind.name for kind in sharing)
            objects = self.listings.get(listing)
            names = self.listed_names.get(listing)
            yield Listed(
                listing.path,
                named,
                clean.all_of(named, objects) if objects is not None else None,
                tuple(names) if names is not None else None,
                self._is_complete(sharing, objects, names),
            )

    def _is_complete(
        self, kinds: list[Kind], objects: Objects | None, names: list[str] | None
    ) -> bool:
        """Whether the listing hides nothing from this token.

        A weaker token gets fewer objects, or reduced ones, without a word. So every object must be
        a whole one, and a name nobody has must be answered as absent, not as forbidden.
        """
        if objects is None and names is None:
            return False
        for raw in (objects or {}).values():
            fitting = _kind_of(kinds, raw)
            if fitting is not None and not fitting.rest.live(raw).complete:
                return False
        if not kinds:  # the names inside one parent: there is nothing else to ask
            return True
        platform = self.info.name if self.info else ""
        try:
            answer = self.source.read(kinds[0], Address(kinds[0].name, (NOBODY,), platform))
        except AnswerError:
            return False
        return isinstance(answer, Absent | Live)  # a thing there is only one of has any name


def _kind_of(kinds: list[Kind], raw: Mapping[str, object]) -> Kind | None:
    return next(
        (k for k in kinds if k.rest.listing and k.rest.listing.matches(k.rest.constants, raw)), None
    )


def _clean(clean: Sanitiser, kind: Kind, observed: Observed) -> Observed:
    if not isinstance(observed, Live):
        return observed
    return Live(clean.object(kind, observed.raw), observed.complete)
