"""A path of `metadata.lifecycle.ignore` in, the field or the part of one that it leaves to others.

| path                       | leaves to others                       |
|----------------------------|----------------------------------------|
| `spec.notes`               | a field                                |
| `spec.settings.notes`      | a field of an object                   |
| `spec.members[ann]`        | one element of a set, by its name      |
| `spec.properties.team`     | one entry of a map, by its key         |
| `spec.properties["a.b"]`   | the same, where the key is an odd one  |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.fields import PASS_THROUGH, Field, FieldTable
from reconciler.kinds.values import same, shown

_STEP = re.compile(r"""\.?(?P<name>[^.\[\]"]+)|\["(?P<quoted>[^"]*)"\]|\[(?P<plain>[^\[\]"]+)\]""")


class NoSuchPath(Exception):
    """A path that ignores nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """One field by its path, and of a set or a map the name of the part that is meant."""

    path: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a manifest leaves to others: whole fields, and parts of sets and maps by field."""

    fields: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.parts)

    def covers(self, path: str) -> bool:
        """Whether a field, or something above it, is left to others as a whole."""
        return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in self.fields)

    def without(self, known: Field, path: str, value: Any) -> Any:
        """A value of the field at a path, without the parts that are left to others."""
        names = self.parts.get(path)
        if not names:
            return value
        if isinstance(value, Mapping):
            return {key: inner for key, inner in value.items() if key not in names}
        if isinstance(value, list):
            return [item for item in value if not _is_named(known, item, names)]
        return value

    def completed(self, known: Field, path: str, value: Any, live: Any) -> Any:
        """A declared value as it is written: the parts that are left to others are as they are."""
        names = self.parts.get(path)
        if not names:
            return value
        if isinstance(value, Mapping):
            others = live if isinstance(live, Mapping) else {}
            return self.without(known, path, value) | {n: others[n] for n in names if n in others}
        if isinstance(value, list) or value is None:
            found = live if isinstance(live, list) else []
            kept = [_shown_item(known, item) for item in found if _is_named(known, item, names)]
            return [*(self.without(known, path, value) or []), *kept]
        return value


NOTHING_LEFT = Left()


def left_to_others(fields: FieldTable, ignore: Sequence[str]) -> Left:
    """What the paths of a manifest leave to others; paths that mean nothing are left out."""
    if not ignore:
        return NOTHING_LEFT
    whole: list[str] = []
    parts: dict[str, tuple[str, ...]] = {}
    for text in ignore:
        try:
            found = resolve(fields, text)
        except NoSuchPath:
            continue
        if found.part is None:
            whole.append(found.path)
        else:
            parts[found.path] = (*parts.get(found.path, ()), found.part)
    return Left(tuple(whole), parts)


def resolve(fields: FieldTable, text: str) -> Ignored:
    """What one path means. Raises NoSuchPath."""
    steps = _steps(text)
    if not steps or steps[0] != ("spec", False) or len(steps) < 2:
        raise NoSuchPath("")
    table, path = fields, "spec"
    if steps[1] == (PASS_THROUGH, False):
        return Ignored(".".join(("spec", PASS_THROUGH, *(name for name, _ in steps[2:]))))
    for number, (name, is_bracket) in enumerate(steps[1:], 1):
        known = table.get(name)
        if known is None or is_bracket:
            raise NoSuchPath("")
        path, rest = f"{path}.{name}", steps[number + 1 :]
        if not rest:
            return Ignored(path)
        if known.shape != "object":
            return _part(known, path, rest)
        table = known.fields
    raise NoSuchPath("")


def _part(known: Field, path: str, rest: Sequence[tuple[str, bool]]) -> Ignored:
    """One part of a set or a map."""
    (name, is_bracket), *deeper = rest
    if known.shape not in ("list", "map"):
        raise NoSuchPath("")
    if deeper:
        raise NoSuchPath(f"a part of '{path}' can only be ignored as a whole")
    if known.shape == "map":
        return Ignored(path, name)
    if not known.unordered:
        raise NoSuchPath(f"'{path}' is no set: its order has a meaning, so it has one owner")
    if not is_bracket:
        raise NoSuchPath(f"one element of the set is {path}[{name}]")
    return Ignored(path, name)


def _steps(text: str) -> list[tuple[str, bool]]:
    """The steps of a path, each with whether it stood in brackets; none if the path is no path."""
    found: list[tuple[str, bool]] = []
    end = 0
    for match in _STEP.finditer(text):
        if match.start() != end:
            return []
        end = match.end()
        dotted = match["name"]
        if dotted is not None and (text[match.start()] == ".") is not bool(found):
            return []
        found.append((dotted, False) if dotted is not None else (_inside(match), True))
    return found if end == len(text) else []


def _inside(match: re.Match[str]) -> str:
    return match["quoted"] if match["quoted"] is not None else match["plain"]


def key_of(element: Field) -> str:
    """The field that tells the elements of a list of objects apart; empty for plain values."""
    marked = next((name for name, part in element.fields.items() if part.identity), "")
    return marked or next(iter(element.fields), "")


def _shown_item(known: Field, item: Any) -> Any:
    """An element of a live list as a manifest would write it."""
    return shown(known.element, item) if known.element is not None else item


def _is_named(known: Field, item: Any, names: Iterable[str]) -> bool:
    element = known.element
    if element is None:
        return False
    key = key_of(element)
    if not key:
        return any(same(element, name, item) for name in names)
    inner = element.fields[key]
    value = inner.live_value(item, item.get(key)) if isinstance(item, Mapping) else None
    return any(same(inner, name, value) for name in names)
