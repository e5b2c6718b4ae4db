"""A difference in, its risk out: the highest of what the marks of the changed fields say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.diff import Difference
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import Risk as Mark
from reconciler.kinds.registry import Registry
from reconciler.model import UNSET, Action, Block, Change, FieldChange, JsonValue, Plan, Risk

RISING: tuple[Risk, ...] = ("safe", "notable", "disruptive", "destructive")
"""The classes of risk, from the least to the greatest."""


def risk_of(kind: Kind, found: Difference) -> Risk:
    """The risk of an update; a field without a mark is notable."""
    if found.fixed:
        return "destructive"
    if found.conversion:
        return "disruptive"
    risks = [judged(kind, change).risk for change in (*found.changes, *found.stuck)]
    return max(risks, key=RISING.index, default="notable")


def risk_of_new(kind: Kind, fields: Iterable[FieldChange]) -> Risk:
    """The risk of a creation: safe, unless a field says that it may do harm from the start."""
    risks = [
        mark.level
        for change in fields
        for field in _fields(kind.fields, change.path)
        for mark in field.risks
        if mark.also_new and (mark.when is None or mark.when(None, change.after))
    ]
    return max(risks, key=RISING.index, default="safe")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the table says of one changed field; `note` says when it is so, for a person."""

    path: str
    risk: Risk
    note: str = ""


def judged(kind: Kind, change: FieldChange) -> Judgement:
    """The risk of one changed field, and the words of the mark that gives it."""
    before, after = (None if v is UNSET else v for v in (change.before, change.after))
    known = list(_fields(kind.fields, change.path))
    if any(field.fixed for field in known):
        return Judgement(change.path, "destructive", "it is fixed at creation")
    found = Judgement(change.path, "notable")
    for mark in (mark for field in known for mark in field.risks):
        if _applies(mark, before, after):
            found = Judgement(change.path, mark.level, mark.note)
    return found


def too_risky(plan: Plan, registry: Registry, most: str) -> list[Block]:
    """A block for the whole plan where changes are riskier than `most`; empty allows every risk."""
    if most not in RISING:
        return []
    ceiling = RISING.index(most)
    found = [c for c in plan.pending if RISING.index(c.risk) > ceiling]
    if not found:
        return []
    found.sort(key=lambda c: -RISING.index(c.risk))
    worst = found[0].risk
    told = "; ".join(f"{c.address} is {c.risk}: {why(c, registry)}" for c in found[:_TOLD])
    more = f"; and {len(found) - _TOLD:,} more" if len(found) > _TOLD else ""
    summary = f"--max-risk {most} allows no such change: {told}{more}"
    return [Block("max-risk", summary, f"--max-risk {worst}")]


_TOLD = 10
"""Changes that a block names; the plan shows all of them."""

_OF_ACTIONS = {
    Action.DELETE: "it is deleted",
    Action.REPLACE: "it is deleted and created anew",
    Action.CONVERT: "it is converted in place",
}


def why(change: Change, registry: Registry) -> str:
    """What gives a change its risk, in words: its action, or the fields with the highest risk."""
    if change.action in _OF_ACTIONS:
        return _OF_ACTIONS[change.action]
    found = _judgements(registry[change.address.kind], change.fields)
    reasons = [j for j in found if j.risk == change.risk]
    return ", ".join(f"{j.path} ({j.note})" if j.note else j.path for j in reasons) or change.reason


def _judgements(kind: Kind, fields: Iterable[FieldChange]) -> list[Judgement]:
    return [judged(kind, field) for field in fields]


def _applies(mark: Mark, before: JsonValue, after: JsonValue) -> bool:
    """Whether a mark counts for a change; it does where the live value is none the field can have.

    Nobody can tell then what the change takes away.
    """
    try:
        return mark.when is None or mark.when(before, after)
    except (AttributeError, TypeError, ValueError):
        return True


def _fields(fields: FieldTable, path: str) -> Iterator[Field]:
    """The fields on the way to a path, the outer ones first."""
    for name in re.sub(r"\[[^]]*\]", "", path).split(".")[1:]:
        known = fields.get(name)
        if known is None:
            return
        yield known
        fields = known.fields or (known.element.fields if known.element else {})
