"""What was decided differently after the first design: identity, order, tags, names."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from reconciler.deployments.classes import CLASSES
from reconciler.kinds.registry import builtin
from tests.connect.support import APP, Fleet, change_of, classes, deployment, flow
from tests.support.estate import manifest

ORDER = (
    *("unknown", "excluded", "conflict", "outranked", "in-flight", "compliant-at-risk"),
    *("compliant", "compliant-unproven", "quarantined", "foreign-pending", "blocked", "offline"),
    "to-update",
)


def marker(fleet: Fleet) -> str:
    """The marker of the next step."""
    return str(next(f.after for f in change_of(fleet.plan()).fields if f.path == "marker"))


def test_c1_the_owner_follows_from_fleet_and_name(fleet: Fleet) -> None:
    """Correction 1: the fleet is metadata.fleet, and it is part of the identity."""
    fleet.add(1)
    fleet.deploy()

    assert marker(fleet).split(":")[1] == hashlib.sha256(b"demo/camera").hexdigest()[:6]


def test_c1_a_foreign_update_is_a_note_unless_it_holds(fleet: Fleet) -> None:
    """Correction 1: under foreignPending: warn it is told, and is no class."""
    fleet.add(1, online=False)
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    hand = {
        "device_filter": {"groups": [], "filters": []},
        "deployment_configuration": {"flow_uuid": drawn},
    }
    fleet.api.control("POST", "connect/deployments", hand)
    fleet.deploy()
    plan = fleet.plan()
    assert classes(plan) == {"offline": 1}
    assert any("somebody else's update waits" in d.summary for d in plan.diagnostics)

    fleet.add(1)
    fleet.deploy(foreignPending="hold")
    assert classes(fleet.plan()) == {"foreign-pending": 1, "to-update": 1}


def test_c2_the_order_of_classes(fleet: Fleet) -> None:
    """Correction 2: the first that fits is told."""
    assert tuple(CLASSES) == ORDER


FITTING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("excluded", {"tags": ["hold"], "trigger": True, "apps": {APP: "2.0"}}, {}),
    ("outranked", {"tags": ["indoor"], "apps": {APP: "2.0"}, "online": False}, {}),
    ("compliant-unproven", {"apps": {APP: "2.0"}, "trigger": True, "online": False}, {}),
    ("foreign-pending", {"trigger": True, "online": False}, {"foreignPending": "hold"}),
    ("blocked", {"trigger": True, "online": False}, {}),
    ("offline", {"online": False}, {}),
    ("to-update", {"apps": {APP: "1.9"}}, {}),
]


@pytest.mark.parametrize(("kind", "values", "spec"), FITTING)
def test_c2_of_several_classes_the_first(
    fleet: Fleet, kind: str, values: dict[str, Any], spec: dict[str, Any]
) -> None:
    """Correction 2: devices that fit several classes."""
    fleet.add(1, **values)
    if kind == "foreign-pending":
        drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
        hand = {
            "device_filter": {"groups": [], "filters": []},
            "deployment_configuration": {"flow_uuid": drawn},
        }
        fleet.api.control("POST", "connect/deployments", hand)
    fleet.add(1)
    indoor = {"filters": [{"type": "tag", "operand": "is", "value": "indoor"}]}
    ours = deployment(select={"exclude": {"tags": ["hold"]}}, **spec)
    rival = deployment("3.0", "indoor", select=indoor, priority=1)
    fleet.declare(flow(), ours, *([rival] if kind == "outranked" else []))

    assert classes(fleet.plan()).get(kind, 0) >= 1


def test_c2_failing_counts_before_being_away(fleet: Fleet) -> None:
    """Correction 2: in-flight, then quarantined, before offline and blocked."""
    (bad,) = fleet.add(1, fails=None)
    fleet.add(1)
    fleet.deploy(onFailure={"maxAttemptsPerDevice": 1})
    fleet.apply()
    fleet.api.change(bad, trigger=True)
    assert "in-flight" in str(fleet.plan().diagnostics)
    fleet.api.change(bad, trigger=False)
    fleet.later(120)
    fleet.api.change(bad, trigger=True, online=False)
    fleet.add(1)

    assert classes(fleet.plan())["quarantined"] == 1


def test_c3_all_members_are_tagged_before_the_first_slice(fleet: Fleet) -> None:
    """Correction 3: the wave's tag on everybody, which freezes it; the slice's on the slice."""
    uuids = fleet.add(4)
    fleet.deploy(maxInFlight=2)
    wave = "rec-" + "-".join(marker(fleet).split(":")[1:3]) + "-w1"
    fleet.apply()
    devices = fleet.connect.world.devices
    whole = {uuid for uuid in uuids if wave in devices[uuid].tags}
    part = {uuid for uuid in uuids if f"{wave}-s1" in devices[uuid].tags}

    assert whole == set(uuids)
    assert len(part) == 2
    assert part == set(fleet.received())


def test_c3_a_frozen_wave_keeps_its_members(fleet: Fleet) -> None:
    """Correction 3: a device whose tag for the canary was taken off is a canary all the same."""
    uuids = fleet.add(4, tags=["canary"])
    wave = {"name": "canary", "tag": "canary", "gate": {"minSuccess": "100%"}}
    fleet.deploy(waves=[wave], maxInFlight=2)
    fleet.add(2)
    fleet.apply()
    for uuid in uuids:
        ours = [tag for tag in fleet.connect.world.devices[uuid].tags if tag != "canary"]
        fleet.api.change(uuid, tags=ours)
    fleet.roll(seconds=60)

    waves = {one["comment"].split(":")[3].partition(".")[0]: 0 for one in fleet.sent()}
    for one in fleet.sent():
        waves[one["comment"].split(":")[3].partition(".")[0]] += len(one["entries"])
    assert waves == {"w1": 4, "w2": 2}


def test_c4_flows_are_named_by_content(fleet: Fleet) -> None:
    """Correction 4: another content is another flow, and so another payload."""
    fleet.add(1)
    fleet.deploy()
    first = marker(fleet)
    fleet.declare(flow(run="setup ${{ inputs.image }}"), deployment())

    assert marker(fleet) != first


def test_c5_expect_is_judged_on_the_population(fleet: Fleet) -> None:
    """Correction 5: devices that match no more because they got it still count."""
    fleet.add(3, apps={APP: "1.0"})
    old = {"type": "app", "operand": "is", "value": APP, "appVersion": "1.0"}
    fleet.deploy("1.1", select={"filters": [old], "expect": {"min": 3}})
    fleet.roll()
    fleet.add(1, apps={APP: "1.0"})

    assert change_of(fleet.plan()).blocked is None
    fleet.deploy("1.1", select={"filters": [old], "expect": {"max": 3}})
    blocked = change_of(fleet.plan()).blocked
    assert blocked is not None
    assert blocked.message.startswith("4 devices match")


def test_c6_a_trigger_is_a_fact_and_no_kind(fleet: Fleet) -> None:
    """Correction 6: devices manage their tags, and nothing else of them can be declared."""
    kinds = {kind.name for kind in builtin()}
    assert "UpdateTrigger" not in kinds
    assert set(builtin()["Device"].fields) - {"extra", "notes"} <= {"tags", "exactTags"}

    (uuid,) = fleet.add(1)
    fleet.declare(manifest("Device", uuid, {"groupName": "Test"}, fleet="demo"))
    found = fleet.desire().diagnostics
    assert {d.rule for d in found} == {"unknown-field"}
