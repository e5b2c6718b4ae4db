"""Where a plan is not the approved one in, lines for a person out: approved what, now what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from reconciler.model import UNSET, Change, Disagreement, FieldChange
from reconciler.report.sanitise import shorten
from reconciler.report.values import compact

_SUBJECTS = 20
"""Objects of each part of the listing that are shown; the rest is counted."""
_FIELDS = 10
"""Fields of each object that are shown."""
_ROOM = 60
"""Characters of a value that are shown."""


def listing(found: Iterable[Disagreement]) -> str:
    """The frame first, then what was only approved, what is only planned now, what differs."""
    points = list(found)
    frame = [d for d in points if isinstance(d.approved or d.now, str)]
    objects = [d for d in points if not isinstance(d.approved or d.now, str)]
    whole = {d.subject: d for d in objects if not d.path}
    gone = [d for d in whole.values() if d.now is None]
    new = [d for d in whole.values() if d.approved is None]
    alone = {d.subject for d in (*gone, *new)}
    other = [d for d in objects if d.subject not in alone]
    lines = [f"{d.subject}: {_both(d.approved or 'none', d.now or 'none')}" for d in frame]
    lines += _part("only approved, nothing to do now:", gone)
    lines += _part("only now, never approved:", new)
    lines += _part("not as approved:", other)
    return "\n".join(lines)


def _both(then: object, now: object) -> str:
    return f"approved {then}, now {now}"


def _part(title: str, found: Sequence[Disagreement]) -> Iterator[str]:
    if not found:
        return
    yield title
    subjects = [list(points) for _, points in groupby(found, key=lambda d: d.subject)]
    for points in subjects[:_SUBJECTS]:
        yield from _subject(points)
    if len(subjects) > _SUBJECTS:
        yield f"  … and {len(subjects) - _SUBJECTS:,} more objects"


def _subject(points: Sequence[Disagreement]) -> Iterator[str]:
    first = points[0]
    if first.path:
        yield f"  {first.subject}:"
    elif isinstance(first.approved, Change) and isinstance(first.now, Change):
        yield f"  {first.subject}: {_both(_head(first.approved), _head(first.now))}"
    else:
        change = first.approved or first.now
        yield f"  {first.subject}: {_head(change) if isinstance(change, Change) else change}"
        fields = change.fields if isinstance(change, Change) else ()
        yield from _limited([f"    {f.path}: {_values(f)}" for f in fields])
    yield from _limited(
        [
            f"    {d.path}: {_both(_values(d.approved), _values(d.now))}"
            for d in points
            if d.path and not isinstance(d.approved, Change) and not isinstance(d.now, Change)
        ]
    )


def _limited(lines: list[str]) -> Iterator[str]:
    yield from lines[:_FIELDS]
    if len(lines) > _FIELDS:
        yield f"    … and {len(lines) - _FIELDS:,} more fields"


def _head(change: Change) -> str:
    blocked = f", blocked ({change.blocked.code})" if change.blocked else ""
    return f"{change.action.value}{', adopting' if change.adopting else ''}{blocked}"


def _values(field: FieldChange | str | None) -> str:
    if not isinstance(field, FieldChange):
        return field or "no change"
    if field.secret is not None:
        origin = f" from {field.reference}" if field.reference else ""
        return f"(secret, {field.secret}{origin})"
    sides = [side for side in (field.before, field.after) if side is not UNSET]
    return " -> ".join(shorten(compact(side), _ROOM) for side in sides)
