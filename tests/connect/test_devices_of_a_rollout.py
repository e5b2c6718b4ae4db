"""Edge cases of single devices: blocked, silent, moved, labelled by hand, wanted by two."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import StalePlanError
from reconciler.model import Plan
from tests.connect.support import APP, Fleet, change_of, classes, deployment, flow, standing


def blocked(plan: Plan, address: str = "Deployment/demo/camera") -> tuple[str, str]:
    """Why a deployment is blocked: code and message."""
    found = change_of(plan, address).blocked
    assert found is not None
    return found.code, found.message


def entries(fleet: Fleet, number: int = 0) -> dict[str, str]:
    """The statuses of a deployment by device, the oldest deployment first."""
    sent = sorted(fleet.sent(), key=lambda one: one["number"])[number]
    return {uuid: entry["status"] for uuid, entry in sent["entries"].items()}


def test_37_a_trigger_defers(fleet: Fleet) -> None:
    """Edge case 37: deferred, not failed; picked up when it is cleared."""
    fleet.add(2)
    (busy,) = fleet.add(1, trigger=True)
    fleet.deploy()
    assert classes(fleet.plan()) == {"blocked": 1, "to-update": 2}
    done = fleet.roll()
    assert "ConvergedWithDebt" in standing(done[-1].plan)
    assert busy not in fleet.received()

    fleet.api.change(busy, trigger=False)
    fleet.roll()
    assert fleet.versions() == {"2.0": 3}


def test_38_silent_for_a_year(fleet: Fleet) -> None:
    """Edge case 38: stale updates of ours are aborted before the new one, others are told."""
    (silent,) = fleet.add(1, online=False)
    for version in ("1.0", "1.1", "1.2"):
        fleet.deploy(version, supersede="leave")
        fleet.apply()
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    wanted = {"groups": [], "filters": []}
    hand = {"device_filter": wanted, "deployment_configuration": {"flow_uuid": drawn}}
    fleet.api.control("POST", "connect/deployments", hand)
    fleet.later(365 * 86_400)
    fleet.deploy("2.0")
    plan = fleet.plan()
    (told,) = (d for d in plan.diagnostics if "somebody else's update" in d.summary)
    assert told.rule == "deployment-note"
    assert "silent for 365 days" in str(change_of(plan).evidence["devices"])

    fleet.apply()
    statuses = [entries(fleet, number)[silent] for number in range(5)]
    assert statuses == ["aborted", "aborted", "aborted", "pending", "pending"]
    fleet.api.change(silent, online=True)
    fleet.later(600)
    fleet.roll()
    assert fleet.versions() == {"2.0": 1}


def test_38_foreign_updates_may_hold_a_device(fleet: Fleet) -> None:
    """With foreignPending: hold it is left alone."""
    (silent,) = fleet.add(1, online=False)
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    hand = {
        "device_filter": {"groups": [], "filters": []},
        "deployment_configuration": {"flow_uuid": drawn},
    }
    fleet.api.control("POST", "connect/deployments", hand)
    fleet.add(1)
    fleet.deploy(foreignPending="hold")

    assert classes(fleet.plan()) == {"foreign-pending": 1, "to-update": 1}
    fleet.roll()
    assert silent not in {u for one in fleet.sent() if one["app"] for u in one["entries"]}


def test_39_a_device_that_moves_between_plan_and_apply(fleet: Fleet) -> None:
    """Edge case 39: the plan is stale; nothing is sent."""
    uuids = fleet.add(3)
    fleet.declare(flow())
    fleet.apply()
    fleet.deploy()
    with pytest.raises(StalePlanError, match="another step comes next"):
        fleet.apply(between=lambda: fleet.api.change(uuids[0], group="Test"))
    assert fleet.sent() == []


def test_39_a_device_that_moves_right_before_the_post(fleet: Fleet) -> None:
    """It does not get it, and the summary says so."""
    uuids = fleet.add(3)
    fleet.deploy()

    def move(_: int, method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/v2/demo/deployments"):
            fleet.api.change(uuids[0], group="Test", tags=[])

    fleet.transport.before = move
    done = fleet.apply()
    fleet.transport.before = None

    assert uuids[0] in done.outcome("Deployment/demo/camera").reason
    assert uuids[0] not in fleet.received()


def test_39_the_server_takes_the_filter_for_another(fleet: Fleet) -> None:
    """Devices that were not planned are aborted at once, and the run is degraded."""
    uuids = fleet.add(3, online=False)
    (extra,) = fleet.add(1, online=False)
    fleet.deploy(select={"devices": uuids})

    def tag(_: int, method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/v2/demo/deployments"):
            (mine,) = {t for t in fleet.tags() if t.endswith("-s1")}
            fleet.api.change(extra, tags=[mine])

    fleet.transport.before = tag
    done = fleet.apply()
    fleet.transport.before = None

    outcome = done.outcome("Deployment/demo/camera")
    assert outcome.result == "failed"
    assert extra in outcome.reason
    assert entries(fleet)[extra] == "aborted"


def test_40_a_label_set_by_hand(fleet: Fleet) -> None:
    """Edge case 40: unproven, not redeployed; redeploy can force it."""
    fleet.add(2, apps={APP: "2.0"})
    fleet.deploy()
    plan = fleet.plan()
    assert "2 compliant-unproven" in standing(plan)
    fleet.apply()
    assert fleet.sent() == []

    fleet.deploy(redeploy={"sameVersionNewPayload": "always"})
    fleet.roll()
    assert set(fleet.received().values()) == {1}


def test_40_who_brought_the_version_is_told(fleet: Fleet) -> None:
    """Edge case 40: an update of somebody else, by its comment and time."""
    (uuid,) = fleet.add(1)
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    sent = {
        "flow_uuid": drawn,
        "comment": "hotfix\nby the night shift",
        "app": {"name": APP, "version": "2.0"},
    }
    wanted = {
        "groups": [],
        "filters": [{"type": "specific_device", "operand": "is", "value": uuid}],
    }
    body = {"device_filter": wanted, "deployment_configuration": sent}
    fleet.api.control("POST", "connect/deployments", body)
    fleet.later(60)
    fleet.deploy()
    fleet.add(1)
    shown: Any = change_of(fleet.plan()).evidence["devices"]
    (told,) = (one for one in shown if one["uuid"] == uuid)

    assert told["status"] == "compliant-unproven"
    said = "brought by others: 'hotfix by the night shift' of 2026-01-01 00:00:00"
    assert told["reason"] == said


def test_41_other_parameters_same_version(fleet: Fleet) -> None:
    """Edge case 41: refused with both payloads; ask wants an approval, always goes on."""
    fleet.add(2)
    fleet.deploy()
    first = str(change_of(fleet.plan()).evidence["payload"])
    fleet.roll()
    other = {"parameters": {"image": "fw-2.0-hotfix"}}
    fleet.deploy(desired=other)
    code, message = blocked(fleet.plan())
    assert code == "same-version"
    second = str(change_of(fleet.plan()).evidence["payload"])
    assert first in message
    assert second in message
    assert first != second

    fleet.deploy(desired=other, redeploy={"sameVersionNewPayload": "ask"})
    assert blocked(fleet.plan())[0] == "same-version"
    approval = {"wave": "redeploy", "payload": second, "by": "4711"}
    fleet.deploy(desired=other, redeploy={"sameVersionNewPayload": "ask"}, approvals=[approval])
    fleet.roll()
    assert set(fleet.received().values()) == {2}
    assert fleet.plan().is_empty


def test_42_two_manifests_want_two_versions(fleet: Fleet) -> None:
    """Edge case 42: the error names both and the devices; a priority decides."""
    both = fleet.add(2, tags=["indoor"])
    fleet.add(2)
    indoor = {"filters": [{"type": "tag", "operand": "is", "value": "indoor"}]}
    first = deployment("2.0")
    second = deployment("3.0", "indoor", select=indoor)
    fleet.declare(flow(), first, second)
    code, message = blocked(fleet.plan())
    assert code == "conflict"
    assert "Deployment/demo/indoor (manifests/all.yaml:" in message
    assert all(uuid in message for uuid in both)
    assert blocked(fleet.plan(), "Deployment/demo/indoor")[0] == "conflict"

    second["spec"]["priority"] = 1
    fleet.declare(flow(), first, second)
    assert classes(fleet.plan()) == {"outranked": 2, "to-update": 2}
    fleet.roll()
    assert fleet.versions() == {"2.0": 2, "3.0": 2}


def test_43_two_apps_on_the_same_devices(fleet: Fleet) -> None:
    """Edge case 43: allowed; our own other manifest is nobody else."""
    fleet.api.control("POST", "connect/fleets", {"key": "demo", "apps": ["other"]})
    fleet.add(2, online=False)
    desired = {"app": {"name": "other", "version": "7"}}
    fleet.declare(flow(), deployment(), deployment("2.0", "other", desired=desired))
    fleet.apply()
    fleet.later(60)
    plan = fleet.plan()

    assert len(fleet.sent()) == 2
    assert plan.is_empty
    assert not [d for d in plan.diagnostics if "somebody else" in d.summary]


def test_44_a_failed_device_keeps_its_label(fleet: Fleet) -> None:
    """Edge case 44: its state is uncertain, and it is not shown as healthy."""
    (bad,) = fleet.add(1, apps={APP: "1.0"}, fails=None)
    fleet.add(1)
    fleet.deploy(onFailure={"maxAttemptsPerDevice": 1})
    fleet.roll()
    fleet.add(1)
    shown = change_of(fleet.plan()).evidence["devices"]
    assert isinstance(shown, list)
    (told,) = (one for one in shown if one["uuid"] == bad)

    assert told["status"] == "quarantined"
    assert "label 1.0, state uncertain" in told["reason"]


@pytest.mark.parametrize("words", ["words", "succeeded", "canonical"])
def test_45_statuses_in_any_spelling(fleet: Fleet, words: str) -> None:
    """Edge case 45: Success, Succeeded, success: one meaning."""
    fleet.api.settings(status_words=words)
    fleet.add(3)
    fleet.deploy()
    fleet.roll()

    assert fleet.versions() == {"2.0": 3}
    assert set(fleet.received().values()) == {1}


def test_45_a_word_nobody_knows(fleet: Fleet) -> None:
    """Edge case 45: it blocks the decision about the device, and is told."""
    fleet.api.settings(status_words="queued")
    fleet.add(2, online=False)
    fleet.deploy()
    fleet.apply()
    plan = fleet.plan()

    assert plan.is_empty
    assert "2 unknown" in standing(plan)
    assert "deployment-unknown" in {d.rule for d in plan.diagnostics}
    assert len(fleet.sent()) == 1


def test_drift_of_a_label(fleet: Fleet) -> None:
    """Somebody set it back: the device gets it again, as an attempt of its own."""
    uuids = fleet.add(2)
    fleet.deploy()
    fleet.roll()
    fleet.later(600)
    fleet.api.change(uuids[0], apps={APP: "1.9"})
    change = change_of(fleet.plan())
    shown: Any = change.evidence["devices"]

    assert next(f.after for f in change.fields if f.path == "devices") == [uuids[0]]
    (told,) = (one for one in shown if one["uuid"] == uuids[0])
    assert told["reason"].startswith("was 2.0 by dp-")
    assert told["reason"].endswith("now 1.9")
    fleet.roll()
    assert fleet.versions() == {"2.0": 2}


def test_exclusions_by_name_and_by_tag(fleet: Fleet) -> None:
    """They are left out, and shown with the reason."""
    first, second, third = fleet.add(3)
    fleet.api.change(second, tags=["hold"])
    fleet.deploy(select={"exclude": {"devices": [first, "d-0000-0000"], "tags": ["hold"]}})
    plan = fleet.plan()
    assert classes(plan) == {"excluded": 2, "to-update": 1}
    assert any("d-0000-0000" in d.summary for d in plan.diagnostics)
    fleet.roll()

    assert set(fleet.received()) == {third}


def test_an_aborted_rollout_stays_halted(fleet: Fleet) -> None:
    """Somebody stopped it: nothing starts it again but a new nonce."""
    fleet.add(2, online=False)
    fleet.deploy()
    fleet.apply()
    (sent,) = fleet.sent()
    fleet.api.send("POST", f"/api/v2/demo/deployments/{sent['uuid']}/abort")
    assert blocked(fleet.plan())[0] == "halted"
    fleet.apply()
    assert len(fleet.sent()) == 1

    fleet.deploy(redeploy={"nonce": "2"})
    fleet.api.change(*fleet.uuids(), online=True)
    fleet.roll()
    assert fleet.versions() == {"2.0": 2}
