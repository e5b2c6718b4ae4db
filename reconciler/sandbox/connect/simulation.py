"""A world and a moment in; everything that is due by then has happened, in its order.

An agent calls home once per heartbeat. Only then it takes a waiting update, and only then it
learns that it should stop. What was due while a device was away waits until it is back.
"""

from __future__ import annotations

import heapq
from math import floor

from reconciler.sandbox.connect.execution import duration, result
from reconciler.sandbox.connect.model import (
    ABORTED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCESS,
    Deployment,
    Device,
    Entry,
)
from reconciler.sandbox.connect.world import World


def run_until(world: World, moment: float) -> None:
    """A moment in; the world is there."""
    while world.events and world.events[0][0] <= moment:
        at, _, kind, device_uuid, deployment = heapq.heappop(world.events)
        world.now = at
        device = world.devices.get(device_uuid)
        if device is not None and device.online:
            HAPPENINGS[kind](world, device, deployment, at)
    world.now = moment


def due(world: World, at: float, kind: str, device: Device, deployment: str = "") -> None:
    """Something that will happen in."""
    heapq.heappush(world.events, (at, world.number(), kind, device.uuid, deployment))


def heartbeat(world: World, device: Device, after: float) -> float:
    """A device and a moment in, its next call out: each has its own rhythm."""
    every = max(world.settings.heartbeat, 0.001)
    phase = every * (device.number * 619 % 1000) / 1000
    return phase + (floor((after - phase) / every) + 1) * every


def notice(world: World, device: Device) -> None:
    """A device in that may have something to do; it looks at its next call."""
    due(world, heartbeat(world, device, world.now), "wake", device)


def hand_out(world: World, deployment: Deployment, devices: list[Device]) -> None:
    """A new deployment and its devices in; it waits for each of them."""
    for device in devices:
        deployment.entries[device.uuid] = Entry(device.number)
        device.queue.append(deployment.uuid)
        device.history.append(deployment.uuid)
        notice(world, device)


def wake(world: World, device: Device, _deployment: str, at: float) -> None:
    """A call of a device in; it takes the next update unless something keeps it from that."""
    if device.running or device.trigger or not device.queue:
        return
    chosen = device.queue[0 if world.settings.pending_order == "oldest" else -1]
    deployment = world.deployment(chosen)
    device.queue.remove(chosen)
    if deployment is None:
        return
    entry = deployment.entries[device.uuid]
    entry.status, entry.started = RUNNING, at
    device.running = chosen
    due(world, at + duration(world, device, deployment), "finish", device, chosen)


def finish(world: World, device: Device, uuid: str, at: float) -> None:
    """The end of an update in; the device tells how it went and looks for the next one."""
    deployment = world.deployment(uuid)
    if device.running != uuid or deployment is None:
        return
    entry = deployment.entries[device.uuid]
    failed, entry.steps = result(world, device, deployment)
    entry.status, entry.finished = FAILED if failed else SUCCESS, at
    if not failed and deployment.app:
        device.apps[deployment.app["name"]] = deployment.app["version"]
    device.running = ""
    notice(world, device)


def stop(world: World, device: Device, uuid: str, at: float) -> None:
    """A call of a device that should stop in; it stops."""
    deployment = world.deployment(uuid)
    if device.running != uuid or deployment is None:
        return
    entry = deployment.entries[device.uuid]
    entry.status, entry.finished = ABORTED, at
    device.running = ""
    notice(world, device)


HAPPENINGS = {"wake": wake, "finish": finish, "stop": stop}


def abort(world: World, deployment: Deployment, uuid: str) -> None:
    """A deployment and one of its devices in; it is stopped there if it is not over."""
    entry = deployment.entries[uuid]
    device = world.devices.get(uuid)
    if entry.status == PENDING:
        entry.status, entry.finished = ABORTED, world.now
        if device is not None and deployment.uuid in device.queue:
            device.queue.remove(deployment.uuid)
    elif entry.status == RUNNING:
        entry.stopping = True
        if device is not None:
            call_off(world, device, deployment)


def call_off(world: World, device: Device, deployment: Deployment) -> None:
    """A running update that should stop in; the device hears of it at its next call."""
    if world.settings.abort_running == "stops":
        at = heartbeat(world, device, world.now)
        due(world, at, "stop", device, deployment.uuid)


def switch(world: World, device: Device, online: bool) -> None:
    """A device in; it goes away or comes back, and then sees to what it missed."""
    if device.online and not online:
        device.seen = world.now
    back = online and not device.online
    device.online = online
    if not back:
        return
    notice(world, device)
    deployment = world.deployment(device.running)
    if deployment is None:
        return
    entry = deployment.entries[device.uuid]
    if entry.stopping:
        call_off(world, device, deployment)
    ends = (entry.started or 0.0) + duration(world, device, deployment)
    if ends <= world.now:
        at = heartbeat(world, device, world.now)
        due(world, at, "finish", device, deployment.uuid)
