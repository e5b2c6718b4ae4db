"""Edge cases of crashes and lost answers: no device gets the same payload twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.connect import _paging
from tests.connect.support import Fleet, Killed, change_of, flow, standing
from tests.sandbox.connect.support import DEPLOYMENTS, ConnectApi

POST = "/api/v2/demo/deployments"
CANARY = {"name": "canary", "take": {"count": 2}, "gate": {"minSuccess": "50%"}}


def ready(fleet: Fleet, count: int = 4, **spec: Any) -> list[str]:
    """Devices, and the flow that is there already."""
    uuids = fleet.add(count)
    fleet.declare(flow())
    fleet.apply()
    fleet.forget_requests()
    fleet.deploy(**spec)
    return uuids


def once(fleet: Fleet) -> bool:
    """Whether every device got exactly one deployment."""
    received = fleet.received()
    return set(received) == fleet.uuids() and set(received.values()) == {1}


def test_15_twice_in_a_row_writes_once(fleet: Fleet) -> None:
    """Edge case 15: while it waits, while it runs, and after success."""
    ready(fleet)
    fleet.apply()
    for seconds in (0, 4, 8, 60):
        fleet.later(seconds)
        fleet.forget_requests()
        fleet.apply(only=("kind=UpdateFlow",))
        before = len(fleet.sent())
        fleet.apply()
        assert len(fleet.sent()) == before == 1
    fleet.roll()
    fleet.forget_requests()
    fleet.apply()
    assert fleet.writes() == []
    assert once(fleet)


def test_17_an_answer_that_gets_lost(fleet: Fleet) -> None:
    """Edge case 17: the deployment shows half a minute later, and is adopted."""
    fleet.api.settings(list_delay=30)
    ready(fleet)
    fleet.fault("reset-after", method="POST", path=POST, times=1)
    done = fleet.apply()

    assert done.results()["Deployment/demo/camera"] == "done"
    assert len(fleet.posts()) == 1
    fleet.roll()
    assert once(fleet)


def test_18_a_gateway_that_sent_nothing_on(fleet: Fleet) -> None:
    """Edge case 18: after the settle time, exactly one new POST."""
    ready(fleet)
    fleet.fault("status", method="POST", path=POST, status=502, times=1)
    done = fleet.apply()

    assert done.results()["Deployment/demo/camera"] == "done"
    assert len(fleet.posts()) == 2
    assert fleet.time.seconds >= 60
    assert len(fleet.sent()) == 1


def test_18_a_gateway_that_lies(fleet: Fleet) -> None:
    """502 although it was created: adopted, not repeated."""
    ready(fleet)
    fleet.fault("reset-after", method="POST", path=POST, times=1)
    fleet.apply()

    assert len(fleet.sent()) == len(fleet.posts()) == 1


def test_19_two_that_race(fleet: Fleet) -> None:
    """Edge case 19: of two deployments with one marker the older one stays, for every run."""
    ready(fleet)
    fleet.apply()
    (first,) = fleet.sent()
    again = {
        "device_filter": first["filter"],
        "deployment_configuration": {
            "flow_uuid": first["flow"],
            "comment": first["comment"],
            "app": first["app"],
            "parameters_mapping": first["parameters"],
        },
    }
    fleet.api.change(*fleet.uuids(), online=False)
    fleet.later(2)
    made = fleet.api.send("POST", POST, again)
    assert made.status == 201
    second = made.json()["deployment_uuid"]
    plan = fleet.plan()
    assert change_of(plan).evidence["status"] == "Degraded"
    assert "deployment-degraded" in {d.rule for d in plan.diagnostics}

    fleet.apply()
    found = {one["uuid"]: {e["status"] for e in one["entries"].values()} for one in fleet.sent()}
    assert found == {first["uuid"]: {"pending"}, second: {"aborted"}}
    fleet.api.change(*fleet.api.uuids(), online=True)
    fleet.later(120)
    fleet.roll()
    assert fleet.versions() == {"2.0": 4}


def test_20_a_list_that_fails_on_a_later_page(fleet: Fleet) -> None:
    """Edge case 20: an incomplete list means no POST at all."""
    ready(fleet)
    number = iter(range(10_000))

    def fail_the_second(_: int, method: str, path: str) -> None:
        if method == "GET" and path == POST and next(number) >= 1:
            fleet.fault("status", method="GET", path=POST, status=500, times=1)

    fleet.transport.before = fail_the_second
    done = fleet.apply()
    fleet.transport.before = None

    assert done.results()["Deployment/demo/camera"] == "failed"
    assert fleet.posts() == []


def others(fleet: Fleet, count: int) -> None:
    """So many deployments of the same person, from the web UI, to nobody."""
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    nobody = [{"type": "tag", "operand": "is", "value": "nobody"}]
    sent = {
        "user": "owner",
        "device_filter": {"groups": [], "filters": nobody},
        "deployment_configuration": {"flow_uuid": drawn},
    }
    for _ in range(count):
        fleet.api.control("POST", "connect/deployments", sent)


def test_20_the_third_page(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edge case 20: two pages came, the third did not: no POST."""
    monkeypatch.setattr(_paging, "LIMIT", 2)
    ready(fleet)
    others(fleet, 6)
    fleet.apply(only=("kind=UpdateFlow",))
    pages = iter(range(1, 10_000))
    look_again = 5  # the plan reads four pages, and the apply reads them again

    def fail(_: int, method: str, path: str) -> None:
        if method == "GET" and path == POST and next(pages) == look_again + 2:
            fleet.fault("status", method="GET", path=POST, status=404, times=1)

    fleet.transport.before = fail
    done = fleet.apply()
    fleet.transport.before = None

    assert done.results()["Deployment/demo/camera"] == "failed"
    assert fleet.posts() == []
    fleet.roll()
    assert once(fleet)


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
@pytest.mark.parametrize("cursor", ["item", "offset"])
def test_21_others_deploy_between_two_pages(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, order: str, cursor: str
) -> None:
    """Edge case 21: entries shift while the list is read; no marker is missed, nothing is sent
    twice, and a list that lacks some is read again or ends the run."""
    monkeypatch.setattr(_paging, "LIMIT", 2)
    fleet.api.settings(list_order=order, cursor=cursor)
    ready(fleet, waves=[CANARY])
    others(fleet, 4)
    pages = iter(range(10_000))

    def shift(_: int, method: str, path: str) -> None:
        if method == "GET" and path == POST and next(pages) in (1, 9, 14, 17, 19, 26):
            others(fleet, 1)

    fleet.transport.before = shift
    for _ in range(12):
        fleet.apply()
        fleet.later(60)
    fleet.transport.before = None

    assert next(pages) > 26
    assert once(fleet)
    markers = [one["comment"] for one in fleet.sent() if one["comment"]]
    assert len(markers) == len(set(markers)) == 2


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
@pytest.mark.parametrize("cursor", ["item", "offset"])
@pytest.mark.parametrize("end", ["null", "empty", "absent", "repeat"])
def test_21_47_lists_in_any_order(fleet: Fleet, order: str, cursor: str, end: str) -> None:
    """Edge cases 21 and 47: no marker is missed, whatever the order, the cursor and the end."""
    fleet.api.settings(list_order=order, cursor=cursor, last_page=end)
    ready(fleet)
    fleet.roll()

    assert once(fleet)


@pytest.mark.parametrize("shape", ["devices", "data", "list"])
def test_47_shapes_of_the_device_list(fleet: Fleet, shape: str) -> None:
    """Edge case 47: wrapped in one way or the other, or not at all."""
    fleet.api.settings(device_list=shape)
    ready(fleet)
    fleet.roll()

    assert once(fleet)


def test_47_a_bare_device(fleet: Fleet) -> None:
    """Edge case 47: the sample of the reference, one device with nothing around it."""
    fleet.api.settings(device_list="sample")
    ready(fleet, 1)
    fleet.roll()

    assert once(fleet)


def test_22_a_comment_that_is_cut(fleet: Fleet) -> None:
    """Edge case 22: the run stops, says why, and sends nothing more."""
    fleet.api.settings(comment_limit=30)
    ready(fleet)
    fleet.api.change(*fleet.api.uuids(), online=False)
    done = fleet.apply()
    outcome = done.outcome("Deployment/demo/camera")
    assert outcome.result == "failed"
    assert "could never be found again" in outcome.reason

    again = fleet.apply()
    blocked = change_of(again.plan).blocked
    assert blocked is not None
    assert blocked.code == "degraded"
    assert len(fleet.sent()) == 1


def test_23_a_marker_somebody_typed(fleet: Fleet) -> None:
    """Edge case 23: its devices have no reserved tag, so they are not ours: aborted, told."""
    uuids = ready(fleet)
    fleet.api.change(*uuids, online=False)
    marker = next(f.after for f in change_of(fleet.plan()).fields if f.path == "marker")
    wanted = {"groups": [], "filters": [{"type": "tag", "operand": "is_not", "value": "x"}]}
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    by_hand = {"flow_uuid": drawn, "comment": f"mine {marker}"}
    body = {"device_filter": wanted, "deployment_configuration": by_hand}
    fleet.api.send("POST", POST, body)
    fleet.apply()

    (forged,) = fleet.sent()
    assert {e["status"] for e in forged["entries"].values()} == {"aborted"}


def test_24_another_identity_s_deployments(fleet: Fleet) -> None:
    """Edge case 24: invisible in the list, found in the devices' own records."""
    ready(fleet)
    fleet.api.change(*fleet.api.uuids(), online=False)
    fleet.apply()
    fleet.environment["CONNECT_TOKEN"] = fleet.connect.tokens["other"]
    assert ConnectApi(fleet.sandbox, "other").get(DEPLOYMENTS)["deployments"] == []
    plan = fleet.plan()

    assert plan.is_empty
    assert "4 in-flight" in standing(plan)
    assert len(fleet.apply().plan.pending) == 0
    assert len(fleet.sent()) == 1


def test_25_pushed_out_of_the_visible_history(fleet: Fleet) -> None:
    """Edge case 25: still compliant by its label, and shown as unproven."""
    (uuid,) = ready(fleet, 1)
    fleet.roll()
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    only = [{"type": "specific_device", "operand": "is", "value": uuid}]
    for _ in range(6):
        fleet.api.control(
            "POST",
            "connect/deployments",
            {
                "device_filter": {"groups": [], "filters": only},
                "deployment_configuration": {"flow_uuid": drawn, "comment": "else"},
            },
        )
        fleet.later(60)
    plan = fleet.plan()

    assert plan.is_empty
    assert "1 compliant-unproven" in standing(plan)


def test_26_no_memory_is_needed(fleet: Fleet) -> None:
    """Edge case 26: whatever becomes of our own files between two runs."""
    ready(fleet, waves=[CANARY])
    fleet.apply()
    shutil.rmtree(fleet.root / ".reconciler")
    fleet.roll()

    assert once(fleet)


@pytest.mark.parametrize("prefix", [True, False])
def test_27_keys_with_and_without_prefix(fleet: Fleet, prefix: bool) -> None:
    """Edge case 27: deployments name devices with or without their d-."""
    fleet.api.settings(uuid_prefix=prefix)
    ready(fleet)
    fleet.roll()

    assert once(fleet)


# --- killed anywhere -------------------------------------------------------------------------


def test_16_killed_at_every_request(fleet: Fleet, tmp_path: Path) -> None:
    """Edge case 16: whatever a dead process left behind, the next runs end the same."""
    whole = Fleet(tmp_path / "whole")
    _rollout(whole)
    for number in range(len(whole.transport.bodies)):
        for landed in (False, True):
            one = Fleet(tmp_path / f"{number}-{landed}")
            one.kill(number, landed=landed)
            _rollout(one)
            assert set(one.received().values()) == {1}, (number, landed)
            assert one.versions() == {"2.0": 5}, (number, landed)
            assert one.tags() == set(), (number, landed)
            markers = [sent["comment"] for sent in one.sent()]
            assert len(markers) == len(set(markers)), (number, landed)


def _rollout(fleet: Fleet) -> None:
    """A rollout in two waves whose process may die once, and goes on later."""
    fleet.add(5)
    fleet.deploy(waves=[CANARY])
    for _ in range(20):
        try:
            done = fleet.apply()
        except Killed:
            fleet.revive()
            continue
        if not done.plan.pending and not fleet.is_moving(done.plan):
            return
        fleet.later(60)
    raise AssertionError("it never ends")
