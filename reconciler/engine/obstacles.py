"""One manifest and what is live in, what keeps its change from being carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.diff import Difference
from reconciler.engine.observation import Observation
from reconciler.engine.resolve import Missing, Resolved, candidates
from reconciler.kinds.fields import FieldTable, at_least
from reconciler.kinds.kind import Fault, Kind, Lookup, Neighbour, Subject
from reconciler.kinds.registry import Registry
from reconciler.model import (
    Address,
    Block,
    Live,
    Manifest,
    Unreadable,
)


@dataclass
class Obstacles:
    """What may be in the way of a change: the server's version, a name nobody knows, a rule."""

    resolved: Resolved
    observation: Observation
    registry: Registry
    _gaps: dict[Address, list[Missing]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for gap in self.resolved.missing:
            self._gaps.setdefault(gap.manifest.address, []).append(gap)

    def unsupported(self, kind: Kind, manifest: Manifest) -> Block | None:
        version = self.observation.version(manifest.address.platform, kind.service)
        if not at_least(version, kind.since):
            return Block(
                "unsupported",
                f"{kind.name} needs {kind.service} {kind.since}; the platform has {version}",
            )
        for path, since in _needed(kind.fields, manifest.spec, "spec"):
            if not at_least(version, since):
                return Block(
                    "unsupported",
                    f"{path} needs {kind.service} {since}; the platform has {version}",
                )
        return _beyond(kind, manifest, version)

    def missing_reference(self, kind: Kind, manifest: Manifest) -> Block | None:
        gaps = self._gaps.get(manifest.address, ())
        for gap in gaps:
            if block := self._missing(kind, manifest, gap):
                return block
        if any(gap.reference.check == "declared" for gap in gaps):
            return self._rule_against_live(kind, manifest)
        return None

    def _missing(self, kind: Kind, manifest: Manifest, gap: Missing) -> Block | None:
        """A block where the platform does not have the object either, or does not show it."""
        name = gap.reference.name
        unreadable = ""
        for address in candidates(gap, self.registry):
            shares_names = self.registry[address.kind].namespace == kind.namespace != ""
            if shares_names and self._neighbour(kind, manifest, name) is not None:
                return None
            observed = self.observation.objects.get(address)
            if isinstance(observed, Live):
                return None
            if isinstance(observed, Unreadable):
                unreadable = f"; whether it is on the platform could not be read: {observed.reason}"
        near = f"; did you mean '{gap.nearest}'?" if gap.nearest else ""
        what = " or ".join(gap.kinds)
        where = (
            "is not declared" + unreadable
            if unreadable
            else ("is neither declared nor on the platform")
        )
        return Block("missing-reference", f"the {what} '{name}' {where}{near}")

    def _neighbour(self, kind: Kind, manifest: Manifest, name: str) -> Neighbour | None:
        """Another object of the namespace, as declared or else as it is live."""
        platform = manifest.address.platform
        for other in self.resolved.manifests:
            address = other.address
            if address.name == name and address.platform == platform:
                return Neighbour(address.kind, other.spec)
        raw = self.observation.listed.get((platform, kind.namespace), {}).get(name)
        if raw is None:
            live = self.observation.objects.get(Address(manifest.address.kind, (name,), platform))
            raw = live.raw if isinstance(live, Live) else None
        return Neighbour(self._kind_of(kind, raw), raw) if raw is not None else None

    def _kind_of(self, like: Kind, raw: Mapping[str, Any]) -> str:
        for kind in self.registry:
            if kind.namespace == like.namespace and is_of(kind, raw):
                return kind.name
        return like.name

    def _rule_against_live(self, kind: Kind, manifest: Manifest) -> Block | None:
        lookup: Lookup = lambda name: self._neighbour(kind, manifest, name)  # noqa: E731
        for fault in faults(kind, manifest, lookup):
            if fault.severity == "error":
                return Block("invalid-against-live", fault.summary)
        return None


def faults(kind: Kind, manifest: Manifest, lookup: Lookup) -> Iterator[Fault]:
    """What the kind's rules say of one manifest among its neighbours."""
    subject = Subject(manifest.address.name, manifest.spec, lookup, manifest.address.parts[:-1])
    for rule in kind.rules:
        yield from rule(subject)


def is_of(kind: Kind, raw: Mapping[str, Any]) -> bool:
    """Whether a raw answer is an object of this kind, judged by the kind's constants."""
    return all(raw.get(name) == value for name, value in kind.rest.constants.items())


def _needed(fields: FieldTable, spec: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    """The declared paths that not every version has, each with the first one that does."""
    for name, value in spec.items():
        known = fields.get(name)
        if known is None:
            continue
        path = f"{at}.{name}"
        if known.since:
            yield path, known.since
        if isinstance(value, Mapping):
            yield from _needed(known.fields, value, path)


def _beyond(kind: Kind, manifest: Manifest, version: str) -> Block | None:
    """A block for what this version refuses and a later one takes."""
    subject = Subject(
        manifest.address.name, manifest.spec, lambda _: None, manifest.address.parts[:-1]
    )
    for limit in kind.limits:
        applies = at_least(version, limit.since) and not at_least(version, limit.until)
        if applies and (problem := limit.problem(subject)):
            return Block(
                "unsupported",
                f"{problem}; more needs {kind.service} {limit.until}, the platform has {version}",
            )
    return None


def stuck(kind: Kind, found: Difference) -> Block | None:
    if found.fixed:
        modes = [f for f in found.fixed if f.path.removeprefix("spec.") in kind.modes]
        named = "; ".join(
            f"{f.path.removeprefix('spec.')} is {f.before!r} and fixed at creation, "
            f"the manifest says {f.after!r}"
            for f in found.fixed
            if f not in modes
        )
        if modes:
            have = " and ".join(f.path.removeprefix("spec.") for f in modes if f.after is None)
            wanted = " and ".join(
                f.path.removeprefix("spec.") for f in modes if f.after is not None
            )
            told = f"it has {have}, the manifest {wanted}; which of them is fixed at creation"
            named = f"{told}; {named}" if named else told
        lost = kind.lost_on_replace or "everything the object holds"
        return Block("immutable", f"{named}; creating it anew would lose {lost}")
    if found.stuck:
        paths = ", ".join(f.path for f in found.stuck)
        return Block("cannot-clear", f"the server keeps {paths} once it is set")
    return None
