"""What becomes of deployments over time: running, failing, waiting, stopping."""

from __future__ import annotations

from tests.sandbox.connect.support import DEPLOYMENTS, DEVICES, ConnectApi, only, tagged

APP = {"name": "default_app", "version": "2.0"}
SLOW = "flows:\n  slow:\n    steps:\n" + "".join(
    f"      - {{name: s{number}, run: sleep}}\n" for number in range(60)
)
"""Five minutes."""


def versions(api: ConnectApi, *uuids: str) -> list[str | None]:
    """Devices in, the version of the app the server believes they run out."""
    devices = api.connect.world.devices
    return [devices[uuid].apps.get("default_app") for uuid in uuids]


def test_ten_percent_fail_and_five_percent_are_away(api: ConnectApi) -> None:
    """Two hundred devices: all wait, then some run, in the end the ten that are away wait."""
    api.clear()
    api.add(200, tags=["fw"])
    choose = {"every": 10}
    api.control("PATCH", "connect/devices", {"select": choose, "set": {"fails": None}})
    away = {"skip": 1, "every": 20}
    api.control("PATCH", "connect/devices", {"select": away, "set": {"online": False}})
    uuid = api.deployed(tagged("fw"), app=APP)

    assert api.counts(uuid) == {"Pending": 200}
    api.advance(15)
    assert set(api.counts(uuid)) == {"Pending", "In Progress", "Success", "Failed"}
    api.advance(60)
    assert api.counts(uuid) == {"Success": 170, "Failed": 20, "Pending": 10}
    devices = api.pages(DEVICES, "devices")
    on_new = [one["device_uuid"] for one in devices]
    assert versions(api, *on_new).count("2.0") == 170
    api.control("PATCH", "connect/devices", {"select": {}, "set": {"online": True}})
    api.advance(60)
    assert api.counts(uuid) == {"Success": 180, "Failed": 20}


def test_a_timeline_does_not_depend_on_who_looks(api: ConnectApi) -> None:
    """Looking every second or once in the end shows the same times."""
    uuid = api.deployed(tagged("canary"))
    for _ in range(60):
        api.advance(1)
        api.counts(uuid)
    watched = api.get(f"{DEPLOYMENTS}/{uuid}/devices")["deployment_by_device_uuid"]
    again = ConnectApi(type(api.sandbox)(connect=True))
    again.sandbox.clock.freeze(api.sandbox.clock.frozen)
    other = again.deployed(tagged("canary"))
    again.advance(60)
    unwatched = again.get(f"{DEPLOYMENTS}/{other}/devices")["deployment_by_device_uuid"]

    assert watched == unwatched
    assert all(one["started_time"] < one["finished_time"] for one in watched.values())


def test_steps_tell_what_happened(api: ConnectApi) -> None:
    """A failed step has exit code 0, as in the sample, and shows its command filled in."""
    good, bad = api.uuids()[:2]
    api.change(bad, fails=1)
    uuid = api.deployed(parameters_mapping={"image": "s3cret"}, app=APP)
    api.advance(60)
    steps = {
        device: api.get(f"{DEPLOYMENTS}/{uuid}/devices/{device}")["steps"] for device in (good, bad)
    }

    assert [(step["name"], step["exit_code"]) for step in steps[good]] == [
        ("fetch", 0),
        ("install", 0),
    ]
    assert steps[bad][1] == {
        "name": "install",
        "exit_code": 0,
        "stderr": "sh: 1: install /tmp/s3cret: not found\n",
        "stdout": "Script exited with bad exit-code: 127",
    }
    assert versions(api, good, bad) == ["2.0", None]


def test_a_device_fails_so_many_times(api: ConnectApi) -> None:
    """Then it works; one that always fails is another setting."""
    device = api.uuids()[0]
    api.change(device, fails=1)
    first, second = (api.deployed(only(device)) for _ in "ab")
    api.advance(120)

    assert (api.counts(first), api.counts(second)) == ({"Failed": 1}, {"Success": 1})


def test_an_offline_device_collects(api: ConnectApi) -> None:
    """Nothing expires; when it returns it works off everything, the oldest first."""
    device = api.uuids()[0]
    api.change(device, online=False)
    runs = [
        api.deployed(only(device), app={"name": "default_app", "version": str(number)})
        for number in range(5)
    ]
    api.advance(90 * 86_400)
    updates = api.get(f"{DEVICES}/{device}", enrich_info="true")["updates"]
    assert [update["deployment_status"] for update in updates] == ["pending"] * 5

    api.change(device, online=True)
    api.advance(600)
    assert [api.counts(run) for run in runs] == [{"Success": 1}] * 5
    assert versions(api, device) == ["4"]


def test_the_newest_may_come_first(api: ConnectApi) -> None:
    """Then a stale one that comes after it wins."""
    api.settings(pending_order="newest")
    device = api.uuids()[0]
    api.change(device, online=False)
    for number in range(2):
        api.deployed(only(device), app={"name": "default_app", "version": str(number)})
    api.change(device, online=True)
    api.advance(600)

    assert versions(api, device) == ["0"]


def test_a_trigger_holds_updates_back(api: ConnectApi) -> None:
    """They wait until it is cleared; in another reading the device is left out."""
    device = api.uuids()[0]
    api.change(device, trigger=True)
    uuid = api.deployed(only(device))
    api.advance(3600)
    assert api.get(f"{DEVICES}/{device}")["is_update_trigger_set"] is True
    assert api.counts(uuid) == {"Pending": 1}
    api.change(device, trigger=False)
    api.advance(60)
    assert api.counts(uuid) == {"Success": 1}

    api.change(device, trigger=True)
    api.settings(trigger="left out")
    assert api.counts(api.deployed(only(device))) == {}


def test_a_device_that_vanishes_stays_in_progress(api: ConnectApi) -> None:
    """Until it is back: then it reports what it did."""
    device = api.uuids()[0]
    uuid = api.deployed(only(device), flow_uuid=api.flow(SLOW), parameters_mapping={})
    api.advance(30)
    api.change(device, online=False)
    api.advance(86_400)
    assert api.counts(uuid) == {"In Progress": 1}

    api.change(device, online=True)
    api.advance(26)
    assert api.counts(uuid) == {"Success": 1}


def test_a_short_absence_changes_nothing(api: ConnectApi) -> None:
    """The update is not over sooner because the device was away for a moment."""
    device = api.uuids()[0]
    uuid = api.deployed(only(device), flow_uuid=api.flow(SLOW), parameters_mapping={})
    api.advance(30)
    api.change(device, online=False)
    api.advance(10)
    api.change(device, online=True)
    api.advance(60)
    assert api.counts(uuid) == {"In Progress": 1}
    api.advance(600)
    assert api.counts(uuid) == {"Success": 1}


def test_missing_parameters_may_fail_on_the_device(api: ConnectApi) -> None:
    """Where the server does not refuse them."""
    api.settings(missing_input="fail")
    uuid = api.deployed(tagged("canary"), parameters_mapping={})
    api.advance(120)
    assert api.counts(uuid) == {"Failed": 3}


def test_a_reboot_takes_time(api: ConnectApi) -> None:
    """A flow that reboots is not over when its steps are."""
    flow = api.flow(
        "flows: {a: {reboot-after-restart: true, steps: [{name: s, run: x}]}}",
    )
    uuid = api.deployed(tagged("canary"), flow_uuid=flow, parameters_mapping={})
    api.advance(60)
    assert api.counts(uuid) == {"In Progress": 3}
    api.advance(60)
    assert api.counts(uuid) == {"Success": 3}


def test_those_who_come_later_are_no_part_of_it(api: ConnectApi) -> None:
    """The devices are chosen when the deployment is made."""
    uuid = api.deployed(tagged("fw"))
    api.change(api.uuids()[0], tags=["fw"])
    api.advance(60)

    assert api.counts(uuid) == {}
