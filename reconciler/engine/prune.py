"""What is owned and no longer declared in, what may be deleted of it out.

Deleting is the exception. An object goes only if pruning is on, the object is ours, it was read by
its own name, and nothing speaks for keeping it; every other case is a block with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.codes import GONE, UNFINISHED_DELETE
from reconciler.engine.diff import diff
from reconciler.engine.drift import applied_spec
from reconciler.engine.evidence import evidence
from reconciler.engine.observation import NOT_READ, Observation
from reconciler.engine.preview import preview
from reconciler.engine.referrers import Referrers
from reconciler.engine.resolve import Resolved, declares, resolve
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content, Write
from reconciler.kinds.values import same, without_implied
from reconciler.model import (
    UNSET,
    Absent,
    Action,
    Address,
    Block,
    Change,
    Entry,
    Inventory,
    Live,
    Manifest,
    Origin,
    PlannedRequest,
    Tombstone,
    Unreadable,
)

_NOWHERE = Origin("", 0)


@dataclass(frozen=True, slots=True)
class Pruning:
    """What a plan may delete: the owned objects in scope that no manifest declares.

    `contents` says what each of them holds that can hold something; None is what could not be
    measured. `claimed` are those that another workspace says it owns, with its name.
    """

    candidates: tuple[Address, ...] = ()
    contents: Mapping[Address, Content | None] = field(default_factory=dict)
    tombstones: Mapping[Address, Tombstone] = field(default_factory=dict)
    claimed: Mapping[Address, str] = field(default_factory=dict)


def undeclared(
    inventory: Inventory, resolved: Resolved, registry: Registry, owner: str, *, qualified: bool
) -> list[Address]:
    """The owned objects no manifest declares, by address.

    Declared is also what a manifest declares under another kind of the namespace, or names as its
    former self.
    """
    named = {m.address.full for m in resolved.manifests}
    if inventory.entries.keys() <= named:
        return []
    named |= {old.full for m in resolved.manifests for old in m.previous_addresses()}
    declared = declares(resolved.manifests, registry)
    left = sorted(inventory.entries.keys() - named)
    addresses = [Address.parse(text, qualified=qualified) for text in left]
    return [
        address
        for address in addresses
        if inventory.entries[address.full].owner == owner and declared(address) is None
    ]


def as_applied(address: Address, entry: Entry) -> Manifest:
    """The manifest an object had when it was last applied, as far as it is remembered."""
    return Manifest(address, applied_spec(entry.applied), _NOWHERE)


def put_back(kind: Kind, address: Address, entry: Entry) -> Manifest:
    """A manifest of nothing but what an unfinished delete took from an object."""
    return Manifest(address, kind.placed(entry.withdrawn), _NOWHERE)


def is_same(kind: Kind, manifest: Manifest, live: Live) -> bool:
    """Whether a live object is the one that was applied: nothing fixed at creation differs."""
    found = diff(kind, manifest, live)
    return not found.fixed and found.conversion is None


def over_limit(content: Content | None, tombstone: Tombstone | None) -> Block | None:
    """Why an object with this content must not be deleted; None is unmeasured content."""
    if content is None:
        return Block("unmeasurable", "what it holds could not be measured")
    if tombstone is None:
        return None if content.is_empty else _not_empty(content)
    if content.bytes <= tombstone.max_bytes:
        return None
    return Block(
        "too-large",
        f"it holds {content.bytes:,} bytes, and its Tombstone allows {tombstone.max_bytes:,}",
        f"spec.maxBytes: {content.bytes} of the Tombstone",
    )


def _not_empty(content: Content) -> Block:
    artifacts = f"{content.artifacts:,} artifact{'' if content.artifacts == 1 else 's'}"
    size = f"{content.bytes:,} byte{'' if content.bytes == 1 else 's'}"
    return Block(
        "not-empty",
        f"it holds {artifacts} ({size}), which would be lost for good",
        f"a manifest of kind Tombstone with its address and maxBytes: {content.bytes}",
    )


class Pruner:
    """Decides for every candidate of one plan; gone when the plan is made.

    `changes` are those of the declared objects, decided before.
    """

    def __init__(
        self,
        pruning: Pruning,
        resolved: Resolved,
        observation: Observation,
        inventory: Inventory,
        registry: Registry,
        changes: Sequence[Change],
    ) -> None:
        self.pruning, self.observation = pruning, observation
        self.inventory, self.registry = inventory, registry
        seen = {a: observation.objects.get(a, NOT_READ) for a in pruning.candidates}
        self.live = {a: o for a, o in seen.items() if isinstance(o, Live)}
        self.absent = [a for a, o in seen.items() if isinstance(o, Absent)]
        self.unreadable = {a: o for a, o in seen.items() if isinstance(o, Unreadable)}
        self.left = {a: as_applied(a, self._entry(a)) for a in (*self.live, *self.unreadable)}
        self.referrers = Referrers(self.left, resolved, observation, registry, changes, self.live)
        self.kept: set[Address] = set(self.unreadable)

    def decide(self) -> Iterator[Change]:
        """The deletes, what names others before what is named, and the entries that go."""
        for manifest in reversed(resolve(self.left.values(), self.registry).manifests):
            address = manifest.address
            if address in self.live and not self._entry(address).manage:
                change = self._delete(address, self.live[address])
                if change.is_blocked:
                    self.kept.add(address)
                    change = self._put_back(change, self.live[address]) or change
                yield change
            else:
                self.kept.add(address)
        for address in self.absent:
            yield Change(address, Action.RELEASE, GONE, risk="safe")

    def spared(self) -> list[Address]:
        """The candidates that stay because their manifests never managed them fully."""
        return [a for a in self.live if self._entry(a).manage]

    def _entry(self, address: Address) -> Entry:
        return self.inventory.entries[address.full]

    def _delete(self, address: Address, live: Live) -> Change:
        kind = self.registry[address.kind]
        tombstone = self.pruning.tombstones.get(address)
        content = self.pruning.contents.get(address)
        first, reference = self.referrers.of(address, self.kept)
        block = self._obstacle(kind, address, live) or reference
        if kind.rest.holds_content:
            block = block or over_limit(content, tombstone)
        return Change(
            address,
            Action.DELETE,
            "undeclared",
            risk="destructive",
            requires=tuple(first),
            origin=tombstone.origin if tombstone else None,
            blocked=block,
            evidence=evidence(content) if kind.rest.holds_content else {},
            requests=removal(kind, address, live),
        )

    def _put_back(self, blocked: Change, live: Live) -> Change | None:
        """What an unfinished delete of an object changed, put back: the object stays after all."""
        kind = self.registry[blocked.address.kind]
        manifest = put_back(kind, blocked.address, self._entry(blocked.address))
        found = diff(kind, manifest, live).changes
        if not found:
            return None
        body = {kind.fields[name].wire: value for name, value in manifest.spec.items()}
        write = Write(blocked.address, body, found, live.raw)
        return Change(
            blocked.address,
            Action.UPDATE,
            UNFINISHED_DELETE,
            found,
            requests=preview(kind.rest.update(write)),
        )

    def _obstacle(self, kind: Kind, address: Address, live: Live) -> Block | None:
        """What is in the way whatever the object holds."""
        if kind.rest.delete(address) is None:
            return Block("no-delete", f"there is no request that deletes a {kind.name}")
        if self._entry(address).protect:
            return Block(
                "protected",
                "its manifest said metadata.lifecycle.protect: true when it was last applied",
            )
        if (other := self.pruning.claimed.get(address)) is not None:
            return Block("other-owner", f"workspace '{other}' owns it too, as it says")
        if not is_same(kind, self.left[address], live):
            return Block(
                "other-object",
                "the live object is not the one that was applied: what is fixed at creation "
                "differs",
            )
        if not live.complete:
            return Block("not-whole", "the token sees a reduced form of it")
        if unseen := self._unseen(kind, address.platform):
            return Block(
                "not-whole",
                f"who else names it cannot be told: the token may not list every {unseen}",
            )
        if reason := kind.rest.undeletable(address, live.raw):
            return Block("cannot-delete", reason)
        return None

    def _unseen(self, kind: Kind, platform: str) -> str:
        """A kind that may name objects of this one, and was not looked through."""
        for other in self.registry:
            names = any(kind.name in known.refs for known in other.naming_fields.values())
            if names and (platform, other.name) in self.observation.unlisted:
                return other.name
        return ""


def withdrawal(kind: Kind, live: Live) -> dict[str, tuple[Any, Any]]:
    """The fields of the spec that take a live object out of service: values from before and new."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, value in kind.rest.out_of_service.items():
        known = kind.written_fields[name]
        before = without_implied(known, value, known.live_value(live.raw, UNSET))
        if not same(known, value, before):
            found[name] = (before, value)
    return found


def removal(kind: Kind, address: Address, live: Live) -> tuple[PlannedRequest, ...]:
    """The requests that take an object out of service and delete it."""
    body = {
        kind.written_fields[name].wire: new for name, (_, new) in withdrawal(kind, live).items()
    }
    flow = kind.rest.delete(address)
    return (
        *(preview(kind.rest.update(Write(address, body, live=live.raw))) if body else ()),
        *(preview(flow) if flow is not None else ()),
    )
