"""What all requests of v1 share: the token is in the body, and devices are asked for by theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.connect.calls import Call
from reconciler.sandbox.connect.filters import population
from reconciler.sandbox.connect.model import Device, Fleet
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.versions import at_least

Json = Any

NO_LONGER = "7.0"
"""The first agent that does not know v1 any more."""

DEFAULT, MOST = 20, 50


def own_device(call: Call, sent: Mapping[str, Json]) -> Device:
    """The device whose token was sent."""
    uuid = call.world.tokens.get(str(sent.get("device_token")))
    if uuid is None:
        raise Refusal(400, "device_token is missing or wrong")
    return supported(call.world.devices[uuid])


def supported(device: Device) -> Device:
    """A device in, the same out if its agent still speaks v1."""
    if at_least(device.agent, NO_LONGER):
        raise Refusal(400, f"Agent {device.agent} does not support API v1")
    return device


def fleet_named(world: World, name: Json) -> Fleet:
    """The name of a project in, not its key, the fleet out."""
    fleet = world.named(str(name))
    if fleet is None:
        raise Refusal(400, f"Project {name} does not exist")
    return fleet


def filtered(
    world: World, sent: Json, vocabulary: Mapping[str, tuple[str, ...]]
) -> tuple[Fleet, list[Device]]:
    """The filter of a v1 request in, its fleet and devices out; all three keys must be there."""
    if not isinstance(sent, dict):
        raise Refusal(400, "the device filter is required")
    missing = [name for name in ("project", "groups", "filters") if name not in sent]
    if missing:
        raise Refusal(400, f"{missing[0]} is required in the device filter")
    project = sent["project"]
    fleet = fleet_named(world, project.get("name") if isinstance(project, dict) else None)
    return fleet, population(world, fleet, sent, vocabulary)


def selected(world: World, sent: Mapping[str, Json]) -> list[Device]:
    """Devices of all projects, of one, or of one group of it; a group alone is not looked at."""
    if sent.get("project_name") is None:
        fleets = list(world.fleets.values())
        group = None
    else:
        fleets = [fleet_named(world, sent["project_name"])]
        group = sent.get("group_name")
    found = [device for fleet in fleets for device in fleet.devices.values()]
    return sorted(
        (device for device in found if group is None or device.group == group),
        key=lambda device: device.number,
    )


def paged(devices: list[Device], sent: Mapping[str, Json], after: int) -> tuple[list[Device], bool]:
    """Devices and the number of the last one seen in, the next ones and whether more follow out."""
    limit = sent.get("limit", DEFAULT)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise Refusal(400, f"limit must be an integer between 1 and {MOST}")
    rest = [device for device in devices if device.number > after]
    return rest[:limit], len(rest) > limit
