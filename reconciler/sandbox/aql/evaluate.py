"""A query, an item and the time in, whether the query finds the item out.

What an item does not have is null. Null equals only null; `$ne` and `$nmatch` hold for it, every
other comparison does not: an item nobody downloaded is not "downloaded before" anything.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from reconciler.sandbox.aql import fields
from reconciler.sandbox.aql.items import Item
from reconciler.sandbox.aql.query import Compare, Criterion, Group, Property, Query, Value
from reconciler.sandbox.aql.values import before, moment

ANY = "*"
NEGATIONS = {"$ne": "$eq", "$nmatch": "$match"}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def matches(query: Query, item: Item, now: float) -> bool:
    """Whether the query finds the item. Only files, unless it asks for a type."""
    if "type" not in query.fields and item.type != "file":
        return False
    return holds(query.where, item, now)


def holds(criterion: Criterion, item: Item, now: float) -> bool:
    """Whether one criterion is true of the item."""
    if isinstance(criterion, Property):
        return any_property(criterion, item)
    if isinstance(criterion, Compare):
        return compare(criterion, item, now)
    if criterion.operator == "$msp":
        return any(
            all(one(inner, pair) for inner in criterion.criteria) for pair in item.properties
        )
    found = (holds(inner, item, now) for inner in criterion.criteria)
    return any(found) if criterion.operator == "$or" else all(found)


# --- fields ---------------------------------------------------------------------------------------


def compare(criterion: Compare, item: Item, now: float) -> bool:
    """Whether a field of the item compares to the value as said."""
    name, sign, value = criterion.field, criterion.operator, criterion.value
    if name in fields.PROPERTY_FIELDS:
        positive = NEGATIONS.get(sign, sign)
        found = any(test_value(positive, part(name, pair), value) for pair in item.properties)
        return not found if sign in NEGATIONS else found
    if name == "type" and value == "any":
        return sign == "$eq"
    if name == "repo" and sign in ("$eq", "$ne") and value in item.aliases:
        return sign == "$eq"
    held = fields.held(name, item)
    if sign in fields.RELATIVE:
        return held is not None and relative(float(held), sign, str(value), now)
    return test(sign, held, converted(name, value))


def relative(held: float, sign: str, span: str, now: float) -> bool:
    """`$before`: older than the span; `$last`: not older."""
    edge = before(now, span)
    return held < edge if sign == "$before" else held > edge


def converted(name: str, value: Value) -> Value | float:
    """A value in, the same in the type of the field out."""
    kind = fields.kind(name)
    if value is None or kind == "string":
        return None if value is None else str(value)
    return moment(str(value)) if kind == "date" else int(value)


def test(sign: str, held: fields.Held, wanted: Value | float) -> bool:
    """Whether what is held compares to what is wanted as the operator says."""
    if sign in NEGATIONS:
        return not test(NEGATIONS[sign], held, wanted)
    if sign == "$eq":
        return held == wanted
    if held is None or wanted is None:
        return False
    if sign == "$match":
        return pattern(str(wanted)).fullmatch(str(held)) is not None
    return ORDER[sign](held, wanted)


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    """A text with `*` and `?` in, what matches as it does out."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(sign, re.escape(sign)) for sign in text), re.DOTALL)


# --- properties -----------------------------------------------------------------------------------

Pair = tuple[str, str]


def any_property(criterion: Property, item: Item) -> bool:
    """Some property says yes; a negation holds when none says no, so also when there is none."""
    sign = criterion.operator
    positive = NEGATIONS.get(sign, sign)
    found = any(one_property(criterion, pair, positive) for pair in item.properties)
    return not found if sign in NEGATIONS else found


def one(criterion: Criterion, pair: Pair) -> bool:
    """Whether one property alone meets a criterion, as `$msp` asks for."""
    if isinstance(criterion, Group):
        found = (one(inner, pair) for inner in criterion.criteria)
        return any(found) if criterion.operator == "$or" else all(found)
    sign = criterion.operator
    if isinstance(criterion, Compare):
        return test_value(sign, part(criterion.field, pair), criterion.value)
    return one_property(criterion, pair, sign)


def one_property(criterion: Property, pair: Pair, sign: str) -> bool:
    """Whether a property has the key, and its value compares as the operator says."""
    if criterion.key not in (ANY, pair[0]):
        return False
    return test_value(sign, pair[1], criterion.value)


def part(name: str, pair: Pair) -> str:
    """`property.key` or `property.value` and a property in, that part of it out."""
    return pair[0] if name == "property.key" else pair[1]


def test_value(sign: str, held: str, wanted: Value) -> bool:
    """A value against another; `*` behind `$eq` is any."""
    if sign == "$eq" and wanted == ANY:
        return True
    return test(sign, held, None if wanted is None else str(wanted))
