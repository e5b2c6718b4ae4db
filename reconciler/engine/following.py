"""What a plan makes anew and who names it in, who is written again after it out.

The server takes the name of what it deletes out of the objects that list it, and does not put it
back when an object of that name is made. Only a manifest knows what stood there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.engine.observation import Observation
from reconciler.engine.obstacles import is_of
from reconciler.engine.resolve import Resolved, declares
from reconciler.engine.sending import sendable
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import shown
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Block,
    Change,
    FieldChange,
    Live,
    Manifest,
)

FOLLOWS = "follows-replace"
"""Why an object is written that names one which is made anew: the server forgets the name."""


NamedBy = dict[str, list[tuple[Address, str]]]
"""The objects that name something as they are live, each with the field it does so in."""


class Followers:
    """The objects that name what the changes of one plan make anew.

    `manifests` are those in scope. Changes are asked about as they stand: they get blocked.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        resolved: Resolved,
        registry: Registry,
        seen: Observation,
    ) -> None:
        self.registry, self.seen, self.resolved = registry, seen, resolved
        self.manifests = {m.address: m for m in manifests}
        self._declared = declares(self.manifests.values(), registry)
        self._known: dict[tuple[str, str], NamedBy] = {}

    def obstacle(self, anew: Change, changes: Mapping[Address, Change]) -> Block | None:
        """Why an object must not be made anew: somebody would lose its name for good."""
        kind = self.registry[anew.address.kind]
        if unseen := self._unseen(kind, anew.address.platform):
            return Block(
                "not-whole",
                f"who else names it cannot be told: the token may not list every {unseen}",
            )
        name = kind.referred_as(anew.address)
        for who, field in self._named_by(anew.address, kind.namespace).get(name, ()):
            if not self._settles(who, field, name, changes):
                return Block(
                    "still-referenced",
                    f"{who} names it in spec.{field}, would lose the name with it, and no manifest "
                    "of this run writes it again",
                )
        return None

    def changed(self, changes: Mapping[Address, Change]) -> Iterator[Change]:
        """Changes that write the names again: new ones, and planned ones with these fields more."""
        gone = {a: c for a, c in changes.items() if c.action is Action.REPLACE and not c.is_blocked}
        for manifest in self.manifests.values() if gone else ():
            named = gone.keys() & set(self.resolved.requires.get(manifest.address, ()))
            if named and (change := self._following(manifest, named, changes)) is not None:
                yield change

    def _settles(
        self, who: Address, field: str, name: str, changes: Mapping[Address, Change]
    ) -> bool:
        """Whether the plan writes this field of an object, with the name or without it."""
        manifest = self._declared(who)
        if manifest is None or not self._may_write(manifest, changes):
            return False
        change = changes.get(manifest.address)
        if change is not None and change.action is Action.REPLACE:
            return True
        kind = self.registry[manifest.address.kind]
        known = kind.fields.get(field)
        written = {f.path for f in change.fields} if change is not None else set()
        return f"spec.{field}" in written or (
            known is not None and name in _names(sendable(kind, manifest).get(field))
        )

    def _may_write(self, manifest: Manifest, changes: Mapping[Address, Change]) -> bool:
        change = changes.get(manifest.address)
        is_there = isinstance(self.seen.objects.get(manifest.address), Live)
        is_free = change is None or not change.is_blocked
        return is_there and is_free and manifest.lifecycle.manage == "full"

    def _following(
        self, manifest: Manifest, named: set[Address], changes: Mapping[Address, Change]
    ) -> Change | None:
        known = changes.get(manifest.address)
        live = self.seen.objects.get(manifest.address)
        if not isinstance(live, Live) or not self._may_write(manifest, changes):
            return None
        if known is not None and known.action not in (Action.UPDATE, Action.ADOPT):
            return None  # what is created or made anew itself names it anyway
        kind = self.registry[manifest.address.kind]
        names = {self.registry[address.kind].referred_as(address) for address in named}
        spec = sendable(kind, manifest)
        fields = {
            name: part for name, part in _forgetful(kind).items() if _names(spec.get(name)) & names
        }
        written = {f.path for f in known.fields} if known else set()
        added = tuple(
            _written_again(name, part, spec[name], live, names)
            for name, part in fields.items()
            if f"spec.{name}" not in written
        )
        follows = tuple(sorted(f"spec.{name}" for name in fields))
        if not follows:
            return None
        if known is None:
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
        every = tuple(sorted((*known.fields, *added), key=lambda f: f.path))
        adopted = known.action is Action.ADOPT
        return replace(
            known,
            action=Action.UPDATE,
            reason=FOLLOWS if adopted else known.reason,
            fields=every,
            follows=follows,
        )

    def _named_by(self, like: Address, space: str) -> NamedBy:
        """Who names what among the live objects of a namespace; looked through once a platform."""
        found = self._known.get((like.platform, space))
        if found is None:
            found = self._known[like.platform, space] = defaultdict(list)
            for who, field, name in self._namings(like, space):
                found[name].append((who, field))
        return found

    def _namings(self, like: Address, space: str) -> Iterator[tuple[Address, str, str]]:
        kinds = [kind for kind in self.registry if kind.namespace == space and _forgetful(kind)]
        listed = self.seen.listed.get((like.platform, space), {}) if space else {}
        for key, raw in listed.items():
            kind = next((kind for kind in kinds if is_of(kind, raw)), None)
            if kind is None:
                continue
            who = Address(kind.name, (key,), like.platform, like.qualified)
            for field, known in _forgetful(kind).items():
                for name in _names(known.live_value(raw, UNSET)):
                    yield who, field, name

    def _unseen(self, kind: Kind, platform: str) -> str:
        """A kind that may name objects of this one, and was not looked through."""
        for other in self.registry:
            names = any(kind.name in known.refs for known in _forgetful(other).values())
            if names and (platform, other.name) in self.seen.unlisted:
                return other.name
        return ""


def _forgetful(kind: Kind) -> FieldTable:
    return {name: known for name, known in kind.fields.items() if known.forgets}


def _names(value: Any) -> frozenset[str]:
    items: Sequence[Any] = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str))


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
