"""An object that only deleting and creating anew could change in, whether that may be done out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.engine.diff import declared, sendable
from reconciler.engine.evidence import evidence
from reconciler.engine.observation import Observation
from reconciler.engine.preview import hidden, preview
from reconciler.engine.prune import as_applied, is_same, over_limit, removal
from reconciler.engine.resolve import Resolved, references
from reconciler.kinds.fields import Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content, Write
from reconciler.kinds.values import comparable, same, shown, without_implied
from reconciler.kinds.wire import create_body
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Block,
    Change,
    Entry,
    FieldChange,
    JsonValue,
    Live,
    Manifest,
    PlannedRequest,
    Tombstone,
)

FOLLOWS = "follows-replace"
"""Why an object is written that names one which is made anew: the server forgets the name."""


@dataclass(frozen=True, slots=True)
class Replacing:
    """What is known for replacements: measured contents (None: could not be), and permissions."""

    contents: Mapping[Address, Content | None] = field(default_factory=dict)
    tombstones: Mapping[Address, Tombstone] = field(default_factory=dict)


def obstacle(
    registry: Registry,
    subject: Address,
    manifest: Manifest,
    live: Live,
    entry: Entry | None,
    owner: str,
    known: Replacing,
) -> Block | None:
    """Why a live object must not be deleted and created anew; None if its manifest allows it.

    `subject` is the address it is owned under: another kind's where its class is to change.
    """
    kind = registry[subject.kind]
    if manifest.lifecycle.protect or (entry is not None and entry.protect):
        return Block("protected", "metadata.lifecycle.protect: true keeps it from being replaced")
    if entry is None or entry.owner != owner:
        return Block(
            "not-owned",
            "only an object this workspace owns is replaced; `reconciler adopt` takes it first",
        )
    if not is_same(kind, as_applied(subject, entry), live):
        return Block(
            "other-object",
            "the live object is not the one that was applied: what is fixed at creation differs",
        )
    if kind.rest.delete(subject) is None:
        return Block("no-delete", f"there is no request that deletes a {kind.name}")
    if not live.complete:
        return Block("not-whole", "the token sees a reduced form of it")
    if reason := kind.rest.undeletable(subject, live.raw):
        return Block("cannot-delete", reason)
    if kind.rest.holds_content:
        return over_limit(known.contents.get(subject), known.tombstones.get(subject))
    return None


def wants_measure(changes: Iterable[Change], registry: Registry) -> list[Address]:
    """The objects a plan wants to replace and whose content decides whether it may."""
    return [
        change.previous or change.address
        for change in changes
        if change.action is Action.REPLACE
        and registry[(change.previous or change.address).kind].rest.holds_content
        and change.blocked is not None
        and change.blocked.code == "unmeasurable"
    ]


def fields_of(
    kind: Kind, manifest: Manifest, found: Iterable[FieldChange]
) -> tuple[FieldChange, ...]:
    """What differs, and every secret: the new object has none until it is sent."""
    changes = {f.path: f for f in found}
    changes |= {f.path: f for f in declared(kind, manifest) if f.secret is not None}
    return tuple(changes[path] for path in sorted(changes))


def requests_of(
    registry: Registry, subject: Address, manifest: Manifest, live: Live
) -> tuple[PlannedRequest, ...]:
    """The delete, with what leads to it, and the create."""
    kind = registry[manifest.address.kind]
    write = Write(manifest.address, create_body(kind, sendable(kind, manifest), hidden))
    return (*removal(registry[subject.kind], subject, live), *preview(kind.rest.create(write)))


def evidence_of(
    registry: Registry,
    subject: Address,
    manifest: Manifest,
    live: Live,
    known: Replacing,
    version: str,
) -> dict[str, JsonValue]:
    """What the object holds, and which of its values no manifest would bring back."""
    lost = list(_lost(registry[manifest.address.kind], manifest, live, version))
    holds = registry[subject.kind].rest.holds_content
    found = evidence(known.contents.get(subject)) if holds else {}
    return {**found, **({"lost": lost} if lost else {})}


def _lost(kind: Kind, manifest: Manifest, live: Live, version: str) -> Iterator[str]:
    """The fields that are set live, differ from what a new object has, and are not declared."""
    variant = kind.variant(manifest.spec)
    for name, known in kind.fields.items():
        if name in manifest.spec or known.secret or not known.applies_to(variant):
            continue
        if known.shape == "object":
            continue
        value = without_implied(known, None, shown(known, known.live_value(live.raw, None)))
        usual = known.default_for(variant, version)
        if comparable(known, value) is not None and not same(known, value, usual):
            yield f"spec.{name}"


class Followers:
    """The declared objects that name what a plan replaces: the server takes the names out."""

    def __init__(
        self, changes: Sequence[Change], resolved: Resolved, registry: Registry, seen: Observation
    ) -> None:
        self.registry, self.seen, self.resolved = registry, seen, resolved
        self.changes = {change.address: change for change in changes}
        self.gone = {
            change.address
            for change in changes
            if change.action is Action.REPLACE and not change.is_blocked
        }

    def changed(self, manifests: Iterable[Manifest]) -> Iterator[Change]:
        """Changes that write the names again: new ones, and planned ones with these fields more."""
        if not self.gone:
            return
        for manifest in manifests:
            named = self.gone.intersection(self.resolved.requires.get(manifest.address, ()))
            live = self.seen.objects.get(manifest.address)
            if named and manifest.lifecycle.manage == "full" and isinstance(live, Live):
                change = self._following(manifest, live, named)
                if change is not None:
                    yield change

    def _following(self, manifest: Manifest, live: Live, named: set[Address]) -> Change | None:
        kind = self.registry[manifest.address.kind]
        names = {self.registry[address.kind].referred_as(address) for address in named}
        kinds = {address.kind for address in named}
        paths = {
            str(reference.path[1]): kind.fields[str(reference.path[1])]
            for reference in references(self.registry, manifest)
            if reference.name in names and kinds.intersection(reference.kinds)
        }
        known = self.changes.get(manifest.address)
        if known is not None and (known.is_blocked or known.action is not Action.UPDATE):
            return None  # what is created or replaced names it anyway
        written = {f.path for f in known.fields} if known else set()
        added = tuple(
            _written_again(name, part, manifest.spec[name], live, names)
            for name, part in paths.items()
            if f"spec.{name}" not in written
        )
        follows = tuple(sorted(f"spec.{name}" for name in paths))
        if known is not None:
            fields = tuple(sorted((*known.fields, *added), key=lambda f: f.path))
            return replace(known, fields=fields, follows=follows)
        if not added:
            return None
        return Change(
            manifest.address,
            Action.UPDATE,
            FOLLOWS,
            added,
            risk="safe",
            requires=self.resolved.requires.get(manifest.address, ()),
            origin=manifest.origin,
            follows=follows,
        )


def _written_again(
    name: str, known: Field, wanted: Any, live: Live, names: set[str]
) -> FieldChange:
    """A field as it will be once the names in it are forgotten, and as it is written again."""
    have = shown(known, known.live_value(live.raw, UNSET))
    if isinstance(have, list):
        before: Any = [item for item in have if item not in names]
    else:
        before = UNSET if have in names else have
    return FieldChange(f"spec.{name}", before, wanted, ordered=not known.unordered)
