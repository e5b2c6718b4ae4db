"""Devices: adopted, tagged, never created or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import InvalidManifests, UnauthorisedError, UsageError
from tests.connect.support import Fleet, change_of
from tests.support.estate import lifecycle, manifest


def device(uuid: str, **spec: Any) -> dict[str, Any]:
    """A Device of the fleet demo."""
    return manifest("Device", uuid, spec, fleet="demo")


def tags(fleet: Fleet, uuid: str) -> set[str]:
    """The tags a device has."""
    return set(fleet.connect.world.devices[uuid].tags)


def test_tags_are_added_and_others_stay(fleet: Fleet) -> None:
    """One PATCH with what is missing; a second run has nothing to do."""
    (uuid,) = fleet.add(1, tags=["old"])
    fleet.declare(device(uuid, tags=["old", "indoor", "canary"]))
    done = fleet.apply()

    assert done.results() == {f"Device/demo/{uuid}": "done"}
    assert tags(fleet, uuid) == {"old", "indoor", "canary"}
    assert fleet.writes() == [f"PATCH /api/v2/demo/devices/{uuid}"]
    assert fleet.plan().is_empty


def test_exact_tags_take_others_away(fleet: Fleet) -> None:
    """But not those of a running deployment."""
    (uuid,) = fleet.add(1, tags=["old", "rec-7c41de-3f9a0c12d4e8-w1"])
    fleet.declare(device(uuid, exactTags=["indoor"]))
    fleet.apply()

    assert tags(fleet, uuid) == {"indoor", "rec-7c41de-3f9a0c12d4e8-w1"}
    assert fleet.plan().is_empty


READINGS: list[dict[str, Any]] = [
    {"patch_add": "replace"},
    {"patch_remove": "all"},
    {"patch_add": "replace", "patch_remove": "all"},
    {"patch_type": "json-patch"},
]


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_whatever_the_server_takes_a_patch_for(fleet: Fleet, reading: dict[str, Any]) -> None:
    """Where the reference is silent, the tags are right in the end all the same."""
    (uuid,) = fleet.add(1, tags=["old", "gone"])
    fleet.api.settings(**reading)
    fleet.declare(device(uuid, exactTags=["old", "new"]))
    fleet.apply()

    assert tags(fleet, uuid) == {"old", "new"}


def test_a_device_that_is_not_there_is_named(fleet: Fleet) -> None:
    """Nothing creates one."""
    fleet.declare(device("d-0000-0000", tags=["x"]))
    change = change_of(fleet.plan(), "Device/demo/d-0000-0000")

    assert change.blocked is not None
    assert change.blocked.code == "cannot-create"
    assert "no device d-0000-0000 in the fleet 'demo'" in change.blocked.message


def test_more_than_a_hundred_tags(fleet: Fleet) -> None:
    """Edge case 6: the list is cut off, so the device's own record is read."""
    (uuid,) = fleet.add(1, tags=[f"t{n:03}" for n in range(120)])
    fleet.declare(device(uuid, tags=["t119"]))

    assert not fleet.plan().pending
    assert f"GET /api/v2/demo/devices/{uuid}" in fleet.requests()


def test_many_devices_take_one_list(fleet: Fleet) -> None:
    """Not one request each."""
    uuids = fleet.add(30, tags=["x"])
    fleet.declare(*(device(uuid, tags=["x"]) for uuid in uuids))
    fleet.plan()

    assert fleet.requests() == ["GET /api/v2/demo/devices"]


def test_addresses_name_no_platform(fleet: Fleet) -> None:
    """They are in Connect, whatever platforms there are."""
    (uuid,) = fleet.add(1)
    here = {"url": fleet.platform.url, "token": {"env": "JFROG_ACCESS_TOKEN"}}
    fleet.workspace(platforms={"east": here, "west": here}, defaultPlatforms=["east"])
    fleet.declare(device(uuid, tags=["x"]))
    (change,) = fleet.plan().changes

    assert str(change.address) == f"Device/demo/{uuid}"
    assert change.as_json()["platform"] == "connect"


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (device("camera 1"), "name-illegal"),
        (manifest("Device", "d-1111-1111", fleet="My Fleet"), "name-illegal"),
        (device("d-1111-1111", tags=["rec-x"]), "name-illegal"),
        (device("d-1111-1111", tags=["a"], exactTags=["a"]), "deployment-illegal"),
        (manifest("Device", "d-1111-1111"), "missing-field"),
        (
            manifest("Device", "d-1111-1111", fleet="demo", platforms=["default"]),
            "unknown-field",
        ),
    ],
)
def test_wrong_manifests(fleet: Fleet, document: dict[str, Any], rule: str) -> None:
    """Edge case 54 among them: the display name of a fleet is no key."""
    fleet.declare(document)
    with pytest.raises(InvalidManifests) as caught:
        fleet.plan()

    assert rule in {d.rule for d in caught.value.diagnostics}


def test_a_token_of_v1_is_told(fleet: Fleet) -> None:
    """Edge case 54: the message says what v2 takes."""
    (uuid,) = fleet.add(1)
    fleet.environment["CONNECT_TOKEN"] = fleet.connect.tokens["user"]
    fleet.declare(device(uuid, tags=["x"]))
    with pytest.raises(UnauthorisedError) as caught:
        fleet.plan()

    assert "user_token" in caught.value.hint


def test_a_platform_s_token_never_goes_to_connect(fleet: Fleet) -> None:
    """Without one of its own, nothing is asked."""
    fleet.workspace(connect={"url": fleet.connect.url})
    del fleet.environment["CONNECT_TOKEN"]
    fleet.declare(device("d-1111-1111", tags=["x"]))
    with pytest.raises(UsageError, match="no token for connect"):
        fleet.plan()
    assert fleet.requests() == []


def test_nothing_says_where_it_is(fleet: Fleet) -> None:
    """The workspace has no spec.connect."""
    fleet.workspace(connect=None)
    fleet.declare(device("d-1111-1111", tags=["x"]))
    with pytest.raises((UsageError, InvalidManifests)):
        fleet.plan()


def test_what_undo_leaves_is_told_before(fleet: Fleet) -> None:
    """A tag that is added may be somebody else's by the time of the undo."""
    (uuid,) = fleet.add(1, tags=["old"])
    fleet.declare(device(uuid, tags=["old", "new"]))
    (change,) = fleet.plan().changes
    assert change.irreversible == "what is added to spec.tags stays"

    fleet.declare(device(uuid, exactTags=["new"]))
    (change,) = fleet.plan().changes
    assert change.irreversible == ""


def test_it_is_never_deleted(fleet: Fleet) -> None:
    """A manifest that is gone takes nothing along, pruning or not: device and tags stay."""
    first, second = fleet.add(2)
    fleet.declare(device(first, tags=["a"]), device(second, tags=["b"]))
    fleet.apply()
    fleet.declare(device(second, tags=["b"]))
    fleet.forget_requests()
    made = fleet.apply(prune=True)

    assert fleet.writes() == []
    assert tags(fleet, first) == {"a"}
    assert made.plan.is_empty


def test_drift_of_tags(fleet: Fleet) -> None:
    """Somebody took a declared tag away."""
    (uuid,) = fleet.add(1)
    fleet.declare(device(uuid, tags=["indoor"]))
    fleet.apply()
    fleet.api.change(uuid, tags=["other"])
    found = fleet.drift()

    assert [(str(e.address), e.status) for e in found.entries if e.status != "same"] == [
        (f"Device/demo/{uuid}", "changed")
    ]


def test_an_observed_device_is_left_alone(fleet: Fleet) -> None:
    """`manage: observe` sends nothing; `ignore` leaves all tags to others, or one."""
    (uuid,) = fleet.add(1, tags=["old", "theirs"])
    fleet.declare(lifecycle(device(uuid, tags=["new"]), manage="observe"))
    assert fleet.apply().plan.changes == ()
    fleet.declare(lifecycle(device(uuid, exactTags=["new"]), ignore=["spec.exactTags"]))
    assert [c for c in fleet.apply().plan.changes if c.action.writes] == []
    assert fleet.writes() == []

    fleet.declare(lifecycle(device(uuid, exactTags=["new"]), ignore=["spec.exactTags[theirs]"]))
    fleet.apply()
    assert tags(fleet, uuid) == {"new", "theirs"}
    assert fleet.plan().is_empty


def test_a_device_is_never_deleted(fleet: Fleet) -> None:
    """Protected or not: without its manifest it stays, and that is told."""
    first, second, kept = fleet.add(3)
    stays = device(kept, tags=["new"])
    fleet.declare(
        lifecycle(device(first, tags=["new"]), protect=True), device(second, tags=["new"]), stays
    )
    fleet.apply()
    fleet.forget_requests()
    fleet.declare(stays)
    made = fleet.apply(prune=True, allow_deletes=("Device=9",)).plan

    assert made.changes == ()
    assert [d.rule for d in made.diagnostics] == ["no-longer-declared"] * 2
    assert fleet.writes() == []
    assert {first, second} <= fleet.uuids()
