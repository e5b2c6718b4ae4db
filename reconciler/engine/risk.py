"""A difference in, its risk out: the highest of what the marks of the changed fields say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.engine.diff import Difference
from reconciler.kinds.fields import FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import Risk as Mark
from reconciler.model import UNSET, FieldChange, JsonValue, Risk

_RISING: tuple[Risk, ...] = ("safe", "notable", "disruptive", "destructive")


def risk_of(kind: Kind, found: Difference) -> Risk:
    """The risk of an update; a field without a mark is notable."""
    if found.fixed:
        return "destructive"
    if found.conversion:
        return "disruptive"
    risks = [_of(kind, change) for change in (*found.changes, *found.stuck)]
    return max(risks, key=_RISING.index, default="notable")


def risk_of_new(kind: Kind, fields: Iterable[FieldChange]) -> Risk:
    """The risk of a creation: safe, unless a field says that it may do harm from the start."""
    risks = [
        mark.level
        for change in fields
        for mark in _marks(kind.fields, change.path)
        if mark.also_new and (mark.when is None or mark.when(None, change.after))
    ]
    return max(risks, key=_RISING.index, default="safe")


def _of(kind: Kind, change: FieldChange) -> Risk:
    before, after = (None if v is UNSET else v for v in (change.before, change.after))
    found: Risk = "notable"
    for mark in _marks(kind.fields, change.path):
        if _applies(mark, before, after):
            found = mark.level
    return found


def _applies(mark: Mark, before: JsonValue, after: JsonValue) -> bool:
    """Whether a mark counts for a change; it does where the live value is none the field can have.

    Nobody can tell then what the change takes away.
    """
    try:
        return mark.when is None or mark.when(before, after)
    except (AttributeError, TypeError, ValueError):
        return True


def _marks(fields: FieldTable, path: str) -> Iterator[Mark]:
    """The marks on the way to a path, those of the outer fields first."""
    for name in re.sub(r"\[[^]]*\]", "", path).split(".")[1:]:
        known = fields.get(name)
        if known is None:
            return
        yield from known.risks
        fields = known.fields or (known.element.fields if known.element else {})
