"""A filter of a request in, the devices it names out.

Groups widen one another, filters narrow one another, the fleet bounds all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.connect.model import STATUSES, Device, Fleet
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.refusals import Refusal

Json = Any

BOTH = ("is", "is_not")
ONLY = ("is",)
V1 = {
    "specific_device": BOTH,
    "tag": BOTH,
    "app": BOTH,
    "device_state": ONLY,
    "update_status": BOTH,
}
LEGACY = {
    "specific_device": BOTH,
    "tag": BOTH,
    "app": BOTH,
    "device_state": ONLY,
    "deployment": BOTH,
}
V2 = {**LEGACY, "device_state": BOTH}
"""The prose knows `device_state is` only; the schema of v2 has both operands for all types."""

VALUES = {
    "device_state": ("online", "offline"),
    "deployment": (*STATUSES, "any"),
    "update_status": STATUSES,
}


@dataclass(frozen=True)
class Filter:
    """One condition on a device."""

    type: str
    operand: str
    value: str
    app_version: str | None = None
    deployment_id: str | None = None


def population(
    world: World, fleet: Fleet, sent: Json, vocabulary: Mapping[str, tuple[str, ...]]
) -> list[Device]:
    """The body of a filter in, the devices out. Raises Refusal for one that cannot be read."""
    if not isinstance(sent, dict):
        raise Refusal(400, "device_filter must be an object")
    groups = read_groups(world, fleet, sent.get("groups", []))
    filters = read_filters(world, sent.get("filters"), vocabulary)
    if groups is not None:
        filters = [lambda device: device.group in groups, *filters]
    return [device for device in fleet.devices.values() if all(f(device) for f in filters)]


def read_groups(world: World, fleet: Fleet, sent: Json) -> set[str] | None:
    """Groups as sent in, their names out; None for any group."""
    named = isinstance(sent, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in sent
    )
    if not named:
        raise Refusal(400, "groups must be a list of objects with a name")
    names = {item["name"] for item in sent}
    if not names:
        return None if world.settings.empty_groups == "fleet" else set()
    unknown = sorted(names - set(fleet.groups))
    if unknown and world.settings.unknown_group == "refuse":
        raise Refusal(400, f"Group {unknown[0]} does not exist")
    return names


def read_filters(
    world: World, sent: Json, vocabulary: Mapping[str, tuple[str, ...]]
) -> list[Callable[[Device], bool]]:
    """Filters as sent in, their predicates out. The key must be there, the list may be empty."""
    if not isinstance(sent, list):
        raise Refusal(400, "filters is required and must be a list")
    return [predicate(world, read(world, item, vocabulary)) for item in sent]


def read(world: World, sent: Json, vocabulary: Mapping[str, tuple[str, ...]]) -> Filter:
    """One filter as sent in, the filter out; keys nobody knows are dropped without a word."""
    if not isinstance(sent, dict):
        raise Refusal(400, "a filter must be an object")
    known = ("type", "operand", "value", "app_version", "deployment_id")
    kept = {
        name: sent[name]
        for name in known
        if sent.get(name) is not None and not world.settings.has("ignored_keys", name)
    }
    wrong = [name for name, value in kept.items() if not isinstance(value, str)]
    if wrong:
        raise Refusal(400, f"{wrong[0]} must be of type: String")
    kind, operand, value = (kept.get(name, "") for name in known[:3])
    if kind not in vocabulary:
        raise Refusal(400, f"Unsupported filter type: {kind}")
    if operand not in vocabulary[kind]:
        raise Refusal(400, f"Unsupported operand for {kind}: {operand}")
    if "value" not in kept or (kind in VALUES and value not in VALUES[kind]):
        raise Refusal(400, f"Unsupported value for {kind}: {value}")
    if kind == "deployment" and "deployment_id" not in kept:
        raise Refusal(400, "deployment_id is required for filters of type deployment")
    version = kept.get("app_version") if "deployment" in vocabulary else None
    return Filter(kind, operand, value, version, kept.get("deployment_id"))


def predicate(world: World, wanted: Filter) -> Callable[[Device], bool]:
    """A filter in, whether it holds for a device out."""
    if wanted.type == "app" and wanted.app_version is not None and wanted.operand == "is_not":
        return other_version(world.settings.is_not_version, wanted.value, wanted.app_version)
    positive = PREDICATES[wanted.type](world, wanted)
    return positive if wanted.operand == "is" else lambda device: not positive(device)


def other_version(reading: str, app: str, version: str) -> Callable[[Device], bool]:
    """What `app is_not` with a version means; nobody says it, so there are three readings."""
    if reading == "B":
        return lambda device: app in device.apps and device.apps[app] != version
    if reading == "C":
        return lambda device: app not in device.apps
    return lambda device: device.apps.get(app) != version


def specific_device(_world: World, wanted: Filter) -> Callable[[Device], bool]:
    """One device, with or without its prefix."""
    bare = wanted.value.removeprefix("d-")
    return lambda device: device.uuid.removeprefix("d-") == bare


def tag(_world: World, wanted: Filter) -> Callable[[Device], bool]:
    """Those that carry a tag."""
    return lambda device: wanted.value in device.tags


def app(_world: World, wanted: Filter) -> Callable[[Device], bool]:
    """Those that have an app, in one version if one is named."""
    if wanted.app_version is None:
        return lambda device: wanted.value in device.apps
    return lambda device: device.apps.get(wanted.value) == wanted.app_version


def device_state(_world: World, wanted: Filter) -> Callable[[Device], bool]:
    """Those that are online, or offline, at this moment."""
    return lambda device: device.status == wanted.value


def deployment(world: World, wanted: Filter) -> Callable[[Device], bool]:
    """Those that an earlier deployment named, with what came of it there."""
    found = world.deployment(wanted.deployment_id or "")
    entries = found.entries if found else {}

    def holds(device: Device) -> bool:
        entry = entries.get(device.uuid)
        return entry is not None and wanted.value in ("any", entry.status)

    return holds


def update_status(world: World, wanted: Filter) -> Callable[[Device], bool]:
    """Those whose last update has a status."""

    def holds(device: Device) -> bool:
        newest = next(world.history(device), None)
        return newest is not None and newest[1].status == wanted.value

    return holds


PREDICATES = {
    "specific_device": specific_device,
    "tag": tag,
    "app": app,
    "device_state": device_state,
    "deployment": deployment,
    "update_status": update_status,
}
