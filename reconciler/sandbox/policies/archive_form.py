"""The search form of an archive policy in, the query it stands for out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Json = Any

GROUPS = {"properties": "", "repositories": "repo", "paths": "path", "names": "name"}
"""A group of the form, and the field of items its values are compared with."""

SIDES = {"include": "$match", "exclude": "$nmatch"}
AGES = {"createdBefore": "created", "downloadedBefore": "stat.downloaded"}
MONTHS_BELOW = 10_000
"""The reference counts ages in months, yet its sample holds a moment. Nobody waits that long."""


def query_text(form: Mapping[str, Json], stored: bool = False) -> str:
    """A form in, its query out.

    The conversion writes ages as they were sent. A stored policy means months by them: those
    become spans of time, so that the query can be run.
    """
    parts = [part for name in GROUPS for part in group(name, form.get(name) or {})]
    for name, field in AGES.items():
        number = form.get(name)
        if number and stored and number < MONTHS_BELOW:
            parts.append({field: {"$before": f"{number}mo"}})
        elif number:
            parts.append({field: {"$lt": str(number)}})
    criteria = {"$and": parts} if parts else {}
    return f"items.find({json.dumps(criteria, separators=(',', ':'), ensure_ascii=False)})"


def group(name: str, sides: Mapping[str, Json]) -> list[Json]:
    """One group of the form in, its criteria out; an empty side says nothing."""
    found: list[Json] = []
    for side, operator in SIDES.items():
        held = sides.get(side) or {}
        values = [one(name, operator, value) for value in held.get("values") or []]
        if values:
            found.append({f"${held.get('operator') or 'or'}": values})
    return found


def one(name: str, operator: str, value: Json) -> Json:
    """One value of a group in, its criterion out."""
    if name == "properties":
        return {f"@{value['propertyKey']}": {operator: value["propertyValue"]}}
    return {GROUPS[name]: {operator: value}}
