"""Settings in, what is in the way of a run out. Writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from reconciler.checking.fleets import fleet_checks
from reconciler.checking.platforms import Patient, by_name, platform_checks
from reconciler.checking.rights import needs
from reconciler.errors import ReconcilerError, has_errors
from reconciler.model import SERVICES, Check
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.session import platforms_of
from reconciler.platform.connect import Wire, clients
from reconciler.platform.inventory.opening import open_store
from reconciler.report.figures import counted
from reconciler.settings import Settings


def checkup(
    settings: Settings, wanted: Desire, wire: Wire | None = None, now: datetime | None = None
) -> Iterator[Check]:
    """Every question, the workspace first, then its platforms, then its inventory."""
    yield _manifests(wanted)
    for name in platforms_of(wanted, wanted.workspace):
        yield from _platform(settings, wanted, name, wire, now or datetime.now(UTC))
    yield from _inventory(settings, wanted, wire)


def _manifests(wanted: Desire) -> Check:
    found = [d for d in wanted.diagnostics if d.severity == "error"]
    if has_errors(wanted.diagnostics):
        told = f"{counted(len(found), 'error')}; the first: {found[0].summary}"
        return Check("manifests", "failed", told, "`reconciler validate` shows all of them")
    unset = [d.summary for d in wanted.diagnostics if d.rule == "secret-unresolved"]
    if unset:
        hint = "a plan needs none of them, an apply those that it sends"
        return Check("manifests", "warning", f"valid; {'; '.join(sorted(set(unset)))}", hint)
    return Check("manifests", "ok", f"{counted(len(wanted.manifests), 'object')}, all valid")


def _platform(
    settings: Settings, wanted: Desire, name: str, wire: Wire | None, now: datetime
) -> Iterator[Check]:
    manifests = [m for m in wanted.manifests if m.address.platform == name]
    declared = [m.address for m in manifests]
    kinds = by_name(wanted.registry[address.kind] for address in declared)
    try:
        with clients(wanted.workspace, settings, [name], wire) as opened:
            patient = Patient(opened[name], kinds, now, needs(manifests, wanted.registry))
            is_service = name in SERVICES
            yield from fleet_checks(patient, declared) if is_service else platform_checks(patient)
    except ReconcilerError as error:
        yield Check("connection", "failed", str(error), error.hint, name)


def _inventory(settings: Settings, wanted: Desire, wire: Wire | None) -> Iterator[Check]:
    try:
        with open_store(wanted.workspace, settings, wire) as store:
            entries, held = store.load().entries, store.held()
            where = store.where.removeprefix(f"{wanted.workspace.root}/")
    except ReconcilerError as error:
        yield Check("inventory", "failed", str(error), error.hint)
        return
    if not entries and settings.is_ci and wanted.workspace.inventory_place is None:
        hint = "keep the inventory on the platform: spec.inventory of the workspace"
        told = f"{where} is empty, and this is CI: it is a file that ends with the job"
        yield Check("inventory", "warning", told, hint)
    else:
        yield Check("inventory", "ok", f"{where}: {counted(len(entries), 'owned object')}")
    if held:
        first = held[0]
        hint = f"if that run is gone: reconciler unlock {first.id}"
        told = f"{first.holder} has it since {first.since}"
        yield Check("lease", "warning", told, hint)
    else:
        yield Check("lease", "ok", "nobody is applying")
