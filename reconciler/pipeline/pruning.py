"""What nobody declares any more: who it is, whether it is there, and what it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.codes import UNFINISHED_DELETE
from reconciler.engine.prune import Pruning, as_applied, put_back, undeclared
from reconciler.engine.select import surely_in_scope
from reconciler.errors import Diagnostic, UsageError, ordered
from reconciler.kinds.registry import Registry
from reconciler.kinds.wire import merged
from reconciler.manifests.workspace import Workspace
from reconciler.model import Action, Address, Inventory, Live, Manifest, Observed, Plan, Tombstone
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.pipeline.desiring import Desire
    from reconciler.pipeline.session import Session


def wants_prune(settings: Settings, workspace: Workspace) -> bool:
    """Whether a run may delete what is no longer declared.

    With paths on the command line only a part of what is declared is known, so it may not. Raises
    UsageError when both are asked for.
    """
    if settings.prune and settings.paths:
        raise UsageError(
            "--prune does not go with paths: what other files declare would count as undeclared",
            hint="leave the paths out; --only narrows a run without forgetting the rest",
        )
    return settings.prune or (workspace.spec.get("prune") is True and not settings.paths)


def gone_manifests(wanted: Desire, inventory: Inventory) -> list[Manifest]:
    """The owned objects without a manifest, as they were last applied.

    Left out are those this version or this workspace cannot reach, and those outside its fence:
    they may belong to another workspace by now.
    """
    workspace, registry = wanted.workspace, wanted.registry
    found = undeclared(
        inventory, wanted.resolved, registry, workspace.name, qualified=workspace.is_plural
    )
    manifests = (
        as_applied(address, inventory.entries[address.full])
        for address in found
        if address.kind in registry and address.platform in workspace.platform_names
    )
    return [m for m in manifests if workspace.fence_holds(m.address.name, _project(m, registry))]


def _project(manifest: Manifest, registry: Registry) -> object:
    """The project an object lives in or belongs to."""
    if "project" in registry[manifest.address.kind].parents:
        return manifest.address.parts[0]
    return manifest.spec.get("projectKey")


def candidates(run: Session) -> list[Address]:
    """The owned objects in scope that no manifest declares, on the platforms of the run."""
    return [
        gone.address
        for gone in gone_manifests(run.desire, run.inventory)
        if gone.address.platform in run.observer.sources and surely_in_scope(gone, run.scope)
    ]


def naming_kinds(registry: Registry, going: Collection[Address]) -> list[str]:
    """The kinds whose objects may name what is to be deleted, so that all of them are looked at."""
    targets = {address.kind for address in going}
    return [
        kind.name
        for kind in (registry if targets else ())
        if any(targets & set(known.refs) for known in kind.naming_fields.values())
    ]


def pruning(run: Session, found: Mapping[Address, Observed]) -> Pruning:
    """What a plan may delete, measured where there is something to measure."""
    holding = [
        address
        for address, seen in found.items()
        if isinstance(seen, Live) and run.registry[address.kind].rest.holds_content
    ]
    stones = {stone.address: stone for stone in run.desire.tombstones}
    live = {a.full: a for a, seen in found.items() if isinstance(seen, Live)}
    claimed = run.store.claimed(live) if live and run.snapshot is None else {}
    owners = {live[key]: entry.owner for key, entry in claimed.items()}
    return Pruning(tuple(found), run.observer.measure(holding), stones, owners)


def with_tombstones(made: Plan, run: Session) -> Plan:
    """The plan, telling which Tombstones it has no use for; one in part cannot know."""
    if run.scope or not run.desire.tombstones:
        return made
    told = tuple(_unused(stone, made, run) for stone in run.desire.tombstones)
    return replace(
        made, diagnostics=tuple(ordered([*made.diagnostics, *(d for d in told if d is not None)]))
    )


def _unused(stone: Tombstone, made: Plan, run: Session) -> Diagnostic | None:
    change = next((c for c in made.changes if c.address == stone.address), None)
    if change is not None and change.action in (Action.DELETE, Action.REPLACE):
        holds = change.evidence.get("artifacts") or change.evidence.get("bytes")
        if holds:
            return None
        reason, hint = "the object is empty", "take it out once the object is gone"
    elif any(m.address == stone.address for m in run.desire.manifests):
        reason, hint = "its manifest needs no replacement", "take it out once that is done"
    elif run.inventory.get(stone.address) is None:
        reason, hint = "this workspace owns no such object", "take it out if the object is gone"
    elif not run.prunes:
        reason, hint = "pruning is off", "say --prune, or spec.prune: true in the workspace file"
    else:
        reason, hint = "the plan does not delete the object", "take it out if that is right"
    return Diagnostic(
        "tombstone-unused",
        "info",
        f"the Tombstone of {stone.address} is not used: {reason}",
        hint=hint,
        file=stone.origin.file,
        line=stone.origin.line,
        column=stone.origin.column,
        address=str(stone.address),
    )


def in_service_again(
    manifests: Sequence[Manifest], inventory: Inventory, registry: Registry
) -> tuple[Manifest, ...]:
    """The manifests, with the values that an unfinished delete took from objects declared again."""
    taken = {a: e.withdrawn for a, e in inventory.entries.items() if e.withdrawn}
    if not taken:
        return tuple(manifests)
    return tuple(
        replace(m, spec=merged(registry[m.address.kind].placed(before), m.spec))
        if (before := taken.get(m.address.full))
        else m
        for m in manifests
    )


def put_backs(run: Session, made: Plan) -> Iterator[Manifest]:
    """What the changes write that undo a delete of an object nobody declares."""
    for change in made.changes:
        if change.reason == UNFINISHED_DELETE:
            yield put_back(
                run.registry[change.address.kind],
                change.address,
                run.inventory.entries[change.address.full],
            )
