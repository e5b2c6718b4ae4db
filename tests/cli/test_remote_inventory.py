"""A workspace whose inventory is on the platform, from the command line."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any

import pytest

from reconciler.model import Entry
from reconciler.platform.client import Client, Clock, Endpoint, HttpOptions
from reconciler.platform.inventory.folder import Folder
from reconciler.platform.inventory.holder import Holder
from reconciler.platform.inventory.remote import PlatformStore
from tests.cli.support import COMMAND, Desk, local, remote
from tests.support.transport import InProcess

REPOSITORY = "reconciler-state"
RUN = Holder("https://github.com/acme/infra/actions/runs/42", 7, "2026-01-02T03:04:05Z")


@pytest.fixture
def shared(desk: Desk) -> Desk:
    """The desk with an inventory on its platform, which has the repository."""
    desk.workspace(
        platforms={"main": {"url": {"env": "JFROG_URL"}}},
        inventory={"platform": "main", "repository": REPOSITORY},
    )
    desk.make(REPOSITORY)
    desk.sandbox.reset_requests()
    return desk


def store(desk: Desk, folder: str = "acme") -> PlatformStore:
    """The inventory as another run sees it."""
    token = desk.platform.tokens["admin"]
    endpoint = Endpoint("main", desk.urls["default"], lambda: token)
    client = Client(endpoint, HttpOptions(), transport=InProcess(desk.platform))
    clock = Clock(sleep=lambda seconds: None)
    return PlatformStore(Folder(client, REPOSITORY, folder, clock), clock)


def owned(desk: Desk) -> list[str]:
    """What is recorded."""
    return list(store(desk).load().entries)


def reads(desk: Desk) -> int:
    """How many requests were made since the last time."""
    count = len(desk.sandbox.requests)
    desk.sandbox.reset_requests()
    return count


def test_apply_plan_drift(shared: Desk) -> None:
    """Nothing is written beside the workspace; a converged plan costs two requests more."""
    shared.declare(local("a", description="ours"), local("b"))
    assert shared("apply", "--yes").code == 0
    shared.sandbox.reset_requests()
    assert shared("plan", "--detailed-exitcode").code == 0
    with_platform = reads(shared)
    assert shared("drift").code == 0
    shared.meddle("a", description="x")
    assert shared("drift").code == 2
    assert owned(shared) == ["main:LocalRepository/a", "main:LocalRepository/b"]
    assert not list(shared.root.glob(".reconciler/*"))
    shared.workspace(platforms={"main": {"url": {"env": "JFROG_URL"}}})
    shared.sandbox.reset_requests()
    assert shared("plan").code == 0
    assert with_platform == reads(shared) + 2


def test_a_fresh_clone_knows_what_is_owned(shared: Desk) -> None:
    """That is the point of it: nothing has to be kept from one job to the next."""
    shared.converged(local("a"), local("b"))
    shared.declare(local("a"))
    seen = shared("plan")
    assert not (shared.root / ".reconciler").exists()
    assert "LocalRepository/b" in seen.both
    assert "no-longer-declared" in seen.both


def test_losing_the_repository_deletes_nothing(shared: Desk) -> None:
    """Objects are unowned then, and adopted by the next apply."""
    shared.converged(local("a"), local("b"))
    shared.platform.store.artifacts.clear()
    shared.declare(local("a"))
    seen = shared("apply", "--yes", "--prune")
    assert seen.code == 0, seen.both
    assert shared.exists("b")
    assert owned(shared) == ["main:LocalRepository/a"]


def test_release_and_adopt(shared: Desk) -> None:
    """Work there as they do with a file."""
    shared.converged(local("a"), local("b"))
    assert shared("release", "LocalRepository/a").out == "released LocalRepository/a\n"
    assert owned(shared) == ["main:LocalRepository/b"]
    unknown = shared("release", "GlobalEnvironment/elsewhere")
    assert unknown.code == 1
    assert "main:reconciler-state/acme lists what is owned" in unknown.err
    assert shared("adopt", "--all").code == 0
    assert owned(shared) == ["main:LocalRepository/a", "main:LocalRepository/b"]


def test_each_environment_has_its_own(shared: Desk) -> None:
    """What is owned in one is not owned in another."""
    for name in ("dev", "prod"):
        shared.write(
            f"environments/{name}.yaml",
            {
                "apiVersion": "reconciler/v1",
                "kind": "Environment",
                "metadata": {"name": name},
                "spec": {"values": {}},
            },
        )
    shared.declare(local("a"))
    assert shared("apply", "--yes", "--environment", "prod").code == 0
    assert list(store(shared, "acme/prod").load().entries) == ["main:LocalRepository/a"]
    assert list(store(shared, "acme/dev").load().entries) == []


def test_an_apply_beside_another(shared: Desk) -> None:
    """Ends 3 before any write to what it manages, names the other run, and leaves no claim."""
    shared.declare(local("a"))
    with store(shared).lease(RUN) as lease:
        seen = shared("apply", "--yes")
        planned = shared("plan", "--detailed-exitcode")
        unlocked = shared("unlock", lease.id)
        after = shared("apply", "--yes")
    assert seen.code == 3
    assert f"error[lease-held]: {RUN.name} (process 7) is applying" in seen.err
    assert f"reconciler unlock {lease.id}" in seen.err
    assert planned.code == 2
    assert unlocked.code == 0
    assert after.code == 0, after.both


def test_two_applies_of_the_same_change(shared: Desk) -> None:
    """At once, from two processes: one does it, the other one waits and finds a stale plan, or
    nothing left to do."""
    shared.declare(*(local(f"r{n}") for n in range(3)))
    shared.fault("latency", ms=300, match={"path": "*/v2/repositories/batch"})
    results: list[subprocess.CompletedProcess[str]] = []

    def apply() -> None:
        results.append(
            subprocess.run(
                [*COMMAND, "apply", "--yes", "--lock-timeout", "20s"],
                cwd=shared.root,
                capture_output=True,
                text=True,
                check=False,
            )
        )

    threads = [threading.Thread(target=apply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.returncode for r in results) in ([0, 0], [0, 4]), results
    assert len(owned(shared)) == 3
    assert shared("plan", "--detailed-exitcode").code == 0
    batches = [w for w in shared.writes() if w.endswith("/batch")]
    assert len(batches) == 1


def test_the_repository_of_the_inventory_stays(shared: Desk) -> None:
    """A plan that deletes it, or takes it out of use, is blocked as a whole (M14)."""
    shared.converged(local(REPOSITORY), local("a"))
    shared.declare(local(REPOSITORY, blackedOut=True), local("b"))
    for args in (("plan",), ("apply", "--yes")):
        seen = shared(*args)
        assert seen.code == 3, seen.both
        assert "lockout-inventory" in seen.both or "holds the inventory" in seen.both
    assert not shared.exists("b")
    shared.declare(local("b"))
    seen = shared("apply", "--yes", "--prune")
    assert seen.code == 3, seen.both
    assert shared.exists(REPOSITORY)


# --- several workspaces


def neighbour(desk: Desk, name: str = "main", owner: str = "other", **more: Any) -> None:
    """From here on the desk is another team's, which may call the platform something else."""
    desk.workspace(
        owner=owner,
        platforms={name: {"url": {"env": "JFROG_URL"}}},
        inventory={"platform": name, "repository": REPOSITORY},
        **more,
    )


@pytest.mark.parametrize("name", ["main", "east"])
def test_what_another_workspace_owns_is_not_seized(shared: Desk, name: str) -> None:
    """Though each has a folder of its own, and calls the platform what it likes (M11)."""
    shared.converged(local("a", description="ours"))
    neighbour(shared, name)
    shared.declare(local("a", description="theirs"), local("b"))
    planned = shared("plan")
    assert planned.code == 3
    assert "LocalRepository/a (update blocked)" in planned.out
    assert "acme" in planned.out
    applied = shared("apply", "--yes")
    assert applied.code == 3
    assert shared.exists("b")
    assert shared.live("a")["description"] == "ours"
    assert list(store(shared, "other").load().entries) == [f"{name}:LocalRepository/b"]


@pytest.mark.parametrize("name", ["main", "east"])
def test_a_takeover_is_told_to_the_former_owner(shared: Desk, name: str) -> None:
    """Who then does not write the object again, as with an inventory both of them share."""
    shared.converged(local("a", description="ours"))
    neighbour(shared, name)
    shared.declare(local("a", description="theirs", lifecycle={"takeover": True}))
    assert shared("apply", "--yes").code == 0
    assert shared.live("a")["description"] == "theirs"
    assert shared("plan", "--detailed-exitcode").code == 0
    neighbour(shared, owner="acme")
    shared.declare(local("a", description="ours"))
    back = shared("plan")
    assert back.code == 3
    assert "LocalRepository/a (update blocked)" in back.out
    shared.declare(local("c"))
    assert shared("apply", "--yes", "--prune").code == 0
    assert shared.exists("a")


def test_what_two_workspaces_own_is_deleted_by_neither(shared: Desk) -> None:
    """Both may have recorded it at the same time, or one died before it told the other."""
    shared.converged(local("a"), local("b"))
    store(shared, "other").change({"main:LocalRepository/a": Entry("other")})
    shared.declare(local("b"))
    seen = shared("apply", "--yes", "--prune")

    assert seen.code == 3, seen.both
    assert "other-owner: workspace 'other' owns it too" in seen.out
    assert shared.exists("a")


def test_a_takeover_that_could_not_be_told_is_none(shared: Desk) -> None:
    """The former owner is told before we record it: no object has two owners that both delete."""
    shared.converged(local("a", description="ours"))
    neighbour(shared)
    shared.declare(local("a", description="theirs", lifecycle={"takeover": True}))
    refused = {"method": "PUT", "path": f"*/{REPOSITORY}/acme/entries/*"}
    shared.fault("status", status=403, times=None, match=refused)
    assert shared("apply", "--yes").code == 5
    assert store(shared, "other").load().entries == {}
    shared.sandbox.clear_faults()
    assert shared("apply", "--yes").code == 0
    key = "main:LocalRepository/a"
    assert [store(shared, name).load().entries[key].owner for name in ("acme", "other")] == [
        "other",
        "other",
    ]


def test_a_converged_plan_looks_at_no_neighbour(shared: Desk) -> None:
    """However many workspaces share the repository."""
    shared.converged(local("a"))
    shared.sandbox.reset_requests()
    assert shared("plan").code == 0
    alone = reads(shared)
    store(shared, "other").change({"main:LocalRepository/x": Entry("other")})
    shared.sandbox.reset_requests()
    assert shared("plan").code == 0
    assert reads(shared) == alone


def test_a_neighbour_of_a_newer_version_is_in_nobodys_way(shared: Desk) -> None:
    """Of their files only the owners matter; what cannot be read at all says nothing."""
    odd = {
        "0-change-a.json": {
            "format": "reconciler.inventory-entry/v1",
            "entries": {"main:LocalRepository/a": {"owner": "other", "sealed": 1}},
            "novel": True,
        },
        "1-change-b.json": ["x"],
    }
    for name, document in odd.items():
        shared.send("PUT", f"/artifactory/{REPOSITORY}/other/entries/{name}", document)
    shared.declare(local("a"), local("b"))
    shared.make("a")
    seen = shared("apply", "--yes")
    assert seen.code == 3, seen.both
    assert owned(shared) == ["main:LocalRepository/b"]


# --- what goes wrong


def test_a_missing_repository(desk: Desk) -> None:
    """Says how to create it, in every command; 1, because the workspace asks for it."""
    desk.workspace(
        platforms={"main": {"url": {"env": "JFROG_URL"}}},
        inventory={"platform": "main", "repository": "nope"},
    )
    desk.declare(local("a"))
    for args in (
        ("plan",),
        ("apply", "--yes"),
        ("drift",),
        ("release", "LocalRepository/a"),
        ("adopt", "--all"),
        ("unlock", "x"),
        ("snapshot", "--out", "x.json"),
        ("export",),
    ):
        seen = desk(*args)
        assert seen.code == 1, (args, seen.both)
        assert "main has no repository 'nope' to keep the inventory in" in seen.err
        assert "PUT /artifactory/api/repositories/nope" in seen.err
    assert {w for w in desk.writes() if "PUT" not in w} == {"POST /artifactory/api/search/aql"}


def test_a_token_that_only_reads(shared: Desk) -> None:
    """Plans; an apply ends 6 before it wrote anything."""
    shared.declare(local("a"))
    shared.patch.setenv("JFROG_ACCESS_TOKEN", shared.platform.tokens["read"])
    assert shared("plan", "--detailed-exitcode").code == 2
    shared.sandbox.reset_requests()
    seen = shared("apply", "--yes")
    assert seen.code == 6
    assert "main does not let this token write the repository 'reconciler-state'" in seen.err
    tried = [w for w in shared.writes() if "aql" not in w]
    assert [w for w in tried if f"/{REPOSITORY}/acme/leases/" not in w] == []


def test_a_token_that_sees_nothing(shared: Desk) -> None:
    """Is told so; an inventory nobody may read is not an empty one."""
    shared.declare(local("a"))
    shared.patch.setenv("JFROG_ACCESS_TOKEN", shared.platform.tokens["partial"])
    seen = shared("plan", "--output", "json")
    assert seen.code == seen.document["exitCode"] == 6
    assert seen.document["error"]["rule"] == "unauthorised"


def test_without_a_platform_to_ask(shared: Desk) -> None:
    """A plan from a snapshot asks nothing; neither does `explain --offline`, and says so."""
    shared.converged(local("a"))
    assert shared("snapshot", "--out", "s.json").code == 0
    shared.sandbox.reset_requests()
    planned = shared("plan", "--snapshot", "s.json")
    offline = shared("explain", "LocalRepository/a", "--offline")
    assert (planned.code, offline.code) == (0, 0), planned.both + offline.both
    assert "not known: the inventory is on a platform, and was not read" in offline.out
    assert shared.sandbox.requests == []
    asked = shared("explain", "LocalRepository/a")
    assert "this workspace, 'acme'" in asked.out


def test_explaining_while_the_platform_is_gone(shared: Desk) -> None:
    """What the manifests say is told, and 6."""
    shared.converged(local("a"))
    shared.patch.setenv("JFROG_URL", "http://127.0.0.1:9")
    seen = shared("explain", "LocalRepository/a", "--patience", "1")
    assert seen.code == 6
    assert "manifests/all.yaml" in seen.out


def test_no_secret_reaches_the_inventory(shared: Desk) -> None:
    """Neither in an entry nor in a claim."""
    shared.patch.setenv("UPSTREAM_PASSWORD", "canary-5f2b7d")
    spec: dict[str, Any] = {"username": "u", "password": {"env": "UPSTREAM_PASSWORD"}}
    shared.converged(remote("r", **spec))
    kept = shared.platform.store.artifacts[REPOSITORY]
    assert kept
    assert "canary" not in json.dumps([shared.platform.store.dump()["artifacts"]])


# --- CI


def test_ci_is_warned_of_a_file_nobody_keeps(desk: Desk) -> None:
    """Where Git does not track it; with an inventory on the platform there is nothing to say."""
    desk.declare(local("a"))
    desk.patch.setenv("CI", "true")
    warned = desk("apply", "--yes")
    assert "warning[inventory-ephemeral]" in warned.both
    assert "is not tracked by Git" in warned.both
    subprocess.run(["git", "init", "-q"], cwd=desk.root, check=True)
    subprocess.run(["git", "add", ".reconciler/inventory.json"], cwd=desk.root, check=True)
    assert "inventory-ephemeral" not in desk("apply", "--yes").both
    desk.workspace(
        platforms={"main": {"url": {"env": "JFROG_URL"}}},
        inventory={"platform": "main", "repository": REPOSITORY},
    )
    desk.make(REPOSITORY)
    assert "inventory-ephemeral" not in desk("apply", "--yes").both


def test_init_for_github_keeps_it_on_the_platform(desk: Desk) -> None:
    """Its workspace is valid and names the repository; without --github it is a file."""
    assert desk("init", "ours", "--github").code == 0
    assert desk("init", "mine").code == 0
    ours = (desk.root / "ours" / "reconciler.yaml").read_text()
    assert "  inventory: {platform: main, repository: reconciler-state}\n" in ours
    assert "inventory" not in (desk.root / "mine" / "reconciler.yaml").read_text()
    assert desk("validate", "--workspace", "ours").code == 0
