"""Requests to `/_sandbox/connect` in: fleets, devices and their troubles, as a test wants them.

    GET   connect              settings and what every fleet has
    PUT   connect/settings     some settings; the others stay
    POST  connect/fleets       {key, name, groups, apps}: a fleet, or more for one that exists
    GET   connect/devices      ?fleet=demo: everything about its devices, their tokens too
    POST  connect/devices      {fleet, count, set}: so many new devices
    PATCH connect/devices      {fleet, select, set}: change those selected
    DELETE connect/devices     {fleet, select}: they are gone, as if deleted in the web UI
    POST  connect/flows        {fleet, name, inputs, severity}: a flow drawn in the web UI
    GET   connect/deployments  ?fleet=demo: everything about them, what nobody can read too
    POST  connect/deployments  {fleet, user, device_filter, deployment_configuration}: from the UI

`select` is `{devices: [uuid], group, tag, online, every: n, skip: n, count: n}`, in this order;
`set` is what devices have: name, group, tags, apps, online, trigger, fails, agent, description.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.sandbox.connect import fleets, starting
from reconciler.sandbox.connect.filters import V2
from reconciler.sandbox.connect.model import Device, Fleet
from reconciler.sandbox.connect.service import Connect
from reconciler.sandbox.connect.world import World, dumped
from reconciler.sandbox.messages import Request
from reconciler.sandbox.repository_values import parse_object

Json = Any


def handle(connect: Connect, request: Request, name: str) -> Json:
    """A control request in, its answer out. Raises LookupError when there is none such."""
    handler = HANDLERS[request.method, name]
    connect.catch_up()
    return handler(connect.world, request)


def overview(world: World, _request: Request) -> Json:
    """Settings and what every fleet has."""
    return {
        "settings": world.settings.dump(),
        "fleets": {
            fleet.key: {
                "name": fleet.name,
                "groups": fleet.groups,
                "apps": fleet.apps,
                "devices": len(fleet.devices),
                "flows": len(fleet.flows),
                "deployments": len(fleet.deployments),
            }
            for fleet in world.fleets.values()
        },
    }


def put_settings(world: World, request: Request) -> Json:
    """Some settings in; the others stay."""
    world.settings.change(parse_object(request.body))
    return world.settings.dump()


def post_fleet(world: World, request: Request) -> Json:
    """A fleet in; groups and apps it has already stay."""
    sent = parse_object(request.body)
    fleet = fleets.add_fleet(world, sent["key"], str(sent.get("name", sent["key"])))
    fleet.groups = list(dict.fromkeys([*fleet.groups, *sent.get("groups", [])]))
    fleet.apps = list(dict.fromkeys([*fleet.apps, *sent.get("apps", [])]))
    return overview(world, request)["fleets"][fleet.key]


def get_devices(world: World, request: Request) -> Json:
    """Everything about the devices of a fleet."""
    fleet = asked(world, request)
    return {"devices": [shown(device) for device in fleet.devices.values()]}


def post_devices(world: World, request: Request) -> Json:
    """How many new devices and what they are like in, their uuids out."""
    sent = parse_object(request.body)
    fleet = named(world, sent)
    made = fleets.add_devices(world, fleet, sent.get("count", 1), sent.get("set", {}))
    return {"devices": [device.uuid for device in made]}


def patch_devices(world: World, request: Request) -> Json:
    """A choice of devices and what they are like from now on in."""
    sent = parse_object(request.body)
    values = fleets.checked(sent.get("set", {}))
    chosen = selected(named(world, sent), sent.get("select", {}))
    for device in chosen:
        fleets.put(world, device, values)
    return {"devices": [device.uuid for device in chosen]}


def delete_devices(world: World, request: Request) -> Json:
    """A choice of devices in; they are gone."""
    sent = parse_object(request.body)
    chosen = selected(named(world, sent), sent["select"])
    for device in chosen:
        world.remove(device)
    return {"devices": [device.uuid for device in chosen]}


def post_flow(world: World, request: Request) -> Json:
    """A flow drawn in the web UI, so one without YAML."""
    sent = parse_object(request.body)
    made = fleets.draw_flow(world, named(world, sent), sent["name"], sent.get("inputs", []))
    made.severity = sent.get("severity")
    return {"uuid": made.uuid}


def get_deployments(world: World, request: Request) -> Json:
    """Everything about the deployments of a fleet, whoever started them."""
    return {"deployments": dumped(asked(world, request))["deployments"]}


def post_deployment(world: World, request: Request) -> Json:
    """A deployment somebody starts in the web UI."""
    sent = parse_object(request.body)
    made = starting.start(
        world,
        named(world, sent),
        sent.get("user", "somebody"),
        sent.get("device_filter", {"groups": [], "filters": []}),
        sent.get("deployment_configuration"),
        V2,
        starting.MANUAL,
    )
    return {"deployment_uuid": made.uuid}


def asked(world: World, request: Request) -> Fleet:
    """The fleet of a query; the first one when it names none."""
    return named(world, {"fleet": request.value("fleet")})


def named(world: World, sent: dict[str, Json]) -> Fleet:
    """The fleet of a body; the first one when it names none."""
    key = sent.get("fleet") or next(iter(world.fleets))
    if key not in world.fleets:
        raise ValueError(f"no such fleet: {key}")
    return world.fleets[key]


def selected(fleet: Fleet, choice: dict[str, Json]) -> list[Device]:
    """A choice in, the devices out; an empty one is all of them."""
    unknown = sorted(set(choice) - CHOICES)
    if unknown:
        raise ValueError(f"unknown in select: {unknown[0]}; known: {', '.join(sorted(CHOICES))}")
    uuids = choice.get("devices")
    found = list(fleet.devices.values() if uuids is None else (fleet.devices[u] for u in uuids))
    for name, value in choice.items():
        if name in ("group", "online"):
            found = [device for device in found if getattr(device, name) == value]
        elif name == "tag":
            found = [device for device in found if value in device.tags]
    found = found[int(choice.get("skip", 0)) :: int(choice.get("every", 1))]
    return found[: int(choice.get("count", len(found)))]


CHOICES = {"devices", "group", "online", "tag", "every", "skip", "count"}


def shown(device: Device) -> Json:
    """Everything about a device."""
    return dict(vars(device))


HANDLERS: dict[tuple[str, str], Callable[[World, Request], Json]] = {
    ("GET", ""): overview,
    ("PUT", "settings"): put_settings,
    ("POST", "fleets"): post_fleet,
    ("GET", "devices"): get_devices,
    ("POST", "devices"): post_devices,
    ("PATCH", "devices"): patch_devices,
    ("DELETE", "devices"): delete_devices,
    ("POST", "flows"): post_flow,
    ("GET", "deployments"): get_deployments,
    ("POST", "deployments"): post_deployment,
}
