"""Filters: which are legal, which contradict each other, and which devices they select."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.deployments.facts import Detail, Device, Run, World
from reconciler.deployments.filters import Problem, Seen, all_hold, holds, problems
from reconciler.deployments.intent import Filter, filters_of
from reconciler.kinds.connect import _facts
from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES
from tests.sandbox.connect.test_filters import API, COUNT, GROUPS, RUNS, STATUSES, UUIDS, VERSIONS
from tests.sandbox.connect.test_filters import filters as any_filters


def told(*filters: Filter, converging: bool = True) -> list[tuple[str, int, str]]:
    """The rules that are broken, and where."""
    return [(p.rule, p.at, p.field) for p in problems(filters, converging=converging)]


LEGAL = [
    Filter("specific_device", "is", "d-4cfe-4e51"),
    Filter("specific_device", "is_not", "d-4cfe-4e51"),
    Filter("tag", "is", "indoor camera"),
    Filter("tag", "is_not", "ünder"),
    Filter("app", "is", "x"),
    Filter("app", "is_not", "x"),
    Filter("app", "is", "x", app_version="1.10"),
    Filter("app", "is_not", "x", app_version="1.10"),
]


@pytest.mark.parametrize("one", LEGAL, ids=str)
def test_what_api_v2_takes_is_legal(one: Filter) -> None:
    """Every stable combination, with and without a version."""
    assert told(one) == []


VOLATILE = [
    *(Filter("device_state", "is", state) for state in ("online", "offline")),
    *(Filter("deployment", "is", status, deployment_id="dp-1") for status in STATUSES),
]


@pytest.mark.parametrize("one", VOLATILE, ids=str)
def test_what_changes_every_minute_is_no_desired_state(one: Filter) -> None:
    """Edge case 10: refused in converge mode, legal in once."""
    assert told(one) == [("filter-volatile", 0, "type")]
    assert told(one, converging=False) == []


ILLEGAL = [
    (Filter("update_status", "is", "failed"), "type"),
    (Filter("colour", "is", "red"), "type"),
    (Filter("tag", "equals", "x"), "operand"),
    (Filter("tag", "is", ""), "value"),
    (Filter("device_state", "is_not", "online"), "operand"),
    (Filter("device_state", "is", "Online"), "value"),
    (Filter("deployment", "is_not", "failed", deployment_id="dp-1"), "operand"),
    (Filter("deployment", "is", "Failed", deployment_id="dp-1"), "value"),
    (Filter("deployment", "is", "failed"), ""),
    (Filter("tag", "is", "x", deployment_id="dp-1"), "deploymentId"),
    (Filter("tag", "is", "x", app_version="1"), "appVersion"),
]


@pytest.mark.parametrize(("one", "field"), ILLEGAL, ids=lambda value: str(value))
def test_everything_else_is_refused(one: Filter, field: str) -> None:
    """Edge case 9 among them: update_status with a pointer, a deployment without its id."""
    assert told(one, converging=False) == [("filter-illegal", 0, field)]


def test_update_status_points_to_deployment() -> None:
    """Whoever comes from v1 is told what to write."""
    (found,) = problems([Filter("update_status", "is", "failed")], converging=True)

    assert isinstance(found, Problem)
    assert "type: deployment" in found.hint


CONTRADICTIONS = [
    (Filter("specific_device", "is", "d-1"), Filter("specific_device", "is", "d-2")),
    (Filter("specific_device", "is", "d-1"), Filter("specific_device", "is_not", "1")),
    (Filter("tag", "is", "a"), Filter("tag", "is_not", "a")),
    (Filter("device_state", "is", "online"), Filter("device_state", "is", "offline")),
    (Filter("app", "is", "x", "1"), Filter("app", "is", "x", "2")),
    (Filter("app", "is", "x", "1"), Filter("app", "is_not", "x")),
    (
        Filter("deployment", "is", "failed", deployment_id="dp-1"),
        Filter("deployment", "is", "success", deployment_id="dp-1"),
    ),
]


@pytest.mark.parametrize("pair", CONTRADICTIONS, ids=str)
def test_contradictions_are_refused(pair: tuple[Filter, Filter]) -> None:
    """Edge case 3: whatever can only match nothing, in either order."""
    for filters in (pair, pair[::-1]):
        assert told(*filters, converging=False) == [("filter-contradiction", 1, "")]


COMPATIBLE = [
    (Filter("specific_device", "is_not", "d-1"), Filter("specific_device", "is_not", "d-2")),
    (Filter("tag", "is", "a"), Filter("tag", "is", "b")),
    (Filter("app", "is", "x"), Filter("app", "is_not", "x", "2")),
    (Filter("app", "is", "x", "1"), Filter("app", "is", "y", "2")),
    (
        Filter("deployment", "is", "any", deployment_id="dp-1"),
        Filter("deployment", "is", "failed", deployment_id="dp-1"),
    ),
]


@pytest.mark.parametrize("pair", COMPATIBLE, ids=str)
def test_what_goes_together_is_not_refused(pair: tuple[Filter, Filter]) -> None:
    """Two exclusions, two tags, an app and not one of its versions."""
    assert told(*pair, converging=False) == []


# --- evaluation ------------------------------------------------------------------------------


def world() -> World:
    """The fleet of the sandbox's own tests, as the client reads it."""
    body = API.get(DEVICES, enrich_info="true", limit="1000")
    listed = dict(_facts.devices(body) or ())
    details = {u: _facts.detail(API.get(f"{DEVICES}/{u}", enrich_info="true")) for u in listed}
    runs = []
    for uuid in RUNS:
        entries = _facts.entries(API.get(f"{DEPLOYMENTS}/{uuid}/devices", limit="1000"))
        runs.append(Run(uuid, entries=dict(entries or ())))
    return World(listed, dict(details), tuple(runs))


WORLD = world()


def ours(groups: list[str], wanted: list[dict[str, Any]]) -> set[str]:
    """The devices our own evaluation selects."""
    names = {"app_version": "appVersion", "deployment_id": "deploymentId"}
    filters = filters_of([{names.get(k, k): v for k, v in one.items()} for one in wanted])
    runs = {run.uuid: run for run in WORLD.runs}
    return {
        uuid
        for uuid, device in WORLD.devices.items()
        if (not groups or device.group in groups)
        and all_hold(filters, Seen(device, WORLD.details[uuid], runs)) is True
    }


@settings(max_examples=150, deadline=None)
@given(
    groups=st.lists(st.sampled_from(GROUPS), max_size=2),
    wanted=st.lists(
        any_filters().filter(
            lambda one: one["operand"] == "is" or one["type"] in ("specific_device", "tag", "app")
        ),
        max_size=3,
    ),
)
def test_the_server_selects_what_the_plan_says(
    groups: list[str], wanted: list[dict[str, Any]]
) -> None:
    """Groups widen and filters narrow; the sandbox's own evaluation comes to the same devices."""
    wanted = [one for one in wanted if one.get("deployment_id") != "dp-none"]
    flow = next(iter(API.connect.world.fleets["demo"].flows))
    uuid = API.deployed(*wanted, groups=tuple(groups), flow_uuid=flow)
    there = set(API.statuses(uuid))
    API.send("POST", f"{DEPLOYMENTS}/{uuid}/abort")

    assert ours(groups, wanted) == there


def test_the_fleet_has_everything() -> None:
    """All devices were read, with their apps; so the property is about something."""
    assert len(WORLD.devices) == COUNT == len(UUIDS)
    assert {d.apps.get("default_app") for d in WORLD.details.values() if d} >= set(VERSIONS)


SEEN = Seen(Device("d-1", tags=frozenset({"a"}), has_all_tags=False), None, {})


def test_what_is_not_known_is_not_no() -> None:
    """Edge case 6: a tag beyond the hundredth, an app before the record is read."""
    assert holds(Filter("tag", "is", "a"), SEEN) is True
    assert holds(Filter("tag", "is", "b"), SEEN) is None
    assert holds(Filter("tag", "is_not", "b"), SEEN) is None
    assert holds(Filter("app", "is_not", "x"), SEEN) is None
    assert all_hold([Filter("tag", "is", "b"), Filter("tag", "is_not", "a")], SEEN) is False


def test_versions_are_texts() -> None:
    """Edge case 7: 1.10 is not 1.1."""
    seen = Seen(Device("d-1"), Detail({"x": "1.10"}), {})

    assert holds(Filter("app", "is", "x", "1.1"), seen) is False
    assert holds(Filter("app", "is", "x", "1.10"), seen) is True


READINGS = {"A": {"none", "two"}, "B": {"two"}, "C": {"none"}}


@pytest.mark.parametrize("reading", READINGS)
def test_the_readings_of_is_not_with_a_version(reading: str) -> None:
    """Edge case 8: everything but it, another version of it, none of it at all."""
    details = {"none": Detail(), "one": Detail({"x": "1"}), "two": Detail({"x": "2"})}
    wanted = Filter("app", "is_not", "x", "1")
    found = {
        name
        for name, detail in details.items()
        if holds(wanted, Seen(Device(name), detail, {}), reading)
    }

    assert found == READINGS[reading]
