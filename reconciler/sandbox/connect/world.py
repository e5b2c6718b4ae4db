"""A seed in, everything Connect holds out: settings, fleets, and what is due to happen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reconciler.sandbox.connect.model import (
    Deployment,
    Device,
    Entry,
    Fleet,
    Flow,
    Tunnel,
)
from reconciler.sandbox.connect.settings import Settings
from reconciler.sandbox.refusals import Refusal

Json = Any
Event = tuple[float, int, str, str, str]
"""When, a serial number, what (wake, finish, stop), the device, the deployment or nothing."""


class World:
    """All fleets of one account."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.settings = Settings()
        self.fleets: dict[str, Fleet] = {}
        self.devices: dict[str, Device] = {}
        """Every device of every fleet by uuid."""

        self.tokens: dict[str, str] = {}
        """Device uuids by the token of the device."""

        self.events: list[Event] = []
        """A heap of what is due, earliest first."""

        self.now = 0.0
        """Up to when everything has happened."""

        self.last = 0
        self.taken: set[str] = set()

    def number(self) -> int:
        """The next number: of a device, a flow, a deployment, an event."""
        self.last += 1
        return self.last

    def identifier(self, prefix: str) -> str:
        """A prefix in, a new identifier out, such as `d-4cfe-4e51`."""
        while True:
            digest = hashlib.sha256(f"{self.seed}:{prefix}:{self.number()}".encode()).hexdigest()
            found = f"{prefix}-{digest[:4]}-{digest[4:8]}"
            if found not in self.taken:
                self.taken.add(found)
                return found

    def fleet(self, key: str) -> Fleet:
        """A key in, its fleet out; a wrong one is refused as one without permission is."""
        if key not in self.fleets:
            raise Refusal(403, "You do not have permission to access this project")
        return self.fleets[key]

    def named(self, name: str) -> Fleet | None:
        """The name of a fleet in, as v1 uses it, the fleet out."""
        return next((fleet for fleet in self.fleets.values() if fleet.name == name), None)

    def add(self, device: Device) -> None:
        """A new device in."""
        self.devices[device.uuid] = device
        self.tokens[device.token] = device.uuid
        self.fleets[device.fleet].devices[device.uuid] = device

    def remove(self, device: Device) -> None:
        """A device in; it is gone. Deployments keep mentioning it."""
        del self.devices[device.uuid]
        del self.tokens[device.token]
        del self.fleets[device.fleet].devices[device.uuid]

    def deployment(self, uuid: str) -> Deployment | None:
        """A uuid in, its deployment out, whichever fleet it is of: devices move."""
        for fleet in self.fleets.values():
            if uuid in fleet.deployments:
                return fleet.deployments[uuid]
        return None

    def flow(self, uuid: str) -> Flow | None:
        """A uuid in, its flow out."""
        for fleet in self.fleets.values():
            if uuid in fleet.flows:
                return fleet.flows[uuid]
        return None

    def history(self, device: Device) -> Iterator[tuple[Deployment, Entry]]:
        """A device in, what was deployed to it out, newest first."""
        for uuid in reversed(device.history):
            deployment = self.deployment(uuid)
            if deployment is not None:
                yield deployment, deployment.entries[device.uuid]

    def dump(self) -> dict[str, Json]:
        """Everything, as JSON."""
        return {
            "settings": self.settings.dump(),
            "now": self.now,
            "last": self.last,
            "events": [list(event) for event in self.events],
            "fleets": [dumped(fleet) for fleet in self.fleets.values()],
        }

    def load(self, data: dict[str, Json]) -> None:
        """What `dump` gave in; it replaces everything."""
        vars(self).update(vars(World(self.seed)))
        self.settings.change(data.get("settings", {}))
        self.now = data.get("now", 0.0)
        self.last = data.get("last", 0)
        self.events = [
            (moment, serial, kind, device, deployment)
            for moment, serial, kind, device, deployment in data.get("events", [])
        ]
        for held in data.get("fleets", []):
            fleet = loaded(held)
            self.fleets[fleet.key] = fleet
            for device in fleet.devices.values():
                self.add(device)
            self.taken.update(fleet.devices, fleet.flows, fleet.deployments)
            for deployment in fleet.deployments.values():
                self.taken.update(deployment.entries)


def dumped(fleet: Fleet) -> dict[str, Json]:
    """A fleet in, the same as JSON out; the caller copies what is shared."""
    return {
        "key": fleet.key,
        "name": fleet.name,
        "groups": fleet.groups,
        "apps": fleet.apps,
        "devices": [vars(device) for device in fleet.devices.values()],
        "flows": [vars(flow) for flow in fleet.flows.values()],
        "deployments": [
            {
                **vars(deployment),
                "entries": {uuid: vars(entry) for uuid, entry in deployment.entries.items()},
            }
            for deployment in fleet.deployments.values()
        ],
        "tunnels": [asdict(tunnel) for tunnel in fleet.tunnels.values()],
    }


def loaded(held: dict[str, Json]) -> Fleet:
    """A fleet as JSON in, the fleet out."""
    fleet = Fleet(held["key"], held["name"], held["groups"], held["apps"])
    fleet.devices = {item["uuid"]: Device(**item) for item in held["devices"]}
    fleet.flows = {item["uuid"]: Flow(**item) for item in held["flows"]}
    fleet.tunnels = {item["id"]: Tunnel(**item) for item in held["tunnels"]}
    for item in held["deployments"]:
        entries = {uuid: Entry(**entry) for uuid, entry in item["entries"].items()}
        fleet.deployments[item["uuid"]] = Deployment(**{**item, "entries": entries})
    return fleet
