"""What somebody wants to have in a fleet in, devices out: deterministic, and many at once."""

from __future__ import annotations

import hashlib
from typing import Any

from reconciler.sandbox.connect import simulation
from reconciler.sandbox.connect.model import Device, Fleet, Flow
from reconciler.sandbox.connect.world import World

Json = Any

MOST = 100_000
DRAWN = [{"name": "Script Block", "run": "/usr/bin/python"}]
"""The only step of a flow that was drawn in the web UI."""

CHANGEABLE = {
    "name": str,
    "group": str,
    "tags": list,
    "apps": dict,
    "online": bool,
    "trigger": bool,
    "agent": str,
    "description": str,
}
"""What can be set of a device, and the type; `fails` is a number, or null for always."""


def example(world: World) -> Fleet:
    """The fleet a new sandbox has: twelve devices, nine of them in Production."""
    fleet = add_fleet(world, "demo", "Demo")
    add_devices(world, fleet, 9, {"group": "Production", "tags": ["indoor"]})
    add_devices(world, fleet, 3, {"group": "Test", "tags": ["canary"]})
    return fleet


def add_fleet(world: World, key: str, name: str) -> Fleet:
    """A key and a name in, the fleet out; one that exists gets the name."""
    fleet = world.fleets.setdefault(key, Fleet(key, name))
    fleet.name = name
    return fleet


def add_devices(world: World, fleet: Fleet, count: int, wanted: dict[str, Json]) -> list[Device]:
    """How many and what they are like in, the devices out, registered now.

    `name` may have `{}` in it, for a number; a group that is not there yet is made.
    """
    if not 0 < count <= MOST:
        raise ValueError(f"count must be between 1 and {MOST}")
    values = checked(wanted)
    name = values.pop("name", "device-{}")
    made = []
    for _ in range(count):
        uuid = world.identifier("d")
        number = world.number()
        place = len(fleet.devices) + 1
        device = Device(
            uuid=uuid,
            number=number,
            name=name.replace("{}", f"{place:05d}"),
            fleet=fleet.key,
            group=fleet.groups[0],
            token=hashlib.sha256(f"{world.seed}:token:{uuid}".encode()).hexdigest()[:32],
            registered=world.now,
            seen=world.now,
        )
        world.add(device)
        put(world, device, values)
        made.append(device)
    return made


def checked(wanted: dict[str, Json]) -> dict[str, Json]:
    """Attributes of devices in, the same out. Raises ValueError for wrong ones."""
    for name, value in wanted.items():
        if name == "fails":
            fits = value is None or (isinstance(value, int) and value >= 0)
        elif name in CHANGEABLE:
            fits = isinstance(value, CHANGEABLE[name])
        else:
            known = ", ".join(sorted([*CHANGEABLE, "fails"]))
            raise ValueError(f"unknown attribute '{name}' of a device; known: {known}")
        if not fits:
            raise ValueError(f"'{value}' is not a value of '{name}'")
    return dict(wanted)


def put(world: World, device: Device, values: dict[str, Json]) -> None:
    """A device and checked attributes in; it has them now, and acts on them."""
    fleet = world.fleets[device.fleet]
    for name, value in values.items():
        if name == "online":
            simulation.switch(world, device, value)
        else:
            setattr(device, name, value.copy() if isinstance(value, (list, dict)) else value)
    if device.group not in fleet.groups:
        fleet.groups.append(device.group)
    fleet.apps.extend(name for name in device.apps if name not in fleet.apps)
    if "trigger" in values:
        simulation.notice(world, device)


def draw_flow(world: World, fleet: Fleet, name: str, inputs: list[str]) -> Flow:
    """A flow as the web UI makes it: it has no YAML."""
    flow = Flow(world.identifier("f"), world.number(), name, world.now, list(inputs), list(DRAWN))
    fleet.flows[flow.uuid] = flow
    return flow
