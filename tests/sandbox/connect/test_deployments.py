"""Deployments in v2: started, listed, read back as far as they can be."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import ConnectionReset
from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, ConnectApi, only, tagged

APP = {"name": "default_app", "version": "2.0"}


def test_what_can_be_read_back(api: ConnectApi) -> None:
    """Comment, times and counters; neither flow nor app nor filter, and no status."""
    uuid = api.deployed(tagged("canary"), comment="camera 2", app=APP)

    record = {
        "comment": "camera 2",
        "created_time": "2026-01-01 00:00:00",
        "cve_severity": None,
        "Critical": 0,
        "High": 0,
        "Low": 0,
        "Medium": 0,
        "deployment_uuid": uuid,
        "type": "api-deployment",
    }
    assert api.get(f"{DEPLOYMENTS}/{uuid}") == record
    listed = api.get(DEPLOYMENTS)
    assert listed == {"deployments": [record], "pagination_info": {"after": None, "total": 1}}
    api.settings(cve_severity="nested")
    nested = api.get(f"{DEPLOYMENTS}/{uuid}")
    assert nested["cve_severity"] == {"Critical": 0, "High": 0, "Low": 0, "Medium": 0}


def test_every_request_makes_another_one(api: ConnectApi) -> None:
    """There is no key that would make the second one the same."""
    flow = api.flow()
    first, second = (api.deployed(tagged("canary"), flow_uuid=flow, comment="x") for _ in "ab")

    assert first != second
    assert api.get(DEPLOYMENTS)["pagination_info"]["total"] == 2


def test_a_server_may_say_200(api: ConnectApi) -> None:
    """For what it created, though the reference says 201."""
    flow = api.flow()
    api.settings(created_status=200)
    assert api.deploy(tagged("canary"), flow_uuid=flow).status == 200


def test_a_lost_answer_leaves_a_deployment(api: ConnectApi) -> None:
    """The connection dies after the write: only the list tells."""
    flow = api.flow()
    fault = {"match": {"method": "POST", "platform": "connect"}, "action": "reset-after"}
    api.control("POST", "faults", fault)
    with pytest.raises(ConnectionReset, match="after the write"):
        api.deploy(tagged("canary"), flow_uuid=flow, comment="lost")

    assert [one["comment"] for one in api.get(DEPLOYMENTS)["deployments"]] == ["lost"]


def test_faults_speak_like_connect(api: ConnectApi) -> None:
    """An injected refusal has the shape of the API it hits."""
    for path, body in ((DEVICES, {"error": "slow down"}), ("/v1/deploy_update", {})):
        fault = {
            "match": {"path": path},
            "action": "status",
            "status": 429,
            "message": "slow down",
            "headers": {"Retry-After": "7"},
        }
        api.control("POST", "faults", fault)
        answer = api.send("GET" if path == DEVICES else "POST", path)
        assert (answer.status, answer.json()) == (429, body)
        assert answer.headers["Retry-After"] == "7"


def test_the_list_is_the_callers_own(api: ConnectApi) -> None:
    """Another person sees nothing in the list, but can read what they know the uuid of."""
    uuid = api.deployed(tagged("canary"))
    other = ConnectApi(api.sandbox, "other")

    assert other.get(DEPLOYMENTS)["deployments"] == []
    assert other.get(f"{DEPLOYMENTS}/{uuid}")["deployment_uuid"] == uuid
    api.settings(per_user=False)
    assert len(other.get(DEPLOYMENTS)["deployments"]) == 1


def test_the_device_remembers_who_ever_did_it(api: ConnectApi) -> None:
    """Its last five updates, newest first, from the web UI too, without their uuids."""
    device = api.uuids()[0]
    flow = api.flow()
    for number in range(5):
        api.deployed(only(device), flow_uuid=flow, comment=f"n{number}", app=APP)
    wanted = {"groups": [], "filters": [only(device)]}
    drawn = api.control("POST", "connect/flows", {"name": "by hand"})["uuid"]
    by_hand = {"flow_uuid": drawn, "comment": "by hand"}
    api.control(
        "POST",
        "connect/deployments",
        {"device_filter": wanted, "deployment_configuration": by_hand},
    )
    updates = api.get(f"{DEVICES}/{device}", enrich_info="true")["updates"]

    assert [update["comment"] for update in updates] == ["by hand", "n4", "n3", "n2", "n1"]
    assert updates[0] == {
        "apps_updated": [],
        "comment": "by hand",
        "deployment_finish_time": "",
        "deployment_schedule_time": "2026-01-01 00:00:00",
        "deployment_start_time": "",
        "deployment_status": "pending",
        "deployment_type": "manual",
        "flow_name": "by hand",
    }
    assert updates[1]["apps_updated"] == [{"app_name": "default_app", "app_new_version": "2.0"}]


def test_long_comments_are_cut(api: ConnectApi) -> None:
    """Without a word, unless the server refuses them."""
    api.settings(comment_limit=10)
    uuid = api.deployed(tagged("canary"), comment="x" * 11)
    assert api.get(f"{DEPLOYMENTS}/{uuid}")["comment"] == "x" * 10

    api.settings(comment_overflow="refuse")
    assert api.deploy(tagged("canary"), comment="x" * 11).status == 400
    assert api.deploy(tagged("canary"), comment="x" * 10).status == 201


def test_a_new_deployment_may_show_late(api: ConnectApi) -> None:
    """It works and can be read, but the list does not have it yet."""
    api.settings(list_delay=30)
    uuid = api.deployed(tagged("canary"))

    assert api.get(DEPLOYMENTS)["deployments"] == []
    assert api.get(f"{DEPLOYMENTS}/{uuid}")["deployment_uuid"] == uuid
    api.advance(30)
    assert len(api.get(DEPLOYMENTS)["deployments"]) == 1


CONFIGURATIONS: dict[str, tuple[int, dict[str, Any]]] = {
    "no flow": (400, {"flow_uuid": None}),
    "unknown flow": (404, {"flow_uuid": "f-0000-0000"}),
    "comment": (400, {"comment": 5}),
    "unknown app": (400, {"app": {"name": "Default_app", "version": "1"}}),
    "number as version": (400, {"app": {"name": "default_app", "version": 1.1}}),
    "app without version": (400, {"app": {"name": "default_app"}}),
    "parameter missing": (400, {"parameters_mapping": {}}),
    "number as parameter": (400, {"parameters_mapping": {"image": 2}}),
    "parameters as text": (400, {"parameters_mapping": "image"}),
}


@pytest.mark.parametrize(("status", "wrong"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_wrong_configurations(api: ConnectApi, status: int, wrong: dict[str, Any]) -> None:
    """Nothing is created."""
    assert api.deploy(tagged("canary"), **{"flow_uuid": api.flow(), **wrong}).status == status
    assert api.get(DEPLOYMENTS)["deployments"] == []


BODIES = [
    "",
    "[]",
    "{}",
    '{"device_filter": [], "deployment_configuration": {"flow_uuid": "%s"}}',
    '{"device_filter": {}, "deployment_configuration": {"flow_uuid": "%s"}}',
]


@pytest.mark.parametrize("body", BODIES)
def test_wrong_bodies(api: ConnectApi, body: str) -> None:
    """`filters` must be there, though it may be empty."""
    sent = body.replace("%s", api.flow())

    answer = api.send("POST", DEPLOYMENTS, sent)
    assert (answer.status, set(answer.json())) == (400, {"error"})


def test_statuses_of_devices(api: ConnectApi) -> None:
    """Keyed without the prefix of the devices; steps come only with a single device."""
    uuid = api.deployed(tagged("canary"))
    page = api.get(f"{DEPLOYMENTS}/{uuid}/devices", limit="2")

    pending = {"finished_time": None, "started_time": None, "status": "Pending"}
    assert list(page["deployment_by_device_uuid"].values()) == [pending] * 2
    assert all(not key.startswith("d-") for key in page["deployment_by_device_uuid"])
    assert page["pagination_info"]["total"] == 3
    assert len(api.statuses(uuid)) == 3
    one = next(iter(api.statuses(uuid)))
    assert api.get(f"{DEPLOYMENTS}/{uuid}/devices/{one}") == {**pending, "steps": []}
    api.settings(uuid_prefix=True)
    keys = api.get(f"{DEPLOYMENTS}/{uuid}/devices")["deployment_by_device_uuid"]
    assert all(key.startswith("d-") for key in keys)


@pytest.mark.parametrize(
    ("setting", "done", "waiting"),
    [
        ("words", "Success", "Pending"),
        ("succeeded", "Succeeded", "Pending"),
        ("canonical", "success", "pending"),
        ("queued", "Success", "Queued"),
    ],
)
def test_statuses_have_several_spellings(
    api: ConnectApi, setting: str, done: str, waiting: str
) -> None:
    """In the reference they do, so a client meets them all."""
    api.settings(status_words=setting)
    api.change(api.uuids()[-1], online=False)
    uuid = api.deployed(tagged("canary"))
    api.advance(600)

    assert api.counts(uuid) == {done: 2, waiting: 1}


def test_unknown_deployments(api: ConnectApi) -> None:
    """404 with an error, for every request about one."""
    uuid = api.deployed(tagged("canary"))
    for path in ("dp-0", "dp-0/devices", "dp-0/devices/d-1", f"{uuid}/devices/d-1"):
        answer = api.send("GET", f"{DEPLOYMENTS}/{path}")
        assert (answer.status, set(answer.json())) == (404, {"error"})
    for path in ("dp-0/abort", "dp-0/devices/d-1/abort", f"{uuid}/devices/d-1/abort"):
        assert api.send("POST", f"{DEPLOYMENTS}/{path}").status == 404


def test_nothing_changes_or_deletes_a_deployment(api: ConnectApi) -> None:
    """There are no such requests."""
    path = f"{DEPLOYMENTS}/{api.deployed(tagged('canary'))}"

    assert [api.send(method, path, {}).status for method in ("PUT", "PATCH", "DELETE")] == [405] * 3
