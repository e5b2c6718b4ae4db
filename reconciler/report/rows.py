"""Changed fields in, rows out: what all renderings show of a field, before any layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.model import UNSET, FieldChange, JsonValue
from reconciler.report.sanitise import shorten, shorten_pair, visible
from reconciler.report.values import compact, is_multiline, is_unset

Sign = Literal["+", "-", "~", " "]


@dataclass(frozen=True, slots=True)
class Item:
    """One line below a row: an element or a line of text that came, went, changed or stayed."""

    sign: Sign
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One path of an object.

    | form    | before | after | items |
    |---------|--------|-------|-------|
    | new     | None   | text  | -     |
    | changed | text   | text  | -     |
    | list    | None   | None  | some  |
    """

    path: str
    before: str | None = None
    after: str | None = None
    items: tuple[Item, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is shown: characters of a value and of a path, lines of a row, rows of an object.

    A list stands in one line when it takes no more than `line` characters.
    """

    room: int = 200
    line: int = 72
    path: int = 120
    lines: int = 14
    rows: int = 60


FULL = Detail(room=1_000_000, line=1_000_000, path=1_000_000, lines=1_000_000, rows=1_000_000)
"""Nothing is left out."""


def rows(fields: Iterable[FieldChange], detail: Detail) -> list[Row]:
    """The rows of one object, the last one telling what was left out."""
    made = [_bounded(row, detail) for field in fields for row in _of(field, detail)]
    if len(made) <= detail.rows:
        return made
    left = len(made) - detail.rows + 1
    return [*made[: detail.rows - 1], Row("…", after=f"{left} more fields")]


def _bounded(row: Row, detail: Detail) -> Row:
    return replace(row, path=shorten(row.path, detail.path), note=shorten(row.note, detail.path))


_SECRET_WORDS = {
    "set": "set",
    "changed": "changed",
    "unverifiable": "cannot be compared, left as it is",
}


def _of(field: FieldChange, detail: Detail) -> Iterator[Row]:
    path = visible(field.path.removeprefix("spec."))
    if field.secret is not None:
        note = f"from {visible(field.reference)}" if field.reference else ""
        yield Row(path, after=f"(secret, {_SECRET_WORDS[field.secret]})", note=note)
    else:
        yield from _value(path, field.before, field.after, detail, ordered=field.ordered)


def _value(
    path: str,
    before: JsonValue,
    after: JsonValue,
    detail: Detail,
    depth: int = 0,
    *,
    ordered: bool = False,
) -> Iterator[Row]:
    sides = (before, after)
    if depth < 4 and _all(sides, dict) and any(sides):
        yield from _map(path, before, after, detail, depth)
    elif _all(sides, list) and not _fits(sides, detail):
        yield Row(path, items=_limited(_list(before, after, detail, ordered), detail))
    elif any(map(is_multiline, sides)) and _all(sides, str) and (lines := _text(before, after)):
        yield Row(path, items=_limited([_shortened(line, detail) for line in lines], detail))
    else:
        yield _scalar(path, before, after, detail)


def _all(sides: Sequence[JsonValue], kind: type) -> bool:
    """Whether both sides are of a type, one of them perhaps unset."""
    given = [side for side in sides if not is_unset(side)]
    return bool(given) and all(isinstance(side, kind) for side in given)


def _fits(sides: Sequence[JsonValue], detail: Detail) -> bool:
    """A list that came or went as a whole is shown in one line when it is short."""
    return any(is_unset(side) for side in sides) and all(
        len(compact(side)) <= detail.line for side in sides
    )


def _scalar(path: str, before: JsonValue, after: JsonValue, detail: Detail) -> Row:
    if before is UNSET:
        return Row(path, after=shorten(compact(after), detail.room))
    one, other = shorten_pair(compact(before), compact(after), detail.room)
    return Row(path, one, other)


def _map(
    path: str, before: JsonValue, after: JsonValue, detail: Detail, depth: int
) -> Iterator[Row]:
    old, new = (side if isinstance(side, dict) else {} for side in (before, after))
    gone = None if before is not UNSET else UNSET
    for key in sorted({*old, *new}, key=str):
        one, other = old.get(key, gone), new.get(key)
        if one != other or type(one) is not type(other):
            yield from _value(path + _step(str(key)), one, other, detail, depth + 1)


def _step(key: str) -> str:
    plain = re.fullmatch(r"[\w-]+", key)
    return f".{visible(key)}" if plain else f"[{compact(key)}]"


def _list(before: JsonValue, after: JsonValue, detail: Detail, ordered: bool) -> list[Item]:
    old, new = (side if isinstance(side, list) else [] for side in (before, after))
    name = _identity(old, new)
    if name:
        items = list(_named_elements(old, new, name, detail))
    else:
        items = [Item("-", shorten(compact(e), detail.room)) for e in _missing(old, new)]
        items += [Item("+", shorten(compact(e), detail.room)) for e in _missing(new, old)]
    return [*items, *_order(old, new, detail, ordered)]


def _missing(these: list[JsonValue], others: list[JsonValue]) -> list[JsonValue]:
    """The elements of one list that the other lacks; doubles count."""
    counts: dict[str, int] = {}
    for other in others:
        counts[compact(other)] = counts.get(compact(other), 0) + 1
    left: list[JsonValue] = []
    for element in these:
        text = compact(element)
        if counts.get(text, 0):
            counts[text] -= 1
        else:
            left.append(element)
    return left


_NAMES = ("name", "key", "id", "url", "repository", "username", "pattern")


def _identity(old: list[JsonValue], new: list[JsonValue]) -> str | None:
    """The member that tells the elements of both lists apart, if they are maps with one."""
    if not old or not new or not all(isinstance(e, dict) for e in (*old, *new)):
        return None
    for name in _NAMES:
        if all(_unique([element.get(name) for element in side]) for side in (old, new)):
            return name
    return None


def _unique(values: list[JsonValue]) -> bool:
    return all(isinstance(v, str) for v in values) and len(set(values)) == len(values)


def _named_elements(
    old: list[JsonValue], new: list[JsonValue], name: str, detail: Detail
) -> Iterator[Item]:
    had, has = ({element[name]: element for element in side} for side in (old, new))
    for key in had:
        if key not in has:
            yield Item("-", shorten(compact(had[key]), detail.room))
    for key in has:
        if key not in had:
            yield Item("+", shorten(compact(has[key]), detail.room))
        elif had[key] != has[key]:
            yield from _element(key, had[key], has[key], detail)


def _element(key: str, old: JsonValue, new: JsonValue, detail: Detail) -> Iterator[Item]:
    for member in sorted({*old, *new}, key=str):
        if old.get(member) != new.get(member):
            one, other = shorten_pair(
                compact(old.get(member)), compact(new.get(member)), detail.room
            )
            yield Item("~", f"{compact(key)} {visible(str(member))}: {one} -> {other}")


def _order(
    old: list[JsonValue], new: list[JsonValue], detail: Detail, ordered: bool
) -> Iterator[Item]:
    """A line for elements that changed places.

    Two lists of the same elements are in the plan only because of their order, whatever is known
    of the field.
    """
    had, has = [compact(e) for e in old], [compact(e) for e in new]
    common = set(had) & set(has)
    was, now = ([e for e in side if e in common] for side in (had, has))
    if was != now and (ordered or sorted(had) == sorted(has)):
        one, other = shorten_pair(", ".join(was), ", ".join(now), detail.room)
        yield Item("~", f"order: {one} -> {other}")
    elif ordered and was == now and has[: len(was)] != was:
        yield Item("~", shorten(f"order: {', '.join(has)}", detail.room))


LONGEST_TEXT = 400
"""Lines from which on two texts are not compared line by line: that takes quadratic time."""


def _text(before: JsonValue, after: JsonValue) -> list[Item]:
    """A small diff of two texts of several lines."""
    old, new = (side.split("\n") if isinstance(side, str) else [] for side in (before, after))
    if not old or not new or len(old) + len(new) > LONGEST_TEXT:
        return [Item("-", line) for line in old] + [Item("+", line) for line in new]
    from difflib import unified_diff

    changes = list(unified_diff(old, new, n=1, lineterm=""))[2:]
    return [_line(change) for change in changes]


def _line(change: str) -> Item:
    if change.startswith("@@"):
        return Item(" ", "…")
    sign: Sign = "+" if change[0] == "+" else "-" if change[0] == "-" else " "
    return Item(sign, change[1:])


def _shortened(item: Item, detail: Detail) -> Item:
    return Item(item.sign, "| " + shorten(visible(item.text), detail.room))


def _limited(items: list[Item], detail: Detail) -> tuple[Item, ...]:
    if len(items) <= detail.lines:
        return tuple(items)
    left = items[detail.lines - 1 :]
    came, went = (sum(1 for item in left if item.sign == sign) for sign in "+-")
    tally = ", ".join(f"{count} {sign}" for count, sign in ((came, "+"), (went, "-")) if count)
    more = f"… {len(left)} more" + (f" ({tally})" if tally else "")
    return (*items[: detail.lines - 1], Item(" ", more))
