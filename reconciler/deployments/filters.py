"""Filters in, what is wrong with them out; a filter and a device in, whether it holds out.

Only what API v2 takes is legal. A filter is judged in three values: what is not known is never
taken for no.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from reconciler.deployments.facts import Detail, Device, Run, uuid_of
from reconciler.deployments.intent import Filter

OPERANDS: Mapping[str, tuple[str, ...]] = {
    "specific_device": ("is", "is_not"),
    "tag": ("is", "is_not"),
    "app": ("is", "is_not"),
    "device_state": ("is",),
    "deployment": ("is",),
}
"""The types of API v2 with their operands; where prose and schema differ, the prose is narrower."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "device_state": ("online", "offline"),
    "deployment": ("pending", "in_progress", "success", "failed", "aborted", "any"),
}
"""The only values some types have."""

VOLATILE = frozenset({"device_state", "deployment"})
"""Types whose devices are others every minute."""


class Problem(NamedTuple):
    """What is wrong with one filter; `field` is where in it, empty for all of it."""

    rule: str
    at: int
    field: str
    text: str
    hint: str


def problems(filters: Sequence[Filter], *, converging: bool) -> Iterator[Problem]:
    """Everything wrong with a list of filters, each by itself and all together."""
    for index, one in enumerate(filters):
        found = list(_illegal(index, one))
        yield from found
        if converging and one.type in VOLATILE and not found:
            yield Problem(
                "filter-volatile",
                index,
                "type",
                f"'{one.type}' selects other devices every minute, so it can be no desired state",
                "write mode: once; or select by tag, and leave offline devices out by "
                "offline: skip",
            )
    for (_, one), (index, other) in combinations(enumerate(filters), 2):
        if why := _contradiction(one, other):
            yield Problem(
                "filter-contradiction",
                index,
                "",
                f"no device can match '{one}' and '{other}': {why}",
                "filters all have to hold; several devices are named by select.devices, any of "
                "several tags by one tag they share",
            )


def _illegal(index: int, one: Filter) -> Iterator[Problem]:
    if one.type == "update_status":
        yield Problem(
            "filter-illegal",
            index,
            "type",
            "'update_status' is a filter of API v1 only",
            "write {type: deployment, operand: is, value: failed, deploymentId: dp-...}",
        )
        return
    if one.type not in OPERANDS:
        hint = f"there are {', '.join(OPERANDS)}"
        yield Problem("filter-illegal", index, "type", f"there is no filter '{one.type}'", hint)
        return
    operands = OPERANDS[one.type]
    if one.operand not in operands:
        text = f"the operand of '{one.type}' is {' or '.join(operands)}, not '{one.operand}'"
        hint = "device_state is offline says not online" if one.operand == "is_not" else ""
        yield Problem("filter-illegal", index, "operand", text, hint)
    values = VALUES.get(one.type, ())
    if (values and one.value not in values) or not one.value:
        text = f"'{one.value}' is no value of '{one.type}'"
        yield Problem(
            "filter-illegal",
            index,
            "value",
            text,
            f"there are {', '.join(values)}" if values else "",
        )
    if one.app_version and one.type != "app":
        text = f"'appVersion' goes with filters of the type app, not with '{one.type}'"
        yield Problem("filter-illegal", index, "appVersion", text, "take it out")
    if one.deployment_id and one.type != "deployment":
        text = f"'deploymentId' goes with filters of the type deployment, not with '{one.type}'"
        yield Problem("filter-illegal", index, "deploymentId", text, "take it out")
    if one.type == "deployment" and not one.deployment_id:
        text = "a filter of the type deployment needs a 'deploymentId'"
        yield Problem("filter-illegal", index, "", text, "write deploymentId: dp-...")


def _contradiction(one: Filter, other: Filter) -> str:
    """Why two filters can never hold together; empty where they can."""
    if one.type != other.type:
        return ""
    both = (one.operand, other.operand)
    same_value = _value(one) == _value(other)
    match one.type:
        case "specific_device" if both == ("is", "is") and not same_value:
            return "a device is one device"
        case "specific_device" | "tag" if both[0] != both[1] and same_value:
            return "one asks for what the other rules out"
        case "device_state" if not same_value:
            return "a device is either online or offline"
        case "app" if same_value:
            return _apps_contradict(one, other)
        case "deployment" if one.deployment_id == other.deployment_id:
            concrete = "any" not in (one.value, other.value)
            return "a deployment has one status on a device" if concrete and not same_value else ""
    return ""


def _apps_contradict(one: Filter, other: Filter) -> str:
    if one.operand == other.operand == "is":
        versions = {one.app_version, other.app_version} - {""}
        return "an app has one version on a device" if len(versions) == 2 else ""
    wanted, refused = (one, other) if one.operand == "is" else (other, one)
    if wanted.operand == refused.operand:
        return ""
    if not refused.app_version or refused.app_version == wanted.app_version:
        return "one asks for what the other rules out"
    return ""


def _value(one: Filter) -> str:
    return uuid_of(one.value) if one.type == "specific_device" else one.value


READINGS = ("A", "B", "C")
"""What `app is_not X` with a version may mean: A everything but X at that version, B X at another
version, C no X at all. Ours is A."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What filters are judged by: one device, its record if it was read, deployments by uuid."""

    device: Device
    detail: Detail | None
    runs: Mapping[str, Run]


def holds(one: Filter, seen: Seen, reading: str = "A") -> bool | None:
    """Whether a filter holds; None where that cannot be told."""
    positive = _positive(one, seen, reading)
    if one.type == "app" and one.operand == "is_not" and one.app_version and reading != "A":
        return positive
    if positive is None or one.operand == "is":
        return positive
    return not positive


def all_hold(filters: Sequence[Filter], seen: Seen, reading: str = "A") -> bool | None:
    """Whether all filters hold; a single no is enough for no."""
    found = [holds(one, seen, reading) for one in filters]
    if False in found:
        return False
    return None if None in found else True


def _positive(one: Filter, seen: Seen, reading: str) -> bool | None:
    match one.type:
        case "specific_device":
            return seen.device.uuid == uuid_of(one.value)
        case "tag":
            return has_tag(one.value, seen.device, seen.detail)
        case "device_state":
            return ("online" if seen.device.online else "offline") == one.value
        case "deployment":
            return _takes_part(one, seen)
        case "app":
            return _has_app(one, seen.detail, reading)
    return None


def has_tag(tag: str, device: Device, detail: Detail | None) -> bool | None:
    """Whether a device has a tag; None where the list was cut off and nothing else was read."""
    known = detail.tags if detail is not None else device.tags
    if tag in known:
        return True
    return False if detail is not None or device.has_all_tags else None


def _takes_part(one: Filter, seen: Seen) -> bool | None:
    run = seen.runs.get(one.deployment_id)
    if run is None:
        return None
    entry = run.entries.get(seen.device.uuid)
    if entry is None:
        return False
    if one.value == "any":
        return True
    return None if entry.status == "unknown" else entry.status == one.value


def _has_app(one: Filter, detail: Detail | None, reading: str) -> bool | None:
    """Whether the app is as the filter says; with readings B and C of `is_not`, all of it."""
    if detail is None:
        return None
    version = detail.apps.get(one.value)
    if one.operand == "is_not" and one.app_version and reading != "A":
        if reading == "C":
            return version is None
        return version is not None and version != one.app_version
    return version is not None and one.app_version in ("", version)
