"""Devices in v2: listed, shown, changed, moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.connect.support import DEVICES, ConnectApi, only

PATCH_TYPE = "application/json-patch+json"


def patch(api: ConnectApi, uuid: str, *operations: Any, kind: str = PATCH_TYPE) -> Any:
    """Operations on a device in, the answer out."""
    body = {"operations": list(operations)}
    return api.send("PATCH", f"{DEVICES}/{uuid}", body, content_type=kind)


def tags(op: str, *names: str) -> dict[str, Any]:
    """An operation on tags."""
    return {"op": op, "path": "tags", "value": list(names)}


def test_a_new_sandbox_has_a_fleet(api: ConnectApi) -> None:
    """Twelve devices in the two groups every new fleet has."""
    listed = api.get(DEVICES)

    groups = [device["group_name"] for device in listed["devices"]]
    assert (groups.count("Production"), groups.count("Test")) == (9, 3)
    assert listed["pagination_info"] == {"after": None, "total": 12}


def test_the_list_says_less_than_the_device(api: ConnectApi) -> None:
    """No apps, no updates, no hardware addresses; tags only when asked for; other times."""
    plain = api.get(DEVICES)["devices"][0]
    rich = api.get(DEVICES, enrich_info="true")["devices"][0]
    shown = api.get(f"{DEVICES}/{plain['device_uuid']}", enrich_info="true")

    assert set(rich) - set(plain) == {"tags"}
    assert set(shown) - set(rich) == {"apps", "mac_address", "updates"}
    assert rich["tags"] == {"message": "", "names": ["indoor"]}
    assert shown["tags"] == ["indoor"]
    assert rich["last_keepalive"] == "2026-01-01T00:00:00Z"
    assert shown["last_keepalive"] == "2026-01-01 00:00:00"
    assert plain["project"] == "Demo"
    bare = api.get(f"{DEVICES}/{plain['device_uuid']}")
    assert set(rich) - set(bare) == {"tags"}


def test_a_list_shows_a_hundred_tags(api: ConnectApi) -> None:
    """A hundred and one tags are cut in the list, with a message; the device shows all."""
    names = [f"t{number:03}" for number in range(101)]
    (uuid,) = api.add(1, tags=names)
    listed = api.get(DEVICES, tags="t100", enrich_info="true")["devices"]

    assert [device["device_uuid"] for device in listed] == [uuid]
    assert listed[0]["tags"]["names"] == names[:100]
    assert "100" in listed[0]["tags"]["message"]
    assert api.get(f"{DEVICES}/{uuid}", enrich_info="true")["tags"] == names


def test_tags_of_the_list_widen_each_other(api: ConnectApi) -> None:
    """Several tags mean any of them, unlike in a deployment; a group narrows."""
    answer = api.send("GET", DEVICES, query=(("tags", "indoor"), ("tags", "canary")))

    assert answer.json()["pagination_info"]["total"] == 12
    assert api.get(DEVICES, tags="canary", group_name="Production")["devices"] == []
    assert len(api.get(DEVICES, group_name="Test")["devices"]) == 3
    assert api.get(DEVICES, group_name="test")["devices"] == []


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "", "1.5"])
def test_a_limit_has_bounds(api: ConnectApi, limit: str) -> None:
    """Between 1 and 1000."""
    assert api.send("GET", DEVICES, query=(("limit", limit),)).status == 400


@pytest.mark.parametrize(
    ("setting", "keys"), [("devices", {"devices", "pagination_info"}), ("data", {"data", "after"})]
)
def test_the_wrapping_of_the_list_is_a_setting(
    api: ConnectApi, setting: str, keys: set[str]
) -> None:
    """Nobody documents it, so a client meets three of them."""
    api.settings(device_list=setting)
    assert set(api.get(DEVICES)) == keys
    api.settings(device_list="list")
    assert len(api.get(DEVICES)) == 12
    api.settings(device_list="sample")
    assert len(api.get(DEVICES)) == 12
    assert api.get(DEVICES, limit="1")["device_name"] == "device-00001"


def test_unknown_fleets_and_devices(api: ConnectApi) -> None:
    """A wrong fleet is 403, its name instead of its key too; a wrong device is 404."""
    assert api.send("GET", "/api/v2/nope/devices").status == 403
    assert api.send("GET", "/api/v2/Demo/devices").status == 403
    missing = api.send("GET", f"{DEVICES}/d-0000-0000")
    assert (missing.status, missing.json()) == (404, {"error": "Device not found"})


def test_tags_are_added_and_removed(api: ConnectApi) -> None:
    """Adding keeps what is there, removing takes the named ones; the answer is the device."""
    uuid = api.uuids()[0]

    added = patch(api, uuid, tags("add", "two words", "indoor"), tags("remove", "indoor"))
    assert added.json()["tags"] == ["two words"]
    listed = {"op": "add", "path": "tags", "value": "a, b"}
    assert patch(api, uuid, listed).json()["tags"] == ["two words", "a", "b"]
    assert patch(api, uuid, tags("replace", "c")).json()["tags"] == ["c"]
    assert patch(api, uuid, {"op": "remove", "path": "tags"}).json()["tags"] == []


def test_other_readings_of_a_patch(api: ConnectApi) -> None:
    """A server may replace on add and clear on remove."""
    uuid = api.uuids()[0]
    api.settings(patch_add="replace", patch_remove="all")

    assert patch(api, uuid, tags("add", "new")).json()["tags"] == ["new"]
    assert patch(api, uuid, tags("remove", "other")).json()["tags"] == []


WRONG: list[Any] = [
    {"op": "add", "path": "/tags", "value": ["x"]},
    {"op": "add", "path": "group_name", "value": "Test"},
    {"op": "add", "path": "device_uuid", "value": "d-1"},
    {"op": "move", "path": "tags", "value": ["x"]},
    {"op": "add", "path": "tags"},
    {"op": "add", "path": "tags", "value": [1]},
    {"op": "add", "path": "tags", "value": [""]},
    {"op": "replace", "path": "lat", "value": "north"},
    "add",
]


@pytest.mark.parametrize("operation", WRONG, ids=str)
def test_wrong_operations_change_nothing(api: ConnectApi, operation: Any) -> None:
    """One wrong operation refuses all of them."""
    uuid = api.uuids()[0]

    assert patch(api, uuid, tags("add", "first"), operation).status == 400
    assert api.get(f"{DEVICES}/{uuid}", enrich_info="true")["tags"] == ["indoor"]


def test_names_and_places_can_be_changed(api: ConnectApi) -> None:
    """As far as the settings allow it: only tags are documented."""
    uuid = api.uuids()[0]
    named = {"op": "replace", "path": "device_name", "value": "front door"}
    placed = [{"op": "replace", "path": key, "value": 1.5} for key in ("lat", "lng")]
    shown = patch(api, uuid, named, *placed).json()

    assert (shown["device_name"], shown["lat"], shown["lng"]) == ("front door", 1.5, 1.5)
    api.settings(patch_paths="tags")
    assert patch(api, uuid, named).status == 400
    assert patch(api, uuid, tags("add", "x")).status == 200


def test_the_type_of_a_patch_is_a_setting(api: ConnectApi) -> None:
    """The reference documents one type and its sample sends another."""
    uuid = api.uuids()[0]

    assert patch(api, uuid, tags("add", "x"), kind="application/json").status == 200
    api.settings(patch_type="json-patch")
    assert patch(api, uuid, tags("add", "x"), kind="application/json").status == 415
    assert patch(api, uuid, tags("add", "x")).status == 200


def test_a_device_moves_to_another_fleet(api: ConnectApi) -> None:
    """It is gone here and there in the wanted group; moving it again is a 404."""
    api.control("POST", "connect/fleets", {"key": "lab", "name": "Lab", "groups": ["Bench"]})
    uuid = api.uuids()[0]
    run = api.deployed(only(uuid))
    body = {"destination_project_key": "lab", "destination_group_name": "Bench"}
    move = f"{DEVICES}/{uuid}/move"

    assert api.send("POST", move, {**body, "destination_group_name": "bench"}).status == 400
    assert api.send("POST", move, body).json() == {"message": "Device moved successfully"}
    assert api.send("POST", move, body).status == 404
    shown = api.get(f"/api/v2/lab/devices/{uuid}")
    assert (shown["project"], shown["group_name"]) == ("Lab", "Bench")
    assert list(api.statuses(run)) == [uuid]
    api.advance(600)
    assert api.counts(run) == {"Success": 1}


def test_files_are_asked_for(api: ConnectApi) -> None:
    """The answer is an address; what is there comes later."""
    path = f"{DEVICES}/{api.uuids()[0]}/logs"

    assert (
        "/user_requested/"
        in api.send("POST", path, {"files_path": "/var/log"}).json()["download_url"]
    )
    assert api.send("POST", path, {}).status == 400


def test_offline_devices_tell_when_they_were_heard(api: ConnectApi) -> None:
    """The last call stays, while those online keep calling."""
    gone, here = api.uuids()[:2]
    api.change(gone, online=False)
    api.advance(86_400)

    first, second = (api.get(f"{DEVICES}/{uuid}") for uuid in (gone, here))
    assert (first["device_status"], first["last_keepalive"]) == ("offline", "2026-01-01 00:00:00")
    assert (second["device_status"], second["last_keepalive"]) == (
        "online",
        "2026-01-02 00:00:00",
    )
