"""One apply at a time: who has the lease, how it ends, what its loss stops (M31)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.errors import LeaseHeldError, LeaseLostError, StalePlanError, UsageError
from reconciler.model import Entry
from reconciler.platform.clock import Clock
from reconciler.platform.inventory import file_lease
from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.holder import Holder, run_link, this_run
from reconciler.platform.inventory.lease import LIFETIME, Lease, acquire, in_the_way, kept
from tests.support.estate import Estate, Time, local

ANN = Holder("ann@desk", 11, "2026-01-02T03:04:05Z")
BOB = Holder("https://ci.example.com/job/7", 22, "2026-01-02T03:05:00Z")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "inventory.json"


# --- who has it


def test_the_second_run_is_told_who_is_first(file: Path) -> None:
    """By name, process, since when, and the id by which the lease can be ended."""
    with FileStore(file).lease(ANN) as lease:
        with pytest.raises(LeaseHeldError) as caught, FileStore(file).lease(BOB):
            pass
        told = str(caught.value)
        assert "ann@desk (process 11) is applying" in told
        assert "since 2026-01-02T03:04:05Z" in told
        assert f"lease {lease.id}" in told
        assert f"reconciler unlock {lease.id}" in caught.value.hint
        assert "--lock-timeout" in caught.value.hint
        assert caught.value.exit_code == 3


def test_a_lease_that_was_given_back_is_free(file: Path) -> None:
    """After an orderly end, after an error, and nothing of it is left in the folder."""
    with FileStore(file).lease(ANN):
        pass
    with pytest.raises(KeyboardInterrupt), FileStore(file).lease(ANN):
        raise KeyboardInterrupt
    with FileStore(file).lease(BOB):
        pass
    assert [f.name for f in file.parent.iterdir()] == ["inventory.lock"]


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        ("", "", True),
        ("", "1/2", True),
        ("1/2", "", True),
        ("1/2", "1/2", True),
        ("1/2", "2/2", False),
        ("1/2", "2/3", True),
    ],
)
def test_shards_of_one_division_go_together(file: Path, one: str, other: str, result: bool) -> None:
    """They have no object in common; anything else may have."""
    assert in_the_way(one, other) is result
    with FileStore(file).lease(ANN, one):
        if result:
            with pytest.raises(LeaseHeldError), FileStore(file).lease(BOB, other):
                pass
        else:
            with FileStore(file).lease(BOB, other):
                pass


def test_environments_have_leases_of_their_own(file: Path) -> None:
    """Each has an inventory of its own, and a shard's lease is not that of an environment."""
    with (
        FileStore(file).lease(ANN),
        FileStore(file.with_name("inventory.prod.json")).lease(BOB),
    ):
        pass


def test_waiting_ends_when_the_lease_is_free(file: Path) -> None:
    """Then the second run begins; whoever waits is told once for whom."""
    told: list[str] = []
    first = FileStore(file).lease(ANN)
    first.__enter__()
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            first.__exit__(None, None, None)

    waiting = FileStore(file, Clock(now=lambda: sum(naps), sleep=sleep), told.append)
    with waiting.lease(BOB, wait=600):
        assert len(naps) == 3
    assert len(told) == 1
    assert "ann@desk" in told[0]


def test_waiting_has_an_end(file: Path) -> None:
    """After the time that was given, to the second, or when the user stops the run."""
    time_ = Time()
    with FileStore(file).lease(ANN):
        with (
            pytest.raises(LeaseHeldError, match="after 12 seconds"),
            FileStore(file, time_.clock).lease(BOB, wait=12),
        ):
            pass
        assert time_.seconds == 12
        stop = threading.Event()
        stop.set()
        with (
            pytest.raises(LeaseHeldError),
            FileStore(file, time_.clock).lease(BOB, wait=600, stop=stop),
        ):
            pass
        assert time_.seconds == 12


@pytest.mark.parametrize(
    ("environment", "link"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://github.com/",
                "GITHUB_REPOSITORY": "acme/infra",
                "GITHUB_RUN_ID": "42",
            },
            "https://github.com/acme/infra/actions/runs/42",
        ),
        ({"CI_JOB_URL": "https://gitlab.example.com/j/7"}, "https://gitlab.example.com/j/7"),
        ({"BUILD_URL": "https://ann:pw@ci.example.com/9/"}, "https://ci.example.com/9/"),
        ({"GITHUB_REPOSITORY": "acme/infra"}, ""),
        ({}, ""),
    ],
)
def test_a_run_of_ci_is_named_by_its_link(environment: dict[str, str], link: str) -> None:
    """Else it is a user at a host; no password of a URL is told."""
    assert run_link(environment) == link
    named = this_run(environment)
    assert named.name == link if link else "@" in named.name
    assert named.process == os.getpid()


# --- how it ends

HOLD = """
import sys, time
from pathlib import Path
from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.holder import Holder
with FileStore(Path(sys.argv[1])).lease(Holder("gone", 1, "then")) as lease:
    print(lease.id, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_process(file: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts a process that has the lease; returns it and the lease's id."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(file)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


def test_a_killed_run_frees_its_lease_at_once(
    file: Path, other_process: Callable[[], tuple[subprocess.Popen[str], str]]
) -> None:
    """On the same machine nobody waits for an expiry: the system knows that the process is gone."""
    process, lease_id = other_process()
    with pytest.raises(LeaseHeldError, match=lease_id), FileStore(file).lease(ANN):
        pass
    process.kill()
    process.wait(30)
    with FileStore(file).lease(ANN) as lease:
        assert lease.id != lease_id


@pytest.mark.parametrize("jump", [-86_400.0, -3_600.0, 3_600.0, 86_400.0])
def test_a_local_clock_that_jumps_changes_nothing(
    file: Path, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours forwards or backwards, a lease that is held is held, and ours is not lost."""
    with FileStore(file).lease(ANN) as lease:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        lease.check()
        with pytest.raises(LeaseHeldError), FileStore(file).lease(BOB):
            pass
        lease.beat()
        lease.check()


def test_the_lease_of_another_machine_expires(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the stamps of the files: both come from one clock, whichever machine that is on."""
    monkeypatch.setattr(file_lease, "_lock", lambda handle: True)  # locks that do not reach us
    with FileStore(file).lease(ANN):
        monkeypatch.setattr(file_lease, "machine", lambda: "another one")
        with pytest.raises(LeaseHeldError, match="it ends at 20"), FileStore(file).lease(BOB):
            pass
        stamped = file.with_suffix(".lease").stat().st_mtime - LIFETIME - 1
        os.utime(file.with_suffix(".lease"), (stamped, stamped))
        with FileStore(file).lease(BOB):
            pass


def test_unlock_needs_exactly_the_id(file: Path) -> None:
    """A wrong id ends nothing, and says who has the lease; the right one ends it for its holder."""
    with pytest.raises(UsageError, match="there is no lease x") as caught:
        FileStore(file).unlock("x")
    assert "the next apply can begin" in caught.value.hint
    with FileStore(file).lease(ANN) as lease:
        with pytest.raises(UsageError, match="there is no lease") as caught:
            FileStore(file).unlock(lease.id[:-1])
        assert f"ann@desk (process 11) has lease {lease.id}" in caught.value.hint
        lease.check()
        assert FileStore(file).unlock(lease.id).holder == ANN
        with pytest.raises(LeaseLostError, match="somebody ended it"):
            lease.check()
        with FileStore(file).lease(BOB) as second:
            second.check()
            with pytest.raises(LeaseLostError):
                lease.check()
    assert not list(file.parent.glob("*.lease"))


# --- the heart


class Renewed:
    """A claim that counts its renewals, and fails when told to."""

    id = "x"

    def __init__(self) -> None:
        self.renewals = self.looks = 0
        self.error: Exception | None = None
        self.released = False

    def is_there(self) -> bool:
        return True

    def look(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error

    def renew(self) -> None:
        self.renewals += 1
        if self.error is not None:
            raise self.error

    def release(self) -> None:
        self.released = True


def test_a_long_apply_renews_its_lease() -> None:
    """In the background, as long as it lasts, and not after; between, it looks."""
    claim = Renewed()
    with kept(claim, 0.1, every=0.005):
        until = time.monotonic() + 10
        while claim.renewals < 3 and time.monotonic() < until:
            time.sleep(0.005)
    beats = (claim.renewals, claim.looks)
    time.sleep(0.03)
    assert (claim.renewals, claim.looks) == beats
    assert claim.renewals >= 3
    assert claim.released


def test_a_lease_that_cannot_be_renewed_is_lost_in_time() -> None:
    """A failing renewal may pass; before the lifetime is over, nothing more is written."""
    clock = [0.0]
    claim = Renewed()
    lease = Lease(claim, 600, now=lambda: clock[0])
    claim.error = UsageError("no answer")
    clock[0] = 300
    lease.beat()
    lease.check()
    claim.error = None
    lease.beat()
    clock[0] = 800
    lease.check()
    clock[0] = 300 + 541
    with pytest.raises(LeaseLostError, match="could not be renewed for 541 seconds"):
        lease.check()


def test_a_renewal_that_finds_another_holder_ends_it() -> None:
    """Then the next write is refused, whatever the time."""
    claim = Renewed()
    lease = Lease(claim, 600)
    claim.error = LeaseLostError("another run has it")
    lease.beat()
    with pytest.raises(LeaseLostError, match="lost: another run has it; nothing more is written"):
        lease.check()


def test_acquire_takes_what_it_is_given() -> None:
    """A free lease costs no waiting."""
    time_ = Time()
    claim = Renewed()
    assert acquire(lambda: claim, "x", 60, None, time_.clock, lambda text: None) is claim
    assert time_.seconds == 0


# --- applies


def test_two_applies_at_once(estate: Estate) -> None:
    """The second one writes nothing and ends 3; planning is never in the way."""
    estate.declare(local("a"), local("b"))
    refused: list[LeaseHeldError] = []

    def meanwhile(*_: object) -> None:
        estate.declare(local("a"), local("b"), local("c"))
        assert estate.plan().summary()["create"] == 1
        estate.forget_requests()
        with pytest.raises(LeaseHeldError) as caught:
            estate.apply()
        refused.append(caught.value)
        assert estate.writes() == []

    estate.apply(report=meanwhile)
    assert refused
    assert estate.keys() == ["a", "b"]


def test_an_apply_that_waited_does_not_apply_an_old_plan(estate: Estate) -> None:
    """What another run recorded meanwhile makes the plan stale, before any write."""
    estate.declare(local("a", description="x"))

    def meanwhile() -> None:
        FileStore(estate.root / ".reconciler" / "inventory.json").change(
            {"default:LocalRepository/a": Entry("another")}
        )
        estate.forget_requests()

    with pytest.raises(StalePlanError, match="says something else of LocalRepository/a"):
        estate.apply(between=meanwhile)
    assert estate.writes() == []


def test_a_plan_without_changes_takes_no_lease(estate: Estate) -> None:
    """Nothing is to be written, so nobody is kept out."""
    estate.declare(local("a"))
    estate.apply()
    with FileStore(estate.root / ".reconciler" / "inventory.json").lease(ANN):
        assert estate.apply().outcomes == []


def test_a_lost_lease_stops_the_apply(estate: Estate) -> None:
    """Before the next write; what was done is recorded, the rest is told, and done by the next."""
    estate.declare(*(local(f"r{n}") for n in range(5)))
    estate.fault("status", status=404, path="*/v2/repositories/batch", times=None)
    lease = estate.root / ".reconciler" / "inventory.lease"

    def end(number: int, method: str, path: str) -> None:
        if (method, path) == ("PUT", "/artifactory/api/repositories/r1"):
            lease.unlink()

    estate.transport.before = end
    done = estate.apply()
    failed = [o for o in done.outcomes if o.result == "failed"]
    assert "nothing more is written" in failed[0].reason
    assert estate.keys() == ["r0", "r1"]
    assert {k.rpartition("/")[2] for k in estate.inventory().entries} == {"r0", "r1"}
    estate.transport.before = None
    estate.apply()
    assert estate.plan().changes == ()


def test_a_lease_lost_before_the_first_write_ends_the_run(estate: Estate) -> None:
    """As a whole, and with 3: nothing was written."""
    estate.declare(local("a"))
    lease = estate.root / ".reconciler" / "inventory.lease"

    def end(number: int, method: str, path: str) -> None:
        lease.unlink(missing_ok=True)

    with pytest.raises(LeaseLostError) as caught:
        estate.apply(between=lambda: setattr(estate.transport, "before", end))
    assert caught.value.exit_code == 3
    assert estate.writes() == []
