"""What the doctor asks of JFrog Connect, with answers that are well and ones that are not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.checking.checkup import checkup
from reconciler.model import Check
from reconciler.platform.connect import Wire
from tests.connect.support import Fleet, deployment, flow
from tests.sandbox.connect.support import START
from tests.support.estate import manifest

NOW = datetime.fromtimestamp(START, UTC)


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A workspace and a fleet of three devices."""
    made = Fleet(tmp_path)
    made.add(3)
    return made


def look(fleet: Fleet, now: datetime = NOW) -> dict[str, list[Check]]:
    """The answers by question; nothing is written."""
    wire = Wire(fleet.transport, fleet.time.clock)
    found: dict[str, list[Check]] = {}
    for check in checkup(fleet.settings(), fleet.desire(), wire, now):
        found.setdefault(check.name, []).append(check)
    assert fleet.writes() == []
    return found


def state(found: dict[str, list[Check]], name: str) -> list[str]:
    """What came of one question."""
    return [check.state for check in found[name]]


def test_all_is_well(fleet: Fleet) -> None:
    """Way there, sign-in, clock, and what the token sees of the fleet; the platform is not asked
    for what only a platform has."""
    fleet.deploy()
    found = look(fleet)

    assert state(found, "transport") == state(found, "connection") == ["ok"]
    assert state(found, "sign-in") == state(found, "clock") == ["ok"]
    assert [c.told for c in found["fleet demo"][:2]] == [
        "3 devices",
        "0 deployments listed, 0 of these manifests",
    ]
    assert "modify devices" in found["fleet demo"][2].told
    assert not {"version", "licence"} & found.keys()


def test_a_device_needs_no_right_to_deploy(fleet: Fleet) -> None:
    """Where manifests are about tags only, nobody asks for flows and deployments."""
    (uuid,) = fleet.add(1)
    fleet.declare(manifest("Device", uuid, {"tags": ["x"]}, fleet="demo"))

    assert [check.told for check in look(fleet)["fleet demo"]] == ["4 devices"]


def test_a_token_of_v1(fleet: Fleet) -> None:
    """Edge case 54: told as such."""
    fleet.deploy()
    fleet.environment["CONNECT_TOKEN"] = fleet.connect.tokens["user"]
    (found,) = look(fleet)["sign-in"]

    assert found.state == "failed"
    assert "user_token of v1" in found.hint


def test_a_name_instead_of_the_key(fleet: Fleet) -> None:
    """Edge case 54: a fleet that is not there cannot be told from one that may not be seen."""
    fleet.declare(flow(), {**deployment(), "metadata": {"name": "camera", "fleet": "other"}})
    found = look(fleet)["fleet other"]

    assert [check.state for check in found] == ["failed"]
    assert "is 'other' the key of the fleet" in found[0].hint


def test_an_address_of_something_else(fleet: Fleet) -> None:
    """A platform's URL, for one."""
    fleet.deploy()
    fleet.workspace(connect={"url": fleet.platform.url, "token": {"env": "JFROG_ACCESS_TOKEN"}})
    (found,) = look(fleet)["connection"]

    assert found.state == "failed"
    assert "not like JFrog Connect" in found.told


def test_a_fleet_without_devices(fleet: Fleet) -> None:
    """Empty, or hidden from the token."""
    fleet.deploy()
    fleet.api.clear()

    assert look(fleet)["fleet demo"][0].state == "warning"


def test_a_right_that_is_missing(fleet: Fleet) -> None:
    """The list that is refused is named."""
    fleet.deploy()
    fleet.fault("status", path="/api/v2/demo/deployments", status=403)
    failed = [check for check in look(fleet)["fleet demo"] if check.state == "failed"]

    assert [check.told for check in failed] == ["its deployments cannot be listed (403)"]


def test_deployments_that_another_identity_sent(fleet: Fleet) -> None:
    """Edge case 24: a pipeline whose identity changed does not see what it sent before."""
    fleet.deploy()
    fleet.apply()
    fleet.forget_requests()
    assert [c.state for c in look(fleet)["fleet demo"]] == ["ok", "ok", "skipped"]

    fleet.environment["CONNECT_TOKEN"] = fleet.connect.tokens["other"]
    found = look(fleet)["fleet demo"][1]

    assert found.state == "warning"
    assert "devices take part in Deployment/demo/camera" in found.told
    assert "another identity" in found.hint
