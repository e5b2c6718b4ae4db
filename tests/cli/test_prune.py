"""Deleting at the command line: what is asked, what is shown, which code it ends with."""

from __future__ import annotations

import os
from typing import Any

from tests.cli.support import Desk, local, manifest

STAY = local("stay")


def tombstone(address: str, **spec: Any) -> dict[str, Any]:
    return manifest("Tombstone", "t", address=address, **spec)


def left(desk: Desk, *names: str) -> None:
    """These repositories were applied, and nobody declares them any more."""
    desk.converged(STAY, *map(local, names))
    desk.declare(STAY)


def upload(desk: Desk, key: str) -> None:
    assert desk.send("PUT", f"/artifactory/{key}/a.txt", {"some": "bytes"}).status == 201


def test_the_question_names_what_is_deleted(desk: Desk) -> None:
    """A person reads it before they agree; no is the default."""
    left(desk, "gone", "old")
    asked = "It deletes LocalRepository/old and LocalRepository/gone. Apply this plan?"
    seen = desk("apply", "--prune", terminal=True, stdin="\n")
    assert asked in seen.err
    assert (seen.code, desk.exists("gone")) == (1, True)

    assert desk("apply", "--prune", terminal=True, stdin="y\n").code == 0
    assert not desk.exists("gone")


def test_without_a_person_it_must_be_said(desk: Desk) -> None:
    """`--prune` alone deletes nothing."""
    left(desk, "gone")

    assert desk("apply", "--prune").code == 1
    assert desk.exists("gone")
    assert desk("apply", "--prune", "--yes").code == 0
    assert not desk.exists("gone")


def test_exit_codes(desk: Desk) -> None:
    """2 with something to delete, 3 with something blocked, 0 when it is done."""
    left(desk, "gone", "full")
    assert desk("plan", "--detailed-exitcode").code == 0
    assert desk("plan", "--prune", "--detailed-exitcode").code == 2
    upload(desk, "full")
    assert desk("plan", "--prune").code == 3
    assert desk("apply", "--prune", "--yes").code == 3
    assert desk.exists("full")
    assert not desk.exists("gone")
    desk.declare(STAY, tombstone("LocalRepository/full", maxBytes=100))
    assert desk("apply", "--prune", "--yes").code == 0
    assert desk("plan", "--prune", "--detailed-exitcode").code == 0
    assert not desk.exists("full")


def test_an_approved_plan_may_delete(desk: Desk) -> None:
    """Bound to what was seen: without the flag, or with content, it is another plan."""
    left(desk, "gone")
    assert desk("plan", "--prune", "--out", "p.json").code == 0
    assert desk("apply", "--plan", "p.json").code == 4
    upload(desk, "gone")
    assert desk("apply", "--plan", "p.json", "--prune").code == 4
    assert desk.exists("gone")
    assert desk.send("DELETE", "/artifactory/gone/a.txt").status == 204
    assert desk("apply", "--plan", "p.json", "--prune").code == 0
    assert not desk.exists("gone")


def test_a_limit_stops_the_whole_run(desk: Desk) -> None:
    """Nothing is written; the flag that is named lets it through."""
    left(desk, *(f"r{i}" for i in range(11)))
    desk.workspace(prune=True, limits={"deletes": {"percent": 100}})
    seen = desk("apply", "--yes")
    assert seen.code == 3
    told = " ".join(seen.both.split())
    assert "11 LocalRepository deletes on default exceed the limit" in told
    assert "more than the usual 10 (set by reconciler.yaml spec.limits)" in told
    assert not desk.writes()
    assert desk("apply", "--yes", "--allow-deletes", "LocalRepository=11").code == 0


def test_a_folder_that_cannot_be_read(desk: Desk) -> None:
    """What may lie in it is not undeclared."""
    desk.converged(STAY, local("gone"))
    desk.declare(STAY)
    (desk.root / "manifests" / "more").symlink_to(desk.root / "nowhere")
    os.mkfifo(desk.root / "manifests" / "pipe.yaml")
    seen = desk("apply", "--prune", "--yes")

    assert seen.code == 1
    assert desk.exists("gone")


def test_explain_tells_of_the_delete(desk: Desk) -> None:
    """Where pruning is on, by the workspace; else how to have it."""
    left(desk, "gone")
    assert "plan --prune" in " ".join(desk("explain", "LocalRepository/gone").out.split())
    desk.workspace(prune=True)
    upload(desk, "gone")
    told = " ".join(desk("explain", "LocalRepository/gone").out.split())
    assert "delete" in told
    assert "not-empty" in told


def test_other_commands_leave_tombstones_alone(desk: Desk) -> None:
    """They are no objects: nothing to draw, to render, to export over."""
    desk.converged(STAY)
    desk.declare(STAY, tombstone("LocalRepository/gone", maxBytes=1))
    for line in ("graph", "render", "drift", "adopt --all", "export -", "fmt", "kinds"):
        seen = desk(*line.split())
        assert seen.code == 0, (line, seen.both)
        assert "Tombstone" not in seen.out


def test_a_plan_shows_deletes_first(desk: Desk) -> None:
    """In every rendering; the apply does them last."""
    left(desk, "gone")
    desk.declare(STAY, local("new"))
    text, markdown = desk("plan", "--prune").out, desk("plan", "--prune", "-o", "markdown").out
    for shown in (text, markdown):
        assert shown.index("LocalRepository/gone") < shown.index("LocalRepository/new")
    document = desk("plan", "--prune", "-o", "json").document
    assert [c["action"] for c in document["changes"]] == ["delete", "create"]
    assert document["changes"][0]["risk"] == "destructive"
    assert document["changes"][0]["fields"] == []


def test_flags_of_several_messages_go_together(desk: Desk) -> None:
    """Each platform's message names its own number; in any order the highest holds."""
    left(desk, *(f"r{i}" for i in range(11)))
    flags = [f"--allow-deletes=LocalRepository={n}" for n in (11, 3)]
    for order in (flags, flags[::-1]):
        assert desk("plan", "--prune", *order, "--detailed-exitcode").code == 2


def test_locking_oneself_out_stops_the_whole_run(desk: Desk) -> None:
    """Exit code 3 from plan and apply, the reason and the way out in every form, and no write."""
    desk.platform.store.directory.users["admin"].admin = False
    ops = manifest("Group", "ops", adminPrivileges=True, members=["admin"])
    desk.converged(ops)
    desk.declare(manifest("Group", "ops", members=[]), local("new"))
    seen = desk("plan")
    assert seen.code == 3
    assert "the run signs in as 'admin', and would lose an administrator's rights" in " ".join(
        seen.out.split()
    )
    document = desk("plan", "-o", "json").document
    codes = [d["rule"] for d in document["diagnostics"] if d["severity"] == "error"]
    assert codes == ["lockout-rights", "lockout-last-admin"]
    assert desk("apply", "--yes").code == 3
    assert not desk.writes()
