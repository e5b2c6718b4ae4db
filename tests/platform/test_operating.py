"""How federations do, and orders beside the desired state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import OutcomeUnknownError, UsageError
from reconciler.model import Status
from reconciler.operating import operate, order, status
from reconciler.report.status import status_exit
from tests.platform.test_convergence import assert_done
from tests.platform.test_federations import federation
from tests.support.estate import local
from tests.support.platforms import Sites


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """A federation over two platforms, applied."""
    made = Sites(tmp_path, "east", "west")
    made.declare(federation(platforms=["east", "west"]), local("plain", "npm"))
    assert_done(made.apply(), set())
    return made


def look(sites: Sites, *addresses: str, **changes: Any) -> Status:
    """One look at everything, or at some objects."""
    with sites.session(**changes) as run:
        return status(run, addresses)


def states(found: Status) -> dict[str, str]:
    """The state of each object."""
    return {str(address): health.state for address, health in found.objects}


def test_a_federation_in_step_is_healthy(sites: Sites) -> None:
    """Only what runs by itself is told of; exit 0."""
    found = look(sites)
    assert states(found) == {"east:Federation/libs": "healthy", "west:Federation/libs": "healthy"}
    assert status_exit(found) == 0


def test_waiting_events_are_counted(sites: Sites) -> None:
    """Who has something to tell is late: how much and for how long; exit 2."""
    sites.made.clock.freeze(1_000_000.0)
    sites.made.mesh.delay = 600.0
    sites.at("east").upload("libs", "a/a.tgz")
    sites.at("east").upload("libs", "b/b.tgz")
    sites.made.clock.advance(90)
    found = look(sites, "east:Federation/libs")
    ((_, health),) = found.objects
    assert health.state == "degraded"
    assert health.words == (
        "http://west.sandbox.example/artifactory/libs is DELAYED, 2 events waiting, 90 s late"
    )
    assert status_exit(found) == 2


def test_settings_that_differ_are_told(sites: Sites) -> None:
    """2.11.4 names the repository; config-sync makes it right."""
    sites.made.platforms["west"].store.repositories["libs"].put("description", "b")
    (_, health), *_ = look(sites).objects
    assert "its settings differ" in health.words
    with sites.session() as run:
        done = operate(run, order(run, "east:Federation/libs", "config-sync"), wait=60.0)
    assert done.standing is not None
    assert done.standing.is_over
    assert status_exit(look(sites)) == 0


def test_a_platform_that_is_down_is_not_degraded(sites: Sites) -> None:
    """An outage is exit 6; the other platforms' members say that they cannot reach it."""
    sites.made.mesh.switch("west", down=True)
    found = look(sites)
    assert [bool(reach.reason) for reach in found.platforms] == [False, True]
    assert states(found) == {"east:Federation/libs": "degraded"}
    assert status_exit(found) == 6


@pytest.mark.parametrize("version", ["7.63.5", "7.90.1"])
def test_the_old_service_is_asked_where_there_is_no_new_one(tmp_path: Path, version: str) -> None:
    """Before 7.104.2 the state of the queues comes from 2.11.11.1."""
    sites = Sites(tmp_path, "east", "west", version=version)
    sites.declare(federation(platforms=["east", "west"]))
    assert_done(sites.apply(), set())
    assert set(states(look(sites)).values()) == {"healthy"}


def test_a_full_sync_is_followed_to_its_end(sites: Sites) -> None:
    """Everything is told again, and the order is over when nobody waits any more."""
    sites.at("east").upload("libs", "a/a.tgz")
    sites.made.platforms["west"].store.artifacts.pop("libs", None)
    with sites.session() as run:
        done = operate(run, order(run, "east:Federation/libs", "full-sync"), wait=600.0)
    assert done.said == "Full sync triggered successfully"
    assert done.standing is not None
    assert done.standing.is_over
    assert sites.at("west").files("libs") == ["a/a.tgz"]


def test_an_order_that_does_not_end_in_time_is_told_as_unknown(sites: Sites) -> None:
    """Nobody can say that it failed."""
    sites.made.platforms["west"].store.repositories["libs"].put("description", "b")
    with sites.session() as run:
        wanted = order(run, "east:Federation/libs", "config-sync")
        sites.fault("status", path="*/configSync/*", status=200, body="", count=1)
        with pytest.raises(OutcomeUnknownError, match="not over yet"):
            operate(run, wanted, wait=20.0)


@pytest.mark.parametrize(
    ("address", "operation", "told"),
    [
        ("east:Federation/lib", "full-sync", "no manifest declares"),
        ("east:Federation/libs", "full-sink", "has no operation 'full-sink'"),
        ("east:LocalRepository/plain", "run", "has no operation 'run'"),
    ],
)
def test_what_cannot_be_ordered(sites: Sites, address: str, operation: str, told: str) -> None:
    """Names are checked before anything is sent."""
    with sites.session() as run, pytest.raises(UsageError, match=told):
        order(run, address, operation)


def test_an_operation_the_server_is_too_old_for(tmp_path: Path) -> None:
    """The version is told, not an HTTP status."""
    sites = Sites(tmp_path, "east", "west", version="7.90.1")
    sites.declare(federation(platforms=["east", "west"]))
    with sites.session() as run, pytest.raises(UsageError, match=r"needs artifactory 7\.104\.2"):
        order(run, "east:Federation/libs", "dry-run")


def test_a_kind_without_status(sites: Sites) -> None:
    """A local repository is as it is."""
    with pytest.raises(UsageError, match="does not run by itself"):
        look(sites, "east:LocalRepository/plain")
