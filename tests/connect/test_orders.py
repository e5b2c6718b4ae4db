"""Orders and status: what runs is told, stopped, and waited for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from reconciler.cli.main import run
from reconciler.operating import operate, order, status
from reconciler.platform import connect
from tests.connect.support import Fleet

CANARY = {"name": "canary", "tag": "canary", "gate": {"minSuccess": "100%", "soak": "5m"}}
ADDRESS = "Deployment/demo/camera"


@contextmanager
def at_the_terminal(fleet: Fleet) -> Iterator[None]:
    """The command line, with the fleet as the only world there is."""
    wire = connect.Wire(fleet.transport, fleet.time.clock)
    before = os.getcwd()
    os.chdir(fleet.root)
    environment = {**fleet.environment, "HOME": str(fleet.root), "RECONCILER_CACHE": "off"}
    try:
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(connect, "Wire", return_value=wire),
        ):
            yield
    finally:
        os.chdir(before)


def health(fleet: Fleet) -> tuple[str, str]:
    """How the deployment is doing: state and words."""
    with fleet.session() as one:
        ((_, found),) = status(one).objects
    return found.state, found.words


def test_status_tells_how_it_goes(fleet: Fleet) -> None:
    """Running and done are well; debt, halted and silence are not."""
    fleet.add(2, tags=["canary"])
    (silent,) = fleet.add(1, online=False)
    fleet.deploy(waves=[CANARY])
    fleet.apply()
    assert health(fleet)[0] == "healthy"
    assert "wave canary running, 0 of 2 succeeded" in health(fleet)[1]
    fleet.later(60)
    assert "soaking" in health(fleet)[1]
    fleet.later(600)
    fleet.roll()
    assert health(fleet)[0] == "degraded"
    fleet.api.change(silent, online=True)
    fleet.later(60)
    assert health(fleet) == ("healthy", "Converged (3 compliant)")


def test_abort_stops_everything(fleet: Fleet) -> None:
    """What waits is aborted; the rollout is halted, and says how to go on."""
    fleet.add(3, online=False)
    fleet.deploy()
    fleet.apply()
    with fleet.session() as one:
        done = operate(one, order(one, ADDRESS, "abort"), wait=60)

    assert done.said == "stopped on 3 devices"
    assert done.standing is not None
    assert done.standing.is_over
    state, words = health(fleet)
    assert state == "degraded"
    assert "another redeploy.nonce begin it anew" in words


def test_abort_stops_one_device(fleet: Fleet) -> None:
    """The others go on; excluded, it stops nobody."""
    first, second = fleet.add(2, online=False)
    fleet.deploy()
    fleet.apply()
    with fleet.session() as one:
        done = operate(one, order(one, ADDRESS, "abort", {"device": f"{first}, d-0000-0000"}))
        again = operate(one, order(one, ADDRESS, "abort", {"device": first}))
    assert done.said == "stopped on 1 device; nothing waits or runs on d-0000-0000"
    assert again.said == f"nothing waits or runs on {first}"
    (sent,) = fleet.sent()
    assert {u: e["status"] for u, e in sent["entries"].items()} == {
        first: "aborted",
        second: "pending",
    }
    fleet.deploy(select={"exclude": {"devices": [first]}})
    fleet.api.change(second, online=True)
    fleet.later(60)
    fleet.roll()
    assert fleet.versions() == {"2.0": 1, "None": 1}


def test_wait_goes_to_the_end(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    """Step after step, over soaks, until every device has it; time is the fleet's."""
    fleet.add(2, tags=["canary"])
    fleet.add(5)
    fleet.deploy(waves=[CANARY], maxInFlight=3)
    with at_the_terminal(fleet):
        code = run(["apply", "--yes", "--wait", "2h"])

    assert code == 0, capsys.readouterr()
    assert fleet.versions() == {"2.0": 7}
    assert set(fleet.received().values()) == {1}
    assert fleet.tags() == set()


def test_wait_ends_with_its_time(fleet: Fleet) -> None:
    """What still runs goes on by itself; running again goes on from there."""
    fleet.add(1, tags=["canary"])
    fleet.add(1)
    fleet.deploy(waves=[CANARY])
    with at_the_terminal(fleet):
        assert run(["apply", "--yes", "--wait", "60s"]) == 0
    assert len(fleet.sent()) == 1


def test_wait_stops_at_an_approval(fleet: Fleet) -> None:
    """That is the next commit's."""
    fleet.add(1, tags=["canary"])
    fleet.add(1)
    fleet.deploy(waves=[{**CANARY, "gate": {"then": "manual"}}])
    with at_the_terminal(fleet):
        assert run(["apply", "--yes", "--wait", "8h"]) == 0

    assert fleet.time.seconds < 600
    assert len(fleet.sent()) == 1


def test_wait_stops_at_a_failed_gate(fleet: Fleet) -> None:
    """Exit code 3."""
    fleet.add(1, tags=["canary"], fails=None)
    fleet.add(1)
    fleet.deploy(waves=[CANARY])
    with at_the_terminal(fleet):
        assert run(["apply", "--yes", "--wait", "8h"]) == 3
    assert len(fleet.sent()) == 1


@pytest.mark.parametrize("more", [["--output", "json"], []])
def test_wait_needs_a_standing_yes(fleet: Fleet, more: list[str]) -> None:
    """Each step is a plan of its own."""
    fleet.add(1)
    fleet.deploy()
    with at_the_terminal(fleet):
        assert run(["apply", "--wait", "8h", *more, *(["--yes"] if more else [])]) == 1
    assert fleet.sent() == []
