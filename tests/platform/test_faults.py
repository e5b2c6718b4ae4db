"""Things that go wrong while a plan is carried out: what is sent, how often, and what is told.

That every fault at every request ends converged is shown in `tests/reliability`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.pipeline.applying import carry_out
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import session
from reconciler.sandbox import Sandbox
from reconciler.sandbox.server import Server
from tests.support.estate import REPOSITORIES, Applied, Estate, local, remote, virtual

FAULTS: dict[str, dict[str, Any]] = {
    "conflict": {"action": "conflict"},
    "project-500": {"action": "project-500"},
    "429": {"action": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "502": {"action": "html", "status": 502},
    "503": {"action": "status", "status": 503},
    "504": {"action": "empty", "status": 504},
    "520": {"action": "html", "status": 520},
    "500": {"action": "status", "status": 500},
    "reset-before": {"action": "reset-before"},
    "reset-after": {"action": "reset-after"},
    "truncate": {"action": "truncate"},
    "empty-500": {"action": "empty"},
    "empty-200": {"action": "empty", "status": 200},
    "html-200": {"action": "html", "status": 200},
    "html-404": {"action": "html", "status": 404},
}
WANTED = {
    "new-a": local("new-a", "npm", projectKey="pay", description="a"),
    "new-b": remote("new-b", description="b", password={"env": "FIRST_SECRET"}),
    "old-c": local("old-c", "npm", description="c", projectKey="pay", environments=["PROD"]),
    "old-d": remote("old-d", description="d", contentSynchronisation={"enabled": True}),
    "old-e": local("old-e", "npm", description="e"),
    "old-f": local("old-f", "maven", notes="f", description="f"),
    "new-v": virtual("new-v", "npm", repositories=["new-a", "old-c", "new-b"], description="v"),
}


ALONE = "7.83.4"
"""The last version on which every repository is written by itself."""

TOGETHER = "7.146.17"
"""A version with batches for creates and updates."""


def prepare(root: Path, version: str = ALONE) -> Estate:
    """Four live repositories to update and three to create, one of them over others."""
    estate = Estate(root, Sandbox(version=version))
    estate.environment["FIRST_SECRET"] = "hunter2"
    estate.project("pay")
    estate.put("old-c", rclass="local", packageType="npm", notes="theirs")
    estate.put("old-e", rclass="local", packageType="npm", notes="theirs")
    estate.put("old-f", rclass="local", packageType="maven")
    estate.put(
        "old-d",
        rclass="remote",
        packageType="npm",
        url="https://registry.example.com/npm",
        password="theirs",
    )
    estate.declare(*WANTED.values())
    return estate


@pytest.fixture(scope="module", params=[ALONE, TOGETHER])
def calm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """The same apply without any fault: how many requests it takes, and how it ends."""
    estate = prepare(tmp_path_factory.mktemp("calm"), request.param)
    assert set(estate.apply().results().values()) == {"done"}
    return estate


def attempt(estate: Estate) -> Applied | None:
    """One run; None when it ended as a whole."""
    try:
        return estate.apply()
    except ReconcilerError:
        return None


def state(estate: Estate) -> dict[str, Any]:
    return {key: estate.stored(key) for key in list(estate.platform.store.repositories)}


def assert_no_blind_repeat(estate: Estate) -> None:
    """Between two writes to one path the object is read; 429 says that nothing landed."""
    unread: set[str] = set()
    for request in estate.sandbox.requests:
        key = request["path"].split("/repositories/")[-1].split("/")[0]
        if request["method"] == "GET":
            unread = {line for line in unread if not line.endswith(f" {key}")}
        elif request["status"] != 429:
            line = f"{request['method']} {request['path']} {key}"
            assert line not in unread, f"{line} repeated without looking"
            unread.add(line)


def assert_nothing_doubled(estate: Estate) -> None:
    """At most one creation of each object was accepted."""
    creations = Counter(
        r["path"]
        for r in estate.sandbox.requests
        if r["method"] == "PUT" and r["status"] in (200, 201) and r["path"].startswith(REPOSITORIES)
    )
    assert all(count == 1 for count in creations.values()), creations


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_on_the_write_of_each_object(name: str, calm: Estate, tmp_path: Path) -> None:
    """A fault at the write itself: it is sent once, or once more after a look."""
    for write in dict.fromkeys(calm.writes()):
        method, path = write.split(" ")
        estate = prepare(tmp_path / path.rpartition("/")[2], calm.platform.version)
        estate.sandbox.add_fault({**FAULTS[name], "match": {"method": method, "path": path}})
        attempt(estate)
        attempt(estate)
        count = estate.writes().count(write)
        landed = name in ("reset-after", "truncate")
        # A batch that was refused is sent in parts the next time.
        most = {1, 2} if "batch" in path else {2}
        assert count in ({1} if landed else most), f"{write} was sent {count} times"
        assert_no_blind_repeat(estate)
        assert state(estate) == state(calm)
        assert estate.plan().changes == ()


def test_retry_after_is_honoured(calm: Estate, tmp_path: Path) -> None:
    """The pause the server asks for is the pause that is made."""
    estate = prepare(tmp_path / "x", calm.platform.version)
    estate.sandbox.add_fault({**FAULTS["429"], "match": {"method": "PUT", "path": "*"}})
    assert set(estate.apply().results().values()) == {"done"}
    assert 7.0 in estate.time.naps


@pytest.mark.parametrize("name", ["500", "conflict", "502", "429", "reset-before", "html-200"])
def test_a_permanent_failure_stays_alone(name: str, tmp_path: Path) -> None:
    """One object that can never be written fails; what names it is not attempted; others done."""
    estate = prepare(tmp_path)
    match = {"method": "PUT", "path": f"{REPOSITORIES}/new-a"}
    estate.sandbox.add_fault({**FAULTS[name], "match": match, "times": None})
    applied = estate.apply()
    assert applied.results() == {
        "LocalRepository/new-a": "failed",
        "LocalRepository/old-c": "done",
        "LocalRepository/old-e": "done",
        "LocalRepository/old-f": "done",
        "RemoteRepository/new-b": "done",
        "RemoteRepository/old-d": "done",
        "VirtualRepository/new-v": "not-attempted",
    }
    reason = applied.outcome("VirtualRepository/new-v").reason
    assert "LocalRepository/new-a" in reason
    assert estate.time.seconds < 400, "retries are bounded"
    assert len(estate.inventory().entries) == 5

    estate.sandbox.clear_faults()
    assert set(estate.apply().results().values()) == {"done"}
    assert estate.plan().changes == ()


def test_a_write_the_server_refuses_is_not_repeated(tmp_path: Path) -> None:
    """A plain 400 is an answer: the object fails at once, with the server's words."""
    estate = prepare(tmp_path)
    match = {"method": "PUT", "path": f"{REPOSITORIES}/new-a"}
    refusal = {"action": "status", "status": 400, "message": "no such thing", "match": match}
    estate.sandbox.add_fault({**refusal, "times": None})
    applied = estate.apply()
    assert "no such thing" in applied.outcome("LocalRepository/new-a").reason
    assert estate.writes().count(f"PUT {REPOSITORIES}/new-a") == 1


def test_a_platform_that_dies_midway_ends_the_run(tmp_path: Path) -> None:
    """When nothing answers any more, what is left is not attempted, and a later run completes."""
    estate = prepare(tmp_path)

    def die(number: int, method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/new-b"):
            estate.transport.before = None
            estate.fault("reset-before", times=None)

    estate.transport.before = die
    applied = estate.apply()
    assert Counter(applied.results().values())["done"] >= 1
    assert "failed" in applied.results().values()
    estate.sandbox.clear_faults()
    assert set(estate.apply().results().values()) == {"done"}
    assert estate.plan().changes == ()


def test_a_platform_that_is_gone_from_the_start(tmp_path: Path) -> None:
    """Nothing written yet and no answer: the run as a whole is unreachable, exit 6."""
    estate = prepare(tmp_path)
    with pytest.raises(UnreachableError):
        estate.apply(between=lambda: estate.fault("reset-before", times=None))
    assert estate.inventory().entries == {}


def test_writes_never_collide(tmp_path: Path) -> None:
    """On a server that refuses two configuration writes at a time, each is sent exactly once."""
    estate = prepare(tmp_path)
    estate.quirks(strict_conflicts=True)
    estate.declare(*WANTED.values(), *(local(f"n{i}", "npm") for i in range(6)))
    assert set(estate.apply().results().values()) == {"done"}
    assert len(estate.writes()) == len(set(estate.writes()))


# --- Ctrl-C -----------------------------------------------------------------------------------


def test_an_interrupt_at_every_request(calm: Estate, tmp_path: Path) -> None:
    """Stopped at any moment: what is in flight ends, the rest is for the next run."""
    for number in range(4, len(calm.requests())):
        estate, stop = prepare(tmp_path / str(number), calm.platform.version), threading.Event()
        estate.transport.before = at(number, stop.set)
        applied = estate.apply(stop=stop)
        results = Counter(applied.results().values())
        assert set(results) <= {"done", "not-attempted"}, number
        for outcome in applied.outcomes:
            key, done = outcome.change.address.name, outcome.result == "done"
            assert (outcome.change.address.full in estate.inventory().entries) == done
            if not done:
                assert "interrupted" in outcome.reason or "not done" in outcome.reason
                assert not [line for line in estate.writes() if line.endswith(f"/{key}")]
        estate.transport.before = None
        again = estate.apply()
        assert set(again.results().values()) <= {"done"}
        assert len(again.outcomes) == results["not-attempted"]
        assert state(estate) == state(calm)
        assert_nothing_doubled(estate)


def at(wanted: int, do: Callable[[], None]) -> Callable[[int, str, str], None]:
    return lambda number, method, path: do() if number == wanted else None


# --- a server that hangs ----------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Estate]:
    """An estate behind a real socket."""
    estate = prepare(tmp_path)
    with Server(estate.sandbox) as server:
        estate.environment["JFROG_URL"] = server.urls["default"]
        yield estate


def test_a_hung_probe_fails_within_the_time_out(served: Estate) -> None:
    """A server that accepts and never answers costs a few time-outs, not for ever."""
    served.fault("hang", seconds=3, times=None)
    started = time.monotonic()
    with (
        pytest.raises(UnreachableError, match="does not answer"),
        session(served.settings(timeout=0.1)) as run,
    ):
        make_plan(run)
    assert time.monotonic() - started < 3


def test_a_hung_write_is_looked_at_before_it_is_repeated(served: Estate) -> None:
    """A time-out leaves the outcome open; the object is read, found, and not written again."""
    served.fault("hang", seconds=0.6, method="PUT", path=f"{REPOSITORIES}/new-b")
    with session(served.settings(timeout=0.3)) as run:
        made = make_plan(run)
        outcomes = carry_out(run, made, threading.Event())
    assert {o.result for o in outcomes} == {"done"}
    assert served.plan().changes == ()
    creations = [r for r in served.sandbox.requests if r["path"] == f"{REPOSITORIES}/new-b"]
    assert [r["status"] for r in creations if r["method"] == "PUT"].count(200) == 1
