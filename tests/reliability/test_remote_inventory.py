"""Trouble at every request of an apply whose inventory is on the platform, its own included.

Whatever happens, the next apply ends converged, everything is recorded, and no lease is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reconciler.errors import ReconcilerError
from reconciler.platform.client import Client, Endpoint, HttpOptions
from reconciler.platform.inventory.folder import Folder
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.lease import LIFETIME
from reconciler.platform.inventory.remote import PlatformStore
from tests.support.estate import Estate, local, virtual

REPOSITORY = "reconciler-state"
OURS = {"LocalRepository/a", "LocalRepository/b", "LocalRepository/old", "VirtualRepository/v"}
TROUBLES: dict[str, dict[str, Any]] = {
    "reset before": {"action": "reset-before"},
    "reset after": {"action": "reset-after"},
    "gateway": {"action": "html", "status": 503},
    "refused": {"action": "status", "status": 403},
    "broken": {"action": "status", "status": 500},
    "cut short": {"action": "truncate"},
}


class Death(BaseException):
    """The process is gone."""


def estate(root: Path) -> Estate:
    """A workspace with something owned, and creates and updates to apply."""
    made = Estate(root)
    made.put(REPOSITORY, rclass="local", packageType="generic")
    made.workspace(
        platforms={"main": {"url": {"env": "JFROG_URL"}, "token": {"env": "JFROG_ACCESS_TOKEN"}}},
        inventory={"platform": "main", "repository": REPOSITORY},
        limits={"updates": {"percent": 100}},
    )
    made.declare(local("old"))
    made.apply()
    made.declare(
        local("old", description="new"),
        local("a", "npm"),
        local("b", "npm"),
        virtual("v", "npm", repositories=["a", "b"]),
    )
    made.forget_requests()
    return made


@cache
def requests() -> int:
    """How many requests the apply makes when nothing goes wrong."""
    with TemporaryDirectory() as folder:
        calm = estate(Path(folder))
        calm.apply()
        return len(calm.requests())


def store(of: Estate) -> PlatformStore:
    """The inventory as another run sees it."""
    endpoint = Endpoint("main", of.platform.url, lambda: of.platform.tokens["admin"])
    client = Client(endpoint, HttpOptions(), transport=of.transport, clock=of.time.clock)
    return PlatformStore(Folder(client, REPOSITORY, "acme", of.time.clock), of.time.clock)


def wrong(of: Estate) -> Iterator[str]:
    """What is not as it has to be in the end."""
    with suppress(ReconcilerError):
        of.apply()  # the one after the trouble; a lease of a dead run may still hold it up
    of.sandbox.clock.advance(LIFETIME)
    of.apply()
    plan = of.plan()
    if plan.changes:
        yield f"the plan has {[str(c.address) for c in plan.changes]}"
    found = {key.partition(":")[2] for key in store(of).load().entries}
    if found != OURS:
        yield f"recorded are {found}"
    with store(of).lease(Holder("next", 1, "")):  # raises where a lease is left
        pass


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_fault_at_any_request(trouble: str, tmp_path: Path) -> None:
    """Of the plan, of the lease, of each write and of what is recorded of it: every third one here,
    another third for the next trouble."""
    for number in range(list(TROUBLES).index(trouble) % 3, requests(), 3):
        made = estate(tmp_path / str(number))
        made.sandbox.add_fault({**TROUBLES[trouble], "skip": number})
        with suppress(ReconcilerError):
            made.apply()
        assert not made.sandbox.faults or made.sandbox.faults[0]["times"] == 0, number
        made.sandbox.clear_faults()
        assert list(wrong(made)) == [], f"{trouble} at request {number}"


def test_a_kill_at_every_request(tmp_path: Path) -> None:
    """From there on nothing is sent any more: no lease is given back, nothing is tidied."""
    for number in range(requests()):
        made = estate(tmp_path / str(number))
        sent = 0

        def die(_: int, method: str, path: str, number: int = number) -> None:
            nonlocal sent
            sent += 1
            if sent > number:
                raise Death

        made.transport.before = die
        with suppress(Death, ReconcilerError):
            made.apply()
        made.transport.before = None
        assert list(wrong(made)) == [], f"killed at request {number}"
