"""Edge cases of the protocol: odd answers, limits, secrets, statuses of success."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.deployments.facts import moment, status_of
from reconciler.errors import InvalidManifests, UnreachableError, UsageError
from reconciler.kinds.connect import _facts
from tests.connect.support import Fleet, change_of, classes, deployment, flow

POST = "/api/v2/demo/deployments"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Success", "success"),
        ("Succeeded", "success"),
        ("SUCCESS", "success"),
        ("In Progress", "in_progress"),
        ("in_progress", "in_progress"),
        ("in progress", "in_progress"),
        ("Queued", "unknown"),
        (None, "unknown"),
        (5, "unknown"),
    ],
)
def test_45_words(word: object, status: str) -> None:
    """Edge case 45: every spelling of the reference, and words that are new."""
    assert status_of(word) == status


@pytest.mark.parametrize(
    "text",
    ["2025-06-09T14:10:44Z", "2025-06-09 14:10:44", "Mon, 09 Jun 2025 14:10:44 GMT"],
)
def test_46_three_formats_of_time(text: str) -> None:
    """Edge case 46: one moment."""
    assert moment(text) == 1_749_478_244.0


@pytest.mark.parametrize("text", ["", None, "soon", 5, " "])
def test_46_no_time(text: object) -> None:
    """Edge case 46: empty, null, and what is none."""
    assert moment(text) is None


@pytest.mark.parametrize("value", [None, "High", {"High": 1}, 5])
def test_48_severities(value: object) -> None:
    """Edge case 48: null, a word, an object: of no interest."""
    raw = {"deployment_uuid": "dp-1", "cve_severity": value, "comment": ""}

    assert _facts.run(raw).uuid == "dp-1"


@pytest.mark.parametrize("severity", ["beside", "nested"])
def test_48_severities_of_the_server(fleet: Fleet, severity: str) -> None:
    """Edge case 48: a rollout goes on with either."""
    fleet.api.settings(cve_severity=severity)
    fleet.add(1)
    fleet.deploy()
    fleet.roll()
    assert fleet.versions() == {"2.0": 1}


def test_50_a_flow_by_uuid(fleet: Fleet) -> None:
    """Edge case 50: one drawn in the web UI works by uuid, and by name it is refused."""
    drawn = fleet.api.control("POST", "connect/flows", {"name": "by hand", "inputs": ["image"]})
    fleet.add(1)
    made = deployment(desired={"flow": {"uuid": drawn["uuid"]}})
    fleet.declare(made)
    fleet.roll()
    assert fleet.versions() == {"2.0": 1}

    fleet.declare(deployment(desired={"flow": {"name": "by hand"}}))
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()
    (told,) = caught.value.diagnostics
    assert "no manifest declares the UpdateFlow 'by hand'" in told.summary


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "the flow needs image"),
        ({"image": "x", "colour": "red"}, "it has no colour"),
        ({"imgae": "x"}, "the flow needs image; it has no imgae"),
    ],
)
def test_parameters_are_those_of_the_flow(
    fleet: Fleet, parameters: dict[str, str], told: str
) -> None:
    """A missing input is refused in the plan, before anything is sent."""
    fleet.add(1)
    fleet.deploy(desired={"parameters": parameters})
    found = change_of(fleet.plan()).blocked

    assert found is not None
    assert found.code == "unresolved"
    assert told in found.message


def test_a_number_as_parameter(fleet: Fleet) -> None:
    """A version is a text: the hint says to quote it."""
    fleet.deploy(desired={"parameters": {"image": 2.10}})
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()

    assert all("quote" in d.hint for d in caught.value.diagnostics)


@pytest.mark.parametrize("status", [200, 201])
def test_51_both_mean_created(fleet: Fleet, status: int) -> None:
    """Edge case 51: 200 and 201."""
    fleet.api.settings(created_status=status)
    fleet.add(2)
    fleet.deploy()
    fleet.roll()

    assert set(fleet.received().values()) == {1}


def test_51_aborting_what_is_over(fleet: Fleet) -> None:
    """Edge case 51: no error, whatever the server answers."""
    fleet.api.settings(abort_over="refuse")
    (silent,) = fleet.add(1, online=False)
    fleet.add(1)
    fleet.deploy("1.0")
    fleet.apply()
    fleet.later(60)

    def back(_: int, method: str, path: str) -> None:
        if path.endswith("/abort"):
            fleet.api.change(silent, online=True)
            fleet.later(60)

    fleet.deploy("2.0")
    fleet.transport.before = back
    done = fleet.apply()
    fleet.transport.before = None

    assert done.results()["Deployment/demo/camera"] == "done"
    fleet.later(300)
    fleet.roll()
    assert fleet.versions() == {"2.0": 2}


@pytest.mark.parametrize("after", ["seconds", "date", "absent"])
def test_52_too_many_requests(fleet: Fleet, after: str) -> None:
    """Edge case 52: on reads and on the POST itself, with the header in either form or without."""
    fleet.add(3)
    fleet.declare(flow())
    fleet.apply()
    fleet.api.settings(retry_after=after)
    fleet.fault("status", method="POST", path=POST, status=429, times=1)
    fleet.fault("status", method="GET", path=POST, status=429, times=1)
    fleet.deploy()
    fleet.apply()

    assert len(fleet.posts()) == 2
    assert len(fleet.sent()) == 1


def test_53_secrets_stay_secret(fleet: Fleet) -> None:
    """Edge case 53: never in comment, plan, inventory or payload; the server gets it."""
    secret = "correct-horse-battery"
    fleet.environment["CAMERA_KEY"] = secret
    fleet.add(1)
    steps = [{"name": "install", "run": "install ${{ inputs.image }} ${{ inputs.key }}"}]
    both = {**flow()["spec"], "steps": steps, "inputs": ["image", "key"]}
    first = {**flow(), "spec": both}
    key = {"name": "key", "value": {"env": "CAMERA_KEY"}}
    fleet.declare(first, deployment(secretParameters=[key]))
    plan = fleet.plan()
    change = change_of(plan)
    assert secret not in json.dumps([c.as_json() for c in plan.changes])
    assert {f.reference for f in change.fields if f.secret} == {"env:CAMERA_KEY"}

    fleet.apply()
    (sent,) = fleet.sent()
    assert sent["parameters"] == {"image": "fw-2.0", "key": secret}
    assert secret not in sent["comment"]
    for file in fleet.root.rglob("*"):
        assert not file.is_file() or secret not in file.read_text(encoding="utf-8")
    payload = change.evidence["payload"]
    fleet.environment["CAMERA_KEY"] = "another"
    assert fleet.plan().is_empty
    assert payload in sent["comment"]


def test_53_a_secret_without_value_stops_before_the_first_write(fleet: Fleet) -> None:
    """The plan is made without it, the apply is not."""
    fleet.add(1)
    steps = [{"name": "install", "run": "install ${{ inputs.image }} ${{ inputs.key }}"}]
    first = {**flow(), "spec": {"steps": steps, "inputs": ["image", "key"]}}
    key = {"name": "key", "value": {"env": "CAMERA_KEY"}}
    fleet.declare(first, deployment(secretParameters=[key]))
    assert fleet.plan().pending
    with pytest.raises((UsageError, InvalidManifests)):
        fleet.apply()
    assert fleet.writes() == []


def test_54_an_unknown_fleet(fleet: Fleet) -> None:
    """Edge case 54: the message says key, not name."""
    made = deployment()
    made["metadata"]["fleet"] = "other"
    first = flow()
    first["metadata"]["fleet"] = "other"
    fleet.declare(first, made)
    plan = fleet.plan()

    assert plan.partial
    assert not plan.pending
    hints = {d.hint for d in plan.diagnostics if d.rule == "unreadable"}
    assert len(hints) == 1
    assert hints.pop().startswith("is 'other' the key of the fleet, and not its name?")


@pytest.mark.parametrize(
    "path", ["", "/", "/api", "/api/v2", "/api/v2/demo", "/api/v2/demo/devices/"]
)
def test_the_path_of_the_api_may_be_pasted_along(fleet: Fleet, path: str) -> None:
    """What the reference shows before each request is dropped."""
    fleet.workspace(
        connect={"url": f"{fleet.connect.url}{path}", "token": {"env": "CONNECT_TOKEN"}}
    )
    fleet.add(1)
    fleet.deploy()

    assert classes(fleet.plan()) == {"to-update": 1}


@pytest.mark.parametrize("path", ["/v1", "/v2", "/v1/deploy_update", "/v2/deploy_update"])
def test_older_apis_are_refused_with_the_reason(fleet: Fleet, path: str) -> None:
    """They answer a deployment without an identifier; nothing is asked of them."""
    fleet.workspace(
        connect={"url": f"{fleet.connect.url}{path}", "token": {"env": "CONNECT_TOKEN"}}
    )
    fleet.add(1)
    fleet.deploy()
    with pytest.raises(UsageError, match="without an identifier"):
        fleet.plan()
    assert fleet.requests() == []


RIGHTS: list[tuple[str, str]] = [
    ("PATCH", "/api/v2/demo/devices/*"),
    ("POST", POST),
]


@pytest.mark.parametrize(("method", "path"), RIGHTS)
def test_a_token_with_too_few_rights(fleet: Fleet, method: str, path: str) -> None:
    """403 stops at once; nothing is sent twice."""
    fleet.add(2)
    fleet.declare(flow())
    fleet.apply()
    fleet.fault("status", method=method, path=path, status=403, times=50)
    fleet.deploy()
    done = fleet.apply()

    assert done.results()["Deployment/demo/camera"] == "failed"
    assert fleet.sent() == []
    assert "403" in done.outcome("Deployment/demo/camera").reason


def test_a_record_that_cannot_be_read(fleet: Fleet) -> None:
    """The device is left alone and told; the others go on."""
    first, second = fleet.add(2)
    fleet.fault("status", path=f"/api/v2/demo/devices/{first}", status=403, times=500)
    fleet.deploy()
    plan = fleet.plan()

    assert "deployment-unknown" in {d.rule for d in plan.diagnostics}
    fleet.apply()
    assert set(fleet.received()) == {second}


def test_live_targeting_sends_the_filter(fleet: Fleet) -> None:
    """No tags; devices that are not to get it are left out one by one."""
    fleet.add(2, tags=["indoor"])
    fleet.add(1, tags=["indoor"], trigger=True)
    fleet.add(1)
    fleet.deploy(
        targeting="live",
        select={"filters": [{"type": "tag", "operand": "is", "value": "indoor"}]},
    )
    fleet.roll()
    (sent,) = fleet.sent()

    assert fleet.tags() == set()
    assert [f["type"] for f in sent["filter"]["filters"]] == ["tag", "specific_device"]
    assert len(sent["entries"]) == 2


@pytest.mark.parametrize(
    "spec",
    [
        {"targeting": "live", "maxInFlight": 5},
        {"mode": "once", "waves": [{"name": "a", "take": {"count": 1}}]},
        {"waves": [{"name": "a"}]},
        {"waves": [{"name": "rest", "take": {"count": 1}}]},
        {"waves": [{"name": "a", "take": {"count": 1, "percent": 5}}]},
        {"approvals": [{"wave": "a", "payload": "0" * 12, "by": "x"}]},
        {"desired": {"flow": {"name": "camera-fw", "uuid": "f-1"}}},
        {"select": {"expect": {"min": 5, "max": 4}}},
        {"select": {"groups": ["A", "A"]}},
    ],
    ids=str,
)
def test_what_does_not_go_together(fleet: Fleet, spec: dict[str, Any]) -> None:
    """It is told offline, before anything is asked."""
    fleet.deploy(**spec)
    with pytest.raises(InvalidManifests):
        fleet.plan()
    assert fleet.requests() == []


def test_a_stopped_server_is_an_outage(fleet: Fleet) -> None:
    """Connect does not answer: nothing is concluded."""
    fleet.add(1)
    fleet.deploy()
    fleet.fault("status", path="/api/v2/*", status=503, times=10_000)

    with pytest.raises(UnreachableError):
        fleet.plan()
