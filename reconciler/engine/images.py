"""A plan and what was seen for it in, the objects as they were out; and what cannot be had back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.engine.as_manifest import as_spec
from reconciler.engine.observation import Observation
from reconciler.kinds.fields import PASS_THROUGH, Field, at_least
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.values import is_masked
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Change,
    Entry,
    FieldChange,
    Image,
    Inventory,
    Live,
    Manifest,
    Origin,
    Plan,
)

_NOWHERE = Origin("", 0)

RENAMED = "renamed"
"""The reason of an update that gives an object another name."""


def with_labels(plan: Plan, observation: Observation, registry: Registry) -> Plan:
    """The plan, saying of each change what could not be undone."""
    looker = _Looker(observation, registry)
    return replace(plan, changes=tuple(looker.labelled(change) for change in plan.changes))


def images(
    plan: Plan, observation: Observation, inventory: Inventory, registry: Registry
) -> Iterator[Image]:
    """The objects of a plan's changes as they are before it is carried out."""
    looker = _Looker(observation, registry)
    for change in plan.changes:
        if not change.is_blocked:
            at = looker.place(change)
            entry = inventory.get(change.previous or at)
            own = at if at != change.address else None
            yield Image(
                change.address,
                change.action.value,
                looker.before(change, at),
                entry,
                change.irreversible,
                own,
            )


@dataclass(frozen=True, slots=True)
class _Looker:
    """What was seen, and what kinds there are."""

    observation: Observation
    registry: Registry

    # --- where an object was

    def live(self, change: Change) -> Live | None:
        """The object as it is now, under any of its addresses."""
        for address in (change.previous, change.address):
            found = self.observation.objects.get(address) if address is not None else None
            if isinstance(found, Live):
                return found
        return None

    def place(self, change: Change) -> Address:
        """The address an object has now: another one where it is renamed or of another class."""
        if change.previous is not None:
            return change.previous
        live = self.live(change)
        if change.action is not Action.CONVERT or live is None:
            return change.address
        former = self._former(self.registry[change.address.kind], live)
        return replace(change.address, kind=former.name) if former else change.address

    def _former(self, kind: Kind, live: Live) -> Kind | None:
        """The kind that a live object is of, before it is converted."""
        for other in self.registry:
            is_near = other.namespace and other.namespace == kind.namespace and other.sites is None
            constants = other.rest.constants
            if is_near and all(live.raw.get(name) == value for name, value in constants.items()):
                return other
        return None

    # --- what it was like

    def before(self, change: Change, at: Address) -> dict[str, Any] | None:
        """What is to be written to have an object back; None where nothing can be, or was."""
        live = self.live(change)
        if live is None or change.action not in (Action.UPDATE, Action.CONVERT, Action.DELETE):
            return None
        kind = self.registry[at.kind]
        if change.action is Action.DELETE and _unmakeable(kind, live):
            return None
        seen = as_spec(kind.written_fields, live.raw)
        if change.action is Action.DELETE:
            variant = kind.variant(kind.placed(seen))
            known = {n: f for n, f in kind.written_fields.items() if f.applies_to(variant)}
            names: Iterable[str] = known
        else:
            names = _written(self.registry[change.address.kind], change)
        found = {}
        for name in names:
            field = kind.written_fields.get(name)
            if field is None or field.inline or not _is_told(field, seen.get(name)):
                continue
            value = seen.get(name)
            clears = field.nullable and not field.cannot_clear
            if value is not None or (clears and change.action is not Action.DELETE):
                found[name] = value
        return kind.placed(found)

    # --- what of it is lost

    def labelled(self, change: Change) -> Change:
        """The change, saying what of it could not be undone."""
        return replace(change, irreversible=self.lost(change))

    def lost(self, change: Change) -> str:
        """What of a change cannot be taken back, in words; empty where all of it can."""
        kind = self.registry[change.address.kind]
        if change.is_blocked or not change.action.writes:
            return ""
        match change.action:
            case Action.REPLACE | Action.DEPLOY:
                noun = "deployment" if change.action is Action.DEPLOY else "replacement"
                return f"a {noun} stays as it is"
            case Action.CREATE:
                is_deletable = kind.rest.delete(change.address) is not None
                return "" if is_deletable else "it stays: no request deletes it"
            case Action.DELETE:
                return "; ".join(self._lost_with(change, kind))
        moved = self._stays_converted(change) or self._stays_renamed(change, kind)
        kept = [f.path for f in change.fields if f.secret is None and _keeps_additions(kind, f)]
        stays = f"what is added to {', '.join(kept)} stays" if kept else ""
        return "; ".join(filter(None, (moved, stays, *_lost_values(change, kind))))

    def _lost_with(self, change: Change, kind: Kind) -> Iterator[str]:
        live = self.live(change)
        if live is not None and (unknown := _unmakeable(kind, live)):
            yield f"it cannot be made again: the value of {', '.join(unknown)} is not known"
        if kind.rest.holds_content and change.evidence.get("artifacts") != 0:
            yield "its content is gone"
        if kind.secret_fields or (live is not None and _hides(kind, live)):
            yield "its secrets have to be given again"

    def _stays_renamed(self, change: Change, kind: Kind) -> str:
        old = change.previous
        if change.reason != RENAMED or old is None:
            return ""
        can = kind.rest.rename(change.address, old) is not None
        return "" if can else "the new name stays"

    def _stays_converted(self, change: Change) -> str:
        """Why an object could not be converted back as it is then."""
        live, at = self.live(change), self.place(change)
        if change.action is not Action.CONVERT or live is None:
            return ""
        kind, former = self.registry[change.address.kind], self.registry[at.kind]
        back = former.rest.conversion(at.name, _raw_after(kind, change, live))
        if back is None:
            return "the conversion stays"
        version = self.observation.version(at.platform, former.service)
        if not at_least(version, back.since):
            return f"the conversion stays: back needs {former.service} {back.since}"
        return f"it cannot be converted back: {back.obstacle}" if back.obstacle else ""


def _raw_after(kind: Kind, change: Change, live: Live) -> dict[str, Any]:
    """A live object as the API would answer it once a change is carried out, roughly."""
    made = {**live.raw, **kind.rest.constants}
    for field in change.fields:
        name = field.path.removeprefix("spec.")
        known = kind.written_fields.get(name.rpartition(".")[2])
        if known is not None and field.after is not UNSET:
            made[known.wire] = field.after
    return made


def _written(kind: Kind, change: Change) -> Iterator[str]:
    """The names of `written_fields` that a change writes; secrets are not known."""
    seen: dict[str, None] = {}
    for field in change.fields:
        place, _, path = field.path.partition(".")
        if place != "spec" or field.secret is not None:
            continue
        first, _, rest = path.partition(".")
        known = kind.fields.get(first)
        name = rest.partition(".")[0] if known is not None and known.inline else first
        seen[name.partition("[")[0]] = None
    yield from seen


def _lost_values(change: Change, kind: Kind) -> Iterator[str]:
    """The fields whose value from before is not known, or cannot be written again."""
    unknown = [f.path for f in change.fields if f.secret in ("set", "changed")]
    stuck = []
    for field in change.fields:
        known = _field_at(kind, field.path)
        if field.secret is not None or not field.path.startswith("spec."):
            continue
        if known is None:
            is_extra = field.path.startswith(f"spec.{PASS_THROUGH}.")
            unknown += [field.path] if is_extra else []
        elif not _is_told(known, field.before):
            unknown.append(field.path)
        elif not _can_return(known, field):
            stuck.append(field.path)
    if unknown:
        yield f"the value {', '.join(unknown)} had is not known"
    if stuck:
        yield f"{', '.join(stuck)} cannot be cleared again"


def _keeps_additions(kind: Kind, field: FieldChange) -> bool:
    """Whether elements are added that stay once nobody names them: they are others' too."""
    known = _field_at(kind, field.path)
    if known is None or known.implied is None or not isinstance(field.after, list):
        return False
    before = field.before if isinstance(field.before, list) else []
    return any(known.implied(item) for item in field.after if item not in before)


def _field_at(kind: Kind, path: str) -> Field | None:
    first, _, rest = path.removeprefix("spec.").partition(".")
    known = kind.fields.get(first.partition("[")[0])
    if known is not None and known.inline and rest:
        return known.fields.get(rest.partition(".")[0])
    return known


def _is_told(field: Field, value: Any) -> bool:
    """Whether a value is known as it is: no secret in it that the platform or we keep back."""
    if field.shape == "list" and value not in (UNSET, None, []):
        return not field.has_part(_is_hidden) and not is_masked(value)
    return value is UNSET or not is_masked(value)


def _is_hidden(part: Field) -> bool:
    return part.secret or part.shape in ("secret", "any")


def _hides(kind: Kind, live: Live) -> bool:
    """Whether a live object holds something that nobody may see."""
    seen = as_spec(kind.written_fields, live.raw)
    return any(not _is_told(kind.written_fields[n], value) for n, value in seen.items())


def _unmakeable(kind: Kind, live: Live) -> list[str]:
    """The fields that a new object needs, and whose values nobody may see."""
    seen = as_spec(kind.fields, live.raw)
    return [
        f"spec.{name}"
        for name, known in kind.fields.items()
        if known.required and name in seen and not _is_told(known, seen[name])
    ]


def _can_return(known: Field, field: FieldChange) -> bool:
    if field.before is not UNSET and field.before not in (None, "", [], {}):
        return True
    if known.cannot_clear:
        return False
    return known.nullable or field.before is not UNSET


# --- the other way


def inverse(image: Image) -> Manifest | None:
    """The manifest of an object as it was; None where there was none, or it is left as it is."""
    if image.spec is None:
        return None
    at, now = image.place, image.address
    is_renamed = at.kind == now.kind and at.parts != now.parts
    return Manifest(at, image.spec, _NOWHERE, previous_names=(now.name,) if is_renamed else ())


def is_undone_by_delete(image: Image) -> bool:
    """Whether an object was made, so that undoing deletes it."""
    return image.action == Action.CREATE


def touched(image: Image, entries: Mapping[str, Entry], owner: str) -> bool:
    """Whether there is something of an image to undo on the platform."""
    if is_undone_by_delete(image):
        entry = entries.get(image.address.full)
        return entry is not None and entry.owner == owner
    return inverse(image) is not None
