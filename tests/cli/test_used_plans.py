"""A plan is used once; --shrink-only carries out what is left of it, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.support import Desk, Seen, local, manifest, remote

SHRINK = ("apply", "--plan", "plan.json", "--shrink-only")


def save(desk: Desk, *manifests: dict[str, Any]) -> str:
    """A plan of some manifests, saved; its digest."""
    desk.declare(*manifests)
    seen = desk("plan", "--out", "plan.json")
    assert seen.code == 0, seen.both
    desk.sandbox.reset_requests()
    return str(json.loads((desk.root / "plan.json").read_text())["digest"])


def refused(desk: Desk, *args: str) -> Seen:
    """A command that ends 4 and writes nothing."""
    desk.sandbox.reset_requests()
    seen = desk(*args)
    assert seen.code == 4, seen.both
    assert desk.writes() == []
    return seen


def broken(desk: Desk, key: str) -> None:
    """The platform refuses one repository, and has no batches."""
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    desk.fault("status", status=500, match={"method": "PUT", "path": f"*/{key}"})


# --- used once -----------------------------------------------------------------------------------


def test_a_plan_is_used_once(desk: Desk) -> None:
    """The second time it is refused, with the time of the first and what it wanted."""
    save(desk, local("a"))
    assert desk("apply", "--plan", "plan.json").code == 0
    seen = refused(desk, "apply", "--plan", "plan.json")

    assert "plan.json was carried out completely at" in seen.err
    assert "a plan is used once" in seen.err
    assert "only approved, nothing to do now:" in seen.err


def test_a_plan_that_is_due_again(desk: Desk) -> None:
    """Somebody undid it: the same plan is due again, and was approved for another moment."""
    desk.converged(local("a", description="one"))
    save(desk, local("a", description="two"))
    assert desk("apply", "--plan", "plan.json").code == 0
    desk.meddle("a", description="one")

    refused(desk, "apply", "--plan", "plan.json")
    refused(desk, *SHRINK)


def test_a_copy_is_the_same_plan(desk: Desk) -> None:
    """Another name, other white space: still used."""
    save(desk, local("a"))
    desk("apply", "--plan", "plan.json")
    desk.write("copy.json", json.loads((desk.root / "plan.json").read_text()))

    refused(desk, "apply", "--plan", "copy.json")


def test_a_refused_apply_uses_nothing(desk: Desk) -> None:
    """A plan that was stale, blocked as a whole, or without a secret is as fresh as before."""
    save(desk, local("a"), remote("r", username="u", password={"env": "PW"}))
    missing = desk("apply", "--plan", "plan.json")
    desk.declare(local("a"), local("b"))
    refused(desk, "apply", "--plan", "plan.json")
    desk.declare(local("a"), remote("r", username="u", password={"env": "PW"}))
    desk.patch.setenv("PW", "hunter2")
    seen = desk("apply", "--plan", "plan.json")

    assert missing.code == 1, missing.both
    assert seen.code == 0, seen.both


def test_a_begun_plan_is_used(desk: Desk) -> None:
    """Nothing of it landed; still, only --shrink-only may go on."""
    save(desk, local("a"))
    broken(desk, "a")
    assert desk("apply", "--plan", "plan.json").code == 5
    desk.sandbox.clear_faults()
    seen = refused(desk, "apply", "--plan", "plan.json")

    assert "was begun at" in seen.err
    assert "--shrink-only carries out what is left of it" in seen.err
    assert desk(*SHRINK).code == 0
    assert desk.exists("a")


# --- a digest alone ------------------------------------------------------------------------------


def at_commit(desk: Desk, commit: str) -> None:
    """The workspace is checked out at a commit."""
    desk.write(".git/HEAD", commit)


def test_a_digest_is_used_once_for_each_commit(desk: Desk) -> None:
    """A job of an old commit that is run again is refused; a new commit may want the same again."""
    at_commit(desk, "1" * 40)
    desk.converged(local("a", description="one"))
    digest = save(desk, local("a", description="two"))
    assert desk("apply", "--expect-digest", digest).code == 0
    desk.meddle("a", description="one")
    seen = refused(desk, "apply", "--expect-digest", digest)
    at_commit(desk, "2" * 40)

    assert "was carried out completely at" in seen.err
    assert desk("apply", "--expect-digest", digest).code == 0
    assert desk.live("a")["description"] == "two"


def test_a_plan_file_uses_its_digest_up(desk: Desk) -> None:
    """What was applied by a file is not applied by its digest again."""
    desk.converged(local("a", description="one"))
    digest = save(desk, local("a", description="two"))
    assert desk("apply", "--plan", "plan.json").code == 0
    desk.meddle("a", description="one")

    refused(desk, "apply", "--expect-digest", digest)


def test_a_new_file_is_a_new_approval(desk: Desk) -> None:
    """The way out: the plan that is due again, saved and approved again."""
    desk.converged(local("a", description="one"))
    digest = save(desk, local("a", description="two"))
    assert desk("apply", "--expect-digest", digest).code == 0
    desk.meddle("a", description="one")

    assert save(desk, local("a", description="two")) == digest
    assert desk("apply", "--plan", "plan.json").code == 0


def test_a_digest_that_did_not_land_is_not_used(desk: Desk) -> None:
    """An apply that failed may be repeated while the plan is still the same."""
    digest = save(desk, local("a"))
    broken(desk, "a")
    assert desk("apply", "--expect-digest", digest).code == 5
    desk.sandbox.clear_faults()

    assert desk("apply", "--expect-digest", digest).code == 0


# --- shrink-only ---------------------------------------------------------------------------------


def test_a_half_done_apply_is_finished(desk: Desk) -> None:
    """After a failure the same file finishes the job, and touches only what is left."""
    desk.make("c", description="one")
    save(
        desk,
        local("a"),
        local("b", "npm"),
        local("c", description="two"),
        manifest("VirtualRepository", "v", packageType="npm", repositories=["b"]),
    )
    broken(desk, "b")
    first = desk("apply", "--plan", "plan.json")
    desk.sandbox.clear_faults()
    plain = refused(desk, "apply", "--plan", "plan.json")
    desk.sandbox.reset_requests()
    again = desk(*SHRINK)
    written = desk.writes()

    assert first.code == 5, first.both
    assert "--shrink-only carries out what is left" in first.err
    assert "--shrink-only" in plain.err
    assert again.code == 0, again.both
    assert {line.rpartition("/")[2] for line in written} <= {"b", "v", "batch"}
    assert desk("plan", "--detailed-exitcode").code == 0
    refused_now = desk(*SHRINK)
    assert refused_now.code == 0, "nothing is left to do, so nothing is used"


def test_nothing_new_slips_in(desk: Desk) -> None:
    """What was added since is named, and nothing is written."""
    save(desk, local("a"), local("b"))
    broken(desk, "b")
    assert desk("apply", "--plan", "plan.json").code == 5
    desk.sandbox.clear_faults()
    desk.declare(local("a"), local("b"), local("new"))
    seen = refused(desk, *SHRINK)

    assert "there is more to do than plan.json has" in seen.err
    assert "LocalRepository/new: create" in seen.err
    assert "LocalRepository/b" not in seen.err


def test_live_moved_away(desk: Desk) -> None:
    """A value nobody saw is not overwritten."""
    desk.make("a", description="one")
    save(desk, local("a", description="two"), local("b"))
    broken(desk, "b")
    assert desk("apply", "--plan", "plan.json").code == 5
    desk.sandbox.clear_faults()
    desk.meddle("a", description="three")
    seen = refused(desk, *SHRINK)

    assert "LocalRepository/a" in seen.err


def test_a_colleague_was_faster(desk: Desk) -> None:
    """Live moved towards what is wanted: the first use may do less, too."""
    desk.make("a", description="one", notes="n")
    save(desk, local("a", description="two", notes="m"), local("b"))
    desk.meddle("a", description="two")
    refused(desk, "apply", "--plan", "plan.json")
    seen = desk(*SHRINK)

    assert seen.code == 0, seen.both
    assert desk.live("a")["notes"] == "m"
    refused(desk, "apply", "--plan", "plan.json")


def test_a_made_object_that_was_not_recorded(desk: Desk) -> None:
    """A crash between the write and the inventory: the object is only recorded."""
    save(desk, local("a"), local("b"))
    broken(desk, "b")
    assert desk("apply", "--plan", "plan.json").code == 5
    desk.sandbox.clear_faults()
    file = desk.root / ".reconciler" / "inventory.json"
    document = json.loads(file.read_text())
    document["entries"].clear()
    file.write_text(json.dumps(document))
    seen = desk(*SHRINK)

    assert seen.code == 0, seen.both
    assert set(desk.inventory()) == {"default:LocalRepository/a", "default:LocalRepository/b"}


def test_a_half_made_object(desk: Desk) -> None:
    """What came of a begun create is brought to the approved values; before it, it is refused."""
    save(desk, local("a", description="wanted"), local("b"))
    desk.make("a", description="somebody's")
    refused(desk, *SHRINK)
    desk.send("DELETE", "/artifactory/api/repositories/a")
    broken(desk, "*")
    assert desk("apply", "--plan", "plan.json").code == 5
    desk.sandbox.clear_faults()
    desk.make("a")
    seen = desk(*SHRINK)

    assert seen.code == 0, seen.both
    assert desk.live("a")["description"] == "wanted"


def test_a_narrower_scope(desk: Desk) -> None:
    """A part of the objects may be applied by itself; more than was approved may not."""
    save(desk, local("a"), local("b"))
    seen = desk(*SHRINK, "--only", "LocalRepository/a")
    desk("plan", "--only", "LocalRepository/b", "--out", "plan.json")

    assert seen.code == 0, seen.both
    assert desk.exists("a")
    assert not desk.exists("b")
    assert "scope: approved --only LocalRepository/b, now everything" in refused(desk, *SHRINK).err


@pytest.mark.parametrize("flags", [("--shrink-only",), ("--shrink-only", "--yes")])
def test_it_needs_a_plan(desk: Desk, flags: tuple[str, ...]) -> None:
    """A digest does not tell what was approved."""
    desk.declare(local("a"))
    seen = desk("apply", *flags, "--expect-digest", "sha256:" + "0" * 64)

    assert seen.code == 1
    assert "--shrink-only needs --plan" in seen.err


def test_with_a_digest_the_file_must_be_the_approved_one(desk: Desk) -> None:
    """The digest comes from a trusted place, the file from a job: together they bind."""
    digest = save(desk, local("a"), local("b"))
    broken(desk, "b")
    assert desk("apply", "--plan", "plan.json", "--expect-digest", digest).code == 5
    desk.sandbox.clear_faults()
    other = "sha256:" + "0" * 64

    assert "approved was" in refused(desk, *SHRINK, "--expect-digest", other).err
    assert desk(*SHRINK, "--expect-digest", digest).code == 0
