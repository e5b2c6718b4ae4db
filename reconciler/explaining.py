"""One address in, everything there is to know of it out: why it is in the plan, or is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.engine.codes import BLOCKS, REASONS
from reconciler.engine.diff import (
    NOTHING_KNOWN,
    Difference,
    SecretKnowledge,
    declared,
    diff,
    is_ignored,
    leaves,
    released,
)
from reconciler.engine.graph import Link, links
from reconciler.engine.naming import named
from reconciler.engine.ways_out import BLOCK_WAYS, REASON_WAYS
from reconciler.errors import Diagnostic, ReconcilerError, UnreachableError, UsageError
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.steering import Stance
from reconciler.kinds.values import shown, without_credentials
from reconciler.manifests.findings import locate
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.workspace_file import document_index
from reconciler.model import (
    UNSET,
    Absent,
    Address,
    Change,
    Entry,
    FieldChange,
    Finding,
    Inventory,
    JsonValue,
    Lifecycle,
    Live,
    Manifest,
    Observed,
    Origin,
    Path,
    Unreadable,
)
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import Session, session
from reconciler.report.explanation import (
    Decision,
    Explanation,
    FieldState,
    FieldStory,
    LiveState,
    Neighbour,
    Source,
)
from reconciler.report.figures import evidence_words
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.platform.observe import Progress


@dataclass(frozen=True, slots=True)
class Found:
    """What was learned of one object, from manifests, inventory and platform or saved plan.

    `observed` is None when no platform was asked, and `error` says why if one should have been.
    """

    address: Address
    manifest: Manifest | None
    entry: Entry | None
    source: Source
    change: Change | None = None
    observed: Observed | None = None
    stance: str = ""
    """How it stands, for an object that is steered."""
    diagnostics: tuple[Diagnostic, ...] = ()
    error: ReconcilerError | None = None
    secrets: SecretKnowledge = NOTHING_KNOWN
    recorded: bool = True
    """Whether the inventory was read: one on a platform is not, where no platform is asked."""


def explain(
    settings: Settings,
    wanted: Desire,
    text: str,
    *,
    ask: bool = True,
    saved: Sequence[Change] | None = None,
    progress: Progress | None = None,
) -> tuple[Explanation, ReconcilerError | None]:
    """Explain one object; and the error that kept a platform from being asked, if one did.

    Without `ask` no platform is asked. `saved` are the changes of a saved plan, which then stands
    for the platform. Raises UsageError for an address that nobody declares or owns.
    """
    inventory, unread = _recorded(settings, wanted, ask=ask and saved is None)
    address, manifest = _subject(text, wanted, inventory)
    known = Found(address, manifest, inventory.get(address), "manifests", recorded=unread is None)
    if isinstance(unread, ReconcilerError):
        known = replace(known, error=unread, diagnostics=tuple(unread.diagnostics))
    elif saved is not None:
        change = next((c for c in saved if str(c.address) == str(address)), None)
        known = replace(known, source="plan", change=change)
    elif ask:
        known = _ask(settings, wanted, known, progress)
    return _Teller(wanted, known).explanation(), known.error


def _recorded(
    settings: Settings, wanted: Desire, *, ask: bool
) -> tuple[Inventory, ReconcilerError | str | None]:
    """The inventory, and why it was not read if it was not: one on a platform needs the platform.

    Raises UsageError for a file that is no inventory.
    """
    from reconciler.platform.inventory.opening import open_store

    place = wanted.workspace.inventory_place
    if place is not None and settings.snapshot is not None:
        from reconciler.platform.snapshot.file import read_snapshot

        return read_snapshot(settings.snapshot).inventory, None
    if place is not None and not ask:
        return Inventory(), place.platform
    try:
        with open_store(wanted.workspace, settings) as store:
            return store.load(), None
    except UnreachableError as error:
        return Inventory(), error


def _subject(text: str, wanted: Desire, inventory: Inventory) -> tuple[Address, Manifest | None]:
    plural = wanted.workspace.is_plural
    manifests = {m.address: m for m in wanted.manifests}
    recorded = [Address.parse(key, qualified=plural) for key in inventory.entries]
    address = named(text, [*manifests, *recorded])
    if address is not None:
        return address, manifests.get(address)
    near = nearest_hint(text, [str(a) for a in (*manifests, *recorded)])
    raise UsageError(
        f"no manifest declares {text}, and the inventory does not know it",
        hint=near or "it is in no plan; `reconciler export` writes manifests for what is live",
    )


def _ask(settings: Settings, wanted: Desire, known: Found, progress: Progress | None) -> Found:
    try:
        with session(settings, progress=progress, wanted=wanted) as run:
            known = replace(known, entry=run.inventory.get(known.address), source="platform")
            observed = _observed(run, known)
            if known.manifest is not None:
                chosen = tuple(_with_needs(wanted, known.manifest))
                made = make_plan(replace(run, chosen=chosen, prunes=False))
            elif run.prunes:
                made = make_plan(run)
            else:
                return replace(known, observed=observed)
    except (UnreachableError, UsageError) as error:
        return replace(known, source="manifests", error=error, diagnostics=tuple(error.diagnostics))
    change = next((c for c in made.changes if c.address == known.address), None)
    told = tuple(d for d in made.diagnostics if d.address == str(known.address))
    secrets = run.secrets.get(known.address, NOTHING_KNOWN)
    stance = run.stances.get(known.address)
    if isinstance(stance, Stance):
        known, observed = replace(known, stance=stance.words or stance.status), None
    elif stance is not None:
        observed = stance
    return replace(known, change=change, observed=observed, diagnostics=told, secrets=secrets)


def _observed(run: Session, known: Found) -> Observed | None:
    address = known.address
    if address.kind in run.registry and run.registry[address.kind].steering is not None:
        return None  # the plan looks at it
    if address.kind not in run.registry:
        return Unreadable(f"this version has no kind '{address.kind}'")
    if address.platform not in {m.address.platform for m in run.desire.manifests}:
        return Unreadable(f"no manifest is about platform '{address.platform}'")
    return run.observer.observe([address]).objects[address]


def _with_needs(wanted: Desire, manifest: Manifest) -> Iterator[Manifest]:
    """The manifest and all it needs, in order: a block of one of them reaches this one."""
    needed, todo = {manifest.address}, [manifest.address]
    while todo:
        for address in wanted.resolved.requires.get(todo.pop(), ()):
            if address not in needed:
                needed.add(address)
                todo.append(address)
    yield from (m for m in wanted.manifests if m.address in needed)


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
        if change is None:
            return Decision(self.nothing())
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
        )

    def nothing(self) -> str:
        """Why the object is not in the plan."""
        found = self.found
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
        match self.found.observed:
            case Live(complete=complete):
                reduced = "" if complete else ", seen in part: the token reads a reduced form"
                return "live", f"exists on platform '{self.found.address.platform}'{reduced}"
            case Absent():
                return "absent", f"does not exist on platform '{self.found.address.platform}'"
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
            return f"this workspace, '{here}'"
        return f"another workspace, '{entry.owner}'"

    # --- fields

    def fields(self) -> Iterator[FieldStory]:
        if self.kind is None:
            return
        stories = list(self.declared_fields())
        places = self.places([story.path for story in stories])
        for story in stories:
            origin, from_workspace = places.get(story.path, (None, False))
            yield replace(story, origin=origin, from_workspace=from_workspace)
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
        if self.manifest and is_ignored(path, self.manifest.lifecycle.ignore):
            return "ignored"
        seen = isinstance(self.found.observed, Live) or (
            self.found.source == "plan" and not self.is_new
        )
        return "same" if seen else "declared"

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
            return _live_value(self.kind.fields, self.found.observed.raw, _steps(path)[1:])
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
            if self.manifest and is_ignored(path, self.manifest.lifecycle.ignore):
                continue
            yield FieldStory(path, "released", UNSET, self.live_value(path), entry.applied[path])

    def places(self, paths: Iterable[str]) -> Mapping[str, tuple[Origin, bool]]:
        """Where each field is written, and whether that is in the workspace file."""
        manifest, root = self.manifest, self.wanted.workspace.root
        if manifest is None:
            return {}
        written = self.written(manifest)
        wanted = [self.place(manifest, path, written) for path in paths]
        located = locate([f for f in wanted if f], lambda file: (root / file).read_bytes())
        return {
            d.summary: (Origin(d.file, d.line, d.column or 1), d.file == self.wanted.workspace.file)
            for d in located
            if d.file and d.line
        }

    def place(self, manifest: Manifest, path: str, written: Any) -> Finding | None:
        """The field's key, to be looked up: in the manifest, else in the workspace's defaults."""
        steps = _steps(path)
        if _has(written, steps):
            return Finding(manifest.origin, manifest.index, steps, path, path, at="key")
        workspace = self.wanted.workspace
        steps = ("spec", "defaults", manifest.address.kind, *steps[1:])
        if workspace.file is None or not _has({"spec": workspace.spec}, steps):
            return None
        index = document_index((workspace.root / workspace.file).read_bytes(), workspace.file)
        return Finding(Origin(workspace.file, 1), index, steps, path, path, at="key")

    def written(self, manifest: Manifest) -> Any:
        """The document as its author wrote it, before defaults."""
        for document in self.wanted.documents:
            if (document.origin, document.index) == (manifest.origin, manifest.index) and _named(
                document.data, manifest.address.name
            ):
                return document.data
        return {}

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


def _steps(path: str) -> tuple[str, ...]:
    """A printed path as steps; a name passed through below `spec.extra` may hold dots."""
    steps = path.split(".", 2) if path.startswith("spec.extra.") else path.split(".")
    return tuple(steps)


def _has(data: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _named(data: Any, name: str) -> bool:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    return isinstance(metadata, dict) and metadata.get("name") == name


def _live_value(fields: FieldTable, raw: Any, steps: Sequence[str]) -> JsonValue:
    """A field's value in the platform's answer, in the field's own type; UNSET if it lacks it."""
    name, *rest = steps
    if name == "extra" and rest:
        return raw.get(rest[0], UNSET)
    known = fields.get(name)
    if known is None or known.secret or known.write_only or not isinstance(raw, Mapping):
        return UNSET
    value = known.live_value(raw, UNSET)
    if rest and known.shape == "object":
        return _live_value(known.fields, value, rest)
    return UNSET if value is UNSET else without_credentials(shown(known, value))
