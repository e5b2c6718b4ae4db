"""An object that only deleting and creating anew could change in, whether that may be done out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.engine.diff import declared
from reconciler.engine.evidence import evidence
from reconciler.engine.preview import hidden, preview
from reconciler.engine.prune import as_applied, is_same, over_limit, removal
from reconciler.engine.sending import sendable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content, Write
from reconciler.kinds.values import comparable, same, shown, without_implied
from reconciler.kinds.wire import create_body
from reconciler.model import (
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
    found = evidence(known.contents[subject]) if subject in known.contents else {}
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
