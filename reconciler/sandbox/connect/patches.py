"""The operations of a PATCH in, the changed device out: nearly JSON Patch, but not quite.

The operations are wrapped in an object, and their paths are names without a slash. Only `tags` is
documented; which other names work is a setting.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connect.model import Device
from reconciler.sandbox.connect.settings import Settings
from reconciler.sandbox.refusals import Refusal

Json = Any

TEXTS = {"device_name": "name", "description": "description", "address": "address"}
NUMBERS = {"lat": "lat", "lng": "lng"}
OPERATIONS = ("add", "replace", "remove")


def changes(settings: Settings, device: Device, sent: Json) -> dict[str, Json]:
    """A device and the body of a PATCH in, its new attributes out; nothing is changed yet."""
    operations = sent.get("operations")
    if not isinstance(operations, list) or not operations:
        raise Refusal(400, "operations is required and must be a list")
    values: dict[str, Json] = {"tags": list(device.tags)}
    for operation in operations:
        op, path, value = checked(settings, operation)
        if path == "tags":
            values["tags"] = TAG_OPERATIONS[op](settings, values["tags"], value)
        else:
            name = TEXTS.get(path) or NUMBERS[path]
            values[name] = plain_value(op, path, value)
    return values


def checked(settings: Settings, operation: Json) -> tuple[str, str, Json]:
    """One operation in, its op, path and value out."""
    if not isinstance(operation, dict):
        raise Refusal(400, "an operation must be an object")
    op, path = operation.get("op"), operation.get("path")
    if op not in OPERATIONS:
        raise Refusal(400, f"Unsupported operation: {op}")
    known = path == "tags" or path in TEXTS or path in NUMBERS
    if not isinstance(path, str) or not known or not settings.has("patch_paths", path):
        raise Refusal(400, f"Unsupported path: {path}")
    if op != "remove" and "value" not in operation:
        raise Refusal(400, f"value is required for {op}")
    return op, path, operation.get("value")


def plain_value(op: str, path: str, value: Json) -> Json:
    """The new value of anything but tags."""
    if op == "remove":
        return None if path in NUMBERS else ""
    if path in TEXTS and isinstance(value, str):
        return value
    if path in NUMBERS and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise Refusal(400, f"Invalid value for {path}")


def names(value: Json) -> list[str]:
    """The value of an operation on tags in, tag names out: a list, or one text with commas."""
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) and part for part in parts):
        raise Refusal(400, "Invalid value for tags")
    return list(dict.fromkeys(parts))


def add(settings: Settings, tags: list[str], value: Json) -> list[str]:
    """New tags beside those that are there; JSON Patch would replace them."""
    kept = [] if settings.patch_add == "replace" else tags
    return list(dict.fromkeys([*kept, *names(value)]))


def replace(_settings: Settings, _tags: list[str], value: Json) -> list[str]:
    """These tags and no others."""
    return [] if value == [] else names(value)


def remove(settings: Settings, tags: list[str], value: Json) -> list[str]:
    """All but the named tags; without names all go."""
    if value is None or settings.patch_remove == "all":
        return []
    gone = set(names(value))
    return [tag for tag in tags if tag not in gone]


TAG_OPERATIONS = {"add": add, "replace": replace, "remove": remove}
