"""A platform in, the same platform out, remembering every answer: how a snapshot is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.errors import AnswerError, UnreachableError
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content
from reconciler.model import Absent, Address, Live, Observed, PlatformInfo, Unreadable
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
    listings: dict[str, Objects | None] = field(default_factory=dict)
    listed_names: dict[str, list[str]] = field(default_factory=dict)
    objects: dict[Address, Observed] = field(default_factory=dict)
    contents: dict[Address, Content | None] = field(default_factory=dict)

    @property
    def concurrency(self) -> int:
        """The platform's."""
        return self.source.concurrency

    def probe(self) -> PlatformInfo:
        """Recorded: versions and URL."""
        self.info = self.source.probe()
        return self.info

    def listing(self, kind: Kind) -> Objects | None:
        """Recorded, also that it cannot be used."""
        self.listings[kind.name] = None
        self.listings[kind.name] = found = self.source.listing(kind)
        return found

    def names(self, kind: Kind) -> list[str]:
        """Recorded."""
        self.listed_names[kind.name] = found = self.source.names(kind)
        return found

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
        for name in sorted({*self.listings, *self.listed_names}):
            kind = registry[name]
            sharing = tuple(k.name for k in registry if k.rest.listing == kind.rest.listing)
            objects = self.listings.get(name)
            names = self.listed_names.get(name)
            yield Listed(
                sharing,
                clean.all_of(sharing, objects) if objects is not None else None,
                tuple(names) if names is not None else None,
                self._is_complete(registry, sharing, objects),
            )

    def _is_complete(
        self, registry: Registry, sharing: tuple[str, ...], objects: Objects | None
    ) -> bool:
        """Whether the listing hides nothing from this token.

        A weaker token gets fewer objects, or reduced ones, without a word. So every object must be
        a whole one, and a name nobody has must be answered as absent, not as forbidden.
        """
        if objects is None:
            return False
        kinds = [registry[name] for name in sharing]
        for raw in objects.values():
            fitting = _kind_of(kinds, raw)
            if fitting is not None and not fitting.rest.live(raw).complete:
                return False
        platform = self.info.name if self.info else ""
        parts = (NOBODY,) * (len(kinds[0].parents) + 1)
        try:
            answer = self.source.read(kinds[0], Address(kinds[0].name, parts, platform))
        except AnswerError:
            return False
        return isinstance(answer, Absent)


def _kind_of(kinds: list[Kind], raw: Mapping[str, object]) -> Kind | None:
    return next(
        (k for k in kinds if k.rest.listing and k.rest.listing.matches(k.rest.constants, raw)), None
    )


def _clean(clean: Sanitiser, kind: Kind, observed: Observed) -> Observed:
    if not isinstance(observed, Live):
        return observed
    return Live(clean.object(kind, observed.raw), observed.complete)
