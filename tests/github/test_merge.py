"""From the pull request to the merge: exactly what was approved, or what is left of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.cli.support import Seen, local
from tests.github.bench import PULL, Bench
from tests.support.composite import Ran

MERGED = "d" * 40


def approved(bench: Bench) -> tuple[str, str]:
    """A plan somebody approves: its digest and its file, as an artifact keeps it."""
    ran = bench.plan()
    assert ran.code == 0, ran.told
    kept = bench.root / "approved.json"
    kept.write_bytes(Path(ran.outputs["plan-file"]).read_bytes())
    bench.github.merged(PULL, MERGED)
    return ran.outputs["digest"], kept.name


def broken(bench: Bench, name: str) -> None:
    """From now on one repository cannot be written."""
    bench.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    bench.fault("status", status=403, match={"method": "PUT", "path": f"*/{name}"})


def test_a_merge_applies_what_was_approved(bench: Bench) -> None:
    """The comment gets the result, and is closed; nothing edits it any more."""
    bench.declare(local("a"))
    digest, _ = approved(bench)
    ran = bench.apply(expect_digest=digest)
    text = bench.only_comment()
    bench.declare(local("a"), local("b"))
    bench.plan()

    assert ran.code == 0, ran.told
    assert bench.exists("a")
    assert ran.outputs["outcome"] == "applied"
    assert ran.outputs["digest"] == digest
    assert ran.outputs["comment-id"] == str(bench.github.comments[PULL][0]["id"])
    assert "### Applied: 1 created" in text
    assert '"closed":true' in text
    assert bench.github.texts(PULL)[0] == text
    assert "1 created" in ran.log
    assert bench.github.issues == []


@pytest.mark.parametrize("payload", ["push-merge", "push-squash", "push-rebase"])
def test_every_way_to_merge(bench: Bench, payload: str) -> None:
    """The approval is of a digest, so that it does not matter what became of the commits."""
    bench.declare(local("a"))
    digest, _ = approved(bench)
    ran = bench.run("push", payload, command="apply", expect_digest=digest)

    assert ran.code == 0, ran.told
    assert "### Applied" in bench.only_comment()


def test_a_plan_that_is_stale_is_refused(bench: Bench) -> None:
    """4, nothing written, and the comment shows three lists: then, now, and what differs."""
    bench.declare(local("a"), local("b"), local("c", description="ours"))
    digest, file = approved(bench)
    bench.make("b")
    bench.make("c", description="theirs")
    bench.sandbox.reset_requests()
    ran = bench.apply(expect_digest=digest, plan_file=file)
    text = bench.only_comment()

    assert ran.code == 4, ran.told
    assert bench.writes() == []
    assert ran.outputs["outcome"] == "stale"
    assert ran.outputs["failure-reason"] == "stale"
    assert "the plan is not the approved one any more" in text
    assert "not as approved:" in text
    assert "LocalRepository/b: approved create, now adopt, adopting" in text
    assert "<summary>The plan as it is now</summary>" in text
    assert "closed" not in text.partition("\n")[0]
    (issue,) = bench.github.issues
    assert issue["state"] == "open"


def test_a_digest_alone_tells_both_digests(bench: Bench) -> None:
    """Without the file there is no listing: both digests, and the plan as it is now."""
    bench.declare(local("a"))
    digest, _ = approved(bench)
    bench.declare(local("a"), local("b"))
    ran = bench.apply(expect_digest=digest)

    assert ran.code == 4
    assert digest in bench.only_comment()
    assert ran.outputs["digest"] in bench.only_comment()
    assert "LocalRepository/b" in bench.only_comment()


def test_an_edited_comment_approves_nothing(bench: Bench) -> None:
    """What the comment says is never read as an approval."""
    bench.declare(local("a"))
    digest, _ = approved(bench)
    bench.declare(local("a"), local("evil"))
    now = bench.plan().outputs["digest"]
    comment = bench.github.comments[PULL][0]
    comment["body"] = comment["body"].replace(now, digest)
    ran = bench.apply(expect_digest=digest)

    assert ran.code == 4
    assert not bench.exists("evil")


def test_an_edited_plan_file_is_refused(bench: Bench) -> None:
    """An artifact comes from a pull request: it must be the one of the approved digest."""
    bench.declare(local("a"))
    digest, file = approved(bench)
    kept = bench.root / file
    kept.write_text(kept.read_text().replace('"LocalRepository/a"', '"LocalRepository/b"'))
    ran = bench.apply(expect_digest=digest, plan_file=file)

    assert ran.code == 4
    assert bench.writes() == []


def test_half_an_apply_is_finished_by_running_the_job_again(bench: Bench) -> None:
    """5, an issue with what is left; the second attempt does just that, and closes the issue."""
    bench.declare(local("a"), local("b"))
    digest, file = approved(bench)
    broken(bench, "b")
    first = bench.apply(expect_digest=digest, plan_file=file)
    (issue,) = bench.github.issues
    told, shown = dict(issue), bench.only_comment()
    bench.sandbox.clear_faults()
    bench.runner.attempt = 2
    second = bench.apply(expect_digest=digest, plan_file=file)

    assert first.code == 5, first.told
    assert first.outputs["outcome"] == "partial"
    assert told["state"] == "open"
    assert told["title"] == "An apply after a merge did not finish"
    assert "LocalRepository/b" in told["body"]
    assert "injected fault" in shown
    assert second.code == 0, second.told
    assert bench.exists("a")
    assert bench.exists("b")
    assert issue["state"] == "closed"
    assert "A later apply finished" in issue["comments"][0]
    assert "### Applied: 1 created" in bench.only_comment()
    third = bench.apply(expect_digest=digest, plan_file=file)
    assert third.code == 0, third.told


def test_the_second_attempt_does_nothing_new(bench: Bench) -> None:
    """What came to the manifests meanwhile was not approved with the first attempt."""
    bench.declare(local("a"), local("b"))
    digest, file = approved(bench)
    broken(bench, "b")
    bench.apply(expect_digest=digest, plan_file=file)
    bench.sandbox.clear_faults()
    bench.declare(local("a"), local("b"), local("c"))
    bench.runner.attempt = 2
    ran = bench.apply(expect_digest=digest, plan_file=file)

    assert ran.code == 4, ran.told
    assert "LocalRepository/c" in bench.only_comment()
    assert not bench.exists("b")


def test_shrink_only_takes_what_is_left(bench: Bench) -> None:
    """A colleague's merge did part of the work: the rest is still approved."""
    bench.declare(local("a"), local("b"))
    digest, file = approved(bench)
    bench.declare(local("a"))
    assert bench("apply", "--yes").code == 0
    bench.declare(local("a"), local("b"))
    exact = bench.apply(expect_digest=digest, plan_file=file)
    ran = bench.apply(expect_digest=digest, plan_file=file, stale_policy="shrink-only")

    assert exact.code == 4
    assert ran.code == 0, ran.told
    assert bench.exists("b")


def test_replan_applies_whatever_is_due(bench: Bench) -> None:
    """For those who say so: nothing is compared."""
    bench.declare(local("a"))
    ran = bench.apply(stale_policy="replan")

    assert ran.code == 0, ran.told
    assert bench.exists("a")


def test_an_old_job_cannot_be_run_again(bench: Bench) -> None:
    """A digest is used once for each commit, so that nobody takes newer merges back by accident."""
    (bench.root / ".git").mkdir()
    bench.write(".git/HEAD", f"{MERGED}\n")
    bench.converged(local("a", description="old"))
    bench.declare(local("a", description="new"))
    digest, _ = approved(bench)
    first = bench.apply(expect_digest=digest)
    bench.meddle("a", description="old")
    again = bench.apply(expect_digest=digest)

    assert first.code == 0, first.told
    assert again.code == 4
    assert bench.live("a")["description"] == "old"


def test_two_merges_at_once(bench: Bench) -> None:
    """One applies, the other is told whose turn it is: 3, or a plan that is stale by then."""
    bench.declare(local("a"), local("b"))
    digest, _ = approved(bench)
    bench.fault("latency", ms=150, match={"method": "PUT"})
    codes: list[int] = []

    def other() -> None:
        pin = f"main={bench.url}"
        seen: Seen = bench("apply", "--expect-digest", digest, "--platform", pin)
        codes.append(seen.code)

    thread = threading.Thread(target=other)
    with pytest.MonkeyPatch.context():
        ran = _together(bench, thread, digest)

    assert sorted([ran.code, *codes]) in ([0, 3], [0, 4]), ran.told
    assert bench.exists("a")
    assert bench.exists("b")


def _together(bench: Bench, thread: threading.Thread, digest: str) -> Ran:
    process = bench.runner.started(
        "push",
        "push-merge",
        command="apply",
        expect_digest=digest,
        url=bench.url,
        token=bench.admin,
    )
    thread.start()
    ran = bench.runner.ended(process)
    thread.join()
    return ran


def test_a_merge_queue_plans_with_its_predecessors(bench: Bench) -> None:
    """The pull request is found in the name of the queue's branch."""
    bench.declare(local("a"))
    ran = bench.run("merge_group", command="plan")

    assert ran.code == 0
    assert "### Plan: 1 to create" in bench.only_comment()


def test_a_dispatched_apply_needs_no_pull_request(bench: Bench) -> None:
    """Started by hand it comments nowhere, or where the workflow says."""
    bench.declare(local("a"))
    digest = bench.plan(comment="never", labels="false").outputs["digest"]
    ran = bench.run("workflow_dispatch", command="apply", expect_digest=digest, pr_number="12")

    assert ran.code == 0
    assert "### Applied" in bench.github.texts(12)[0]
    assert bench.github.texts(PULL) == []


# --- approvals (D17)


@pytest.fixture
def reviewed(bench: Bench) -> Bench:
    """A pull request with a plan, which ann approves."""
    bench.declare(local("a"))
    bench.plan(check_run="true")
    bench.github.review(PULL, "ann", "a" * 40)
    return bench


def test_an_approval_of_this_plan_holds(reviewed: Bench) -> None:
    """Planned again with the same digest, also on another commit, nothing is flagged."""
    ran = reviewed.plan(check_run="true", approvals="fail")

    assert ran.code == 0, ran.told
    assert ran.annotated("warning") == []


def test_an_approval_of_another_plan_is_flagged(reviewed: Bench) -> None:
    """The comment and a warning say who approved what; the step goes on."""
    reviewed.declare(local("a"), local("b"))
    ran = reviewed.plan(check_run="true", approvals="flag")

    assert ran.code == 0
    assert "ann approved the plan sha256:" in ran.annotated("warning")[0]
    assert "ann approved the plan" in reviewed.only_comment()
    assert reviewed.github.checks[-1]["conclusion"] == "action_required"


def test_an_approval_of_another_plan_can_fail(reviewed: Bench) -> None:
    """With `fail` the step ends with 3 until somebody approves again."""
    reviewed.declare(local("a"), local("b"))
    ran = reviewed.plan(check_run="true", approvals="fail")
    reviewed.github.review(PULL, "ann", "a" * 40)
    again = reviewed.plan(check_run="true", approvals="fail")

    assert ran.code == 3
    assert ran.outputs["failure-reason"] == "approval-outdated"
    assert again.code == 0


def test_an_approval_before_any_plan_is_flagged(bench: Bench) -> None:
    """Nothing was to be seen then; a dismissed approval is none, a comment takes none back."""
    bench.declare(local("a"))
    bench.github.review(PULL, "ann", "a" * 40)
    bench.github.review(PULL, "bob", "a" * 40)
    bench.github.review(PULL, "bob", "a" * 40, "DISMISSED")
    bench.github.review(PULL, "ann", "a" * 40, "COMMENTED")
    ran = bench.plan(check_run="true", approvals="flag")

    (warning,) = ran.annotated("warning")
    assert "ann approved before there was a plan" in warning
