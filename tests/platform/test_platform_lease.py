"""The lease of an inventory on a platform: the first claim counts, by the server's clock (M31)."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from reconciler.errors import (
    LeaseHeldError,
    LeaseLostError,
    ReconcilerError,
    UnauthorisedError,
    UsageError,
)
from reconciler.platform.inventory.claims import Claims, PlatformClaim
from reconciler.platform.inventory.folder import milliseconds
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.lease import LIFETIME, Held, Lease
from tests.support.shelf import Shelf

ANN = Holder("ann@desk", 11, "2026-01-02T03:04:05Z")
BOB = Holder("https://ci.example.com/job/7", 22, "2026-01-02T03:05:00Z")
START = 1_767_225_600.0


@pytest.fixture
def shelf() -> Shelf:
    made = Shelf()
    made.sandbox.clock.freeze(START)
    return made


def claimed(claims: Claims, holder: Holder = ANN, part: str = "") -> PlatformClaim:
    """A claim that was granted."""
    got = claims.take(holder, part)
    assert isinstance(got, PlatformClaim)
    return got


def test_the_second_run_is_told_who_is_first(shelf: Shelf) -> None:
    """With times of the server; nothing of its own claim is left."""
    with shelf.store().lease(ANN) as lease:
        shelf.later(60)
        left = shelf.files
        with pytest.raises(LeaseHeldError) as caught, shelf.store().lease(BOB):
            pass
        told = str(caught.value)
        assert "ann@desk (process 11) is applying with the inventory east:reconciler-state" in told
        assert "since 2026-01-01T00:00:00Z" in told
        assert "it ends at 2026-01-01T00:10:00Z unless it is renewed" in told
        assert f"reconciler unlock {lease.id}" in caught.value.hint
        assert shelf.files == left
        lease.check()
    assert shelf.files == []


def test_a_lease_costs_few_requests(shelf: Shelf) -> None:
    """A claim, a look at who else claims, the word that it was granted; and both taken away."""
    with shelf.store().lease(ANN):
        assert [line.split()[0] for line in shelf.requests()] == ["PUT", "POST", "PUT"]
    assert [line.split()[0] for line in shelf.requests()] == ["DELETE", "DELETE"]


def test_an_error_gives_the_lease_back(shelf: Shelf) -> None:
    """Also Ctrl-C, and an error while it is taken."""
    with pytest.raises(KeyboardInterrupt), shelf.store().lease(ANN):
        raise KeyboardInterrupt
    assert shelf.files == []
    shelf.sandbox.add_fault({"action": "status", "status": 500, "match": {"path": "*/aql"}})
    with pytest.raises(ReconcilerError), shelf.store().lease(ANN):
        pass
    assert shelf.files == []


@pytest.mark.parametrize(("one", "other"), [("1/2", "2/2"), ("2/4", "1/4")])
def test_shards_of_one_division_go_together(shelf: Shelf, one: str, other: str) -> None:
    """They have no object in common."""
    with shelf.store().lease(ANN, one), shelf.store().lease(BOB, other):
        for part in ("", one, "1/3"):
            with pytest.raises(LeaseHeldError), shelf.store().lease(BOB, part):
                pass


def test_many_runs_at_once(shelf: Shelf) -> None:
    """However they interleave, one has the lease at any time, and at least one gets it."""
    shelf.sandbox.clock.freeze(None)
    holding: list[int] = []
    most: list[int] = []
    got: list[int] = []
    lock = threading.Lock()
    start = threading.Barrier(6)

    def run(number: int) -> None:
        claims = shelf.claims(settle=0.05, sleep=time.sleep)
        start.wait()
        claim = claims.take(ANN, "")
        if isinstance(claim, Held):
            return
        with lock:
            holding.append(number)
            got.append(number)
            most.append(len(holding))
        time.sleep(0.05)
        with lock:
            holding.remove(number)
        claim.release()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got
    assert max(most) == 1
    assert shelf.files == []


def test_every_order_of_two_claims_has_one_winner() -> None:
    """Each of the two writes its claim, then looks: whoever is first by the server's time."""
    for order in set(itertools.permutations("aabb")):
        shelf = Shelf()
        shelf.sandbox.clock.freeze(START)
        turns = iter(order)
        results: dict[str, PlatformClaim | Held] = {}
        go = {name: threading.Semaphore(0) for name in "ab"}
        done = threading.Semaphore(0)

        def run(name: str, results=results, go=go, done=done, shelf=shelf) -> None:  # type: ignore[no-untyped-def]
            def sleep(seconds: float) -> None:
                done.release()
                go[name].acquire()

            go[name].acquire()
            results[name] = shelf.claims(sleep=sleep).take(ANN, "")
            done.release()

        threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for turn in turns:
            shelf.later(0.001)
            go[turn].release()
            done.acquire()
        for thread in threads:
            thread.join()
        winners = [name for name, result in results.items() if isinstance(result, PlatformClaim)]
        assert winners == [order[0]], order


def test_what_was_granted_stays_granted(shelf: Shelf) -> None:
    """A later claim that a node with a slow clock dates earlier does not come first."""
    with shelf.store().lease(ANN) as lease:
        shelf.later(-30)
        with pytest.raises(LeaseHeldError), shelf.store().lease(BOB):
            pass
        lease.beat()
        lease.check()


# --- time


def test_a_crashed_run_keeps_others_out_for_ten_minutes(shelf: Shelf) -> None:
    """By the server's clock; then what is left of it is tidied up."""
    claimed(shelf.claims())
    shelf.later(LIFETIME - 1)
    with pytest.raises(LeaseHeldError), shelf.store().lease(BOB):
        pass
    shelf.later(1)
    with shelf.store().lease(BOB):
        assert len(shelf.files) == 2
    assert shelf.files == []


@pytest.mark.parametrize("jump", [-86_400.0, -3_600.0, 3_600.0, 86_400.0])
def test_a_local_clock_that_jumps_changes_nothing(
    shelf: Shelf, jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither ours nor the other run's: nobody reads a clock on the wall."""
    with shelf.store().lease(ANN) as lease:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        lease.check()
        lease.beat()
        lease.check()
        with pytest.raises(LeaseHeldError), shelf.store().lease(BOB):
            pass


def test_a_renewed_lease_lasts(shelf: Shelf) -> None:
    """As long as each renewal comes in time; the first claim stays the one that counts."""
    claim = claimed(shelf.claims())
    for _ in range(5):
        shelf.later(LIFETIME - 10)
        claim.renew()
        with pytest.raises(LeaseHeldError), shelf.store().lease(BOB):
            pass
    assert len(shelf.files) == 7
    claim.release()
    assert shelf.files == []


def test_a_renewal_that_comes_too_late_does_not_count(shelf: Shelf) -> None:
    """A machine that slept finds its lease lost, even where nobody took it meanwhile."""
    claim = claimed(shelf.claims())
    shelf.later(LIFETIME + 1)
    with pytest.raises(LeaseLostError, match="renewed too late"):
        claim.renew()
    with shelf.store().lease(BOB), pytest.raises(LeaseLostError):
        claim.look()


def test_a_lease_taken_over_is_lost(shelf: Shelf) -> None:
    """Whoever comes back finds out who has it now."""
    claim = claimed(shelf.claims())
    shelf.later(LIFETIME)
    with shelf.store().lease(BOB):
        with pytest.raises(LeaseLostError, match="somebody ended it"):
            claim.look()
        claim.release()


def test_the_heart_renews_when_a_third_is_over(shelf: Shelf) -> None:
    """Before that it only looks; a platform that does not answer is asked again next time."""
    clock = [0.0]
    claim = claimed(shelf.claims())
    lease = Lease(claim, LIFETIME, now=lambda: clock[0])
    for seconds, files in ((60, 2), (199, 2), (201, 3), (300, 3), (402, 4)):
        shelf.later(seconds - clock[0])
        clock[0] = seconds
        lease.beat()
        lease.check()
        assert len(shelf.files) == files
    shelf.sandbox.add_fault({"action": "html", "times": None, "match": {"path": "*/aql"}})
    shelf.later(500)
    clock[0] += 500
    lease.beat()
    lease.check()
    clock[0] += 50
    with pytest.raises(LeaseLostError, match="could not be renewed for 550 seconds"):
        lease.check()


# --- unlock


def test_unlock_needs_exactly_the_id(shelf: Shelf) -> None:
    """A wrong id ends nothing; the right one ends the lease for its holder and for others."""
    with pytest.raises(UsageError, match="there is no lease x") as caught:
        shelf.store().unlock("x")
    assert "the next apply can begin" in caught.value.hint
    claim = claimed(shelf.claims())
    claim.renew()
    with pytest.raises(UsageError) as caught:
        shelf.store().unlock("x")
    assert f"ann@desk (process 11) has lease {claim.id} since 2026-01-01T" in caught.value.hint
    assert shelf.store().unlock(claim.id).holder == ANN
    assert shelf.files == []
    with pytest.raises(LeaseLostError, match="somebody ended it"):
        claim.look()
    with shelf.store().lease(BOB):
        claim.release()
        assert len(shelf.files) == 2


def test_a_renewal_after_the_unlock_brings_nothing_back(shelf: Shelf) -> None:
    """A file without the first one counts for nobody."""
    claim = claimed(shelf.claims())
    shelf.store().unlock(claim.id)
    shelf.claims().folder.write(claim.next_name(), {})
    with shelf.store().lease(BOB), pytest.raises(LeaseLostError):
        claim.look()


# --- what goes wrong


def test_a_token_that_may_not_write_gets_no_lease(shelf: Shelf) -> None:
    """It is told before anything is applied."""
    with (
        pytest.raises(UnauthorisedError, match="does not let this token write"),
        shelf.store("read").lease(ANN),
    ):
        pass


def test_a_claim_the_server_lists_late(shelf: Shelf) -> None:
    """Is looked for again; one that never shows up is no lease."""
    other = {"path": "acme/leases", "name": "x", "created": "2026-01-01T00:00:00.000Z"}
    empty = {"results": [other], "range": {}}
    fault = {"action": "status", "status": 200, "body": empty, "match": {"path": "*/aql"}}
    shelf.sandbox.add_fault({**fault, "times": 2})
    with shelf.store().lease(ANN):
        pass
    shelf.sandbox.add_fault({**fault, "times": None})
    with pytest.raises(ReconcilerError, match="does not list the claim"), shelf.store().lease(ANN):
        pass


def test_a_holder_that_left_no_name(shelf: Shelf) -> None:
    """Is an unknown run, and keeps others out all the same."""
    claims = shelf.claims()
    claims.folder.write("abc123.600000.all.0000.json", {"x": 1})
    shelf.later(1)
    with pytest.raises(LeaseHeldError, match="an unknown run"), shelf.store().lease(ANN):
        pass


def test_files_of_others_are_left_alone(shelf: Shelf) -> None:
    """What is no claim of ours neither blocks nor is removed."""
    shelf.claims().folder.write("notes.txt", {})
    with shelf.store().lease(ANN):
        pass
    assert len(shelf.files) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-01-01T00:00:00.001Z", 1_767_225_600_001),
        ("2026-01-01T01:00:00.001+01:00", 1_767_225_600_001),
        ("2026-01-01T01:00:00.001+0100", 1_767_225_600_001),
        ("2026-01-01T00:00:00", 1_767_225_600_000),
    ],
)
def test_times_of_the_server(text: str, wanted: int) -> None:
    """In each form a server is known to write them."""
    assert milliseconds(text) == wanted
