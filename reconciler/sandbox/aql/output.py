"""A query and the items of a platform in, the answer out: rows, and which part of all they are.

Sorting and paging work on queries that show fields of items only; with others they have no effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.sandbox.aql import fields
from reconciler.sandbox.aql.errors import AqlError
from reconciler.sandbox.aql.evaluate import matches
from reconciler.sandbox.aql.items import Item
from reconciler.sandbox.aql.query import Query
from reconciler.sandbox.clock import iso

Json = Any
Row = dict[str, Json]

TRIMMED = "AQL query reached the search hard limit, results are trimmed."
DEMANDED = ("repo", "path", "name")


def answer(
    query: Query, items: Iterable[Item], now: float, hard_limit: int, admin: bool = True
) -> Json:
    """A query and all items in, the document for the client out. Raises AqlError."""
    shown = item_fields(query)
    if not admin and not set(DEMANDED) <= set(shown):
        raise AqlError(
            "For permissions reasons AQL demands the following fields: repo, path and name."
        )
    if not set(query.sort) <= {*shown, *query.include}:
        raise AqlError("Only the result fields are allowed to use in the sort section.")
    plain = not any(foreign(name) for name in query.include)
    found = [item for item in items if matches(query, item, now) and asked_for(query, item)]
    found = ordered(found, query if plain else None)
    rows = [row(item, shown, query) for item in found]
    if query.distinct:
        rows = unique(rows)
    offset = query.offset if plain else 0
    limit = query.limit if plain else None
    rows = rows[offset:] if limit is None else rows[offset : offset + limit]
    trimmed = len(rows) > hard_limit
    rows = rows[:hard_limit]
    span: Row = {"start_pos": offset, "end_pos": len(rows), "total": len(rows)}
    if trimmed:
        span.update(limit=hard_limit, notification=TRIMMED)
    elif limit is not None:
        span["limit"] = limit
    return {"results": rows, "range": span}


def item_fields(query: Query) -> tuple[str, ...]:
    """A query in, the fields of items in its rows out."""
    names = query.include
    if any(name.removesuffix(".*") in ("*", "item") for name in names):
        return fields.ITEM_FIELDS
    own = tuple(name for name in names if name in fields.ITEM_FIELDS)
    return own or fields.DEFAULT_OUTPUT


def foreign(name: str) -> bool:
    """Whether an included name belongs to another domain than the item's."""
    return name not in fields.ITEM_FIELDS and name.removesuffix(".*") not in ("*", "item")


def asked_for(query: Query, item: Item) -> bool:
    """Items without the included property are left out."""
    wanted = [
        name[1:] for name in query.include if name.startswith("@") and name not in ("@", "@*")
    ]
    return not wanted or any(key in wanted for key, _ in item.properties)


def ordered(items: Sequence[Item], query: Query | None) -> list[Item]:
    """Items in, sorted as the query says out; by place when it says nothing."""
    found = sorted(items, key=lambda item: (item.repo, item.path, item.name))
    if query is None or not query.sort:
        return found
    names = query.sort
    found.sort(key=lambda item: [rank(name, item) for name in names], reverse=query.descending)
    return found


def rank(name: str, item: Item) -> tuple[bool, Json]:
    """A field and an item in, its place in an order out; null comes first."""
    held = fields.held(name, item)
    return (held is not None, "" if held is None else held)


def row(item: Item, shown: Sequence[str], query: Query) -> Row:
    """An item in, its row out."""
    made = {name: printed(name, item) for name in shown if name != "virtual_repos"}
    if "virtual_repos" in shown or item.virtual_repos:
        made["virtual_repos"] = list(item.virtual_repos)
    keys = [name for name in query.include if name.startswith("@")]
    if keys or any(name.split(".")[0] == "property" for name in query.include):
        every = not keys or any(key in ("@", "@*") for key in keys)
        held = [pair for pair in item.properties if every or f"@{pair[0]}" in keys]
        if held:
            made["properties"] = [{"key": key, "value": value} for key, value in held]
    stats = stat_fields(query)
    if stats:
        made["stats"] = [statistics(item, stats)]
    return made


def printed(name: str, item: Item) -> Json:
    """A field and an item in, the value in the answer out."""
    held = fields.held(name, item)
    return iso(float(held)) if name in fields.DATES and held is not None else held


def stat_fields(query: Query) -> list[str]:
    """A query in, the statistics it shows out."""
    names = query.include
    if any(name.removesuffix(".*") == "stat" for name in names):
        return list(fields.STAT_FIELDS)
    return [name for name in names if name in fields.STAT_FIELDS]


def statistics(item: Item, names: Sequence[str]) -> Row:
    """An item in, its statistics out: what it has none of is left out, no downloads are 0."""
    made: Row = {}
    for name in names:
        value = printed(name, item)
        if name == "stat.downloads":
            value = value or 0
        if value is not None:
            made[name.removeprefix("stat.")] = value
    return made


def unique(rows: Iterable[Row]) -> list[Row]:
    """Rows in, each of them once out, the first of equals."""
    return list({json.dumps(row): row for row in rows}.values())
