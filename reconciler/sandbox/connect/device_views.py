"""A device in, the ways Connect shows it out: in a list, alone, and as v1 does."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.connect import times
from reconciler.sandbox.connect.model import Deployment, Device, Entry
from reconciler.sandbox.connect.world import World

Json = Any
MOST_TAGS = 100
MOST_UPDATES = 5


def summary(world: World, device: Device, enriched: bool) -> Json:
    """As in the device list. Tags come only when asked for, and never more than a hundred."""
    shown = common(world, device, times.zulu)
    if enriched:
        cut = len(device.tags) > MOST_TAGS
        note = f"Only the first {MOST_TAGS} of {len(device.tags)} tags are shown" if cut else ""
        shown["tags"] = {"message": note, "names": device.tags[:MOST_TAGS]}
    return shown


def detail(world: World, device: Device, enriched: bool) -> Json:
    """As on its own: times in another format, tags as a plain list and all of them."""
    shown = common(world, device, times.plain)
    if enriched:
        shown["apps"] = apps(device)
        shown["mac_address"] = mac_addresses(device)
        shown["tags"] = list(device.tags)
        shown["updates"] = updates(world, device)
    return shown


def common(world: World, device: Device, written: times.Writer) -> dict[str, Json]:
    """What every answer of v2 about a device has."""
    return {
        "address": device.address,
        "agent_version": device.agent,
        "cpu_usage": device.number * 7 % 60,
        "current_disk_usage": 1000 + device.number % 3000,
        "description": device.description,
        "device_ip": address(device),
        "device_name": device.name,
        "device_status": device.status,
        "device_uuid": device.uuid,
        "disk_size": 8218,
        "group_name": device.group,
        "is_update_trigger_set": device.trigger,
        "last_keepalive": written(heard(world, device)),
        "lat": device.lat,
        "lng": device.lng,
        "project": world.fleets[device.fleet].name,
        "ram_usage": device.number * 11 % 80,
        "registered_date": written(device.registered),
    }


def old_detail(world: World, device: Device) -> Json:
    """As v1 shows it."""
    return {
        "device_id": device.number,
        "device_uuid": device.uuid,
        "device_name": device.name,
        "upswift_version": device.agent,
        "project": world.fleets[device.fleet].name,
        "group": device.group,
        "device_ip": address(device),
        "last_keepalive": times.plain(heard(world, device)),
        "cpu_usage": device.number * 7 % 60,
        "ram_usage": device.number * 11 % 80,
        "disk_usage": float(1000 + device.number % 3000),
        "address": device.address,
        "lat": device.lat,
        "lng": device.lng,
        "is_update_trigger_set": device.trigger,
        "description": device.description,
        "registered_date": times.plain(device.registered),
        "tags": list(device.tags),
        "updates": [],
        "updates_v2": [
            {"update_status" if name == "deployment_status" else name: value for name, value in one}
            for one in (update.items() for update in updates(world, device))
        ],
        "apps": apps(device),
        "mac_addresses": mac_addresses(device),
    }


def updates(world: World, device: Device) -> list[Json]:
    """The last five updates of a device, newest first, whoever started them."""
    found: list[Json] = []
    for deployment, entry in world.history(device):
        found.append(update(world, deployment, entry))
        if len(found) == MOST_UPDATES:
            break
    return found


def update(world: World, deployment: Deployment, entry: Entry) -> Json:
    """One update in the history of a device. It does not tell its deployment's uuid."""
    flow = world.flow(deployment.flow)
    app = deployment.app
    changed = [{"app_name": app["name"], "app_new_version": app["version"]}] if app else []
    return {
        "apps_updated": changed,
        "comment": deployment.comment,
        "deployment_finish_time": times.or_empty(entry.finished),
        "deployment_schedule_time": times.plain(deployment.created),
        "deployment_start_time": times.or_empty(entry.started),
        "deployment_status": entry.status,
        "deployment_type": deployment.type,
        "flow_name": flow.name if flow else "",
    }


def apps(device: Device) -> list[Json]:
    """The app labels of a device."""
    return [{"app_name": name, "version": version} for name, version in device.apps.items()]


def heard(world: World, device: Device) -> float:
    """When a device was last heard of."""
    every = max(world.settings.heartbeat, 1.0)
    return world.now - world.now % every if device.online else device.seen


def address(device: Device) -> str:
    """The address of a device."""
    return f"10.{device.number >> 16 & 255}.{device.number >> 8 & 255}.{device.number & 255}"


def mac_addresses(device: Device) -> list[str]:
    """The hardware addresses of a device."""
    number = f"{device.number:010x}"
    return ["02:" + ":".join(number[place : place + 2] for place in range(0, 10, 2))]
