"""The older API: tokens in the body, names for keys, no way to find a deployment again."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Response
from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, ConnectApi, only, tagged

SUCCESS = {"message": "Success"}
DETAILS = "/v1/devices_details"


def token(api: ConnectApi, uuid: str) -> str:
    """The token the agent on a device prints."""
    listed = api.control("GET", "connect/devices")["devices"]
    return next(str(device["token"]) for device in listed if device["uuid"] == uuid)


def refused(answer: Response) -> bool:
    """Whether an answer is an error as v1 words it."""
    return answer.status == 400 and set(answer.json()) == {"error_message"}


def wanted(*filters: dict[str, str], **more: Any) -> dict[str, Any]:
    """The filter of a v1 request."""
    return {"project": {"name": "Demo"}, "groups": [], "filters": list(filters), **more}


def test_the_token_is_in_the_body(api: ConnectApi) -> None:
    """The token of v2 is worth nothing here, and the other way round."""
    right = api.connect.tokens

    for sent in ({}, {"user_token": right["write"]}, "[]"):
        assert refused(api.send("GET", DETAILS, sent))
    assert api.old("GET", DETAILS).status == 200
    assert ConnectApi(api.sandbox, right["user"]).send("GET", DEVICES).status == 401


def test_one_device_is_online(api: ConnectApi) -> None:
    """Found by number, by uuid or by its token."""
    uuid = api.uuids()[0]
    number = api.connect.world.devices[uuid].number
    api.change(uuid, online=False)
    state = {"message": {"device_status": "offline", "device_id": uuid}}

    for sent in ({"device_id": uuid}, {"device_id": number}, {"device_token": token(api, uuid)}):
        assert api.old("GET", "/v1/get_device_state", **sent).json() == state
    assert refused(api.old("GET", "/v1/get_device_state"))
    assert refused(api.old("GET", "/v1/get_device_state", device_token="x"))


def test_states_in_pages(api: ConnectApi) -> None:
    """At most fifty, the next ones after a uuid."""
    api.add(60)
    found: list[str] = []
    offset: dict[str, str] = {}
    while True:
        sent = {"limit": 50, "project_name": "Demo", **offset}
        page = api.old("GET", "/v1/get_devices_state", **sent).json()["message"]
        if not page:
            break
        found += [device["device_uuid"] for device in page]
        offset = {"offset": page[-1]["device_uuid"]}

    assert found == api.uuids()
    assert len(api.old("GET", "/v1/get_devices_state").json()["message"]) == 20
    for wrong in ({"limit": 51}, {"limit": 0}, {"offset": "d-1"}, {"project_name": "demo"}):
        assert refused(api.old("GET", "/v1/get_devices_state", **wrong))


def test_details(api: ConnectApi) -> None:
    """By project, by group of a project, by name; the token of a device beats all of them."""
    uuid = api.uuids()[-1]
    first = api.old("GET", DETAILS, limit=5).json()
    last = first["message"][-1]["device_id"]
    others = api.old("GET", DETAILS, limit=50, offset=last).json()

    assert (first["more"], others["more"]) == (True, False)
    assert len(first["message"]) + len(others["message"]) == 12
    grouped = api.old("GET", DETAILS, project_name="Demo", group_name="Test").json()["message"]
    assert [device["group"] for device in grouped] == ["Test"] * 3
    assert len(api.old("GET", DETAILS, group_name="Test").json()["message"]) == 12
    named = api.old("GET", DETAILS, device_name="device-00002").json()["message"]
    assert [device["device_name"] for device in named] == ["device-00002"]
    own = api.old("GET", DETAILS, device_token=token(api, uuid), device_name="x").json()
    assert [device["device_uuid"] for device in own["message"]] == [uuid]
    assert {"upswift_version", "updates_v2", "mac_addresses", "apps"} <= set(own["message"][0])


def test_details_are_changed_with_the_token_of_the_device(api: ConnectApi) -> None:
    """A tag is added, all else is replaced; one wrong value refuses everything."""
    uuid = api.uuids()[0]
    own = {"device_token": token(api, uuid)}
    apps = [{"app_name": "default_app", "version": "v1.1"}]
    answer = api.old(
        "POST",
        DETAILS,
        **own,
        device_name="door",
        group="Test",
        tag="new",
        apps=apps,
        lat="1.5",
        lng="2",
    )

    assert answer.json() == SUCCESS
    shown = api.get(f"{DEVICES}/{uuid}", enrich_info="true")
    assert (shown["device_name"], shown["group_name"], shown["lat"]) == ("door", "Test", 1.5)
    assert (shown["tags"], shown["apps"]) == (["indoor", "new"], apps)
    assert refused(api.old("POST", DETAILS, device_name="x"))


WRONG: list[dict[str, Any]] = [
    {"group": "Nowhere"},
    {"lat": "1"},
    {"lat": 1, "lng": 2},
    {"lat": "x", "lng": "y"},
    {"tag": 5},
    {"apps": [{"app_name": "other", "version": "1"}]},
    {"apps": [{"app_name": "default_app", "version": 1}]},
    {"apps": "default_app"},
]


@pytest.mark.parametrize("sent", WRONG, ids=str)
def test_wrong_details(api: ConnectApi, sent: dict[str, Any]) -> None:
    """400 and nothing changes."""
    uuid = api.uuids()[0]
    before = api.get(f"{DEVICES}/{uuid}", enrich_info="true")

    named = {"device_token": token(api, uuid), "device_name": "x"}
    assert refused(api.old("POST", DETAILS, **named, **sent))
    assert api.get(f"{DEVICES}/{uuid}", enrich_info="true") == before


def test_newer_agents_do_not_know_v1(api: ConnectApi) -> None:
    """From agent 7.0 on."""
    (uuid,) = api.add(1, agent="7.0")

    assert refused(api.old("GET", "/v1/get_device_state", device_id=uuid))
    assert refused(api.old("POST", DETAILS, device_token=token(api, uuid), tag="x"))


def test_three_calls_a_minute(api: ConnectApi) -> None:
    """A device that asks more often gets 429 and an empty object."""
    uuid, other = api.uuids()[:2]
    sent = {"device_token": token(api, uuid), "trigger_set": True}
    answers = [api.old("POST", "/v1/set_update_trigger", **sent) for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json() == {}
    sent["device_token"] = token(api, other)
    assert api.old("POST", "/v1/set_update_trigger", **sent).status == 200
    api.advance(60)
    sent["device_token"] = token(api, uuid)
    assert api.old("POST", "/v1/set_update_trigger", **sent).status == 200


def test_the_update_trigger(api: ConnectApi) -> None:
    """Set means blocked."""
    uuid = api.uuids()[0]
    own = {"device_token": token(api, uuid)}
    api.old("POST", "/v1/set_update_trigger", **own, trigger_set=True)
    run = api.deployed(only(uuid))
    api.advance(300)
    assert api.counts(run) == {"Pending": 1}
    api.old("POST", "/v1/set_update_trigger", **own, trigger_set=False)
    api.advance(300)
    assert api.counts(run) == {"Success": 1}
    assert refused(api.old("POST", "/v1/set_update_trigger", **own, trigger_set="yes"))


def test_tags_and_apps_are_taken_off(api: ConnectApi) -> None:
    """From the devices of a filter; both must exist, and all keys of the filter must be there."""
    api.control(
        "PATCH",
        "connect/devices",
        {"select": {}, "set": {"apps": {"default_app": "1"}, "tags": ["x"]}},
    )
    body = {"device_filter": wanted(groups=[{"name": "Test"}])}

    assert api.old("DELETE", "/v1/device_tags", tag_name="x", **body).json() == SUCCESS
    assert api.old("DELETE", "/v1/device_apps", app_name="default_app", **body).json() == SUCCESS
    left = api.control("GET", "connect/devices")["devices"]
    assert sum(device["tags"] == ["x"] for device in left) == 9
    assert sum(device["apps"] == {"default_app": "1"} for device in left) == 9
    assert refused(api.old("DELETE", "/v1/device_tags", tag_name="y", **body))
    assert refused(api.old("DELETE", "/v1/device_apps", app_name="y", **body))
    for missing in ("project", "groups", "filters"):
        part = {key: value for key, value in wanted().items() if key != missing}
        assert refused(api.old("DELETE", "/v1/device_tags", tag_name="x", device_filter=part))


def test_deploying_with_v1(api: ConnectApi) -> None:
    """No identifier comes back; the flow may stand in the filter as in the sample."""
    flow = api.control("POST", "connect/flows", {"name": "drawn"})["uuid"]
    metadata = {"comment": "v1", "app": {"name": "default_app", "version": "v1.1"}}
    beside = api.old(
        "POST",
        "/v1/deploy_update",
        flow_id=flow,
        metadata=metadata,
        devices_filter=wanted(tagged("canary")),
    )
    inside = api.old("POST", "/v1/deploy_update", metadata={}, devices_filter=wanted(flow_id=flow))

    assert (beside.status, beside.json()) == (200, SUCCESS)
    assert inside.json() == SUCCESS
    listed = api.get(DEPLOYMENTS)["deployments"]
    assert [one["comment"] for one in listed] == ["", "v1"]
    assert api.counts(listed[1]["deployment_uuid"]) == {"Pending": 3}
    for wrong in (
        {"flow_id": flow, "devices_filter": wanted()},
        {"metadata": {}, "devices_filter": wanted()},
        {"metadata": {}, "flow_id": "f-0", "devices_filter": wanted()},
        {"metadata": {}, "flow_id": flow, "devices_filter": {"filters": []}},
        {"metadata": {}, "flow_id": flow},
    ):
        assert refused(api.old("POST", "/v1/deploy_update", **wrong))


def test_v1_filters_by_the_last_update(api: ConnectApi) -> None:
    """`update_status` is there, `deployment` and versions of apps are not."""
    flow = api.control("POST", "connect/flows", {"name": "drawn"})["uuid"]
    api.change(api.uuids()[-1], fails=1)
    api.deployed(tagged("canary"))
    api.advance(120)
    for operand, count in (("is", 1), ("is_not", 11)):
        failed = {"type": "update_status", "operand": operand, "value": "failed"}
        sent = {"flow_id": flow, "metadata": {"comment": operand}}
        api.old("POST", "/v1/deploy_update", **sent, devices_filter=wanted(failed))
        newest = api.get(DEPLOYMENTS)["deployments"][0]
        assert newest["comment"] == operand
        assert len(api.statuses(newest["deployment_uuid"])) == count
        api.send("POST", f"{DEPLOYMENTS}/{newest['deployment_uuid']}/abort")
        if operand == "is":
            api.change(api.uuids()[-1], fails=1)
            api.deployed(only(api.uuids()[-1]))
            api.advance(120)
    other = {"type": "deployment", "operand": "is", "value": "any", "deployment_id": "dp-1"}
    sent = {"flow_id": flow, "metadata": {}, "devices_filter": wanted(other)}
    assert refused(api.old("POST", "/v1/deploy_update", **sent))
    state = {"type": "device_state", "operand": "is_not", "value": "online"}
    sent["devices_filter"] = wanted(state)
    assert refused(api.old("POST", "/v1/deploy_update", **sent))


@pytest.mark.parametrize("spelling", ["device_filter", "devices_filter"])
def test_deploying_with_the_older_v2(api: ConnectApi, spelling: str) -> None:
    """201 and no identifier: a client that takes 200 alone for success deploys twice."""
    flow = api.flow()
    configuration = {"flow_id": flow, "comment": "old", "parameters_mapping": {"image": "x"}}
    filtered = wanted(groups=[{"name": "Test"}])
    nested = api.old(
        "POST",
        "/v2/deploy_update",
        **{spelling: filtered},
        deployment_configuration=configuration,
    )
    flat = api.old("POST", "/v2/deploy_update", **{spelling: filtered}, **configuration)

    assert (nested.status, nested.json()) == (201, {"message": "Created"})
    assert flat.status == 201
    assert len(api.get(DEPLOYMENTS)["deployments"]) == 2
    assert refused(api.old("POST", "/v2/deploy_update", **{spelling: filtered}))
