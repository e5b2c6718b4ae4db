"""One JSON Patch operation (RFC 6902) and a document in, the changed document out.

Written here because a manifest's parts are shared and must not be changed in place, `test` has to
tell true from 1, and each operation is told at its own line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.model import Path


class PatchError(Exception):
    """The operation does not fit the document; the text says why, without values."""


def apply_operation(document: Any, operation: Mapping[str, Any]) -> tuple[Any, Path | None]:
    """The document after one operation, and the path it wrote to, if it wrote anything.

    The operation has the members its `op` needs. Raises PatchError.
    """
    op, path = operation["op"], operation["path"]
    match op:
        case "test":
            if _canonical(_found(document, path)) != _canonical(operation["value"]):
                raise PatchError(f"the value at '{path}' is not the one that is tested for")
            return document, None
        case "remove":
            return _removed(document, _steps(path), path), None
        case "add":
            return _added(document, path, operation["value"])
        case "replace":
            _found(document, path)
            return _replaced(document, path, operation["value"])
        case "copy":
            return _added(document, path, _found(document, operation["from"]))
        case "move":
            source = operation["from"]
            if path == source:
                return document, None
            if path.startswith(f"{source}/"):
                raise PatchError(f"'{source}' cannot be moved into itself")
            value = _found(document, source)
            return _added(_removed(document, _steps(source), source), path, value)
    raise PatchError(f"there is no operation '{op}'")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def is_pointer(text: str) -> bool:
    """Whether a text is a JSON Pointer (RFC 6901)."""
    sound = text.replace("~0", "").replace("~1", "")
    return (not text or text.startswith("/")) and "~" not in sound


def _steps(pointer: str) -> list[str]:
    if not is_pointer(pointer):
        raise PatchError(f"'{pointer}' is no path: it begins with '/', such as /spec/description")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _found(document: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        document = document[_step_into(document, step, pointer)]
    return document


def _step_into(parent: Any, step: str, pointer: str) -> str | int:
    """The key or index of a part that exists."""
    if isinstance(parent, dict) and step in parent:
        return step
    if isinstance(parent, list):
        index = _index(step, pointer)
        if index < len(parent):
            return index
    raise PatchError(f"there is nothing at '{pointer}'")


def _index(step: str, pointer: str) -> int:
    is_number = step.isascii() and step.isdigit() and len(step) < 9
    if not is_number or (step[0] == "0" and step != "0"):
        raise PatchError(f"'{step}' in '{pointer}' is no place in a list")
    return int(step)


def _added(document: Any, pointer: str, value: Any) -> tuple[Any, Path]:
    return _written(document, _steps(pointer), value, pointer, insert=True)


def _replaced(document: Any, pointer: str, value: Any) -> tuple[Any, Path]:
    return _written(document, _steps(pointer), value, pointer, insert=False)


def _written(
    parent: Any, steps: list[str], value: Any, pointer: str, *, insert: bool
) -> tuple[Any, Path]:
    if not steps:
        return value, ()
    step, *below = steps
    if below:
        key = _step_into(parent, step, pointer)
        inner, path = _written(parent[key], below, value, pointer, insert=insert)
        return _with(parent, key, inner), (key, *path)
    if isinstance(parent, dict):
        return {**parent, step: value}, (step,)
    if not isinstance(parent, list):
        raise PatchError(f"what is above '{pointer}' is neither a mapping nor a list")
    index = len(parent) if insert and step == "-" else _index(step, pointer)
    if index > len(parent):
        raise PatchError(f"the list at '{pointer}' has only {len(parent)} elements")
    return [*parent[:index], value, *parent[index + (not insert) :]], (index,)


def _with(parent: Any, key: Any, value: Any) -> Any:
    if isinstance(parent, dict):
        return {**parent, key: value}
    return [*parent[:key], value, *parent[key + 1 :]]


def _removed(parent: Any, steps: list[str], pointer: str) -> Any:
    if not steps:
        raise PatchError("a patch cannot remove the whole manifest")
    step, *below = steps
    key = _step_into(parent, step, pointer)
    if below:
        return _with(parent, key, _removed(parent[key], below, pointer))
    if isinstance(parent, dict):
        return {name: value for name, value in parent.items() if name != key}
    return [value for index, value in enumerate(parent) if index != key]
