"""The text of a state in, its managed resources out; knows no provider.

Three forms are read: `terraform show -json` of a state or of a saved plan (what it calls the prior
state), and the state file itself, version 4. Nothing in it is trusted to have the right shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import UsageError

LARGEST = 256 << 20
"""Bytes of a state; a hundred thousand repositories take less."""

_ADVICE = "`terraform show -json > state.json` writes one; `terraform state pull` works too"
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Resource:
    """One managed object as Terraform knows it.

    `address` is Terraform's own, with module and instance. `sensitive` names the attributes that
    are marked as such, wholly or in a part.
    """

    address: str
    type: str
    attributes: Mapping[str, Any]
    sensitive: frozenset[str] = frozenset()


def resources(content: bytes) -> list[Resource]:
    """The managed resources of a state; data sources are left out.

    Raises UsageError, saying what is wrong, for anything that is no state.
    """
    if len(content) > LARGEST:
        raise _unusable(f"it is larger than {LARGEST >> 20} MiB")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise _unusable("it is no JSON") from None
    if not isinstance(document, dict):
        raise _unusable("it is JSON, but no object")
    return list(_found(document))


def _found(document: Mapping[str, Any]) -> Iterator[Resource]:
    if document.get("version") == 4 and "resources" in document:
        return _of_state_file(document["resources"])
    if isinstance(document.get("version"), int) and "format_version" not in document:
        version = document["version"]
        raise _unusable(f"it is a state file of version {version}, and only version 4 is known")
    if "format_version" not in document:
        raise _unusable("it has neither a format_version nor the version of a state file")
    if "planned_values" in document or "resource_changes" in document:
        prior = document.get("prior_state")
        if prior is None:
            raise _unusable("it is a plan without a prior state: nothing of it exists yet")
        document = _mapping(prior, "prior_state")
    if "values" not in document:
        return iter(())  # what Terraform prints for an empty state
    values = _mapping(document["values"], "values")
    return _of_module(_mapping(values.get("root_module") or {}, "values.root_module"), 0)


def _of_module(module: Mapping[str, Any], depth: int) -> Iterator[Resource]:
    if depth > _DEEPEST:
        raise _unusable(f"its modules are nested more than {_DEEPEST} deep")
    for raw in _list(module.get("resources") or [], "resources"):
        resource = _mapping(raw, "a resource")
        if resource.get("mode", "managed") != "managed" or "deposed_key" in resource:
            continue
        marked = resource.get("sensitive_values")
        yield Resource(
            _text(resource.get("address"), "a resource's address"),
            _text(resource.get("type"), "a resource's type"),
            _mapping(resource.get("values") or {}, "a resource's values"),
            frozenset(n for n, v in marked.items() if _is_marked(v))
            if isinstance(marked, dict)
            else frozenset(),
        )
    for child in _list(module.get("child_modules") or [], "child_modules"):
        yield from _of_module(_mapping(child, "a module"), depth + 1)


def _is_marked(value: Any) -> bool:
    """Whether Terraform marks a value or any part of it; it repeats the shape with `true`."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is True or any(map(_is_marked, parts))


def _of_state_file(found: Any) -> Iterator[Resource]:
    for raw in _list(found, "resources"):
        resource = _mapping(raw, "a resource")
        if resource.get("mode", "managed") != "managed":
            continue
        type_ = _text(resource.get("type"), "a resource's type")
        module = resource.get("module")
        prefix = f"{_text(module, 'a module')}." if module else ""
        name = _text(resource.get("name"), "a resource's name")
        for inner in _list(resource.get("instances") or [], "instances"):
            instance = _mapping(inner, "an instance")
            if "deposed" in instance:
                continue
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key)}]"
            yield Resource(
                f"{prefix}{type_}.{name}{index}",
                type_,
                _mapping(instance.get("attributes") or {}, "an instance's attributes"),
                frozenset(_paths(instance.get("sensitive_attributes"))),
            )


def _paths(marked: Any) -> Iterator[str]:
    """The first steps of the marked paths."""
    for path in marked if isinstance(marked, list) else ():
        first = path[0] if isinstance(path, list) and path else None
        if isinstance(first, dict) and isinstance(first.get("value"), str):
            yield first["value"]


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _unusable(f"{what} is no object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unusable(f"{what} is no list")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise _unusable(f"{what} is no text")
    return value


def _unusable(reason: str) -> UsageError:
    return UsageError(f"the Terraform state cannot be used: {reason}", hint=_ADVICE)
