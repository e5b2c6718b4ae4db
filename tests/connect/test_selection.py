"""Edge cases of selecting: groups, filters, bounds. In doubt, nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import InvalidManifests
from reconciler.model import Plan
from tests.connect.support import APP, Fleet, change_of, deployment, flow

TAGGED = {"type": "tag", "operand": "is", "value": "indoor"}


def block(plan: Plan, address: str = "Deployment/demo/camera") -> tuple[str, str]:
    """Why a deployment is blocked: code and message."""
    blocked = change_of(plan, address).blocked
    assert blocked is not None
    return blocked.code, blocked.message


def rules(fleet: Fleet) -> set[str]:
    """What is wrong with the manifests."""
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()
    assert fleet.requests() == []
    return {d.rule for d in caught.value.diagnostics if d.severity == "error"}


def test_01_no_groups_is_not_the_whole_fleet(fleet: Fleet) -> None:
    """Edge case 1: groups [] is refused; allGroups says the whole fleet, in words."""
    fleet.add(2)
    fleet.deploy(select={"groups": []})
    assert rules(fleet) == {"deployment-illegal"}

    made = deployment()
    made["spec"]["select"] = {"allGroups": True}
    fleet.declare(flow(), made)
    change = change_of(fleet.plan())
    assert change.evidence["selector"] == "the whole fleet"
    assert "empty-groups" in change.evidence["assumptions"]


def test_01_groups_and_all_groups(fleet: Fleet) -> None:
    """Both at once mean two things."""
    fleet.deploy(select={"allGroups": True})
    assert rules(fleet) == {"deployment-illegal"}


def test_02_a_group_nobody_is_in(fleet: Fleet) -> None:
    """Edge case 2: case counts; an empty success would hide the typo."""
    fleet.add(2)
    fleet.deploy(select={"groups": ["production"]})
    code, message = block(fleet.plan())

    assert code == "selects-nothing"
    assert "did you mean 'Production'?" in message
    assert fleet.writes() == []


def test_03_two_devices_cannot_both_be_the_one(fleet: Fleet) -> None:
    """Edge case 3: contradictory filters are refused; two exclusions are not."""
    first, second, third = fleet.add(3)
    only = [{"type": "specific_device", "operand": "is", "value": u} for u in (first, second)]
    fleet.deploy(select={"filters": only})
    assert rules(fleet) == {"filter-contradiction"}

    without = [{**one, "operand": "is_not"} for one in only]
    fleet.deploy(select={"filters": without})
    fleet.apply()
    assert set(fleet.received()) == {third}


def test_04_a_device_outside_the_group(fleet: Fleet) -> None:
    """Edge case 4: zero matches, explained."""
    fleet.add(1)
    (uuid,) = fleet.add(1, group="Test")
    fleet.deploy(select={"devices": [uuid]})

    assert block(fleet.plan()) == (
        "selects-nothing",
        f"no device of 2 matches ['Production'] with no filter; {uuid} is in the group 'Test'",
    )


def test_05_two_tags_mean_both(fleet: Fleet) -> None:
    """Edge case 5: filters all hold, though the list of devices takes any of its tags."""
    fleet.add(1, tags=["a"])
    fleet.add(1, tags=["b"])
    (both,) = fleet.add(1, tags=["a", "b"])
    fleet.deploy(select={"filters": [{**TAGGED, "value": "a"}, {**TAGGED, "value": "b"}]})
    fleet.apply()

    assert set(fleet.received()) == {both}


def test_06_a_tag_beyond_the_hundredth(fleet: Fleet) -> None:
    """Edge case 6: absence is unknown until the device's own record was read."""
    (uuid,) = fleet.add(1, tags=[*(f"t{n:03}" for n in range(110)), "zz"])
    fleet.deploy(select={"filters": [{**TAGGED, "value": "zz"}]})
    fleet.apply()

    assert set(fleet.received()) == {uuid}


def test_06_in_strict_mode_it_stops(fleet: Fleet) -> None:
    """Edge case 6: a record that cannot be read leaves the device alone, and stops a strict run."""
    uuid, _ = fleet.add(2)
    fleet.deploy()
    path = f"/api/v2/demo/devices/{uuid}"
    fleet.fault("status", method="GET", path=path, status=403, times=2)
    assert change_of(fleet.plan()).blocked is None

    assert block(fleet.plan(strict=True)) == (
        "unsure",
        f"1 device ({uuid}): its record could not be read",
    )


def test_07_versions_are_texts(fleet: Fleet) -> None:
    """Edge case 7: 1.10 is not 1.1, and as a YAML number it is refused with the hint."""
    (old,) = fleet.add(1, apps={APP: "1.1"})
    fleet.add(1, apps={APP: "1.10"})
    app = {"type": "app", "operand": "is", "value": APP, "appVersion": "1.1"}
    fleet.deploy(select={"filters": [app]})
    fleet.apply()
    assert set(fleet.received()) == {old}

    fleet.forget_requests()
    fleet.deploy(select={"filters": [{**app, "appVersion": 1.10}]})
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()
    (told,) = caught.value.diagnostics
    assert "quote" in told.hint


def test_08_readings_that_agree_are_silent(fleet: Fleet) -> None:
    """Edge case 8: three readings of is_not with a version; they are told where they differ."""
    fleet.add(1, apps={APP: "1"})
    without = {"type": "app", "operand": "is_not", "value": "other", "appVersion": "1"}
    fleet.deploy(select={"filters": [{**without, "value": APP, "appVersion": "2"}]})
    plan = fleet.plan()
    assert "app-isnot-version" in change_of(plan).evidence["assumptions"]
    assert "deployment-ambiguous" in {d.rule for d in plan.diagnostics}

    fleet.add(1, apps={APP: "1"}, group="Test")
    both = [without, {"type": "tag", "operand": "is", "value": "nobody"}]
    fleet.deploy(select={"groups": ["Test"], "filters": both, "expect": {"min": 1}})
    assert "deployment-ambiguous" not in {d.rule for d in fleet.plan().diagnostics}


def test_08_in_strict_mode_it_stops(fleet: Fleet) -> None:
    """Edge case 8: where the readings differ, a strict run sends nothing."""
    fleet.add(1, apps={APP: "1"})
    without = {"type": "app", "operand": "is_not", "value": APP, "appVersion": "2"}
    fleet.deploy(select={"filters": [without]})
    code, message = block(fleet.plan(strict=True))

    assert code == "unsure"
    assert "its readings select different devices" in message


def test_08_the_server_s_reading_does_not_matter(fleet: Fleet) -> None:
    """Pinned targets are those of the plan, whatever the server makes of the filter."""
    fleet.api.settings(is_not_version="C")
    (none,) = fleet.add(1)
    (other,) = fleet.add(1, apps={APP: "1"})
    fleet.add(1, apps={APP: "2"})
    without = {"type": "app", "operand": "is_not", "value": APP, "appVersion": "2"}
    fleet.deploy("3", select={"filters": [without]})
    fleet.apply()

    assert set(fleet.received()) == {none, other}


@pytest.mark.parametrize(
    "one",
    [
        {"type": "update_status", "operand": "is", "value": "failed"},
        {"type": "deployment", "operand": "is", "value": "failed"},
        {"type": "device_state", "operand": "is", "value": "online"},
        {"type": "deployment", "operand": "is", "value": "any", "deploymentId": "dp-1"},
        {**TAGGED, "colour": "red"},
        {"type": "tag", "operand": "is"},
    ],
    ids=str,
)
def test_09_10_12_filters_that_are_refused(fleet: Fleet, one: dict[str, Any]) -> None:
    """Edge cases 9, 10, 12: of v1, volatile ones, unknown keys that would widen the set."""
    fleet.deploy(select={"filters": [one]})

    assert rules(fleet)


def test_10_volatile_filters_work_once(fleet: Fleet) -> None:
    """Edge case 10: in mode once, marked as an estimate."""
    (here,) = fleet.add(1)
    fleet.add(1, online=False)
    online = {"type": "device_state", "operand": "is", "value": "online"}
    fleet.deploy(mode="once", select={"filters": [online]})

    assert "estimate" in change_of(fleet.plan()).evidence["assumptions"]
    fleet.roll()
    assert set(fleet.received()) == {here}
    fleet.api.change(*fleet.api.uuids(), online=True)
    assert fleet.plan().is_empty


def test_11_a_selector_that_consumes_itself(fleet: Fleet) -> None:
    """Edge case 11: after success the devices match no more, and the plan shows what it did."""
    fleet.add(3, apps={APP: "1.0"})
    old = {"type": "app", "operand": "is", "value": APP, "appVersion": "1.0"}
    fleet.deploy("1.1", select={"filters": [old], "expect": {"min": 3, "max": 3}})
    fleet.roll()
    plan = fleet.plan()

    assert plan.is_empty
    assert fleet.versions() == {"1.1": 3}
    assert "Converged (3 compliant)" in "".join(d.summary for d in plan.diagnostics)


@pytest.mark.parametrize("name", ["indoor camera", "ünder", "all", "x" * 200, "#r1:", "a,b"])
def test_13_odd_names(fleet: Fleet, name: str) -> None:
    """Edge case 13: tags and groups with any name; 'all' is a name like others."""
    fleet.api.control("POST", "connect/fleets", {"key": "demo", "groups": [name]})
    (uuid,) = fleet.add(1, tags=[name], group=name)
    fleet.deploy(select={"groups": [name], "filters": [{**TAGGED, "value": name}]})
    fleet.roll()

    assert set(fleet.received()) == {uuid}


def test_13_a_long_name_of_the_manifest(fleet: Fleet) -> None:
    """The comment stays short, and the marker whole."""
    fleet.add(1)
    fleet.declare(flow(), deployment(name="ü" * 200))
    fleet.apply()
    (sent,) = fleet.sent()

    assert len(sent["comment"]) <= 80
    assert "#r1:" in sent["comment"]


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"max": 2}, "3 devices match, at most 2 are expected"),
        ({"min": 4}, "3 devices match, at least 4 are expected"),
        ({"maxPercentOfFleet": 50}, "3 of 4 devices match, at most 50 %"),
    ],
)
def test_14_bounds(fleet: Fleet, expect: dict[str, int], told: str) -> None:
    """Edge case 14: a breach fails the plan before any write."""
    fleet.add(3)
    fleet.add(1, group="Test")
    fleet.deploy(select={"expect": expect})
    code, message = block(fleet.plan())

    assert code == "bounds"
    assert message.startswith(told)
    assert fleet.writes() == []


def test_14_zero_matches(fleet: Fleet) -> None:
    """Edge case 14: nobody is an error, not a success."""
    fleet.add(1)
    fleet.deploy(select={"filters": [TAGGED]})

    assert block(fleet.plan())[0] == "selects-nothing"


def test_the_budget_is_kept(fleet: Fleet) -> None:
    """Nothing is read beyond it, and the message says what raises it."""
    fleet.add(30)
    fleet.deploy()
    change = change_of(fleet.plan(budget=20))

    assert change.blocked is not None
    assert change.blocked.code == "over-budget"
    assert change.blocked.override == "--budget 63"
    assert len(fleet.requests()) < 20
    assert change_of(fleet.plan(budget=63)).blocked is None


def test_the_budget_of_the_workspace(fleet: Fleet) -> None:
    """The message names the place it was set at."""
    fleet.workspace(
        connect={"url": fleet.connect.url, "token": {"env": "CONNECT_TOKEN"}, "requests": 20}
    )
    fleet.add(30)
    fleet.deploy()

    assert "reconciler.yaml spec.connect.requests" in block(fleet.plan())[1]
