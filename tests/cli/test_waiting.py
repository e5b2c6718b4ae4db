"""A platform that keeps a run waiting: the user learns of it, and the wait has an end."""

from __future__ import annotations

import time

import pytest

from tests.cli.support import Desk, local, manifest

BULK = {"path": "*/configurations*"}


@pytest.mark.parametrize("flags", [("--timeout", "0.5"), ("--patience", "2")])
def test_a_broken_bulk_read(desk: Desk, flags: tuple[str, str]) -> None:
    """Attempts and reason are told while it lasts; it ends when the patience does."""
    desk.converged(local("a"))
    desk.fault("truncate", match=BULK)
    started = time.monotonic()
    seen = desk("plan", *flags)

    assert time.monotonic() - started < 10
    assert (seen.code, seen.out) == (6, "")
    first = seen.err.splitlines()[0]
    assert first.startswith("default: GET /artifactory/api/repositories/configurations failed 2")
    assert "(--patience)" in first


def test_a_blip_is_not_told(desk: Desk) -> None:
    """One failure that the next attempt mends is no news."""
    desk.converged(local("a"))
    desk.fault("truncate", times=1, match=BULK)
    seen = desk("plan")

    assert (seen.code, seen.err) == (0, "")


@pytest.mark.parametrize("action", ["html", "empty"])
@pytest.mark.parametrize("command", ["plan", "drift", "export"])
def test_reads_go_one_by_one(desk: Desk, action: str, command: str) -> None:
    """Why a run takes long is told, and the run goes on."""
    desk.converged(local("a"), local("b"))
    desk.fault(action, status=200, match=BULK)
    seen = desk(command)

    assert seen.code == 0
    assert "warning[bulk-read]: the bulk read of default cannot be used" in seen.both


def test_a_token_that_may_not_read_all_at_once_is_told_so(desk: Desk) -> None:
    """A plain refusal of the server is no proxy's doing."""
    desk.converged(*(manifest("Project", key, displayName=key) for key in ("aa", "bb")))
    desk.fault("status", status=403, match={"path": "/access/api/v1/projects"})
    seen = desk("plan")

    assert "warning[bulk-read]" in seen.both
    assert "the token lacks the rights for this" in seen.both
    assert "proxy" not in seen.both


def test_many_broken_objects_share_the_patience(desk: Desk) -> None:
    """Objects that cannot be read do not each take all of it."""
    desk.converged(*(local(f"r{n}") for n in range(40)))
    desk.fault("html", status=200, match=BULK)
    desk.fault("truncate", match={"path": "*/api/repositories/*"})
    started = time.monotonic()
    seen = desk("plan", "--patience", "2")

    assert time.monotonic() - started < 15
    assert seen.code == 1
    assert "40 objects could not be read" in seen.out
