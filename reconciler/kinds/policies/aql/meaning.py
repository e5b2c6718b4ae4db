"""A query that was read in, what is wrong with what it says out: fields, operators, values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from reconciler.kinds.policies.aql.tokens import AqlFault
from reconciler.kinds.policies.aql.tree import Comparison, Compound, Group, Query

Type = Literal["text", "date", "number", "type"]

FIELDS: dict[str, Type] = {
    **dict.fromkeys(("repo", "path", "name", "created_by", "modified_by"), "text"),
    **dict.fromkeys(("original_md5", "actual_md5", "original_sha1", "actual_sha1"), "text"),
    **dict.fromkeys(("sha256", "virtual_repos", "property.key", "property.value"), "text"),
    **dict.fromkeys(("created", "modified", "updated"), "date"),
    **dict.fromkeys(("depth", "size"), "number"),
    "type": "type",
    **dict.fromkeys(("stat.downloaded", "stat.remote_downloaded"), "date"),
    **dict.fromkeys(("stat.downloads", "stat.remote_downloads"), "number"),
    **dict.fromkeys(("stat.downloaded_by", "stat.remote_downloaded_by"), "text"),
    **dict.fromkeys(("stat.remote_origin", "stat.remote_path"), "text"),
}
"""The fields of items, their properties and their downloads, with what they hold."""

_OTHER_DOMAINS = ("archive.", "artifact.", "dependency.", "build.", "module.")
_RELATIVE = ("$before", "$last")
_ORDERED = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
OPERATORS = (*_ORDERED, "$match", "$nmatch", *_RELATIVE)
_ALLOWED: dict[Type, tuple[str, ...]] = {
    "text": (*_ORDERED, "$match", "$nmatch"),
    "number": _ORDERED,
    "date": (*_ORDERED, *_RELATIVE),
    "type": ("$eq", "$ne"),
}
_HOLDS: dict[Type, str] = {
    "text": "text",
    "number": "a number",
    "date": "a time",
    "type": "the type of an item",
}
_PERIOD = re.compile(
    r"\d+\s*(mills|ms|seconds|s|minutes|days|d|weeks|w|months|mo|years|y)", re.IGNORECASE
)
_DATE = re.compile(
    r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?|\d{9,13}"
)
_NUMBER = re.compile(r"\d+")
_ALWAYS_SET = frozenset({"repo", "path", "name", "created", "modified", "type", "depth", "size"})
_TYPES = ("file", "folder", "any")
_PERIODS = "a number with d, w, mo or y for days, weeks, months or years: '3mo'"


@dataclass(frozen=True, slots=True)
class NamedRepository:
    """A repository that a query names: its key or a pattern, and where it stands."""

    key: str
    offset: int
    is_pattern: bool
    is_excluded: bool


def comparisons(query: Query) -> Iterator[Comparison]:
    """Every comparison of a query, at any depth."""
    for group in query.groups:
        yield from _comparisons(group)


def _comparisons(group: Group) -> Iterator[Comparison]:
    for part in group.parts:
        if isinstance(part, Comparison):
            yield part
        else:
            for inner in part.groups:
                yield from _comparisons(inner)


def repositories(query: Query) -> Iterator[NamedRepository]:
    """The repositories a query names as those it selects from, or leaves out."""
    for one in comparisons(query):
        if one.field == "repo" and isinstance(one.value, str):
            yield NamedRepository(
                one.value,
                one.value_at,
                one.operator in ("$match", "$nmatch"),
                one.operator in ("$ne", "$nmatch"),
            )


def faults(query: Query) -> Iterator[AqlFault]:
    """What the server would refuse."""
    for one in comparisons(query):
        yield from _operator(one)
    for group in query.groups:
        yield from _single_property(group)


def remarks(query: Query) -> Iterator[AqlFault]:
    """What the reference does not promise, or its author cannot have meant."""
    for one in comparisons(query):
        yield from _field(one)
        yield from _wildcard(one)
    if not query.groups:
        yield AqlFault(0, "the query has no criteria: it selects every file of the platform")
    for suffix in query.suffixes:
        yield AqlFault(
            suffix.at,
            f"'.{suffix.name}(...)' is about the answer of a search; the reference does not say "
            "what a policy makes of it",
            "take it out",
        )


def _type(field: str) -> Type | None:
    return "text" if field.startswith("@") else FIELDS.get(field)


def _field(one: Comparison) -> Iterator[AqlFault]:
    if _type(one.field) is not None:
        return
    if one.field.startswith(_OTHER_DOMAINS):
        yield AqlFault(
            one.field_at,
            f"'{one.field}' belongs to another domain; for policies the reference speaks of items, "
            "their properties and their downloads",
        )
        return
    near = get_close_matches(one.field, FIELDS, 1, 0.7)
    hint = f"did you mean '{near[0]}'?" if near else f"a property is written '@{one.field}'"
    yield AqlFault(one.field_at, f"items have no field '{one.field}' this version knows", hint)


def _operator(one: Comparison) -> Iterator[AqlFault]:
    if one.operator not in OPERATORS:
        near = get_close_matches(one.operator, OPERATORS, 1, 0.6)
        hint = f"did you mean '{near[0]}'?" if near else f"the operators are {', '.join(OPERATORS)}"
        yield AqlFault(one.operator_at, f"there is no operator '{one.operator}'", hint)
        return
    holds = _type(one.field)
    if holds is not None and one.operator not in _ALLOWED[holds]:
        yield AqlFault(
            one.operator_at,
            f"'{one.field}' holds {_HOLDS[holds]}, which '{one.operator}' cannot compare",
            f"use one of {', '.join(_ALLOWED[holds])}",
        )
    elif one.operator in _RELATIVE:
        if not isinstance(one.value, str) or not _PERIOD.fullmatch(one.value):
            yield AqlFault(one.value_at, f"{_shown(one)} is no period of time", f"write {_PERIODS}")
    elif holds is not None:
        yield from _value(one, holds)


def _value(one: Comparison, holds: Type) -> Iterator[AqlFault]:
    if one.value is None:
        if one.field in _ALWAYS_SET:
            yield AqlFault(one.value_at, f"'{one.field}' is never null")
        return
    if isinstance(one.value, bool):
        yield AqlFault(one.value_at, f"{_shown(one)} is no value of '{one.field}'", "use quotes")
    elif holds == "date" and not _DATE.fullmatch(one.value):
        hint = "such as 2026-01-31 or 2026-01-31T12:00:00Z; for an age use $before"
        yield AqlFault(one.value_at, f"{_shown(one)} is no time", hint)
    elif holds == "number" and not _NUMBER.fullmatch(one.value):
        yield AqlFault(one.value_at, f"{_shown(one)} is no whole number")
    elif holds == "type" and one.value not in _TYPES:
        yield AqlFault(one.value_at, f"{_shown(one)} is no type of item", f"{', '.join(_TYPES)}")
    elif one.field == "stat.downloads" and one.operator == "$eq" and one.value == "0":
        yield AqlFault(
            one.value_at,
            "no item has 0 downloads: what was never downloaded has null",
            'write {"stat.downloads": null}',
        )


def _shown(one: Comparison) -> str:
    if isinstance(one.value, str):
        return f"'{one.value}'"
    return {None: "null", True: "true", False: "false"}[one.value]


def _wildcard(one: Comparison) -> Iterator[AqlFault]:
    """`*` and `?` mean something for $match and $nmatch only; `*` alone is any value."""
    if one.operator not in ("$eq", "$ne") or not isinstance(one.value, str):
        return
    is_any = one.field.startswith(("@", "property.")) and one.value == "*"
    if not is_any and ("*" in one.value or "?" in one.value) and _type(one.field) == "text":
        yield AqlFault(
            one.value_at,
            f"with {one.operator} the wildcards of '{one.value}' are ordinary characters",
            'write {"$match": ...} to use them as wildcards',
        )


def _single_property(group: Group) -> Iterator[AqlFault]:
    """`$msp` is about properties."""
    for part in group.parts:
        if not isinstance(part, Compound):
            continue
        for inner in part.groups:
            if part.combination == "$msp":
                for one in _comparisons(inner):
                    if not one.field.startswith(("@", "property.")) and _type(one.field):
                        yield AqlFault(
                            one.field_at,
                            f"$msp compares one property with several values; '{one.field}' is a "
                            "field",
                            "put it beside $msp",
                        )
            yield from _single_property(inner)
