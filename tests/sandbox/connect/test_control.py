"""Steering the fleet, keeping the state, serving it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Request, Sandbox
from reconciler.sandbox.connect.control import HANDLERS
from reconciler.sandbox.server import Server, announcement
from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, FLOWS, START, ConnectApi, tagged

ROOT = Path(__file__).resolve().parents[3]


def refused(api: ConnectApi, method: str, name: str, body: Any) -> str:
    """A wrong control request in, its message out."""
    asked = Request(method, f"/_sandbox/{name}", body=json.dumps(body).encode())
    answer = api.sandbox.handle("connect", asked)
    assert answer.status == 400, answer.text
    message: str = answer.json()["errors"][0]["message"]
    return message


def test_overview(api: ConnectApi) -> None:
    """Settings, and how much there is of everything."""
    found = api.control("GET", "connect")

    assert found["settings"]["heartbeat"] == 25.0
    assert found["fleets"] == {
        "demo": {
            "name": "Demo",
            "groups": ["Test", "Production"],
            "apps": ["default_app"],
            "devices": 12,
            "flows": 0,
            "deployments": 0,
        }
    }


def test_devices_are_chosen(api: ConnectApi) -> None:
    """By uuid, group, tag or state; every so manieth; skipping some; only so many."""
    uuids = api.uuids()

    def chosen(**select: Any) -> list[str]:
        body = {"select": select, "set": {"description": "x"}}
        found: list[str] = api.control("PATCH", "connect/devices", body)["devices"]
        return found

    assert chosen() == uuids
    assert chosen(group="Test") == chosen(tag="canary") == uuids[9:]
    assert chosen(every=5, skip=1) == [uuids[1], uuids[6], uuids[11]]
    assert chosen(group="Production", count=2) == uuids[:2]
    assert chosen(online=False) == []
    assert chosen(devices=uuids[3:5]) == uuids[3:5]


def test_what_a_device_is_like(api: ConnectApi) -> None:
    """All of it can be set at once; groups and apps that are new exist from then on."""
    (uuid,) = api.add(
        1,
        name="cam-{}",
        group="Roof",
        apps={"firmware": "1"},
        agent="7.1",
        trigger=True,
        online=False,
        description="north",
        tags=["x"],
    )
    shown = api.get(f"{DEVICES}/{uuid}", enrich_info="true")

    assert shown["device_name"] == "cam-00013"
    assert shown["apps"] == [{"app_name": "firmware", "version": "1"}]
    assert (shown["agent_version"], shown["is_update_trigger_set"]) == ("7.1", True)
    fleet = api.control("GET", "connect")["fleets"]["demo"]
    assert fleet["groups"] == ["Test", "Production", "Roof"]
    assert fleet["apps"] == ["default_app", "firmware"]


WRONG: list[tuple[str, str, Any, str]] = [
    ("PUT", "connect/settings", {"hartbeat": 5}, "unknown setting"),
    ("PUT", "connect/settings", {"heartbeat": -1}, "not a value"),
    ("PUT", "connect/settings", {"heartbeat": True}, "not a value"),
    ("PUT", "connect/settings", {"comment_limit": "many"}, "not a value"),
    ("PUT", "connect/settings", {"list_order": "any"}, "known: newest"),
    ("POST", "connect/devices", {"count": 0}, "count must be"),
    ("POST", "connect/devices", {"set": {"colour": "red"}}, "unknown attribute"),
    ("POST", "connect/devices", {"set": {"online": "yes"}}, "not a value"),
    ("POST", "connect/devices", {"set": {"fails": -1}}, "not a value"),
    ("POST", "connect/devices", {"fleet": "nope"}, "no such fleet"),
    ("PATCH", "connect/devices", {"select": {"colour": "red"}}, "unknown in select"),
    ("POST", "connect/deployments", {}, "deployment_configuration"),
]


@pytest.mark.parametrize(("method", "name", "body", "message"), WRONG)
def test_wrong_control_requests(
    api: ConnectApi, method: str, name: str, body: Any, message: str
) -> None:
    """400 with what is wrong; nothing changes."""
    before = api.control("GET", "connect")

    assert message in refused(api, method, name, body)
    assert api.control("GET", "connect") == before


def test_every_setting_is_documented(api: ConnectApi) -> None:
    """The page about devices on the sandbox names all of them, and its table all requests."""
    page = (ROOT / "docs/how-to/try-devices-on-the-sandbox.md").read_text("utf-8")
    settings = api.control("GET", "connect")["settings"]
    requests = [f"{method} /_sandbox/connect/{name}".rstrip("/") for method, name in HANDLERS]

    assert [name for name in settings if f"`{name}`" not in page] == []
    assert [request for request in requests if f"`{request}`" not in page] == []


def test_without_connect_there_is_nothing_to_steer() -> None:
    """404."""
    answer = Sandbox().handle("default", Request("GET", "/_sandbox/connect"))

    assert answer.status == 404


def test_everything_can_be_read_here(api: ConnectApi) -> None:
    """What a deployment was, and what came of it on each device."""
    api.deployed(tagged("canary"), comment="x", parameters_mapping={"image": "y"})
    (found,) = api.control("GET", "connect/deployments")["deployments"]

    assert found["parameters"] == {"image": "y"}
    assert found["filter"] == {"groups": [], "filters": [tagged("canary")]}
    assert {entry["status"] for entry in found["entries"].values()} == {"pending"}


def test_the_state_goes_elsewhere(api: ConnectApi) -> None:
    """Another sandbox goes on where this one stopped, in the middle of an update."""
    api.settings(comment_limit=50)
    uuid = api.deployed(tagged("canary"))
    api.advance(30)
    tunnel = {"device_uuid": api.uuids()[0], "port": 22}
    api.send("POST", "/api/v2/demo/port_tunnel", tunnel)
    state = json.loads(json.dumps(api.sandbox.dump()))
    other = Sandbox()
    other.load(state)
    there = ConnectApi(other)

    assert other.dump() == state
    for one in (api, there):
        one.advance(60)
    for path in (DEVICES, FLOWS, DEPLOYMENTS, f"{DEPLOYMENTS}/{uuid}/devices"):
        assert there.get(path) == api.get(path)
    assert there.counts(uuid) == {"Success": 3}
    assert api.control("GET", "connect/devices") == there.control("GET", "connect/devices")
    assert there.deployed(tagged("canary")) != uuid


def test_a_state_without_connect_begins_anew(api: ConnectApi) -> None:
    """And a sandbox without Connect stays without."""
    api.add(5)
    api.sandbox.load(Sandbox().dump())
    assert len(ConnectApi(api.sandbox).uuids()) == 12

    plain = Sandbox()
    plain.load(Sandbox().dump())
    assert plain.connect is None
    assert "connect" not in plain.dump()


def test_uuids_follow_from_the_seed() -> None:
    """The same fleet every time, another one with another seed."""
    first, second, other = (ConnectApi(Sandbox(connect=True, seed=seed)) for seed in (0, 0, 1))

    assert first.uuids() == second.uuids()
    assert not set(first.uuids()) & set(other.uuids())


def test_no_platform_may_have_the_name() -> None:
    """Records and faults could not tell them apart."""
    with pytest.raises(ValueError, match="connect"):
        Sandbox(["connect"], connect=True)
    assert Sandbox(["connect"]).connect is None


def test_it_is_served_with_the_platforms() -> None:
    """One process, one address more, told in the same line."""
    sandbox = Sandbox(connect=True)
    sandbox.clock.freeze(START)
    with Server(sandbox) as server:
        told = announcement(server)
        assert set(told) == {"platforms", "connect"}
        assert set(told["platforms"]) == {"default"}
        headers = {"Authorization": f"Bearer {told['connect']['token']}"}
        with httpx.Client(base_url=told["connect"]["url"], headers=headers) as client:
            listed = client.get(DEVICES, params={"limit": 3}).json()["devices"]
            old = {"user_token": told["connect"]["userToken"]}
            state = client.request("GET", "/v1/get_devices_state", json=old).json()

    assert [device["device_uuid"] for device in listed] == ConnectApi(sandbox).uuids()[:3]
    assert len(state["message"]) == 12
