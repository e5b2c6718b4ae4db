"""Many changes in few requests: what is refused, lost, hidden or interrupted among them (M17)."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import StalePlanError, UsageError
from reconciler.model import Action
from reconciler.platform.inventory.file import FileStore
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import assert_converged, assert_done
from tests.support.estate import Estate, local, manifest, remote, virtual

BATCH = "/artifactory/api/v2/repositories/batch"
ONE = "/artifactory/api/repositories"
ALL = f"GET {ONE}/configurations"


def names(count: int, stem: str = "x") -> list[str]:
    """So many keys."""
    return [f"{stem}{number:03}" for number in range(count)]


def declare(estate: Estate, *keys: str, **spec: Any) -> None:
    """A local repository for each key."""
    estate.declare(*(local(key, **spec) for key in keys))


def results(estate: Estate, **changes: Any) -> dict[str, str]:
    """The results of an apply by key."""
    applied = estate.apply(**changes)
    return {o.change.address.name: o.result for o in applied.outcomes}


# --- how many requests ------------------------------------------------------------------------


def test_250_creates(estate: Estate) -> None:
    """Three batches, three reads before and three after them, and three for the whole."""
    declare(estate, *names(250))
    assert_done(estate.apply(), set())
    assert estate.writes() == [f"PUT {BATCH}"] * 3
    assert len(estate.requests()) == 12
    assert_converged(estate)
    assert len(estate.inventory().entries) == 250


def test_1000_creates(estate: Estate) -> None:
    """A big platform is set up in at most 30 requests (spec 12)."""
    declare(estate, *names(1000))
    assert_done(estate.apply(), set())
    assert estate.writes() == [f"PUT {BATCH}"] * 10
    assert len(estate.requests()) <= 30


def test_250_updates(estate: Estate) -> None:
    """Three batches of the changed fields only."""
    declare(estate, *names(250))
    estate.apply()
    declare(estate, *names(250), notes="new")
    estate.forget_requests()
    assert_done(estate.apply(allow_updates=("LocalRepository=250",)), set())
    assert estate.writes() == [f"POST {BATCH}"] * 3
    assert len(estate.requests()) <= 12
    bodies = [json.loads(body) for method, _, body in estate.transport.bodies if method == "POST"]
    assert [len(body) for body in bodies] == [100, 100, 50]
    assert all(set(item) <= {"key", "rclass", "notes"} for body in bodies for item in body)
    assert_converged(estate)


def test_members_before_those_who_list_them(estate: Estate) -> None:
    """A batch holds what is ready: first the members, then the virtuals, then what lists those."""
    estate.declare(
        virtual("top", "npm", repositories=["mid0", "mid1"]),
        *(virtual(f"mid{n}", "npm", repositories=[f"a{n}", f"b{n}"]) for n in range(2)),
        *(local(f"a{n}", "npm") for n in range(2)),
        *(remote(f"b{n}") for n in range(2)),
    )
    assert_done(estate.apply(), set())
    sent = [json.loads(body) for _, path, body in estate.transport.bodies if path == BATCH and body]
    assert [sorted(item["key"] for item in body) for body in sent] == [
        ["a0", "a1", "b0", "b1"],
        ["mid0", "mid1"],
    ]
    assert_converged(estate)


def test_a_query_has_4_kilobytes_at_most(estate: Estate) -> None:
    """Long keys are read in more parts than short ones, and none is forgotten."""
    keys = [f"{number:02}" + "-" + "k" * 60 for number in range(90)]
    declare(estate, *keys)
    assert_done(estate.apply(), set())
    read = [r for r in estate.sandbox.requests if r["path"] == BATCH and r["method"] == "GET"]
    assert len(read) > 1
    assert all(len(r["query"]) <= 4096 for r in read)
    assert_converged(estate)


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("culprit", [0, 17, 39])
@pytest.mark.parametrize("updating", [False, True], ids=["create", "update"])
def test_the_culprit_is_found(estate: Estate, culprit: int, updating: bool) -> None:
    """One element that the server refuses fails with the server's words; the others are done."""
    keys = names(40)
    if updating:
        declare(estate, *keys)
        estate.apply()
    documents = [local(key, notes="new") for key in keys]
    documents[culprit]["spec"] = {"packageType": "generic", "extra": {"maxUniqueTags": "many"}}
    estate.declare(*documents)
    estate.forget_requests()
    applied = estate.apply(allow_updates=("LocalRepository=40",))
    failed = [o for o in applied.outcomes if o.result != "done"]
    assert [(o.change.address.name, o.result) for o in failed] == [(keys[culprit], "failed")]
    assert "maxUniqueTags" in failed[0].reason
    assert len(estate.writes()) <= 2 * 6 + 2  # halves of 40 down to one
    assert len(estate.plan().changes) == 1


def test_several_culprits(estate: Estate) -> None:
    """Each is found, wherever it stands."""
    keys = names(30)
    bad = {keys[n] for n in (0, 1, 13, 29)}
    estate.declare(
        *(
            local(key, **({"extra": {"maxUniqueTags": "many"}} if key in bad else {}))
            for key in keys
        )
    )
    found = results(estate)
    assert {key for key, result in found.items() if result == "failed"} == bad
    assert sorted(estate.keys()) == sorted(set(keys) - bad)


def test_a_key_that_somebody_took_in_another_spelling(estate: Estate) -> None:
    """The batch answers 409; nothing is overwritten, the others are created."""
    declare(estate, *names(8), notes="ours")
    applied = estate.apply(
        between=lambda: estate.put("X003", rclass="local", packageType="npm", notes="theirs")
    )
    found = {o.change.address.name: o for o in applied.outcomes}
    assert found["x003"].result == "failed"
    assert "Case insensitive repository key already exists" in found["x003"].reason
    others = {name: o.result for name, o in found.items() if name != "x003"}
    assert set(others.values()) == {"done"}
    assert estate.stored("X003")["notes"] == "theirs"


@pytest.mark.parametrize("at_the_last_moment", [False, True])
def test_a_key_that_somebody_took(estate: Estate, at_the_last_moment: bool) -> None:
    """Nothing was written yet, so the plan as a whole is told as stale; nothing is overwritten."""
    declare(estate, *names(8), notes="ours")

    def take() -> None:
        estate.put("x003", rclass="local", packageType="npm", notes="theirs")

    def watch(_number: int, method: str, path: str) -> None:
        if (method, path) == ("PUT", BATCH) and not estate.keys():
            take()

    if at_the_last_moment:
        estate.transport.before = watch
    with pytest.raises(StalePlanError, match="x003 did not exist"):
        estate.apply(between=None if at_the_last_moment else take)
    assert estate.keys() == ["x003"]
    assert estate.stored("x003")["notes"] == "theirs"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500])
def test_a_bulk_read_that_is_refused(estate: Estate, status: int) -> None:
    """Each object is read by itself then; nothing else changes."""
    declare(estate, *names(5))
    estate.apply()
    estate.fault("status", method="GET", path=BATCH, status=status, times=None)
    estate.fault("status", method="GET", path=f"{ONE}/configurations", status=403, times=None)
    estate.time.naps.clear()
    declare(estate, *names(7), notes="new")
    estate.forget_requests()
    assert_done(estate.apply(patience=1.0, allow_updates=("LocalRepository=5",)), set())
    assert {estate.stored(key)["notes"] for key in names(7)} == {"new"}
    assert f"GET {ONE}/x006" in estate.requests()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_batches_that_are_refused_as_a_whole(estate: Estate, method: str) -> None:
    """A server or a proxy that lets no batch through: one by one in the end."""
    declare(estate, *names(6))
    if method == "POST":
        estate.apply()
        declare(estate, *names(6), notes="new")
    estate.fault("status", method=method, path=BATCH, status=405, times=None)
    assert_done(estate.apply(allow_updates=("LocalRepository=6",)), set())
    assert_converged(estate)


# --- what is interrupted ----------------------------------------------------------------------


@pytest.mark.parametrize("status, most", [(405, 1), (501, 1), (403, 3)])
def test_a_refusal_that_has_no_culprit(estate: Estate, status: int, most: int) -> None:
    """A server without batches is asked once; one that forbids them, once a batch; no halving."""
    declare(estate, *names(250))
    estate.fault("status", method="PUT", path=BATCH, status=status, times=None)
    told = set(results(estate).values())

    assert told == ({"failed"} if status == 403 else {"done"})
    assert estate.writes().count(f"PUT {BATCH}") == most


def test_a_stop_between_two_chunks(estate: Estate) -> None:
    """What is under way is finished and recorded, the next chunk is not begun."""
    stop = threading.Event()
    declare(estate, *names(150))

    def watch(_number: int, method: str, path: str) -> None:
        if (method, path) == ("PUT", BATCH):
            stop.set()

    estate.transport.before = watch
    found = results(estate, stop=stop)
    assert list(found.values()).count("done") == 100
    assert list(found.values()).count("not-attempted") == 50
    assert len(estate.keys()) == len(estate.inventory().entries) == 100

    estate.transport.before = None
    assert_done(estate.apply(), set())
    assert_converged(estate)


@pytest.mark.parametrize("updating", [False, True], ids=["create", "update"])
def test_the_inventory_cannot_be_written(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, updating: bool
) -> None:
    """The objects are there and nobody owns them: the next run adopts what it declares."""
    if updating:
        declare(estate, *names(20))
        estate.apply()
    declare(estate, *names(20), notes="new")
    kept = estate.inventory()

    def die(_self: FileStore, _entries: Any) -> None:
        raise UsageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "change", die)
        found = estate.apply(allow_updates=("LocalRepository=20",))
    assert set(found.results().values()) == {"failed"}
    assert "it is done, and could not be recorded: the disk is full" in found.outcomes[0].reason
    assert len(estate.keys()) == 20
    assert {estate.stored(key)["notes"] for key in names(20)} == {"new"}
    assert estate.inventory() == kept

    plan = estate.plan()
    assert {c.action for c in plan.changes} == (set() if updating else {Action.ADOPT})
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == []
    assert_converged(estate)
    assert len(estate.inventory().entries) == 20
    assert estate.drift().entries == ()


@pytest.mark.parametrize("action", ["reset-before", "reset-after", "conflict", "html"])
@pytest.mark.parametrize("updating", [False, True], ids=["create", "update"])
def test_a_batch_nobody_knows_the_outcome_of(estate: Estate, action: str, updating: bool) -> None:
    """What landed is not sent again; what did not is."""
    declare(estate, *names(12))
    if updating:
        estate.apply()
        declare(estate, *names(12), notes="new")
    method = "POST" if updating else "PUT"
    estate.fault(action, method=method, path=BATCH, times=1)
    estate.forget_requests()
    assert_done(estate.apply(allow_updates=("LocalRepository=12",)), set())
    landed = action == "reset-after"
    assert estate.writes().count(f"{method} {BATCH}") == (1 if landed else 2)
    assert_converged(estate)


# --- who sees less ----------------------------------------------------------------------------


def test_what_a_weak_token_does_not_see_is_not_created(estate: Estate) -> None:
    """Hidden from the listing is not absent: asked for by name, it is refused, and nothing is
    planned for it."""
    keys = [*names(5, "hidden-"), *names(5)]
    declare(estate, *keys)
    estate.apply()
    (estate.root / ".reconciler" / "inventory.json").unlink()
    estate.token("partial")
    plan = estate.plan()
    assert [c for c in plan.changes if c.action is Action.CREATE] == []
    estate.forget_requests()
    estate.apply()
    assert estate.writes() == []


def test_a_token_that_sees_no_projects_creates_none(estate: Estate) -> None:
    """The list of projects is empty for who administers none; each is asked for by its key."""
    estate.project("pay", "ops")
    estate.declare(
        *(manifest("Project", key, {"displayName": key}) for key in ("pay", "ops")),
        local("x", projectKey="pay"),
    )
    estate.token("partial")
    plan = estate.plan()
    assert [
        c.address.kind for c in plan.changes if c.action is Action.CREATE and not c.blocked
    ] == []


@pytest.mark.parametrize("version", ["7.84.3", "7.102.0"])
def test_without_proof_each_missing_object_is_asked_for(tmp_path: Path, version: str) -> None:
    """Before a server can tell that a token sees everything, the listing alone proves nothing."""
    estate = Estate(tmp_path, Sandbox(version=version))
    declare(estate, *names(4))
    estate.plan()
    asked = [line for line in estate.requests() if line.startswith(f"GET {ONE}/x")]
    assert len(asked) == 4
