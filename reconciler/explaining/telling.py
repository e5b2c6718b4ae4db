"""What was learned of one object in, its explanation out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.engine.diff import Difference, declared, diff, leaves, released
from reconciler.engine.graph import Link, links
from reconciler.engine.sending import left_of
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from reconciler.explaining.found import Found
from reconciler.explaining.places import Place, places, steps
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.values import shown, without_credentials
from reconciler.model import (
    UNSET,
    Absent,
    Address,
    FieldChange,
    JsonValue,
    Lifecycle,
    Live,
    Manifest,
    Unreadable,
)
from reconciler.pipeline.desiring import Desire
from reconciler.report.explanation import (
    Decision,
    Explanation,
    FieldState,
    FieldStory,
    LiveState,
    Neighbour,
)
from reconciler.report.figures import evidence_words


def explanation_of(wanted: Desire, found: Found) -> Explanation:
    """What was found of an object, in words and values."""
    return _Teller(wanted, found).explanation()


class _Teller:
    """Puts into words what was found; gone when the explanation is made."""

    def __init__(self, wanted: Desire, found: Found) -> None:
        self.wanted, self.found, self.manifest = wanted, found, found.manifest
        self.registry = wanted.registry
        self.kind = (
            self.registry[found.address.kind] if found.address.kind in wanted.registry else None
        )
        self.change = found.change
        self.now = datetime.now(UTC)

    def explanation(self) -> Explanation:
        state, words = self.live()
        named_by = [
            link for link in self.links(self.wanted.manifests) if link.target == self.found.address
        ]
        own = self.links([self.manifest]) if self.manifest else ()
        return Explanation(
            address=str(self.found.address),
            title=self.kind.title if self.kind else "",
            source=self.found.source,
            decision=self.decision(),
            origin=self.manifest.origin if self.manifest else None,
            live=state,
            live_words=words,
            owner=self.found.entry.owner if self.found.entry else None,
            ownership=self.ownership(),
            lifecycle=tuple(_lifecycle(self.manifest.lifecycle)) if self.manifest else (),
            fields=tuple(self.fields()),
            names=tuple(self.neighbours((link.target, link) for link in own)),
            named_by=tuple(self.neighbours((link.source.address, link) for link in named_by)),
            diagnostics=self.found.diagnostics,
        )

    # --- the decision

    def decision(self) -> Decision:
        change = self.change
        guards = tuple(self.found.guards)
        if change is None:
            return Decision(self.nothing(), guards=guards)
        block = change.blocked
        way = BLOCK_WAYS.get(block.code, "") if block else REASON_WAYS.get(change.reason, "")
        return Decision(
            REASONS.get(change.reason, change.reason),
            change.action,
            change.reason,
            change.risk,
            block,
            BLOCKS.get(block.code, "") if block else "",
            way.replace("`", ""),
            change.requests,
            guards,
        )

    def nothing(self) -> str:
        """Why the object is not in the plan."""
        found = self.found
        if self.manifest is None and found.successor is not None:
            return f"{found.successor} declares it now: explain that"
        if self.manifest is None:
            return (
                "no manifest declares it any more; it is kept. plan --prune shows what deleting it "
                "would do, reconciler release takes it out of the inventory"
            )
        if found.source == "plan":
            return "the saved plan has no change of it"
        if found.source == "manifests":
            return "the platform was not asked, so nothing is known of what differs"
        if found.stance:
            return f"nothing is to be done now: {found.stance}"
        lifecycle = self.manifest.lifecycle
        if lifecycle.release:
            return "metadata.lifecycle.release is true, and nobody here owns it"
        if isinstance(found.observed, Unreadable):
            return "it could not be read, and an answer that is not the platform's is never absence"
        if isinstance(found.observed, Absent):
            return "it does not exist, and metadata.lifecycle.manage: observe never creates it"
        if lifecycle.manage != "full":
            return f"it exists, and metadata.lifecycle.manage is {lifecycle.manage}"
        return "every declared field is as the manifest wants it"

    # --- what is known of the object

    def live(self) -> tuple[LiveState, str]:
        if self.found.stance:
            return "live", self.found.stance
        platform = self.found.address.platform
        match self.found.observed:
            case Live(complete=complete):
                reduced = "" if complete else ", seen in part: the token reads a reduced form"
                return "live", f"exists on platform '{platform}'{self.under()}{reduced}"
            case Absent():
                return "absent", f"does not exist on platform '{platform}'"
            case Unreadable(reason=reason):
                return "unreadable", f"could not be read: {reason}"
        if self.found.error is not None:
            return "not-read", f"not read: {self.found.error.summary}"
        if self.found.source == "plan":
            return "not-read", "not read; what follows is what the saved plan saw"
        return "not-read", "not read: no platform was asked"

    def ownership(self) -> str:
        entry, here = self.found.entry, self.wanted.workspace.name
        if not self.found.recorded:
            return "not known: the inventory is on a platform, and was not read"
        if entry is None:
            return "nobody yet: it is not in the inventory, and an apply records it"
        if entry.owner == here:
            return f"this workspace, '{here}'{self.under()}"
        return f"another workspace, '{entry.owner}'{self.under()}"

    def under(self) -> str:
        """The address that the object has until a rename or a conversion is applied."""
        return f", as {self.found.former}" if self.found.former is not None else ""

    # --- fields

    def fields(self) -> Iterator[FieldStory]:
        if self.kind is None:
            return
        stories = list(self.declared_fields())
        paths = [story.path for story in stories]
        known = places(self.wanted, self.manifest, paths) if self.manifest else {}
        for story in stories:
            at = known.get(story.path, Place())
            yield replace(
                story, origin=at.origin, from_workspace=at.from_workspace, values=at.values
            )
        yield from self.released()

    def declared_fields(self) -> Iterator[FieldStory]:
        kind, manifest = self.kind, self.manifest
        if kind is None or manifest is None:
            return
        secrets = {f.path: f.reference for f in declared(kind, manifest) if f.secret}
        states = self.states()
        applied = self.found.entry.applied if self.found.entry else {}
        for path, value, known in leaves(kind.fields, manifest.spec, "spec"):
            state = states.get(path, self.usual_state(path))
            told = known.notes if known else ()
            if path in secrets:
                yield FieldStory(path, state, reference=secrets[path], notes=told)
                continue
            yield FieldStory(
                path,
                state,
                shown(known, value) if known else value,
                self.live_value(path),
                applied.get(path, UNSET),
                notes=told,
                outlook=self.outlook(known, value),
            )

    def outlook(self, known: Field | None, value: JsonValue) -> str:
        """What the value will bring about, seen from now."""
        if known is None or known.outlook is None or value in (None, ""):
            return ""
        told = known.outlook.tell(value, self.now)
        return evidence_words({known.outlook.name: told})[1] if told is not None else ""

    def usual_state(self, path: str) -> FieldState:
        if self.is_left(path):
            return "ignored"
        seen = isinstance(self.found.observed, Live) or (
            self.found.source == "plan" and not self.is_new
        )
        return "same" if seen else "declared"

    def is_left(self, path: str) -> bool:
        """Whether a field is left to others as a whole."""
        if self.manifest is None or self.kind is None:
            return False
        return left_of(self.kind, self.manifest).covers(path)

    @property
    def is_new(self) -> bool:
        return self.change is not None and self.change.reason == "absent"

    def states(self) -> Mapping[str, FieldState]:
        """The fields that are not as the manifest wants them, by path."""
        observed, manifest = self.found.observed, self.manifest
        if isinstance(observed, Live) and self.kind and manifest:
            known = self.found
            return _states(diff(self.kind, manifest, observed, known.entry, known.secrets))
        if self.found.source == "plan" and self.change and not self.is_new:
            return {f.path: _saved_state(f) for f in self.change.fields}
        return {}

    def live_value(self, path: str) -> JsonValue:
        if isinstance(self.found.observed, Live) and self.kind:
            return _live_value(self.kind.fields, self.found.observed.raw, steps(path)[1:])
        if self.change and not self.is_new:
            return next((f.before for f in self.change.fields if f.path == path), UNSET)
        return UNSET

    def released(self) -> Iterator[FieldStory]:
        """What we once wrote and the manifest no longer declares."""
        entry, kind = self.found.entry, self.kind
        if entry is None or kind is None:
            return
        manifest = self.manifest
        for path in released(kind, manifest, entry) if manifest else sorted(entry.applied):
            if self.is_left(path):
                continue
            yield FieldStory(path, "released", UNSET, self.live_value(path), entry.applied[path])

    # --- neighbours

    def links(self, manifests: Iterable[Manifest]) -> Iterator[Link]:
        return links(self.wanted.resolved, self.registry, manifests)

    def neighbours(self, ends: Iterable[tuple[Address, Link]]) -> Iterator[Neighbour]:
        origins = {m.address: m.origin for m in self.wanted.manifests}
        fields: dict[Address, dict[str, None]] = {}
        for address, link in ends:
            fields.setdefault(address, {})[link.field] = None
        for address, paths in sorted(fields.items(), key=lambda item: item[0].full):
            yield Neighbour(str(address), tuple(paths), origins.get(address))


def _lifecycle(lifecycle: Lifecycle) -> Iterator[tuple[str, JsonValue, str]]:
    """What the manifest says beyond the usual, each with its meaning."""
    if lifecycle.manage == "create-only":
        yield "manage", "create-only", "created, then left alone"
    if lifecycle.manage == "observe":
        yield "manage", "observe", "never written: others look after it"
    if lifecycle.protect:
        yield "protect", True, "never deleted or replaced"
    if lifecycle.takeover:
        yield "takeover", True, "taken from the workspace that owns it"
    if lifecycle.replace:
        yield "replace", True, "may be deleted and created anew"
    if lifecycle.release:
        yield "release", True, "taken out of ownership, not touched"
    if lifecycle.ignore:
        yield "ignore", list(lifecycle.ignore), "left to others"


def _states(found: Difference) -> dict[str, FieldState]:
    states: dict[str, FieldState] = {}
    states |= {f.path: "differs" for f in found.changes}
    states |= {f.path: "unverifiable" for f in found.unverifiable}
    states |= {f.path: "fixed" for f in found.fixed}
    states |= {f.path: "cannot-clear" for f in found.stuck}
    states |= dict.fromkeys(found.unreadable, "unreadable")
    states |= dict.fromkeys(found.rewritten, "rewritten")
    return states


def _saved_state(field: FieldChange) -> FieldState:
    return "unverifiable" if field.secret == "unverifiable" else "differs"


def _live_value(fields: FieldTable, raw: Any, path: Sequence[str]) -> JsonValue:
    """A field's value in the platform's answer, in the field's own type; UNSET if it lacks it."""
    name, *rest = path
    if name == "extra" and rest:
        return raw.get(rest[0], UNSET)
    known = fields.get(name)
    if known is None or known.secret or known.write_only or not isinstance(raw, Mapping):
        return UNSET
    value = known.live_value(raw, UNSET)
    if rest and known.shape == "object":
        return _live_value(known.fields, value, rest)
    return UNSET if value is UNSET else without_credentials(shown(known, value))
