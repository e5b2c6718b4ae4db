"""A query that was read: what is compared with what, and how that combines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Combination = Literal["$and", "$or", "$msp"]
Value = str | bool | None
"""Numbers are kept as they are written; null is None."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field or property, an operator, a value; each with its offset."""

    field: str
    field_at: int
    operator: str
    operator_at: int
    value: Value
    value_at: int


@dataclass(frozen=True, slots=True)
class Group:
    """What stands in one pair of braces."""

    parts: tuple[Comparison | Compound, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compound:
    """`"$and": [...]`, `"$or": [...]` or `"$msp": [...]`."""

    combination: Combination
    at: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Suffix:
    """What follows `find(...)`, such as `.limit(10)`; `words` are its tokens as written."""

    name: str
    at: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """`items.find(group, group...)` and what follows it."""

    groups: tuple[Group, ...]
    suffixes: tuple[Suffix, ...] = ()
