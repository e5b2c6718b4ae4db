"""Who may do what, how often; port tunnels; requests nobody knows."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from reconciler.sandbox import Request
from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, FLOWS, V2, ConnectApi

TUNNELS = f"{V2}/port_tunnel"


def test_tokens(api: ConnectApi) -> None:
    """None and a wrong one are 401, one that may only read is 403 for writes."""
    uuid = api.uuids()[0]
    for right in ("", "wrong", "sandbox-default-admin-token"):
        answer = ConnectApi(api.sandbox, right).send("GET", DEVICES)
        assert (answer.status, set(answer.json())) == (401, {"error"})
    reader = ConnectApi(api.sandbox, "read")
    assert reader.send("GET", DEVICES).status == 200
    for method, path in (
        ("POST", FLOWS),
        ("POST", DEPLOYMENTS),
        ("PATCH", f"{DEVICES}/{uuid}"),
        ("POST", f"{DEPLOYMENTS}/dp-1/abort"),
    ):
        assert reader.send(method, path, {}).status == 403


def test_platforms_and_connect_are_apart(api: ConnectApi) -> None:
    """A platform does not know the paths of Connect, nor Connect those of a platform."""
    assert api.send("GET", "/artifactory/api/repositories").status == 404
    platform = api.sandbox.platforms["default"]
    headers = {"authorization": f"Bearer {platform.tokens['admin']}"}
    assert platform.handle(Request("GET", DEVICES, headers=headers)).status == 404


@pytest.mark.parametrize("path", ["/api/v2/demo", f"{DEVICES}/d-1/nothing", "/v1/nothing", "/"])
def test_unknown_paths(api: ConnectApi, path: str) -> None:
    """404; a known path with another method is 405."""
    assert api.send("GET", path).status == 404
    assert api.send("DELETE", DEVICES).status == 405


def test_too_many_requests(api: ConnectApi) -> None:
    """Per token and minute, when the setting says so; Retry-After comes in two forms or not."""
    api.settings(rate_limit=2)
    other = ConnectApi(api.sandbox, "other")
    assert [api.send("GET", DEVICES).status for _ in range(3)] == [200, 200, 429]
    assert other.send("GET", DEVICES).status == 200

    assert api.send("GET", DEVICES).headers["Retry-After"] == "60"
    api.advance(20)
    assert api.send("GET", DEVICES).headers["Retry-After"] == "40"
    api.settings(retry_after="date")
    when = api.send("GET", DEVICES).headers["Retry-After"]
    assert parsedate_to_datetime(when).isoformat() == "2026-01-01T00:01:00+00:00"
    api.settings(retry_after="absent")
    assert "Retry-After" not in api.send("GET", DEVICES).headers
    api.advance(40)
    assert api.send("GET", DEVICES).status == 200


def test_a_refused_deployment_was_not_made(api: ConnectApi) -> None:
    """429 comes before anything happens."""
    flow = api.flow()
    api.settings(rate_limit=1)
    api.get(DEVICES)

    assert api.deploy(flow_uuid=flow).status == 429
    api.settings(rate_limit=0)
    assert api.get(DEPLOYMENTS)["deployments"] == []


def test_51_port_tunnels(api: ConnectApi) -> None:
    """Each request opens another one; its fields have other names when read."""
    uuid = api.uuids()[0]
    body = {"device_uuid": uuid, "port": 22, "allowed_ip": "203.0.113.10"}
    opened = [api.send("POST", TUNNELS, body) for _ in "ab"]
    first = opened[0].json()

    assert [answer.status for answer in opened] == [201, 201]
    assert set(first) == {"port_tunnel_id", "server_address", "server_port"}
    path = f"{TUNNELS}/{first['port_tunnel_id']}"
    assert api.get(path) == {
        "created_time": "Thu, 01 Jan 2026 00:00:00 GMT",
        "device_id": uuid,
        "finish_time": None,
        "port_tunnel_id": first["port_tunnel_id"],
        "remote_server_address": first["server_address"],
        "remote_server_port": first["server_port"],
        "status": "pending",
        "user_source_ip": "203.0.113.10",
    }
    api.advance(60)
    assert [tunnel["status"] for tunnel in api.get(TUNNELS)] == ["opened", "opened"]
    assert api.send("DELETE", path).status == 204
    api.change(uuid, online=False)
    assert [tunnel["status"] for tunnel in api.get(TUNNELS)] == ["closed", "terminated"]
    assert api.send("DELETE", path).status == 204
    assert api.get(path)["finish_time"] == "Thu, 01 Jan 2026 00:01:00 GMT"


def test_wrong_port_tunnels(api: ConnectApi) -> None:
    """No such device, no such port, no such tunnel."""
    uuid = api.uuids()[0]

    assert api.send("POST", TUNNELS, {"device_uuid": "d-1", "port": 22}).status == 404
    for port in (None, "22", 0, 65536, True):
        assert api.send("POST", TUNNELS, {"device_uuid": uuid, "port": port}).status == 400
    assert api.send("GET", f"{TUNNELS}/x").status == 404
    assert api.send("DELETE", f"{TUNNELS}/x").status == 404


def test_requests_are_counted(api: ConnectApi) -> None:
    """Under the name `connect`, beside those to platforms."""
    api.send("GET", DEVICES, query=(("limit", "5"),))

    assert api.control("GET", "requests")["requests"] == [
        {
            "platform": "connect",
            "method": "GET",
            "path": DEVICES,
            "query": "limit=5",
            "status": 200,
        }
    ]
    assert "Date" in api.send("GET", DEVICES).headers
