"""Which devices a deployment gets, against the plainest reading of the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox
from reconciler.sandbox.connect.model import Device
from tests.sandbox.connect.support import START, ConnectApi, only, tagged

Shape = dict[str, Any]

TAGS = ("a", "b c", "ü")
VERSIONS = ("1.1", "1.10")
GROUPS = ("Production", "Test", "production")
STATUSES = ("pending", "in_progress", "success", "failed", "aborted", "any")
COUNT = 24


def fleet() -> tuple[ConnectApi, list[str]]:
    """A fleet in which everything differs, and two deployments in all states, one of no device."""
    sandbox = Sandbox(connect=True)
    sandbox.clock.freeze(START)
    api = ConnectApi(sandbox)
    api.clear()
    for number in range(COUNT):
        api.add(
            1,
            group=GROUPS[number % 3],
            tags=[tag for bit, tag in enumerate(TAGS) if number >> bit & 1],
            apps={"default_app": VERSIONS[number % 2]} if number % 4 else {},
            fails=None if number % 5 == 0 else 0,
        )
    uuids = api.uuids()
    run = api.deployed(tagged("a"))
    api.send("POST", f"/api/v2/demo/deployments/{run}/devices/{uuids[1]}/abort")
    api.change(*uuids[3:7], online=False)
    api.advance(26)
    api.advance(8)
    later = api.deployed()
    api.advance(20)
    nobody = api.deployed(only("d-none"))
    return api, [run, later, nobody]


API, RUNS = fleet()
UUIDS = API.uuids()


def filters() -> st.SearchStrategy[Shape]:
    """Every legal filter of v2, and values that nothing has."""
    both = st.sampled_from(["is", "is_not"])

    def one(kind: str, value: Any, **more: Any) -> st.SearchStrategy[Shape]:
        return st.fixed_dictionaries(
            {"type": st.just(kind), "operand": both, "value": value}, **more
        )

    return st.one_of(
        one("specific_device", st.sampled_from([*UUIDS, "d-none"])),
        one("tag", st.sampled_from([*TAGS, "A"])),
        one(
            "app",
            st.sampled_from(["default_app", "other"]),
            optional={"app_version": st.sampled_from([*VERSIONS, "1"])},
        ),
        one("device_state", st.sampled_from(["online", "offline"])),
        st.fixed_dictionaries(
            {
                "type": st.just("deployment"),
                "operand": both,
                "value": st.sampled_from(STATUSES),
                "deployment_id": st.sampled_from([*RUNS, "dp-none"]),
            }
        ),
    )


def holds(device: Device, wanted: Shape, runs: dict[str, dict[str, str]]) -> bool:
    """The plainest reading: a positive statement, turned round by is_not."""
    value = wanted["value"]
    status = runs.get(wanted.get("deployment_id", ""), {}).get(device.uuid)
    positive = {
        "specific_device": device.uuid == value,
        "tag": value in device.tags,
        "app": value in device.apps
        and wanted.get("app_version", device.apps[value]) == device.apps[value],
        "device_state": ("online" if device.online else "offline") == value,
        "deployment": status is not None and value in ("any", status),
    }[wanted["type"]]
    return positive is (wanted["operand"] == "is")


@settings(max_examples=300, deadline=None)
@given(
    groups=st.lists(st.sampled_from([*GROUPS, "Nowhere"]), max_size=3),
    wanted=st.lists(filters(), max_size=3),
)
def test_groups_widen_and_filters_narrow(groups: list[str], wanted: list[Shape]) -> None:
    """The devices of a deployment are those a loop over the fleet finds, and no others."""
    world = API.connect.world
    runs = {
        uuid: {
            device: entry.status
            for device, entry in world.fleets["demo"].deployments[uuid].entries.items()
        }
        for uuid in RUNS
    }
    expected = {
        device.uuid
        for device in world.fleets["demo"].devices.values()
        if (not groups or device.group in groups) and all(holds(device, f, runs) for f in wanted)
    }
    flow = next(iter(world.fleets["demo"].flows))
    uuid = API.deployed(*wanted, groups=tuple(groups), flow_uuid=flow)
    found = set(API.statuses(uuid))
    API.send("POST", f"/api/v2/demo/deployments/{uuid}/abort")

    assert found == expected


def test_the_fleet_of_these_tests_has_everything() -> None:
    """All statuses occur, so the property above is about something."""
    found = {status for run in RUNS for status in API.statuses(run).values()}

    assert found == {"Pending", "In Progress", "Success", "Failed", "Aborted"}


READINGS = [("A", {"none", "two"}), ("B", {"two"}), ("C", {"none"})]


@pytest.mark.parametrize(("reading", "names"), READINGS)
def test_app_is_not_with_a_version(api: ConnectApi, reading: str, names: set[str]) -> None:
    """Nobody says what it means; each reading can be had."""
    api.clear()
    for name, apps in (("none", {}), ("one", {"x": "1"}), ("two", {"x": "2"})):
        api.add(1, name=name, apps=apps)
    api.settings(is_not_version=reading)
    wanted = {"type": "app", "operand": "is_not", "value": "x", "app_version": "1"}
    devices = api.connect.world.devices

    assert {devices[uuid].name for uuid in api.statuses(api.deployed(wanted))} == names


def test_a_server_may_drop_keys(api: ConnectApi) -> None:
    """Then the filter names more devices than was meant."""
    api.change(api.uuids()[0], apps={"default_app": "1"})
    api.change(api.uuids()[1], apps={"default_app": "2"})
    wanted = {"type": "app", "operand": "is", "value": "default_app", "app_version": "1"}
    assert len(api.statuses(api.deployed(wanted))) == 1

    api.settings(ignored_keys="app_version")
    assert len(api.statuses(api.deployed(wanted))) == 2


def test_readings_of_groups(api: ConnectApi) -> None:
    """No group, and one that does not exist."""
    assert len(api.statuses(api.deployed())) == 12
    assert api.statuses(api.deployed(groups=("all",))) == {}

    api.settings(empty_groups="nobody", unknown_group="refuse", zero_match="refuse")
    assert api.deploy().status == 400
    assert api.deploy(groups=("all",)).json() == {"error": "Group all does not exist"}
    assert api.deploy(only("d-none"), groups=("Test",)).status == 400


WRONG: list[Any] = [
    "tag",
    {},
    {"type": "tag", "operand": "is"},
    {"type": "tag", "operand": "equals", "value": "x"},
    {"type": "tag", "operand": "is", "value": 5},
    {"type": "tag", "operand": "is", "value": True},
    {"type": "colour", "operand": "is", "value": "x"},
    {"type": "update_status", "operand": "is", "value": "failed"},
    {"type": "device_state", "operand": "is", "value": "Online"},
    {"type": "deployment", "operand": "is", "value": "failed"},
    {"type": "deployment", "operand": "is", "value": "Failed", "deployment_id": "dp-1"},
    {"type": "app", "operand": "is", "value": "x", "app_version": 1.1},
]


@pytest.mark.parametrize("wanted", WRONG, ids=str)
def test_wrong_filters_are_refused(api: ConnectApi, wanted: Any) -> None:
    """400, and nothing is deployed."""
    assert api.deploy(wanted).status == 400
    assert api.get("/api/v2/demo/deployments")["deployments"] == []


@pytest.mark.parametrize("groups", ["Test", ["Test"], [{"title": "Test"}], {"name": "Test"}])
def test_wrong_groups_are_refused(api: ConnectApi, groups: Any) -> None:
    """A list of objects with a name."""
    body = {
        "device_filter": {"groups": groups, "filters": []},
        "deployment_configuration": {"flow_uuid": api.flow()},
    }
    assert api.send("POST", "/api/v2/demo/deployments", body).status == 400


def test_groups_may_be_left_out(api: ConnectApi) -> None:
    """v2 does not require them, v1 does."""
    wanted = {"filters": [tagged("canary")]}
    flow = {"flow_uuid": api.flow(), "parameters_mapping": {"image": "x"}}
    body = {"device_filter": wanted, "deployment_configuration": flow}
    made = api.send("POST", "/api/v2/demo/deployments", body).json()["deployment_uuid"]

    assert len(api.statuses(made)) == 3
