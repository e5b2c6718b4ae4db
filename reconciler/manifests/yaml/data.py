"""Plain data and a path in, the value there out, or the data with another value there."""

from __future__ import annotations

import json
from typing import Any

from reconciler.model import UNSET, Path


def found_at(data: Any, path: Path) -> Any:
    """The value at the path; UNSET where there is none."""
    for step in path:
        in_list = isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)
        if not in_list and not (isinstance(data, dict) and step in data):
            return UNSET
        data = data[step]
    return data


def with_value(data: Any, path: Path, value: Any) -> Any:
    """The data as it shall be; the given one stays as it is.

    Missing parents are created, UNSET removes. Raises ValueError where a parent is something else.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    if data is None:
        data = [] if isinstance(step, int) else {}
    if isinstance(data, list) and isinstance(step, int) and 0 <= step <= len(data):
        inner = with_value(data[step] if step < len(data) else None, rest, value)
        return [*data[:step], *([] if inner is UNSET else [inner]), *data[step + 1 :]]
    if isinstance(data, dict) and isinstance(step, str):
        inner = with_value(data.get(step), rest, value)
        if inner is UNSET:
            return {key: member for key, member in data.items() if key != step}
        return data | {step: inner}
    raise ValueError(f"there is no place for {shown(path)}: its parent is something else")


def is_same(one: Any, other: Any) -> bool:
    """Whether two values mean the same in YAML."""
    # 1, 1.0 and True are equal in Python, not in YAML
    try:
        return json.dumps(one) == json.dumps(other)
    except TypeError:
        return False


def shown(path: Path) -> str:
    """A path as it is printed."""
    return ".".join(map(str, path)) or "the document"
