"""Addresses in, ownership recorded or forgotten; a lease ended. No managed object is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.engine.diff import declared
from reconciler.engine.naming import named
from reconciler.errors import Diagnostic, InvalidManifests, UsageError, has_errors
from reconciler.kinds.registry import builtin
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.workspace import Workspace
from reconciler.manifests.workspace_file import read_workspace
from reconciler.model import Action, Address, Change, Entry, Inventory, Manifest
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import Session
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.platform.inventory.lease import Held


@dataclass(frozen=True, slots=True)
class Adopted:
    """What an adoption recorded, what it could not, and how many objects were owned already."""

    adopted: tuple[Address, ...] = ()
    absent: tuple[Address, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    already: int = 0


def adopt(run: Session, addresses: Sequence[str] | None) -> Adopted:
    """Record declared live objects as owned; None stands for all of them. Writes no platform.

    A field that differs is not recorded as applied: the next plan shows it.
    Raises UsageError for an address no manifest declares.
    """
    wanted = _named(run, addresses)
    chosen = tuple(m for m in run.chosen if m.address in wanted)
    part = replace(run, chosen=chosen, prunes=False)
    made = make_plan(part)
    entries: dict[str, Entry] = {}
    absent: list[Address] = []
    refused: list[Diagnostic] = []
    adopting = {c.address: c for c in made.changes if c.adopting}
    manifests = {m.address: m for m in part.chosen}
    for change in made.changes:
        if change.blocked is not None and change.blocked.code in ("other-owner", "name-taken"):
            text = f"{change.address}: {change.blocked.message}"
            refused.append(
                Diagnostic(change.blocked.code, "error", text, address=str(change.address))
            )
        elif change.address in adopting:
            manifest = manifests[change.address]
            entries[change.address.full] = _as_found(run, manifest, change)
        elif change.action is Action.CREATE:
            absent.append(change.address)
    refused += [d for d in made.diagnostics if d.severity == "error"]
    run.store.change(entries)
    taken = tuple(a for a in adopting if a.full in entries)
    owned = [a for a in wanted if (e := run.inventory.get(a)) and e.owner == run.workspace.name]
    return Adopted(taken, tuple(absent), tuple(refused), len(owned))


def _named(run: Session, addresses: Sequence[str] | None) -> set[Address]:
    declared_ = {m.address for m in run.chosen}
    if addresses is None:
        return declared_
    return {_declared_address(text, declared_) for text in addresses}


def _declared_address(text: str, known: set[Address]) -> Address:
    address = named(text, sorted(known, key=lambda a: a.full))
    if address is None:
        near = nearest_hint(text, list(map(str, known)))
        raise UsageError(
            f"no manifest declares {text}",
            hint=near or "adopting needs a manifest; `export` writes one",
        )
    return address


def _as_found(run: Session, manifest: Manifest, change: Change) -> Entry:
    """An entry for an object as it is: only what equals the manifest counts as applied."""
    differing = {f.path for f in change.fields}
    fields = declared(run.registry[manifest.address.kind], manifest)
    applied = {f.path: f.after for f in fields if f.secret is None and f.path not in differing}
    return Entry(run.workspace.name, applied).under(manifest.lifecycle)


def release(settings: Settings, addresses: Sequence[str]) -> list[Address]:
    """Forget owned objects; needs no platform and no valid manifests.

    Raises UsageError for an address that is not in the inventory.
    """
    from reconciler.platform.inventory.opening import open_store

    workspace = _workspace(settings)
    with open_store(workspace, settings) as store:
        inventory = store.load()
        found = [_owned_address(text, inventory, workspace, store.where) for text in addresses]
        store.change({address.full: None for address in found})
    return found


def unlock(settings: Settings, lease_id: str) -> Held:
    """End the lease with this id. Raises UsageError when there is no such lease."""
    from reconciler.platform.inventory.opening import open_store

    with open_store(_workspace(settings), settings) as store:
        return store.unlock(lease_id)


def _workspace(settings: Settings) -> Workspace:
    workspace, faults = read_workspace(settings, builtin())
    if has_errors(faults):
        raise InvalidManifests(faults, workspace.root)
    return workspace


def _owned_address(text: str, inventory: Inventory, workspace: Workspace, where: str) -> Address:
    here = set(workspace.platform_names)
    parsed = [Address.parse(a, qualified=workspace.is_plural) for a in inventory.entries]
    known = [a if a.platform in here else replace(a, qualified=True) for a in parsed]
    address = named(text, known)
    if address is None:
        near = nearest_hint(text, list(map(str, known)))
        raise UsageError(
            f"{text} is not in the inventory",
            hint=near or f"{where} lists what is owned",
        )
    return address
