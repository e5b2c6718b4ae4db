"""Requests about port tunnels: open, list, show, close. Each open call opens one more."""

from __future__ import annotations

import uuid
from typing import Any

from reconciler.sandbox.connect import times
from reconciler.sandbox.connect.calls import Call, Endpoint
from reconciler.sandbox.connect.model import PENDING, Tunnel
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.refusals import Refusal

Json = Any

PATH = "/api/v2/{project_key}/port_tunnel"
ONE = f"{PATH}/{{port_tunnel_id}}"
OVER = ("closed", "terminated")


def open_tunnel(call: Call) -> Response:
    """Open a tunnel; without an address the caller's own may use it."""
    sent = call.body()
    device = call.fleet.devices.get(str(sent.get("device_uuid")))
    port = sent.get("port")
    if device is None:
        raise Refusal(404, "Device not found")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise Refusal(400, "port must be an integer between 1 and 65535")
    number = call.world.number()
    made = Tunnel(
        id=str(uuid.UUID(int=(call.world.seed << 64) + number, version=4)),
        device=device.uuid,
        port=port,
        created=call.world.now,
        server=f"{device.uuid}-{number}.forwarding.connect.example.com",
        server_port=32768 + number % 28000,
        source=str(sent.get("allowed_ip") or "127.0.0.1"),
    )
    call.fleet.tunnels[made.id] = made
    answer = {
        "port_tunnel_id": made.id,
        "server_address": made.server,
        "server_port": made.server_port,
    }
    return json_response(answer, 201)


def list_tunnels(call: Call) -> Response:
    """Every tunnel of a fleet, those that are over too."""
    return json_response([shown(call.world, one) for one in call.fleet.tunnels.values()])


def get_tunnel(call: Call) -> Response:
    """One tunnel."""
    return json_response(shown(call.world, chosen(call)))


def close_tunnel(call: Call) -> Response:
    """Close a tunnel; one that is over stays as it is."""
    settle(call.world, tunnel := chosen(call))
    if tunnel.status not in OVER:
        tunnel.status, tunnel.finished = "closed", call.world.now
    return empty_response()


def chosen(call: Call) -> Tunnel:
    """The tunnel of the path."""
    found = call.fleet.tunnels.get(call.params["port_tunnel_id"])
    if found is None:
        raise Refusal(404, "Port tunnel not found")
    return found


def settle(world: World, tunnel: Tunnel) -> None:
    """A tunnel in; it is what its device makes of it by now."""
    device = world.devices.get(tunnel.device)
    reachable = device is not None and device.online
    if tunnel.status == PENDING and reachable:
        if world.now >= tunnel.created + world.settings.heartbeat:
            tunnel.status = "opened"
    elif tunnel.status == "opened" and not reachable:
        tunnel.status, tunnel.finished = "terminated", world.now


def shown(world: World, tunnel: Tunnel) -> Json:
    """A tunnel as it is read; two names differ from those of the answer that opened it."""
    settle(world, tunnel)
    return {
        "created_time": times.http(tunnel.created),
        "device_id": tunnel.device,
        "finish_time": None if tunnel.finished is None else times.http(tunnel.finished),
        "port_tunnel_id": tunnel.id,
        "remote_server_address": tunnel.server,
        "remote_server_port": tunnel.server_port,
        "status": tunnel.status,
        "user_source_ip": tunnel.source,
    }


ENDPOINTS = (
    Endpoint("POST", PATH, open_tunnel, writes=True),
    Endpoint("GET", PATH, list_tunnels),
    Endpoint("GET", ONE, get_tunnel),
    Endpoint("DELETE", ONE, close_tunnel, writes=True),
)
