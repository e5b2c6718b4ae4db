"""Stopping deployments, whole ones and on single devices."""

from __future__ import annotations

from tests.sandbox.connect.support import DEPLOYMENTS, ConnectApi, only, tagged
from tests.sandbox.connect.test_timeline import SLOW


def abort(api: ConnectApi, path: str) -> str:
    """A deployment, or one of its devices, in, the message out."""
    answer = api.send("POST", f"{DEPLOYMENTS}/{path}/abort")
    assert answer.status == 201
    message: str = answer.json()["message"]
    return message


def slow(api: ConnectApi) -> str:
    """A deployment of five minutes to the canaries."""
    return api.deployed(tagged("canary"), flow_uuid=api.flow(SLOW), parameters_mapping={})


def test_waiting_devices_stop_at_once(api: ConnectApi) -> None:
    """And never run it, even when they come back."""
    api.control("PATCH", "connect/devices", {"select": {"tag": "canary"}, "set": {"online": False}})
    uuid = slow(api)
    assert abort(api, uuid) == "Deployment aborted successfully"
    assert api.counts(uuid) == {"Aborted": 3}
    api.control("PATCH", "connect/devices", {"select": {}, "set": {"online": True}})
    api.advance(3600)

    assert api.counts(uuid) == {"Aborted": 3}


def test_running_devices_stop_when_they_hear_of_it(api: ConnectApi) -> None:
    """At their next call; what they do next is not held up."""
    uuid = slow(api)
    api.advance(60)
    abort(api, uuid)
    assert api.counts(uuid) == {"In Progress": 3}
    api.advance(26)
    assert api.counts(uuid) == {"Aborted": 3}
    following = api.deployed(tagged("canary"))
    api.advance(600)
    assert api.counts(following) == {"Success": 3}
    assert api.counts(uuid) == {"Aborted": 3}


def test_who_is_nearly_done_gets_done(api: ConnectApi) -> None:
    """The update is over before the device hears that it should stop."""
    device = api.uuids()[0]
    uuid = api.deployed(only(device))
    while api.counts(uuid) == {"Pending": 1}:
        api.advance(1)
    abort(api, uuid)
    api.advance(60)

    assert api.counts(uuid) == {"Success": 1}


def test_running_devices_may_not_stop(api: ConnectApi) -> None:
    """An abort only tries to stop them."""
    api.settings(abort_running="finishes")
    uuid = slow(api)
    api.advance(60)
    abort(api, uuid)
    api.advance(600)

    assert api.counts(uuid) == {"Success": 3}


def test_an_absent_device_hears_of_it_later(api: ConnectApi) -> None:
    """In progress until it is back; then it stops, as it should have."""
    uuid = slow(api)
    device = next(iter(api.statuses(uuid)))
    api.advance(60)
    api.change(device, online=False)
    abort(api, f"{uuid}/devices/{device}")
    api.advance(60)
    assert api.statuses(uuid)[device] == "In Progress"
    api.change(device, online=True)
    api.advance(26)
    assert api.statuses(uuid)[device] == "Aborted"


def test_what_is_over_stays_as_it_is(api: ConnectApi) -> None:
    """Aborting again, or too late, is answered the same and changes nothing."""
    api.change(api.uuids()[-1], fails=None)
    uuid = api.deployed(tagged("canary"))
    api.advance(120)
    abort(api, uuid)
    abort(api, uuid)

    assert api.counts(uuid) == {"Success": 2, "Failed": 1}


def test_what_is_over_may_be_refused(api: ConnectApi) -> None:
    """Instead, as nobody says what happens then."""
    uuid = api.deployed(tagged("canary"))
    device = next(iter(api.statuses(uuid)))
    api.settings(abort_over="refuse")
    abort(api, f"{uuid}/devices/{device}")
    abort(api, uuid)

    for path in (f"{uuid}/devices/{device}", uuid):
        assert api.send("POST", f"{DEPLOYMENTS}/{path}/abort").status == 400


def test_one_device_stops_alone(api: ConnectApi) -> None:
    """The others go on."""
    uuid = api.deployed(tagged("canary"))
    device = next(iter(api.statuses(uuid)))
    message = abort(api, f"{uuid}/devices/{device}")
    api.advance(120)

    assert message == "Deployment for device aborted successfully"
    assert api.counts(uuid) == {"Aborted": 1, "Success": 2}
    assert api.statuses(uuid)[device] == "Aborted"
    shown = api.get(f"{DEPLOYMENTS}/{uuid}/devices/{device}")
    assert (shown["started_time"], shown["finished_time"]) == (None, "2026-01-01 00:00:00")


def test_a_stopped_update_leaves_the_label(api: ConnectApi) -> None:
    """Nothing was installed, so the app keeps its version."""
    device = api.uuids()[0]
    app = {"name": "default_app", "version": "9"}
    uuid = api.deployed(only(device), app=app)
    abort(api, uuid)
    api.advance(120)

    assert api.connect.world.devices[device].apps == {}
