"""A recorded apply in, the plan that takes it back out: an ordinary plan of what was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from reconciler.engine import resolve as resolving
from reconciler.engine.images import inverse, is_undone_by_delete, touched
from reconciler.engine.select import exactly
from reconciler.errors import Diagnostic, UsageError
from reconciler.model import Entry, Image, Inventory, Outcome, Plan, UndoRecord
from reconciler.pipeline.desiring import Desire, desire
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import Session, session
from reconciler.platform.connect import Wire
from reconciler.platform.inventory.opening import open_store
from reconciler.platform.inventory.undo import record_of
from reconciler.settings import Settings


def records(
    settings: Settings, wanted: Desire, wire: Wire | None = None
) -> tuple[list[UndoRecord], Inventory]:
    """The applies of this workspace that can be undone, oldest first; and what is owned."""
    workspace = wanted.workspace
    with open_store(workspace, settings, wire) as store:
        documents, inventory = store.kept(), store.load()
    found = []
    for document in documents:
        try:
            record = record_of(document, qualified=workspace.is_plural)
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if record.workspace == workspace.name:
            found.append(record)
    return found, inventory


def chosen(found: Sequence[UndoRecord], record_id: str | None) -> UndoRecord:
    """The record with an id, or the last one. Raises UsageError."""
    if not found:
        raise UsageError(
            "there is no apply to undo: the inventory holds no record of one",
            hint="records are kept beside the inventory, of the last ten applies",
        )
    if record_id is None:
        return found[-1]
    for record in found:
        if record.id == record_id:
            return record
    known = ", ".join(record.id for record in found)
    raise UsageError(f"there is no record '{record_id}'", hint=f"there are {known}")


@contextmanager
def undo_session(
    settings: Settings,
    wanted: Desire,
    record: UndoRecord,
    inventory: Inventory,
    wire: Wire | None = None,
) -> Iterator[Session]:
    """A run whose desired state is what an apply found.

    Its scope are the objects of that apply: what was made is deleted, what was changed or deleted
    is as it was. Everything that guards an apply guards this one.
    """
    images = [i for i in record.images if touched(i, inventory.entries, record.workspace)]
    manifests = [m for image in images if (m := inverse(image)) is not None]
    before = replace(
        wanted,
        documents=(),
        diagnostics=(),
        tombstones=(),
        resolved=resolving.resolve(manifests, wanted.registry),
    )
    given = replace(
        settings,
        only=tuple(exactly(image.place) for image in images),
        prune=any(map(is_undone_by_delete, images)),
        paths=(),
    )
    with session(given, wanted=before, wire=wire) as run:
        if not any(map(is_undone_by_delete, images)):
            run.prunes = False  # even where the workspace prunes by itself
        yield run


def undo_plan(run: Session, record: UndoRecord) -> Plan:
    """The plan that takes an apply back, telling what stays as it is."""
    made = make_plan(run)
    kept = tuple(d for d in made.diagnostics if d.rule not in _OF_COURSE)
    changes = (c if c.origin and c.origin.file else replace(c, origin=None) for c in made.changes)
    return replace(made, changes=tuple(changes), diagnostics=(*kept, *_lost(record)))


_OF_COURSE = ("field-released", "no-longer-declared")
"""What a plan of a part of what is declared says of the other parts."""


def _lost(record: UndoRecord) -> Iterator[Diagnostic]:
    for image in record.images:
        if image.lost:
            yield Diagnostic(
                "undo-lost",
                "warning",
                f"{image.address} will not be wholly as it was: {image.lost}",
                hint="what was lost has to be brought back by hand",
                address=str(image.address),
            )


def restored(
    record: UndoRecord, made: Plan, outcomes: Sequence[Outcome]
) -> dict[str, Entry | None]:
    """What the inventory is to say again of the objects that are as they were."""
    bad = {c.address for c in made.changes if c.is_blocked}
    bad |= {o.change.address for o in outcomes if o.result != "done" or o.fields}
    back = [i for i in record.images if _is_back(i) and not bad & {i.address, i.place}]
    moved: dict[str, Entry | None] = {i.address.full: None for i in back if i.at is not None}
    return moved | {i.place.full: i.entry for i in back}


def _is_back(image: Image) -> bool:
    """Whether undoing brings the object itself back, or there was nothing but the inventory."""
    if image.action in ("adopt", "release"):
        return True
    return image.spec is not None or is_undone_by_delete(image)


def base(settings: Settings) -> Desire:
    """The workspace: its platforms, rules and kinds. Its manifests need not be valid."""
    return desire(settings, dangling=False, needs_manifests=False)
