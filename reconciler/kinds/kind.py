"""A kind: the name of a sort of object, its spec, how it reaches the platform, its rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.errors import Severity
from reconciler.kinds.evidence import Evidence
from reconciler.kinds.fields import Field, FieldTable, field_table
from reconciler.kinds.losses import TakesAway, takes_nothing
from reconciler.kinds.operations import Operation, Survey
from reconciler.kinds.rest import Flow, Shape
from reconciler.kinds.spec import ObjectSpec
from reconciler.model import Address, Path, Topology

if TYPE_CHECKING:
    from reconciler.kinds.steering import Steering


@dataclass(frozen=True, slots=True)
class Fault:
    """What a kind's rule found in one manifest.

    `path` leads from the manifest's root to the place, like `("spec", "repositories", 2)`; a fault
    of the name has `("metadata", "name")`.
    """

    path: tuple[str | int, ...]
    rule: str
    summary: str
    hint: str = ""
    severity: Severity = "error"
    offset: int | None = None
    """Where in a text the fault is, in characters from its beginning."""


class Neighbour(NamedTuple):
    """Another object, as a rule sees it: its kind and the fields that are known of it."""

    kind: str
    spec: Mapping[str, Any]


Lookup = Callable[[str], Neighbour | None]
"""Finds an object of the same namespace by name, declared or (in a plan) live."""


Declared = Callable[[str], Collection[tuple[str, ...]]]
"""Finds the names of everything that manifests declare of a kind, with their parents in front."""


class Subject(NamedTuple):
    """What a rule is asked about; `declared` is known where the manifests are checked."""

    name: str
    spec: Mapping[str, Any]
    lookup: Lookup
    parents: tuple[str, ...] = ()
    declared: Declared | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One of the places of an object that several platforms hold together.

    `parts` are those of its address there; `path` leads to the platform's name in the manifest.
    """

    platform: str
    parts: tuple[str, ...]
    path: tuple[str | int, ...]


UrlOf = Callable[[str], str]
"""The base URL of a platform of the workspace, by its name."""


BaseUrls = Mapping[str, Collection[str]]
"""The base URLs that are known of each platform of the workspace, by its name."""


class OwnUrl(NamedTuple):
    """How a platform tells under which base URL others know it, which need not be the one it is
    reached at: `said_by` reads it from a live object, empty where that does not tell; `asked` asks
    for it, for a platform where no such object is."""

    said_by: Callable[[Address, Mapping[str, Any]], str]
    asked: Callable[[], Flow]


class Connections(NamedTuple):
    """Whether a live answer says that not all is well, and how each connection is asked for."""

    are_troubled: Callable[[Mapping[str, Any]], bool]
    asked: Callable[[Address, Mapping[str, Any]], Flow]


@dataclass(frozen=True, eq=False, slots=True)
class SiteFound:
    """One site as it was found: its values, None where nobody could look, and the fields of it that
    are no more as they were applied."""

    address: Address
    values: Mapping[str, Any] | None
    drifted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathering:
    """How what was found on all sites becomes a manifest again.

    `fields` are those of a site that its manifest says in other words. `values` takes a spec as it
    is declared, its name, the sites, the platforms of the workspace and their URLs; it returns the
    new values of the spec, UNSET for one to take out, or a text why there are none. `items` tells
    how one of their lists becomes another, element by element.
    """

    fields: tuple[str, ...]
    values: Callable[
        [Mapping[str, Any], str, Sequence[SiteFound], Sequence[str], UrlOf],
        Mapping[str, Any] | str,
    ]
    items: Callable[[Sequence[Any], Sequence[Any]], Iterable[tuple[Path, Any]]]


class SiteView(NamedTuple):
    """One site as it is wanted and as it is, and what the plan does there, in words."""

    address: Address
    spec: Mapping[str, Any]
    live: Mapping[str, Any] | None
    change: str = ""
    reachable: bool = True
    connections: Sequence[Mapping[str, Any]] = ()
    """What the platform tells of each connection: `url`, `status`, `lagInMs`."""


def _no_other_names(_name: str) -> tuple[str, ...]:
    return ()


CONFIGURATION_LANE = "configuration"
"""The lane of everything stored in Artifactory's configuration, one optimistically locked document,
and of projects, whose writes collide with those of their repositories."""

Rule = Callable[[Subject], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Limit:
    """What some versions of the service refuse although the kind and its fields are there.

    It holds from `since` on, and no more from `until` on; `problem` says what is wrong with a
    manifest, as a sentence without its end, or nothing.
    """

    until: str
    problem: Callable[[Subject], str]
    since: str = ""


@dataclass(frozen=True)
class Kind:
    """One sort of object.

    Raises ValueError at import when the declaration contradicts itself.
    """

    name: str
    spec: type[ObjectSpec]
    rest: Shape

    area: str = ""
    """Topic in `reconciler kinds`, as in the reference's table of contents."""

    service: str = "artifactory"
    """The service whose version gates the kind: artifactory, access, ..."""

    since: str = ""
    """First version of the service that has the kind's endpoints."""

    namespace: str = ""
    """Kinds with the same namespace share one set of names, compared without case."""

    discriminator: str = ""
    """The field whose value decides which other fields apply, such as `packageType`."""

    modes: tuple[str, ...] = ()
    """Fields of which an object has exactly one, the same as long as it exists."""

    parents: Mapping[str, str] = field(default_factory=dict)
    """Metadata fields that place an object inside another, with that one's kind, outermost first:
    `{"project": "Project"}`."""

    referred_as: Callable[[Address], str] = attrgetter("name")
    """The name by which other objects refer to one of this kind."""

    also_named: Callable[[str], tuple[str, ...]] = _no_other_names
    """Further names of an object that patterns may match."""

    lane: str = ""
    """Writes of one lane go one after the other; without a lane they go side by side."""

    rules: tuple[Rule, ...] = ()
    """Rules over one manifest and its neighbours."""

    limits: tuple[Limit, ...] = ()
    """What older versions of the service refuse."""

    sites: Callable[[str, Mapping[str, Any]], Iterable[Site]] | None = None
    """Where an object is that its spec spreads over platforms: name and spec in, its sites out. The
    first site is written first, the others after it."""

    located: Callable[[Mapping[str, Any], str, str, UrlOf], dict[str, Any]] | None = None
    """What one site is to be like, once it is known where the platforms are: spec, name and
    platform in."""

    at_site: Callable[[Mapping[str, Any], str, str], dict[str, Any]] | None = None
    """What is declared of one site alone, to be compared with another one: spec, name and platform
    in."""

    outside: (
        Callable[
            [Mapping[str, Any], Mapping[str, Any], Sequence[Mapping[str, Any]], Sequence[str]],
            list[str],
        ]
        | None
    ) = None
    """Where else an object is that this workspace does not keep: the spec of one site, its live
    answer, the specs of all sites and the URLs our platforms are reached at in, addresses out. Its
    fields travel there and back."""

    own_to_a_site: frozenset[str] = frozenset()
    """The paths of fields that do not."""

    own_url: OwnUrl | None = None
    """How the platforms tell their URLs for `located`."""

    misplaced: Callable[[Mapping[str, Any], BaseUrls], Iterable[Fault]] | None = None
    """What is wrong with a spec, judged by where the platforms are."""

    gathering: Gathering | None = None
    """The reverse of `located`."""

    connections: Connections | None = None
    """How a site tells more of its connections than its live answer has."""

    topology: Callable[[str, Sequence[SiteView], UrlOf], Topology] | None = None
    """How the sites of one object hang together: its name and all of them in."""

    together: Callable[[Sequence[Subject], str], Iterable[tuple[int, Fault]]] | None = None
    """What is wrong with all objects of the kind on one platform together, by their index."""

    evidence: Evidence | None = None
    """How a plan learns what an object would hit that deletes or moves files by itself."""

    operations: tuple[Operation, ...] = ()
    """What `reconciler run` can do with an object."""

    survey: Survey | None = None
    """How `reconciler status` learns how objects are doing."""

    home: str = ""
    """The one service beside the platforms that has the kind, such as `connect`; empty for kinds of
    the platforms."""

    steering: Steering | None = None
    """How its objects are steered, for a kind whose fields are not compared."""
    takes_away: TakesAway = takes_nothing
    """What a change of an object takes away from people or from the run; see `kinds/losses.py`."""

    lost_on_replace: str = ""
    """What deleting and creating anew would lose, for the message of a blocked change."""

    wire_name: Callable[[str], str] = str
    """Maps a manifest's field name to the API's, where the two differ by a rule."""

    def __post_init__(self) -> None:
        if self.discriminator and self.discriminator not in self.spec.model_fields:
            raise ValueError(f"{self.name}: no field '{self.discriminator}' to discriminate by")
        if unknown := set(self.modes) - set(self.spec.model_fields):
            raise ValueError(f"{self.name}: no fields {sorted(unknown)} to be modes")

    @cached_property
    def fields(self) -> FieldTable:
        """The kind's fields with their marks."""
        return field_table(self.spec, self.wire_name)

    @cached_property
    def written_fields(self) -> FieldTable:
        """The fields as they stand beside each other in the API: parts of inline objects too."""
        inline = [known.fields for known in self.fields.values() if known.inline]
        return {**self.fields, **{n: part for parts in inline for n, part in parts.items()}}

    def placed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A spec that holds these values of `written_fields` where a manifest has them."""
        spec: dict[str, Any] = {n: v for n, v in values.items() if n in self.fields}
        for name, known in self.fields.items():
            inside = {n: values[n] for n in known.fields if n in values and n not in self.fields}
            if known.inline and inside:
                spec[name] = inside
        return spec

    @cached_property
    def naming_fields(self) -> FieldTable:
        """Those of the fields that name other objects, or have a part that does."""
        return {n: known for n, known in self.fields.items() if known.has_part(_is_naming)}

    @cached_property
    def secret_fields(self) -> FieldTable:
        """Those of the fields that may hold a secret reference, or have a part that may."""
        return {n: known for n, known in self.fields.items() if known.has_part(_is_secret)}

    def operation(self, name: str) -> Operation | None:
        """One of its operations."""
        return next((one for one in self.operations if one.name == name), None)

    @property
    def title(self) -> str:
        """What the kind is: the first sentence of its spec's documentation."""
        text = " ".join((self.spec.__doc__ or "").split())
        first, stop, _ = text.partition(". ")
        return first + stop.strip()

    @property
    def module(self) -> str:
        """The file that declares the kind, as a module name."""
        return sys.modules[self.spec.__module__].__name__

    def variant(self, spec: Mapping[str, Any]) -> str | None:
        """The value that decides which fields apply, or None when it does not say."""
        value = spec.get(self.discriminator) if self.discriminator else None
        return value if isinstance(value, str) else None


def _is_naming(part: Field) -> bool:
    return bool(part.refs)


def _is_secret(part: Field) -> bool:
    return part.shape in ("secret", "any")
