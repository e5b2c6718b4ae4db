"""What a run says is what happened: nothing is claimed, and nothing is told twice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.support import COMMAND, Desk, environment, local, remote

EVERYWHERE = {"path": "*/api/repositories/*"}


def test_an_extra_field_the_server_drops(desk: Desk) -> None:
    """It is named once, with 5, and recorded; it is not planned again, and is no drift."""
    desk.declare(local("a", extra={"brandNew": 1}))
    applied = desk("apply", "--yes", "--output", "json")

    assert applied.code == 5
    (outcome,) = applied.document["outcomes"]
    assert [f["path"] for f in outcome["fields"]] == ["spec.extra.brandNew"]
    entry = desk.inventory()["default:LocalRepository/a"]
    assert entry["rewritten"] == {"spec.extra.brandNew": [1, None]}

    planned = desk("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "info[server-rewrites]: spec.extra.brandNew" in planned.out
    assert desk("apply", "--yes").code == 0
    assert desk("drift").code == 0


def test_an_extra_field_the_server_drops_from_an_update(desk: Desk) -> None:
    """The same for a field that comes later; another value is tried again."""
    desk.converged(local("a"))
    desk.declare(local("a", extra={"brandNew": 1}))
    assert desk("apply", "--yes").code == 5
    assert desk("plan", "--detailed-exitcode").code == 0
    desk.declare(local("a", extra={"brandNew": 2}))
    assert desk("plan", "--detailed-exitcode").code == 2


def blind(desk: Desk) -> None:
    """Three objects, and a token that reads none of them."""
    desk.converged(local("a"), local("b"), local("c"))
    desk.fault("status", status=403, match={"path": "*/configurations*"})
    desk.fault("status", status=403, match=EVERYWHERE)


def test_a_plan_that_could_read_nothing(desk: Desk) -> None:
    """The headline claims no success, and the token is told of once."""
    blind(desk)
    seen = desk("plan")

    assert seen.code == 1
    assert "Nothing could be compared: 3 objects could not be read." in seen.out
    assert "No changes" not in seen.out
    assert "error[unreadable]: 3 times:" in seen.out
    assert seen.out.count("the token may not read it") == 1


def test_a_drift_that_could_read_nothing(desk: Desk) -> None:
    """Neither is there no drift."""
    blind(desk)
    seen = desk("drift")

    assert seen.code == 1
    assert "Nothing could be compared: 3 objects could not be read." in seen.out
    assert "No drift" not in seen.out


def test_a_drift_that_could_read_some(desk: Desk) -> None:
    """What was compared and what was not are counted apart."""
    desk.converged(local("a"), local("b"), local("c"))
    desk.fault("status", status=403, match={"path": "*/configurations*"})
    desk.fault("status", status=500, match={"path": "*/api/repositories/b"})
    seen = desk("drift")

    assert seen.code == 1
    assert "No drift found, but 1 object could not be read. 2 objects compared." in seen.out


def over(desk: Desk) -> None:
    """More updates than the limit allows."""
    desk.workspace(limits={"updates": {"count": 1}})
    desk.converged(local("a"), local("b"))
    desk.declare(local("a", description="x"), local("b", description="x"))


@pytest.mark.parametrize("command, times", [("plan", 1), ("apply --yes", 2)])
def test_a_block_of_the_whole_run_comes_first(desk: Desk, command: str, times: int) -> None:
    """Who reads one line reads that; the error of an apply, far below a long plan, repeats it."""
    over(desk)
    seen = desk(*command.split())

    assert seen.code == 3
    _, stake, _, block, *_ = seen.out.splitlines()
    assert stake == "Blocked as a whole; 2 safe changes."
    assert block == "  ! The plan as a whole is blocked"
    assert seen.both.count("exceed the limit") == times
    assert seen.both.count("--allow-updates") == times


def test_a_block_of_the_whole_run_as_json(desk: Desk) -> None:
    """Where no plan is printed before it, the error says everything."""
    over(desk)
    seen = desk("apply", "--yes", "--output", "json")

    assert seen.code == 3
    assert "exceed the limit" in seen.document["error"]["summary"]
    assert "--allow-updates" in seen.document["error"]["hint"]


def test_a_token_that_may_not_write(desk: Desk) -> None:
    """Running again with the same token is no advice."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", desk.platform.tokens["read"])
    for output in ("text", "markdown"):
        seen = desk("apply", "--yes", "--output", output)

        assert seen.code == 5
        assert "The token may not write 1 object of this plan; apply again with" in seen.out
        assert "Running apply again is safe" not in seen.out


def test_a_secret_that_is_left_alone(desk: Desk) -> None:
    """A secret beside a changed field does not read as if it were going to be written."""
    desk.patch.setenv("PW", "hunter2")
    desk.converged(remote("r", username="u", password={"env": "PW"}))
    desk.declare(remote("r", username="other", password={"env": "PW"}))
    seen = desk("plan")

    assert "password  (secret, cannot be compared, left as it is)" in seen.out


def test_what_is_cleared_at_creation_is_not_shown(desk: Desk) -> None:
    """There is nothing to clear in what does not exist; the JSON has every declared field."""
    desk.declare(local("a", description=None))

    assert "description" not in desk("plan").out
    (change,) = desk("plan", "--output", "json").document["changes"]
    assert {"path": "spec.description", "after": None} in change["fields"]


@pytest.mark.parametrize("command", ["plan", "apply --yes", "validate", "render", "drift"])
def test_findings_look_the_same_everywhere(desk: Desk, command: str) -> None:
    """Each with its line, apart from the next, whichever command meets them."""
    desk.write(
        "manifests/a.yaml",
        "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: c1 space}\n"
        "spec:\n  packageTyp: npm\n  descripton: x\n",
    )
    seen = desk(*command.split())

    assert seen.code == 1
    assert seen.err == desk("validate").err
    assert "    6 |   descripton: x\n      |   ^^^^^^^^^^\n  help:" in seen.err
    assert "description'?\n\n" in seen.err


def test_warnings_of_a_plan_show_their_line(desk: Desk) -> None:
    """Also where they stand below a plan."""
    desk.write(
        "manifests/a.yaml",
        "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: a}\n"
        "spec:\n  packageType: npm\n  extra: {brandNew: 1}\n",
    )
    for command in ("plan", "apply --yes"):
        assert (
            "    6 |   extra: {brandNew: 1}\n      |           ^^^^^^^^\n"
            in desk(*command.split()).out
        )


def test_the_whole_name_is_marked(desk: Desk) -> None:
    """A name with a blank in it is one value."""
    desk.write(
        "manifests/a.yaml",
        "apiVersion: reconciler/v1\nkind: LocalRepository\nmetadata: {name: c1 space}\n"
        "spec: {packageType: npm}\n",
    )

    assert (
        "    3 | metadata: {name: c1 space}\n      |                  ^^^^^^^^\n"
        in desk("validate").err
    )


def test_one_file_is_one(desk: Desk) -> None:
    """`fmt` counts in English."""
    desk.declare(local("a"))

    assert desk("fmt").err.endswith("1 file, 0 formatted\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("line", ["kinds", "kinds --output json", "plan", "plan -o json"])
def test_a_full_disk(desk: Desk, line: str) -> None:
    """One error that says what could not be written; no traceback, no other advice."""
    desk.declare(local("a"))
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *line.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=desk.root,
            env=environment({"PYTHONPATH": str(Path(__file__).parents[2])}),
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.count("error[") == 1
    assert "error[output]: the result could not be written to standard output" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(desk: Desk) -> None:
    """Nothing is done that could not be recorded; the inventory is named."""
    desk.declare(local("a"))
    (desk.root / ".reconciler").mkdir(mode=0o500)
    seen = desk("apply", "--yes")

    assert seen.code == 1
    assert "inventory.json cannot be written" in seen.err
    assert desk.writes() == []


def test_an_inventory_that_cannot_be_written(desk: Desk) -> None:
    """The same where its folder is a file."""
    desk.declare(local("a"))
    desk.workspace(inventory={"file": "state/inventory.json"})
    (desk.root / "state").write_text("")
    seen = desk("plan")
    assert seen.code == 1
    (desk.root / "state").unlink()
    (desk.root / "state").symlink_to("/proc")
    seen = desk("apply", "--yes")

    assert seen.code == 1
    assert "inventory.json cannot be written" in seen.err
    assert desk.writes() == []


def test_a_secret_an_apply_must_send(desk: Desk) -> None:
    """Without a value it stops the apply at the line that names it, before the first write."""
    remote = {
        "apiVersion": "reconciler/v1",
        "kind": "RemoteRepository",
        "metadata": {"name": "r"},
        "spec": {
            "packageType": "npm",
            "url": "https://registry.example.com",
            "username": "bot",
            "password": {"env": "NOT_SET_HERE"},
        },
    }
    desk.declare(remote)

    seen = desk("apply", "--yes")

    assert seen.code == 1
    assert "manifests/all.yaml:1:" in seen.err
    assert "error[secret-unresolved]: the secret env:NOT_SET_HERE cannot be resolved" in seen.err
    assert "nothing was written" in seen.err
    assert desk.writes() == []


def test_online_validation_tells_a_project_that_is_not_there(desk: Desk) -> None:
    """Only the platform knows: `validate` alone says nothing, with --online it is an error."""
    desk.declare(local("a", projectKey="nowhere"))
    offline, online = desk("validate"), desk("validate", "--online")

    assert offline.code == 0, offline.both
    assert online.code == 1
    assert "nowhere" in online.err
