"""Deleting what nobody declares any more: only if asked to, only what is ours, never content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InvalidManifests, StalePlanError, UsageError
from reconciler.model import Action, Plan
from reconciler.ownership import release
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.platform.snapshot.file import write_snapshot
from reconciler.sandbox import federation
from reconciler.snapshots import take
from tests.support.estate import (
    PROJECTS,
    REPOSITORIES,
    Estate,
    lifecycle,
    local,
    manifest,
    remote,
    virtual,
)
from tests.support.platforms import Sites

STAY = local("stay")
PAGE = "<html><body>Sign in</body></html>"


def federated(name: str, **spec: Any) -> dict[str, Any]:
    return manifest("FederatedRepository", name, {"packageType": "generic", **spec})


def tombstone(address: str, max_bytes: int = 10, **spec: Any) -> dict[str, Any]:
    return manifest("Tombstone", "t", {"address": address, "maxBytes": max_bytes, **spec})


def left(estate: Estate, *manifests: Mapping[str, Any]) -> None:
    """These were applied, and nobody declares them any more."""
    estate.declare(STAY, *manifests)
    estate.apply()
    estate.declare(STAY)
    estate.forget_requests()


def shown(plan: Plan) -> list[str]:
    """The changes in short, in their order."""
    return [
        f"{c.action.value} {c.address}" + (f": {c.blocked.code}" if c.blocked else "")
        for c in plan.changes
    ]


def code(plan: Plan) -> str:
    """Why the only change is blocked."""
    (change,) = plan.changes
    assert change.action is Action.DELETE
    assert change.blocked is not None
    return change.blocked.code


KINDS: list[dict[str, Any]] = [
    local("gone"),
    remote("gone"),
    virtual("gone"),
    federated("gone"),
    manifest("Project", "gone", {"displayName": "Gone"}),
    manifest("GlobalEnvironment", "GONE"),
    manifest("Group", "gone"),
]


# --- what goes


@pytest.mark.parametrize("document", KINDS, ids=lambda d: str(d["kind"]))
def test_every_kind_goes(estate: Estate, document: dict[str, Any]) -> None:
    """An empty object that is ours goes if pruning is on, and is forgotten; else it stays."""
    left(estate, document)
    address = f"{document['kind']}/{document['metadata']['name']}"
    assert shown(estate.plan()) == []
    assert estate.apply().results() == {}
    assert not estate.writes()

    assert estate.apply(prune=True).results() == {address: "done"}

    assert list(estate.inventory().entries) == ["default:LocalRepository/stay"]
    assert shown(estate.plan(prune=True)) == []
    assert [line for line in estate.writes() if line.startswith("DELETE")]


def test_what_lives_in_a_project_goes_first(estate: Estate) -> None:
    """The environment, then the project; its last repository before both."""
    estate.declare(
        STAY,
        manifest("Project", "pay", {"displayName": "Pay"}),
        manifest("ProjectEnvironment", "qa", project="pay"),
    )
    estate.apply()
    estate.declare(
        STAY,
        manifest("Project", "pay", {"displayName": "Pay"}),
        manifest("ProjectEnvironment", "qa", project="pay"),
        local("pay-a", projectKey="pay", environments=["pay-qa"]),
    )
    estate.apply()
    estate.declare(STAY)
    estate.forget_requests()

    assert set(estate.apply(prune=True).results().values()) == {"done"}

    assert [line for line in estate.writes() if line.startswith("DELETE")] == [
        f"DELETE {REPOSITORIES}/pay-a",
        f"DELETE {PROJECTS}/pay/environments/pay-qa",
        f"DELETE {PROJECTS}/pay",
    ]


def test_what_names_goes_before_what_is_named(estate: Estate) -> None:
    """A virtual repository before its members, whatever their names."""
    left(estate, local("a"), virtual("b", repositories=["a"]), virtual("z", repositories=["b"]))

    assert shown(estate.plan(prune=True)) == [
        "delete VirtualRepository/z",
        "delete VirtualRepository/b",
        "delete LocalRepository/a",
    ]
    estate.apply(prune=True)
    assert [line for line in estate.writes() if line.startswith("DELETE")] == [
        f"DELETE {REPOSITORIES}/{key}" for key in ("z", "b", "a")
    ]


def test_a_member_goes_after_it_was_taken_out(estate: Estate) -> None:
    """What still names it is changed first."""
    estate.declare(STAY, local("a"), virtual("v", repositories=["a", "stay"]))
    estate.apply()
    estate.declare(STAY, virtual("v", repositories=["stay"]))
    estate.forget_requests()

    assert estate.apply(prune=True).results() == {
        "VirtualRepository/v": "done",
        "LocalRepository/a": "done",
    }
    assert estate.writes()[0] == f"POST {REPOSITORIES}/v"


def test_what_is_not_ours_stays(estate: Estate) -> None:
    """Neither unmanaged objects nor those of another workspace are ever looked at."""
    estate.put("unmanaged", rclass="local", packageType="generic")
    left(estate, local("gone"))
    entries = (estate.root / ".reconciler" / "inventory.json").read_text()
    (estate.root / ".reconciler" / "inventory.json").write_text(entries.replace("acme", "other"))

    assert [c.action for c in estate.plan(prune=True).changes if c.address.name != "stay"] == []


def test_a_lost_inventory_deletes_nothing(estate: Estate) -> None:
    """What nobody owns is not deleted."""
    left(estate, local("gone"))
    (estate.root / ".reconciler" / "inventory.json").unlink()

    assert shown(estate.plan(prune=True)) == ["adopt LocalRepository/stay"]


def test_what_is_gone_already_is_forgotten(estate: Estate) -> None:
    """Somebody deleted it; only the inventory changes."""
    left(estate, local("gone"))
    estate.delete("gone")

    assert shown(estate.plan(prune=True)) == ["release LocalRepository/gone"]
    assert estate.plan(prune=True).is_empty
    estate.apply(prune=True)
    assert not estate.writes()
    assert "default:LocalRepository/gone" not in estate.inventory().entries


def test_the_workspace_may_want_it(estate: Estate) -> None:
    """`spec.prune: true` is the same as the flag."""
    left(estate, local("gone"))
    estate.workspace(prune=True)

    assert shown(estate.plan()) == ["delete LocalRepository/gone"]


# --- what stays


def test_protection_outlives_the_manifest(estate: Estate) -> None:
    """It is remembered; an apply with `protect: false` lifts it."""
    left(estate, lifecycle(local("gone"), protect=True))
    assert code(estate.plan(prune=True)) == "protected"
    assert estate.apply(prune=True).results() == {"LocalRepository/gone": "blocked"}

    estate.declare(STAY, lifecycle(local("gone"), protect=False))
    estate.apply()
    estate.declare(STAY)
    assert shown(estate.plan(prune=True)) == ["delete LocalRepository/gone"]


def test_protection_may_come_later(estate: Estate) -> None:
    """An apply that changes nothing else remembers it, too."""
    estate.declare(STAY, local("gone"))
    estate.apply()
    left(estate, lifecycle(local("gone"), protect=True))

    assert code(estate.plan(prune=True)) == "protected"


@pytest.mark.parametrize("manage", ["create-only", "observe"])
def test_what_was_not_fully_managed_stays(estate: Estate, manage: str) -> None:
    """It is told, and is no block."""
    estate.declare(STAY, local("gone"))
    estate.apply()
    left(estate, lifecycle(local("gone"), manage=manage))

    plan = estate.plan(prune=True)
    assert shown(plan) == []
    (told,) = plan.diagnostics
    assert (told.rule, manage in told.summary) == ("no-longer-declared", True)


def test_what_a_manifest_names_stays(estate: Estate) -> None:
    """Even where the platform would not mind."""
    estate.declare(STAY, local("a"), virtual("v", repositories=["a"]))
    estate.apply()
    estate.declare(STAY, virtual("v", repositories=["a"]))

    assert code(estate.plan(prune=True)) == "still-referenced"


def test_what_a_live_object_names_stays(estate: Estate) -> None:
    """A repository of nobody's would lose its member."""
    left(estate, local("a"))
    estate.put("others", rclass="virtual", packageType="generic", repositories=["a"])

    assert code(estate.plan(prune=True)) == "still-referenced"


def test_what_stays_keeps_what_it_names(estate: Estate) -> None:
    """A protected virtual repository keeps its member."""
    left(estate, local("a"), lifecycle(virtual("v", repositories=["a"]), protect=True))

    assert shown(estate.plan(prune=True)) == [
        "delete VirtualRepository/v: protected",
        "delete LocalRepository/a: still-referenced",
    ]


def test_a_project_with_repositories_stays(estate: Estate) -> None:
    """Also one whose repositories nobody here declares."""
    left(estate, manifest("Project", "pay", {"displayName": "Pay"}))
    estate.put("theirs", rclass="local", packageType="generic", projectKey="pay")

    assert code(estate.plan(prune=True)) == "still-referenced"


def test_a_federation_is_not_torn(estate: Estate) -> None:
    """Members elsewhere would look for a repository that is gone."""
    left(estate, federated("f", members=[{"url": "https://west.example.com/artifactory/f"}]))

    assert code(estate.plan(prune=True)) == "cannot-delete"

    estate.declare(STAY, federated("f", members=[]))
    estate.apply()
    estate.declare(STAY)
    assert estate.apply(prune=True).results() == {"FederatedRepository/f": "done"}


def test_another_object_of_the_name_stays(estate: Estate) -> None:
    """Somebody made it anew, as something else."""
    left(estate, local("gone"))
    estate.delete("gone")
    estate.put("gone", rclass="local", packageType="npm")
    assert code(estate.plan(prune=True)) == "other-object"

    estate.delete("gone")
    estate.put("gone", rclass="virtual", packageType="generic")
    assert code(estate.plan(prune=True)) == "other-object"


def test_what_changed_its_kind_is_declared(estate: Estate) -> None:
    """Converting is no delete, and neither is a conversion that is not possible."""
    estate.declare(STAY, local("a"), local("b"))
    estate.apply()
    estate.declare(STAY, federated("a"), remote("b", "generic"))

    plan = estate.plan(prune=True)
    assert sorted(shown(plan)) == [
        "convert FederatedRepository/a",
        "replace RemoteRepository/b: immutable",
    ]


@pytest.mark.parametrize("fence", [{"names": ["stay", "pay-*"]}, {"projects": ["pay"]}], ids=str)
def test_what_is_outside_the_fence_stays(estate: Estate, fence: dict[str, Any]) -> None:
    """It was handed over to another workspace, which may not have taken it yet."""
    inside = manifest("ProjectEnvironment", "qa", project="pay")
    estate.declare(
        STAY, manifest("Project", "pay", {"displayName": "Pay"}), inside, local("theirs")
    )
    estate.apply()
    estate.workspace(fence=fence)
    estate.declare(local("stay", projectKey="pay"))

    plan = estate.plan(prune=True)
    assert "delete LocalRepository/theirs" not in shown(plan)
    assert "LocalRepository/theirs" in {d.address for d in plan.diagnostics}
    assert ("delete ProjectEnvironment/pay/qa" in shown(plan)) == ("projects" in fence)


def test_what_was_renamed_is_declared(estate: Estate) -> None:
    """Its former name is no object of its own."""
    left(estate, manifest("GlobalEnvironment", "OLD"))
    estate.declare(STAY, manifest("GlobalEnvironment", "NEW", previousNames=["OLD"]))

    assert shown(estate.plan(prune=True)) == ["update GlobalEnvironment/NEW"]
    estate.apply(prune=True)
    assert shown(estate.plan(prune=True)) == []


# --- content


def test_content_stays_without_a_tombstone(estate: Estate) -> None:
    """The plan says how much there is."""
    left(estate, local("gone"))
    estate.upload("gone", "a.txt", b"12345")

    plan = estate.plan(prune=True)
    assert code(plan) == "not-empty"
    assert plan.changes[0].evidence["artifacts"] == 1
    assert plan.changes[0].evidence["bytes"] == 5
    estate.apply(prune=True)
    assert not estate.writes()


def test_a_tombstone_lets_it_go(estate: Estate) -> None:
    """Up to so many bytes, and this object only."""
    left(estate, local("gone"), local("other"))
    for key in ("gone", "other"):
        estate.upload(key, "a.txt", b"12345")

    estate.declare(STAY, tombstone("LocalRepository/gone", 4))
    assert "delete LocalRepository/gone: too-large" in shown(estate.plan(prune=True))

    estate.declare(STAY, tombstone("LocalRepository/gone", 5))
    assert estate.apply(prune=True).results() == {
        "LocalRepository/gone": "done",
        "LocalRepository/other": "blocked",
    }
    assert estate.keys() == ["other", "stay"]


def test_a_cache_is_content(estate: Estate) -> None:
    """What it was fetched from may be gone."""
    left(estate, remote("gone"))
    estate.upload("gone-cache", "a.tgz")

    assert code(estate.plan(prune=True)) == "not-empty"


def test_evidence_tells_the_last_use(estate: Estate) -> None:
    """From a query of what was downloaded; `never` and `unknown` are not the same."""
    left(estate, local("gone"))
    estate.upload("gone", "a.txt")
    estate.upload("gone", "b/c.txt", b"{}")
    (change,) = estate.plan(prune=True).changes
    assert change.evidence["lastDownload"] == "never"

    estate.ask("/artifactory/gone/b/c.txt")
    (change,) = estate.plan(prune=True).changes
    assert str(change.evidence["lastDownload"]) >= str(change.evidence["newest"])

    estate.fault("status", method="POST", path="*/search/aql", status=403, times=None)
    (change,) = estate.plan(prune=True).changes
    assert change.evidence["lastDownload"] == "unknown"
    assert change.evidence["artifacts"] == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"results": [], "range": {"total": 0, "notification": "results are trimmed"}},
        {"results": [], "range": {"total": 3}},
        {"results": [{"stats": []}], "range": {}},
        {},
        [],
        PAGE,
    ],
    ids=str,
)
def test_a_part_of_an_answer_is_unknown(estate: Estate, answer: Any) -> None:
    """What was cut off may be what was used last."""
    left(estate, local("gone"))
    estate.upload("gone", "a.txt")
    estate.fault("status", method="POST", path="*/search/aql", status=200, body=answer, times=None)

    (change,) = estate.plan(prune=True).changes
    assert change.evidence["lastDownload"] == "unknown"


def test_a_snapshot_knows_what_would_go(estate: Estate) -> None:
    """Measured when it was taken, so that a plan from it shows the same."""
    left(estate, local("gone"), local("empty"))
    estate.upload("gone", "a.txt")
    file = estate.root / "snapshot.json"
    with estate.session() as run:
        write_snapshot(file, take(run).snapshot)

    live, recorded = estate.plan(prune=True), estate.plan(prune=True, snapshot=file)
    assert shown(recorded) == shown(live)
    assert recorded.digest == live.digest
    assert [c.evidence for c in recorded.changes] == [c.evidence for c in live.changes]


def test_what_cannot_be_measured_stays(estate: Estate) -> None:
    """With a Tombstone, too."""
    left(estate, local("gone"))
    estate.declare(STAY, tombstone("LocalRepository/gone"))
    estate.fault("html", path="/artifactory/api/storage/*", status=404, times=None)

    plan = estate.plan(prune=True)
    assert code(plan) == "unmeasurable"
    assert plan.changes[0].evidence == {"artifacts": "unknown", "bytes": "unknown"}


def test_a_tombstone_nobody_needs(estate: Estate) -> None:
    """It is told, with the reason."""
    left(estate, local("gone"))
    estate.declare(STAY, tombstone("LocalRepository/gone"))
    for prune, why in ((False, "pruning is off"), (True, "the object is empty")):
        told = {d.rule: d.summary for d in estate.plan(prune=prune).diagnostics}
        assert why in told["tombstone-unused"]
    estate.apply(prune=True)
    told = {d.rule: d.summary for d in estate.plan(prune=True).diagnostics}
    assert "owns no such object" in told["tombstone-unused"]


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_tombstone_ends_by_the_platform_s_clock(estate: Estate, days: int) -> None:
    """The clock of this machine may be behind; what is lost is lost there."""
    left(estate, local("gone"))
    estate.upload("gone", "f.tgz")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    estate.declare(STAY, tombstone("LocalRepository/gone", 99, expires=str(tomorrow)))
    estate.sandbox.clock.advance(days * 86400)
    if days < 2:
        assert shown(estate.plan(prune=True)) == ["delete LocalRepository/gone"]
        return
    with pytest.raises(InvalidManifests) as error:
        estate.apply(prune=True)
    (told,) = error.value.diagnostics
    assert (told.rule, told.file, told.line) == ("tombstone-expired", "manifests/all.yaml", 12)
    assert estate.files("gone") == ["f.tgz"]


def test_it_is_taken_out_of_service_first(estate: Estate) -> None:
    """Measured, blacked out, measured again, deleted, and looked at until it is gone."""
    left(estate, local("gone"))
    with estate.session(prune=True):
        pass
    estate.forget_requests()
    estate.apply(prune=True, between=estate.forget_requests)

    assert [line.removeprefix("/artifactory/api") for line in estate.requests()] == [
        f"GET {REPOSITORIES}/gone",
        "GET /artifactory/api/storage/gone",
        f"POST {REPOSITORIES}/gone",
        f"GET {REPOSITORIES}/gone",
        "GET /artifactory/api/storage/gone",
        f"DELETE {REPOSITORIES}/gone",
        f"GET {REPOSITORIES}/gone",
    ]


def test_content_that_came_since_the_plan_stops_it(estate: Estate) -> None:
    """Nothing was written: the plan is stale."""
    left(estate, local("gone"))
    with pytest.raises(StalePlanError, match="holds 1 artifact"):
        estate.apply(prune=True, between=lambda: estate.upload("gone", "a.txt"))

    assert not estate.writes()
    assert estate.stored("gone").get("blackedOut") is None


def test_content_that_came_at_the_last_moment(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put back into service, and stays."""
    left(estate, local("gone"))
    saving = federation.save_changed

    def save(platform: Any, repository: Any) -> None:
        if not estate.files("gone"):
            estate.upload("gone", "a.txt")
        saving(platform, repository)

    monkeypatch.setattr(federation, "save_changed", save)
    outcome = estate.apply(prune=True).outcome("LocalRepository/gone")

    assert (outcome.result, "holds 1 artifact" in outcome.reason) == ("failed", True)
    assert estate.files("gone") == ["a.txt"]
    assert estate.stored("gone").get("blackedOut") is None
    assert not estate.inventory().entries["default:LocalRepository/gone"].withdrawn


def test_who_blacked_it_out_before_keeps_it_so(estate: Estate) -> None:
    """A failed delete puts back what was, no more."""
    left(estate, local("gone"))
    estate.post("gone", blackedOut=True)
    estate.fault("status", method="DELETE", path="*", status=403, times=None)
    estate.apply(prune=True)

    assert estate.stored("gone")["blackedOut"] is True
    assert [line for line in estate.writes() if line.startswith("POST")] == []


# --- when things go wrong


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_a_refused_delete_is_undone(estate: Estate, status: int) -> None:
    """The object is in service again; the message says why it is still there."""
    left(estate, local("gone"))
    estate.fault("status", method="DELETE", path="*", status=status, times=None)
    outcome = estate.apply(prune=True).outcome("LocalRepository/gone")

    assert outcome.result == "failed"
    assert estate.stored("gone").get("blackedOut") is None
    assert not estate.inventory().entries["default:LocalRepository/gone"].withdrawn


@pytest.mark.parametrize("action", ["reset-before", "reset-after", "conflict", "html"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_lost_answer_is_looked_at(estate: Estate, action: str, method: str) -> None:
    """Before or after it landed: the object is read before anything is repeated."""
    left(estate, local("gone"))
    estate.fault(action, method=method, path="*/gone")

    assert estate.apply(prune=True).results() == {"LocalRepository/gone": "done"}
    assert estate.keys() == ["stay"]


def test_an_object_that_vanished_meanwhile_is_done(estate: Estate) -> None:
    """Somebody was faster."""
    left(estate, local("gone"))
    applied = estate.apply(prune=True, between=lambda: estate.delete("gone"))

    assert applied.results() == {"LocalRepository/gone": "done"}
    assert not estate.writes()


def test_another_object_made_meanwhile_stops_it(estate: Estate) -> None:
    """The plan is about an object that is not there any more."""
    left(estate, local("gone"))

    def remade() -> None:
        estate.delete("gone")
        estate.put("gone", rclass="local", packageType="npm")

    with pytest.raises(StalePlanError, match="another object"):
        estate.apply(prune=True, between=remade)


def test_a_server_that_only_says_so(estate: Estate) -> None:
    """A delete that did not happen is no success; the object is in service again."""
    left(estate, local("gone"))
    estate.fault("status", method="DELETE", path="*", status=200, body="removed", times=None)
    outcome = estate.apply(prune=True).outcome("LocalRepository/gone")

    assert (outcome.result, "still shows it" in outcome.reason) == ("failed", True)
    assert estate.stored("gone").get("blackedOut") is None


def test_a_project_that_is_still_counted(estate: Estate) -> None:
    """For a while after its last repository left, a project cannot be deleted."""
    estate.quirks(slow_detach=True)
    estate.declare(STAY, manifest("Project", "pay", {"displayName": "Pay"}))
    estate.apply()
    estate.declare(
        STAY,
        manifest("Project", "pay", {"displayName": "Pay"}),
        local("a", projectKey="pay"),
    )
    estate.apply()
    estate.declare(STAY, local("a", projectKey=None))

    assert set(estate.apply(prune=True).results().values()) == {"done"}


class Crash(BaseException):
    """The process died."""


def crashed(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delete that ended between taking out of service and deleting."""
    with monkeypatch.context() as patch:
        patch.setattr("reconciler.platform.deleting.Deleting._gone", die)
        patch.setattr(estate.platform.store, "remove", lambda key: die())
        with pytest.raises(Crash):
            estate.apply(prune=True)
    assert estate.stored("gone")["blackedOut"] is True


def die(*_: Any) -> None:
    raise Crash


def test_after_a_crash_the_delete_goes_on(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running again ends what was begun."""
    left(estate, local("gone"))
    crashed(estate, monkeypatch)

    assert estate.apply(prune=True).results() == {"LocalRepository/gone": "done"}
    assert estate.keys() == ["stay"]


def test_after_a_crash_it_may_be_declared_again(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put back into service; that is told as a change, and happens once."""
    left(estate, local("gone"))
    crashed(estate, monkeypatch)
    estate.declare(STAY, local("gone"))

    assert estate.apply().results() == {"LocalRepository/gone": "done"}
    assert estate.stored("gone").get("blackedOut") is None
    assert shown(estate.plan()) == []
    assert not estate.inventory().entries["default:LocalRepository/gone"].withdrawn


def test_after_a_crash_it_may_have_to_stay(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is put back into service; the next plan says why it is not deleted."""
    left(estate, local("gone"))
    crashed(estate, monkeypatch)
    estate.put("others", rclass="virtual", packageType="generic", repositories=["gone"])

    assert shown(estate.plan(prune=True)) == ["update LocalRepository/gone"]
    assert estate.apply(prune=True).results() == {"LocalRepository/gone": "done"}
    assert estate.stored("gone").get("blackedOut") is None
    assert code(estate.plan(prune=True)) == "still-referenced"


def test_after_a_crash_a_plan_tells(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pruning nothing is done, and it is said what was left behind."""
    left(estate, local("gone"))
    crashed(estate, monkeypatch)

    (told,) = estate.plan().diagnostics
    assert "a delete that did not end changed spec.blackedOut" in told.detail


# --- what is no absence, and no permission


UNCLEAR: list[tuple[int, Any]] = [
    (200, PAGE),
    (403, {"errors": [{"status": 403, "message": "Forbidden"}]}),
    (404, PAGE),
    (404, ""),
    (400, PAGE),
    (400, {"error": "no"}),
    (400, {"errors": [{"status": 400, "message": "Could not merge and save new descriptor"}]}),
    (400, {"errors": [{"status": 400, "message": "Bad Request"}]}),
    (404, {"errors": [{"status": 404, "message": "Could not find repository"}]}),
    (500, {"errors": [{"status": 500, "message": "not found"}]}),
]


@pytest.mark.parametrize("status, body", UNCLEAR, ids=str)
def test_an_unclear_answer_is_an_error(estate: Estate, status: int, body: Any) -> None:
    """Neither deleted nor forgotten; not even a plain no, while the listing shows the object."""
    left(estate, local("gone"))
    path = f"{REPOSITORIES}/gone"
    estate.fault("status", method="GET", path=path, status=status, body=body, times=None)

    plan = estate.plan(prune=True)
    assert shown(plan) == []
    assert plan.partial
    assert [d.rule for d in plan.diagnostics if d.severity == "error"] == ["unreadable"]
    estate.apply(prune=True)
    assert not estate.writes()
    assert "default:LocalRepository/gone" in estate.inventory().entries


@pytest.mark.parametrize("right", ["read", "partial"])
def test_a_weak_token_deletes_nothing(estate: Estate, right: str) -> None:
    """It sees less, and that is an error or a block, never a delete or a create."""
    left(estate, *KINDS[:4][:1], manifest("Group", "devs"))
    estate.token(right)
    applied = estate.apply(prune=True)

    assert not [line for line in applied.results().values() if line == "done"]
    assert estate.keys() == ["gone", "stay"]
    assert len(estate.inventory().entries) == 3


def test_a_listing_decides_nothing(estate: Estate) -> None:
    """A listing without the object, or without any object: it is asked for by its name."""
    left(estate, local("gone"))
    estate.fault(
        "status",
        method="GET",
        path=f"{REPOSITORIES}/configurations",
        status=200,
        body={"LOCAL": []},
        times=None,
    )
    assert "delete LocalRepository/gone" in shown(estate.plan(prune=True))


# --- what the files must say


def test_an_empty_state_is_refused(estate: Estate) -> None:
    """With and without pruning; a Tombstone is no object."""
    left(estate, local("gone"))
    for documents in ((), (tombstone("LocalRepository/gone"),)):
        estate.declare(*documents)
        for prune in (False, True):
            with pytest.raises(InvalidManifests):
                estate.plan(prune=prune)


def test_an_empty_folder_is_refused(estate: Estate) -> None:
    """One of several folders that suddenly holds nothing, or is not there."""
    left(estate, local("gone"))
    estate.workspace(manifests=["manifests", "more"])
    with pytest.raises(InvalidManifests):
        estate.plan(prune=True)
    (estate.root / "more").mkdir()
    with pytest.raises(InvalidManifests) as caught:
        estate.plan(prune=True)
    assert "there is no manifest in 'more', and pruning is on" in str(
        [d.summary for d in caught.value.diagnostics]
    )
    assert shown(estate.plan()) == []


def test_paths_do_not_prune(estate: Estate) -> None:
    """What other files declare is not undeclared."""
    estate.write({"a.yaml": STAY, "b.yaml": local("b")})
    estate.apply()
    only = (estate.root / "manifests" / "a.yaml",)
    with pytest.raises(UsageError, match="does not go with paths"):
        estate.plan(prune=True, paths=only)
    estate.workspace(prune=True)
    assert shown(estate.plan(paths=only)) == []


@pytest.mark.parametrize(
    "scope, goes",
    [
        ({"only": ("LocalRepository/go*",)}, True),
        ({"only": ("kind=LocalRepository",)}, True),
        ({"only": ("LocalRepository/stay",)}, False),
        ({"only": ("path=manifests/*",)}, False),
        ({"exclude": ("LocalRepository/gone",)}, False),
        ({"exclude": ("Group/*",)}, True),
        ({"exclude": ("label=team=pay",)}, False),
        ({"exclude": ("label=team=pay,LocalRepository/stay",)}, True),
    ],
    ids=str,
)
def test_a_scope_is_kept(estate: Estate, scope: dict[str, Any], goes: bool) -> None:
    """What only the lost manifest could tell selects nothing, and excludes everything."""
    estate.declare(STAY, local("gone"), manifest("Group", "devs"), local("zz-kept"))
    estate.apply()
    labelled = manifest(
        "LocalRepository", "stay", {"packageType": "generic"}, labels={"team": "pay"}
    )
    estate.declare(labelled, local("zz-kept"), manifest("Group", "devs"))

    deletes = [line for line in shown(estate.plan(prune=True, **scope)) if "delete" in line]
    assert deletes == (["delete LocalRepository/gone"] if goes else [])


def test_a_platform_without_manifests(tmp_path: Path) -> None:
    """What was on another platform goes there; a platform the workspace lost is left alone."""
    sites = Sites(tmp_path, "east", "west")
    both = manifest(
        "LocalRepository", "gone", {"packageType": "generic"}, platforms=["east", "west"]
    )
    sites.declare(STAY, both)
    sites.apply()
    sites.declare(STAY, local("gone"))

    assert shown(sites.plan(prune=True)) == ["delete west:LocalRepository/gone"]
    assert shown(sites.plan(prune=True, only=("platform=east",))) == []

    sites.names = ("east",)
    sites.workspace()
    plan = sites.plan(prune=True)
    assert shown(plan) == []
    assert [(d.rule, d.summary) for d in plan.diagnostics] == [
        (
            "no-longer-declared",
            "west:LocalRepository/gone is kept: the workspace has no platform 'west'",
        )
    ]
    only_west = ["west:LocalRepository/gone"]
    assert [a.full for a in release(sites.settings(), only_west)] == only_west
    assert sites.plan(prune=True).diagnostics == ()


@pytest.mark.parametrize("down", ["east", "west"])
def test_a_platform_that_is_down_keeps_none_of_the_others(tmp_path: Path, down: str) -> None:
    """What is gone there is told once, deleted on the others, and kept where nobody answers."""
    sites = Sites(tmp_path, "east", "west")
    both: list[dict[str, Any]] = [
        manifest("LocalRepository", name, {"packageType": "generic"}, platforms=["east", "west"])
        for name in ("a", "gone")
    ]
    sites.declare(*both)
    sites.apply()
    sites.declare(both[0])
    up = {"east": "west", "west": "east"}[down]
    match = {"platform": down}
    sites.sandbox.add_fault({"action": "empty", "status": 503, "times": None, "match": match})
    made = sites.plan(prune=True)

    assert shown(made) == [f"delete {up}:LocalRepository/gone"]
    assert [d.rule for d in made.diagnostics] == ["platform-unreachable"]
    assert [info.name for info in made.platforms] == ["east", "west"]
    assert made.partial


def test_limits_count_what_is_ours(estate: Estate) -> None:
    """A percentage is one of our objects, whoever else records some in the same inventory."""
    left(estate, *(local(f"r{i}") for i in range(9)))
    file = estate.root / ".reconciler" / "inventory.json"
    document = json.loads(file.read_text())
    others = {f"default:LocalRepository/o{i}": {"owner": "other"} for i in range(90)}
    document["entries"] |= others
    file.write_text(json.dumps(document))

    with estate.session(prune=True) as run:
        (block,) = run_blocks(run, make_plan(run))
    assert "90 % of the 10 owned ones" in block.message


def test_limits_count_deletes(estate: Estate) -> None:
    """More than ten block the whole run; the flag allows exactly as many."""
    left(estate, *(local(f"r{i}") for i in range(11)))
    with estate.session(prune=True) as run:
        (block,) = run_blocks(run, make_plan(run))
    assert block.override == "--allow-deletes LocalRepository=11"
    with estate.session(prune=True, allow_deletes=("LocalRepository=11",)) as run:
        assert run_blocks(run, make_plan(run)) == []
    with estate.session(prune=True, allow_deletes=("LocalRepository=10",)) as run:
        assert run_blocks(run, make_plan(run))
