"""Desired state, observation and inventory in, the plan out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.engine import replacing
from reconciler.engine.diff import Difference, declared, diff, released
from reconciler.engine.digest import digest
from reconciler.engine.elsewhere import Elsewhere
from reconciler.engine.following import Followers
from reconciler.engine.observation import NOT_READ, Observation
from reconciler.engine.obstacles import Obstacles, stuck
from reconciler.engine.ownership import predecessor, refused, refused_by_name
from reconciler.engine.preview import hidden, preview, top_level
from reconciler.engine.prune import Pruner, Pruning, undeclared
from reconciler.engine.renames import Renames
from reconciler.engine.replacing import Replacing
from reconciler.engine.resolve import Resolved
from reconciler.engine.risk import risk_of, risk_of_new
from reconciler.engine.sending import sendable
from reconciler.engine.whole import secret_needed, sent_along
from reconciler.errors import Diagnostic, ordered
from reconciler.kinds.fields import at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Flow, Write
from reconciler.kinds.wire import create_body, update_body
from reconciler.model import (
    Absent,
    Action,
    Address,
    Block,
    Change,
    Entry,
    FieldChange,
    Inventory,
    Live,
    Manifest,
    Observed,
    Plan,
    PlannedRequest,
    Scope,
    Unreadable,
)


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired side of a plan: the manifests in scope, in order, and what they name."""

    manifests: Sequence[Manifest]
    resolved: Resolved
    by_reference: frozenset[Address] = frozenset()
    scope: Scope = Scope()
    owner: str = "default"
    pruning: Pruning | None = None
    """What may be deleted; None keeps everything."""
    replacing: Replacing = Replacing()
    """What is known for what may be deleted and created anew."""
    platforms: frozenset[str] = frozenset()
    """Those of the workspace; empty where nobody tells."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a plan carries along without deciding anything by it."""

    tool: str = ""
    created: str = ""
    commit: str | None = None
    unmanaged: tuple[Address, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def plan(
    desired: Desired,
    observation: Observation,
    inventory: Inventory,
    registry: Registry,
    given: Given = Given(),
) -> Plan:
    """Decide for every manifest in scope what to do; raises nothing."""
    planner = _Planner(desired, observation, inventory, registry)
    for manifest in desired.manifests:
        planner.decide(manifest)
    planner.follow()
    planner.prune()
    return finished(
        Plan(
            changes=tuple(planner.changes),
            unchanged=planner.unchanged,
            platforms=observation.platforms,
            scope=desired.scope,
            unmanaged=given.unmanaged,
            diagnostics=tuple(ordered([*given.diagnostics, *planner.diagnostics])),
            tool=given.tool,
            created=given.created,
            commit=given.commit,
            workspace=desired.owner,
            partial=planner.partial,
            by_reference=tuple(sorted(desired.by_reference, key=lambda a: a.full)),
        )
    )


def finished(unfinished: Plan) -> Plan:
    """The plan with the digest of what it says."""
    return unfinished.with_digest(digest(unfinished))


@dataclass
class _Planner:
    """Holds the sides of one plan and collects its changes; gone when the plan is made."""

    desired: Desired
    observation: Observation
    inventory: Inventory
    registry: Registry
    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0
    recorded: int = 0
    """So many of the objects decided are in the inventory."""
    partial: bool = False
    stopped: set[Address] = field(default_factory=set)
    renames: Renames = field(default_factory=Renames)

    def __post_init__(self) -> None:
        self.obstacles = Obstacles(self.desired.resolved, self.observation, self.registry)
        self.elsewhere = Elsewhere(
            self.desired.resolved, self.observation, self.registry, self.inventory
        )

    def decide(self, manifest: Manifest) -> None:
        """What to do with one object."""
        kind = self.registry[manifest.address.kind]
        if kind.steering is not None:
            self._steered(manifest)
            return
        entry = self.inventory.get(manifest.address)
        self.recorded += entry is not None
        observed = self._observed(manifest.address)
        previous = self._previous(kind, manifest) if isinstance(observed, Absent) else None
        if manifest.lifecycle.release:
            self._release(manifest, entry)
        elif isinstance(observed, Unreadable):
            self._unreadable(manifest, observed)
        elif previous is not None:
            self._renamed(kind, manifest, previous)
        elif isinstance(observed, Absent):
            self._absent(kind, manifest, entry, observed)
        else:
            followed = self.renames.followed(kind, manifest.address.platform, observed)
            self._live(kind, manifest, followed, entry)

    def _steered(self, manifest: Manifest) -> None:
        """The next step of an object that is steered, if there is one."""
        stance = self.observation.stances.get(manifest.address, NOT_READ)
        if isinstance(stance, Unreadable):
            self._unreadable(manifest, stance)
            return
        for note in stance.notes:
            self._tell(note.rule, note.severity, manifest, note.summary, note.hint)
        if stance.action is None or manifest.lifecycle.manage == "observe":
            self.unchanged += 1
            return
        change = Change(
            manifest.address,
            stance.action,
            stance.reason,
            stance.fields,
            risk=stance.risk,
            evidence=stance.evidence,
            requests=stance.requests,
        )
        self._add(change, manifest, stance.blocked)

    def _observed(self, address: Address) -> Observed:
        return self.observation.objects.get(address, NOT_READ)

    def _previous(self, kind: Kind, manifest: Manifest) -> Address | None:
        """The address under which the object is live, if it only has another name now."""
        if manifest.lifecycle.manage != "full":
            return None  # what is not written is not renamed
        for old in manifest.previous_addresses():
            if kind.rest.rename(old, manifest.address) is not None and not isinstance(
                self._observed(old), Absent
            ):
                return old
        return None

    def _refused(self, manifest: Manifest, entry: Entry | None) -> Block | None:
        owner = self.desired.owner
        return refused(manifest, entry, owner) or refused_by_name(
            manifest, self.inventory, self.registry, owner
        )

    def _left_behind(self, manifest: Manifest) -> Address | None:
        """The old name of an object that was renamed, if the inventory knows only that one.

        A run may end after a rename landed and before it was recorded.
        """
        for old in manifest.previous_addresses():
            is_recorded = self.inventory.get(old) is not None
            if is_recorded and isinstance(self._observed(old), Absent):
                return old
        return None

    def _renamed(self, kind: Kind, manifest: Manifest, old: Address) -> None:
        observed = self._observed(old)
        if not isinstance(observed, Live):
            self._unreadable(manifest, _as_unreadable(observed))
            return
        entry = self.inventory.get(old)
        found = diff(kind, manifest, observed, entry)
        named = FieldChange("metadata.name", old.name, manifest.address.name)
        rename = kind.rest.rename(old, manifest.address)
        change = Change(
            manifest.address,
            Action.UPDATE,
            "renamed",
            (named, *found.changes, *found.fixed, *found.stuck),
            adopting=entry is None or entry.owner != self.desired.owner,
            risk="disruptive",
            requests=(
                *(preview(rename) if rename is not None else ()),
                *preview(self._update_flow(kind, manifest, observed, found)),
            ),
            previous=old,
        )
        block = self._refused(manifest, entry)
        self._add(change, manifest, block or stuck(kind, found))
        if manifest.address not in self.stopped:
            self.renames.note(kind, old, manifest.address)

    def _release(self, manifest: Manifest, entry: Entry | None) -> None:
        if entry is not None and entry.owner == self.desired.owner:
            self._add(Change(manifest.address, Action.RELEASE, "released", risk="safe"), manifest)

    def _unreadable(self, manifest: Manifest, observed: Unreadable) -> None:
        self.partial = True
        self.stopped.add(manifest.address)
        if manifest.address.platform in self.observation.unreachable:
            return  # that is told once, for all of them
        usual = (
            "the token may not read it, so nothing is planned for it; use one that sees all of it"
            if observed.status in (401, 403)
            else "nothing is planned for it; an answer that is not the platform's is never absence"
        )
        self._tell(
            "unreadable",
            "error",
            manifest,
            f"{manifest.address} could not be read: {observed.reason}",
            observed.hint or usual,
        )

    def _absent(
        self, kind: Kind, manifest: Manifest, entry: Entry | None, observed: Absent
    ) -> None:
        if manifest.lifecycle.manage == "observe":
            self._tell(
                "observed-absent",
                "warning",
                manifest,
                f"{manifest.address} is only observed, and does not exist on the platform",
                "create it there, or set metadata.lifecycle.manage to full",
            )
            self.stopped.add(manifest.address)
            return
        write = Write(manifest.address, create_body(kind, sendable(kind, manifest), hidden))
        fields = declared(kind, manifest)
        change = Change(
            manifest.address,
            Action.CREATE,
            "absent",
            fields,
            risk=risk_of_new(kind, fields),
            requests=preview(kind.rest.create(write)),
        )
        block = (
            self._refused(manifest, entry)
            or self._spelling(kind, manifest)
            or _uncreatable(kind, manifest)
            or self.elsewhere.block(kind, write)
        )
        if observed.obstacle:
            block = Block("unsupported", observed.obstacle)
        self._add(change, manifest, block)

    def _spelling(self, kind: Kind, manifest: Manifest) -> Block | None:
        other = self.observation.other_spelling(manifest.address, kind.namespace)
        if not kind.namespace or other is None:
            return None
        return Block(
            "name-taken",
            f"'{other}' exists on the platform, and names that differ only in case are the same "
            "there",
        )

    def _live(self, kind: Kind, manifest: Manifest, live: Live, entry: Entry | None) -> None:
        if manifest.lifecycle.manage != "full":
            self.unchanged += 1
            return
        address, owner, previous = manifest.address, self.desired.owner, None
        if entry is None:  # the same live object may be known under another kind or name
            previous = predecessor(self.inventory, self.registry, address)
            previous = previous or self._left_behind(manifest)
            entry = self.inventory.get(previous) if previous is not None else None
        found = diff(kind, manifest, live, entry, self.observation.secret_knowledge(address))
        self._note_fields(kind, manifest, found, entry)
        takes = entry is None or entry.owner != owner
        if found.is_empty and ((not takes and previous is None) or found.unreadable):
            self.unchanged += 1  # what cannot be seen whole is not adopted
            return
        block = self._refused(manifest, entry)
        if found.is_empty:
            reason = "taken-over" if entry is not None and takes else "unowned"
            change = Change(address, Action.ADOPT, reason, risk="safe", adopting=True)
        else:
            block = (
                block
                or self._stuck(kind, manifest, live, entry, found, previous or address)
                or self._unconvertible(manifest, found)
                or self.elsewhere.contested(kind, manifest, live, entry, found)
                or self.elsewhere.block(kind, self._update_write(kind, manifest, live, found))
                or secret_needed(kind, manifest, live, found)
            )
            change = self._update(kind, manifest, live, found, takes)
            if change.action is Action.REPLACE and manifest.lifecycle.replace:
                change = self._replace(kind, manifest, live, change, previous or address)
        self._add(replace(change, previous=previous), manifest, block)

    def _stuck(
        self,
        kind: Kind,
        manifest: Manifest,
        live: Live,
        entry: Entry | None,
        found: Difference,
        subject: Address,
    ) -> Block | None:
        """What cannot be written, unless the object may be made anew."""
        if not (found.fixed and manifest.lifecycle.replace):
            block = stuck(kind, found)
            if block is None or block.code != "immutable" or kind.rest.delete(subject) is None:
                return block
            return replace(block, override="metadata.lifecycle.replace: true")
        owner, known = self.desired.owner, self.desired.replacing
        return replacing.obstacle(self.registry, subject, manifest, live, entry, owner, known)

    def _replace(
        self, kind: Kind, manifest: Manifest, live: Live, change: Change, subject: Address
    ) -> Change:
        version = self.observation.version(manifest.address.platform, kind.service)
        known = self.desired.replacing
        return replace(
            change,
            fields=replacing.fields_of(kind, manifest, change.fields),
            evidence=replacing.evidence_of(self.registry, subject, manifest, live, known, version),
            requests=replacing.requests_of(self.registry, subject, manifest, live),
        )

    def follow(self) -> None:
        """Objects that name what is made anew are written again after it; else it stays."""
        if not any(c.action is Action.REPLACE and not c.is_blocked for c in self.changes):
            return
        followers = Followers(
            self.desired.manifests, self.desired.resolved, self.registry, self.observation
        )
        decided = {change.address: change for change in self.changes}
        while blocked := dict(self._blocked_later(followers, decided)):
            decided |= blocked  # what waits for these may name others that are made anew
        for change in followers.changed(decided):
            self.unchanged -= change.address not in decided
            decided[change.address] = change
        self.changes = list(decided.values())

    def _blocked_later(
        self, followers: Followers, decided: Mapping[Address, Change]
    ) -> Iterator[tuple[Address, Change]]:
        """What must not be made anew because of who names it, and what waits for it."""
        for address, change in decided.items():
            if change.is_blocked or not change.action.writes:
                continue
            block = None
            if change.action is Action.REPLACE:
                block = followers.obstacle(change, decided)
            elif not self.stopped.isdisjoint(change.requires):
                block = self._dependency(_waited_for(change, followers.manifests[address]))
            if block is not None:
                self.stopped.add(address)
                yield address, replace(change, blocked=block)

    def _update(
        self, kind: Kind, manifest: Manifest, live: Live, found: Difference, takes: bool
    ) -> Change:
        secrets = sent_along(kind, manifest, found)
        fields = (*found.fixed, *found.stuck, *found.changes, *secrets)
        return Change(
            manifest.address,
            _action(found),
            _reason(found),
            tuple(sorted(fields, key=lambda f: f.path)),
            adopting=takes,
            risk=risk_of(kind, found),
            requests=() if found.fixed else self._requests(kind, manifest, live, found),
        )

    def _requests(
        self, kind: Kind, manifest: Manifest, live: Live, found: Difference
    ) -> tuple[PlannedRequest, ...]:
        converted = found.conversion.flow(manifest.address) if found.conversion else None
        return (
            *(preview(converted) if converted is not None else ()),
            *preview(self._update_flow(kind, manifest, live, found)),
        )

    def _unconvertible(self, manifest: Manifest, found: Difference) -> Block | None:
        conversion = found.conversion
        if conversion is None:
            return None
        kind = self.registry[manifest.address.kind]
        version = self.observation.version(manifest.address.platform, kind.service)
        if not at_least(version, conversion.since):
            return Block(
                "unsupported",
                f"converting it in place needs {kind.service} {conversion.since}; the platform "
                f"has {version}",
            )
        return Block("cannot-convert", conversion.obstacle) if conversion.obstacle else None

    def _update_flow(self, kind: Kind, manifest: Manifest, live: Live, found: Difference) -> Flow:
        return kind.rest.update(self._update_write(kind, manifest, live, found))

    def _update_write(self, kind: Kind, manifest: Manifest, live: Live, found: Difference) -> Write:
        changes = (*found.changes, *found.stuck)
        sent = sendable(kind, manifest, live.raw)
        body = update_body(kind, sent, top_level(changes), live.raw, hidden)
        return Write(manifest.address, body, changes, live.raw)

    def _add(self, change: Change, manifest: Manifest, block: Block | None = None) -> None:
        kind = self.registry[manifest.address.kind]
        requires = self.desired.resolved.requires.get(manifest.address, ())
        change = replace(change, requires=requires, origin=manifest.origin)
        if change.action.writes:
            block = (
                block
                or self.obstacles.unsupported(kind, manifest)
                or self.obstacles.missing_reference(kind, manifest)
                or self._dependency(_waited_for(change, manifest))
            )
        if block is not None:
            self.stopped.add(manifest.address)
        self.changes.append(replace(change, blocked=block))

    def _dependency(self, requires: Iterable[Address]) -> Block | None:
        for address in requires:
            if address in self.stopped:
                return Block("dependency", f"it names {address}, which is blocked or unreadable")
        return None

    def _note_fields(
        self, kind: Kind, manifest: Manifest, found: Difference, entry: Entry | None
    ) -> None:
        for path in found.unreadable:
            self.partial = True
            self._tell(
                "field-unreadable",
                "warning",
                manifest,
                f"{path} of {manifest.address} is not in the platform's answer",
                "the token sees a reduced configuration; use one that sees all of it",
            )
        for path in found.rewritten:
            self._tell(
                "server-rewrites",
                "info",
                manifest,
                f"{path} of {manifest.address}: the server keeps its own value",
                "declare the server's value, or list the path in metadata.lifecycle.ignore",
            )
        if entry is not None:
            for path in released(kind, manifest, entry):
                self._tell(
                    "field-released",
                    "info",
                    manifest,
                    f"{path} of {manifest.address} is no longer declared; its value is kept",
                )

    def prune(self) -> None:
        """Owned objects no manifest names: deleted where that is wanted, else kept, and told."""
        pruning = self.desired.pruning or Pruning()
        candidates = set(pruning.candidates)
        if pruning.candidates:
            self._prune(pruning)
        if self.desired.scope or self.recorded == len(self.inventory.entries):
            return
        named = {c.previous for c in self.changes if c.previous is not None}
        for address in self._undeclared():
            if address not in candidates and address not in named:
                self._kept(address)

    def _prune(self, pruning: Pruning) -> None:
        pruner = Pruner(
            pruning,
            self.desired.resolved,
            self.observation,
            self.inventory,
            self.registry,
            self.changes,
        )
        self.changes += list(pruner.decide())
        for address, seen in pruner.unreadable.items():
            self.partial = True
            if address.platform not in self.observation.unreachable:
                self.diagnostics.append(_unreadable(address, seen))
        for address in pruner.spared():
            self._kept(address)

    def _undeclared(self) -> list[Address]:
        qualified = any(m.address.qualified for m in self.desired.manifests)
        return undeclared(
            self.inventory,
            self.desired.resolved,
            self.registry,
            self.desired.owner,
            qualified=qualified,
        )

    def _kept(self, address: Address) -> None:
        if self.desired.platforms and address.platform not in self.desired.platforms:
            self._out_of_reach(address)
            return
        entry = self.inventory.entries[address.full]
        managed = f"; its manifest said manage: {entry.manage}" if entry.manage else ""
        fields = ", ".join(f"spec.{name}" for name in entry.withdrawn)
        self.diagnostics.append(
            Diagnostic(
                "no-longer-declared",
                "info",
                f"{address} is no longer declared; it is kept{managed}",
                f"a delete that did not end changed {fields}: declare it again to have that back, "
                "or go on with --prune"
                if fields
                else "",
                hint="`reconciler release` takes it out of the inventory"
                if managed
                else "--prune deletes it; `reconciler release` takes it out of the inventory",
                address=str(address),
            )
        )

    def _out_of_reach(self, address: Address) -> None:
        self.diagnostics.append(
            Diagnostic(
                "no-longer-declared",
                "info",
                f"{address.full} is kept: the workspace has no platform '{address.platform}'",
                hint="`reconciler release` takes it out of the inventory",
                address=address.full,
            )
        )

    def _tell(
        self, rule: str, severity: Any, manifest: Manifest, summary: str, hint: str = ""
    ) -> None:
        self.diagnostics.append(
            Diagnostic(
                rule,
                severity,
                summary,
                hint=hint,
                file=manifest.origin.file,
                line=manifest.origin.line,
                column=manifest.origin.column,
                address=str(manifest.address),
            )
        )


def _unreadable(address: Address, seen: Unreadable) -> Diagnostic:
    """What is no longer declared and cannot be read either."""
    return Diagnostic(
        "unreadable",
        "error",
        f"{address} is no longer declared, and could not be read: {seen.reason}",
        hint="it is not deleted; an answer that is not the platform's own allows no conclusion",
        address=str(address),
    )


def _waited_for(change: Change, manifest: Manifest) -> Iterator[Address]:
    """What must not be blocked; an object that exists needs no other site of its own for that."""
    exists = change.action is not Action.CREATE
    return (a for a in change.requires if not (exists and a in manifest.after))


def _uncreatable(kind: Kind, manifest: Manifest) -> Block | None:
    why = kind.rest.uncreatable(manifest.address)
    return Block("cannot-create", why) if why else None


def _as_unreadable(observed: Observed) -> Unreadable:
    return observed if isinstance(observed, Unreadable) else Unreadable("it was not read")


def _action(found: Difference) -> Action:
    if found.fixed:
        return Action.REPLACE
    return Action.CONVERT if found.conversion else Action.UPDATE


def _reason(found: Difference) -> str:
    if found.conversion and not found.fixed:
        return "other-class"
    only_secrets = found.changes and all(c.secret for c in found.changes)
    return "secret-changed" if only_secrets and not found.fixed else "field-differs"
