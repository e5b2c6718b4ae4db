"""A plan and what was seen for it in, the objects as they were out; and what cannot be had back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.engine.observation import Observation
from reconciler.engine.preview import top_level
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.model import (
    UNSET,
    Action,
    Change,
    Entry,
    Image,
    Inventory,
    Live,
    Manifest,
    Origin,
    Plan,
)

_NOWHERE = Origin("", 0)


def with_labels(plan: Plan, registry: Registry) -> Plan:
    """The plan, saying of each change what could not be undone."""
    changes = (replace(c, irreversible=lost(c, registry[c.address.kind])) for c in plan.changes)
    return replace(plan, changes=tuple(changes))


def lost(change: Change, kind: Kind) -> str:
    """What of a change cannot be taken back, in words; empty where all of it can."""
    if change.is_blocked or not change.action.writes:
        return ""
    if change.action in (Action.REPLACE, Action.CONVERT, Action.DEPLOY):
        return f"undo leaves a {_NOUNS[change.action]} as it is"
    if change.action is Action.DELETE:
        return _lost_with(change, kind)
    if change.action is Action.CREATE:
        return ""
    secrets = [f.path for f in change.fields if f.secret in ("set", "changed")]
    stuck = [f.path for f in change.fields if not f.secret and not _can_return(kind, f.path, f)]
    told = [f"the value {', '.join(secrets)} had is not known"] if secrets else []
    told += [f"{', '.join(stuck)} cannot be cleared again"] if stuck else []
    return "; ".join(told)


_NOUNS = {Action.REPLACE: "replace", Action.CONVERT: "conversion", Action.DEPLOY: "deployment"}


def _lost_with(change: Change, kind: Kind) -> str:
    artifacts = change.evidence.get("artifacts")
    told = ["its content is gone"] if kind.rest.holds_content and artifacts != 0 else []
    told += ["its secrets have to be given again"] if kind.secret_fields else []
    return "; ".join(told)


def _can_return(kind: Kind, path: str, field: Any) -> bool:
    known = kind.fields.get(path.removeprefix("spec.").partition(".")[0])
    if field.before is not UNSET and field.before not in (None, "", [], {}):
        return True
    if known is None or known.cannot_clear:
        return known is not None and not known.cannot_clear
    return known.nullable or field.before is not UNSET


def images(
    plan: Plan, observation: Observation, inventory: Inventory, registry: Registry
) -> Iterator[Image]:
    """The objects of a plan's changes as they are before it is carried out."""
    for change in plan.changes:
        if change.is_blocked:
            continue
        from reconciler.engine.guardrails.shown import as_spec

        kind = registry[change.address.kind]
        at = change.previous or change.address
        live = observation.objects.get(at)
        spec = None
        if isinstance(live, Live) and change.action in (Action.UPDATE, Action.DELETE):
            spec = _before(change, kind, as_spec(kind.fields, live.raw))
        if change.previous is not None:
            spec = None
        yield Image(
            change.address,
            change.action.value,
            spec,
            inventory.get(at),
            "undo leaves a rename as it is" if change.previous else change.irreversible,
        )


def _before(change: Change, kind: Kind, seen: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be written to have an object back as it was."""
    if change.action is Action.DELETE:
        variant = kind.variant(seen)
        return {
            name: value
            for name, value in seen.items()
            if value is not None
            and kind.fields[name].applies_to(variant)
            and not kind.fields[name].write_only
        }
    found: dict[str, Any] = {}
    for name in top_level(f for f in change.fields if f.secret is None):
        field = kind.fields.get(name)
        if field is None or field.inline:
            continue
        value = seen.get(name)
        if value is not None or (field.nullable and not field.cannot_clear):
            found[name] = value
    return found


def inverse(image: Image) -> Manifest | None:
    """The manifest of an object as it was; None where there was none, or it is left as it is."""
    if image.spec is None or image.action not in (Action.UPDATE, Action.DELETE):
        return None
    return Manifest(image.address, image.spec, _NOWHERE)


def is_undone_by_delete(image: Image) -> bool:
    """Whether an object was made, so that undoing deletes it."""
    return image.action == Action.CREATE


def touched(image: Image, entries: Mapping[str, Entry], owner: str) -> bool:
    """Whether there is something of an image to undo on the platform."""
    if is_undone_by_delete(image):
        entry = entries.get(image.address.full)
        return entry is not None and entry.owner == owner
    return inverse(image) is not None
