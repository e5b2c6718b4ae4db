"""A pull request: one comment, kept up to date, and everything beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import local
from tests.github.bench import PULL, Bench
from tests.support.fake_github import APP, MALLORY

FIRST = "<!-- reconciler {"


def test_an_opened_pull_request_gets_a_comment(bench: Bench) -> None:
    """Outcome and counts first, below the hidden line; outputs and summary say the same."""
    bench.declare(local("payments-npm-local", "npm"))
    ran = bench.plan()
    hidden, first, *_ = bench.only_comment().split("\n")

    assert ran.code == 0, ran.told
    assert hidden.startswith(FIRST)
    assert first == "### Plan: 1 to create"
    assert "LocalRepository/payments-npm-local" in bench.only_comment()
    assert ran.summary.startswith("### Plan: 1 to create\n")
    assert "Plan: 1 to create." in ran.log
    assert ran.outputs["outcome"] == "changes"
    assert ran.outputs["changes"] == "true"
    assert ran.outputs["to-create"] == "1"
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["failure-reason"] == ""
    assert ran.outputs["risk"] == "safe"
    assert ran.outputs["digest"].startswith("sha256:")
    assert ran.outputs["digest"] in bench.only_comment()
    assert ran.outputs["comment-url"].startswith(bench.github.url)
    assert ran.outputs["run-id"] == "4711-1"
    assert "payments-npm-local" in Path(ran.outputs["plan-html-file"]).read_text()
    assert bench.writes() == []


def test_a_push_edits_the_same_comment(bench: Bench) -> None:
    """Ten pushes, one comment; and a push that takes the change back says so in it."""
    bench.declare(local("a"))
    first = bench.plan()
    bench.declare(local("a"), local("b"))
    second = bench.plan()
    bench.write("manifests/all.yaml", "")
    bench.converged(local("z"))
    third = bench.plan()

    assert len(bench.github.texts(PULL)) == 1
    assert first.outputs["comment-id"] == second.outputs["comment-id"]
    assert "### No changes." in bench.only_comment()
    assert third.outputs["outcome"] == "no-changes"


def test_no_changes_make_no_comment(bench: Bench) -> None:
    """Nothing to say is not said, unless the workflow wants it always."""
    bench.converged(local("a"))
    bench.plan()

    assert bench.github.texts(PULL) == []
    bench.plan(comment="always")
    assert "### No changes." in bench.only_comment()


def test_comments_can_be_switched_off(bench: Bench) -> None:
    """No comment, no label, no summary, no annotation: nothing but outputs and log."""
    bench.declare(local("a"))
    ran = bench.plan(comment="never", labels="false", summary="false", annotations="false")

    assert bench.github.writes() == []
    assert ran.summary == ""
    assert ran.outputs["changes"] == "true"


def test_environments_have_comments_of_their_own(bench: Bench) -> None:
    """Each environment edits its comment only."""
    bench.declare(local("a"))
    for name in ("stage", "prod"):
        bench.write(
            f"environments/{name}.yaml",
            {
                "apiVersion": "reconciler/v1",
                "kind": "Environment",
                "metadata": {"name": name},
                "spec": {},
            },
        )
    for _ in range(2):
        bench.plan(environment="stage")
        bench.plan(environment="prod")

    stage, prod = bench.github.texts(PULL)
    assert "environment `stage`" in stage
    assert "environment `prod`" in prod


def test_a_marker_of_somebody_else_is_not_ours(bench: Bench) -> None:
    """Whoever copies the hidden line gets neither edited nor believed."""
    bench.declare(local("a"))
    bench.plan()
    copied = bench.only_comment().replace("Plan: 1", "Plan: 1000")
    bench.github.comments[PULL].clear()
    bench.github.comment(PULL, copied, MALLORY)
    bench.github.comment(PULL, copied, {"login": "github-actions", "type": "User"})
    bench.github.comment(PULL, copied, {"login": "other-app[bot]", "type": "Bot"})
    bench.plan()

    assert bench.github.texts(PULL)[:3] == [copied] * 3
    assert "### Plan: 1 to create" in bench.github.texts(PULL)[3]


def test_the_comment_is_found_among_hundreds(bench: Bench) -> None:
    """Comments come in pages."""
    bench.declare(local("a"))
    for number in range(250):
        bench.github.comment(PULL, f"thought {number}", MALLORY)
    first = bench.plan()
    for number in range(250):
        bench.github.comment(PULL, f"thought {number}", MALLORY)
    second = bench.plan()

    assert first.outputs["comment-id"] == second.outputs["comment-id"]


def test_two_runs_at_once_leave_one_comment(bench: Bench) -> None:
    """Whoever creates looks again; the younger twin goes."""
    bench.declare(local("a"))
    bench.plan()
    twin = bench.only_comment()
    bench.github.comments[PULL].clear()
    bench.github.before_create = lambda: bench.github.comment(PULL, twin, APP) and None
    ran = bench.plan()

    assert bench.only_comment() == twin
    assert ran.outputs["comment-id"] == str(bench.github.comments[PULL][0]["id"])


def test_a_hidden_comment_is_left_alone(bench: Bench) -> None:
    """What somebody hid as outdated stays hidden, and a new one is made."""
    bench.declare(local("a"))
    bench.plan()
    bench.github.hidden.add(bench.github.comments[PULL][0]["node_id"])
    bench.plan()

    assert len(bench.github.comments[PULL]) == 2
    assert len(bench.github.texts(PULL)) == 1


def test_recreate_hides_the_old_comment(bench: Bench) -> None:
    """The newest plan stands at the end of the conversation."""
    bench.declare(local("a"))
    bench.plan(comment_mode="recreate")
    bench.plan(comment_mode="recreate")

    assert len(bench.github.comments[PULL]) == 2
    assert len(bench.github.texts(PULL)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 9},
        {"status": 403, "times": 9, "message": "Resource not accessible by integration"},
        {"status": 404, "times": 9},
        {"reset": True, "times": 9},
    ],
    ids=str,
)
def test_a_failed_comment_fails_no_plan(bench: Bench, fault: dict[str, object]) -> None:
    """A warning, and everything else is as it would be."""
    bench.declare(local("a"))
    bench.github.fault("POST", "*/comments", **fault)  # type: ignore[arg-type]
    ran = bench.plan()

    assert ran.code == 0
    assert ran.outputs["outcome"] == "changes"
    assert len(ran.annotated("warning")) == 1
    assert "the comment could not be shown" in ran.annotated("warning")[0]
    assert bench.github.labels[PULL] == ["plan: safe"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502, "landed": True},
        {"reset": True, "landed": True},
        {"status": 502},
        {"status": 403, "headers": {"Retry-After": "1"}, "message": "secondary rate limit"},
        {"status": 429, "headers": {"Retry-After": "1"}},
    ],
    ids=str,
)
def test_a_lost_answer_makes_no_second_comment(bench: Bench, fault: dict[str, object]) -> None:
    """Whether the comment landed or not: afterwards there is one."""
    bench.declare(local("a"))
    bench.github.fault("POST", "*/comments", **fault)  # type: ignore[arg-type]
    ran = bench.plan()

    assert "### Plan: 1 to create" in bench.only_comment()
    assert ran.annotated("warning") == []


def test_one_label_tells_the_verdict(bench: Bench) -> None:
    """Exactly one of ours at a time; labels of others stay."""
    bench.github.labels[PULL] = ["team: payments", "plan: blocked"]
    bench.declare(local("a"))
    bench.plan()
    assert bench.github.labels[PULL] == ["team: payments", "plan: safe"]

    bench.converged(local("a"))
    bench.plan()
    assert bench.github.labels[PULL] == ["team: payments", "plan: no-op"]

    bench.declare(local("a", "npm"))
    ran = bench.plan()
    assert ran.code == 3
    assert bench.github.labels[PULL] == ["team: payments", "plan: blocked"]


def test_a_check_run_has_counts_and_digest(bench: Bench) -> None:
    """Its title is what people see in the list; it carries the digest for approvals."""
    bench.declare(local("a"), local("b"))
    ran = bench.plan(check_run="true")
    (check,) = bench.github.checks

    assert check["name"] == "reconciler plan"
    assert check["head_sha"] == "a" * 40
    assert check["output"]["title"] == "Plan: 2 to create"
    assert check["conclusion"] == "success"
    assert check["external_id"] == ran.outputs["digest"]


def test_annotations_of_a_check_run_come_in_parts(bench: Bench) -> None:
    """Fifty a request, all of them on lines of the repository's files."""
    bench.declare(*({**local(f"r{i}"), "colour": "red"} for i in range(120)))
    ran = bench.run("pull_request", command="validate", check_run="true")
    (check,) = bench.github.checks

    assert ran.code == 1
    assert len(check["output"]["annotations"]) == 120
    assert check["conclusion"] == "failure"
    assert check["output"]["annotations"][0]["path"] == "manifests/all.yaml"
    assert len(ran.annotated("error")) == 10
    assert "and 111 more errors" in ran.annotated("error")[-1]


def test_invalid_manifests_are_told_everywhere(bench: Bench) -> None:
    """Comment, summary, annotation, SARIF and outputs: 1, and why."""
    bench.write(
        "manifests/all.yaml",
        "apiVersion: reconciler/v1\nkind: LocalRepositry\nmetadata: {name: a}\nspec: {}\n",
    )
    ran = bench.plan()

    assert ran.code == 1
    assert "### The manifests are not valid: 1 error" in bench.only_comment()
    assert "unknown-kind" in bench.only_comment()
    assert ran.outputs["outcome"] == "error"
    assert ran.outputs["failure-reason"] == "invalid"
    assert "LocalRepositry" in ran.annotated("error")[0]
    assert "unknown-kind" in Path(ran.outputs["sarif-file"]).read_text()


def test_validating_leaves_the_plan_alone(bench: Bench) -> None:
    """A step that validates has a comment and a check of its own, and the first only if needed."""
    bench.declare(local("a"))
    bench.run("pull_request", command="validate", check_run="true")
    bench.plan(check_run="true")
    bench.run("pull_request", command="validate", check_run="true")

    assert "### Plan: 1 to create" in bench.only_comment()
    names = [check["name"] for check in bench.github.checks]
    assert names == ["reconciler validate", "reconciler plan", "reconciler validate"]


def test_blocks_come_first(bench: Bench) -> None:
    """What cannot be carried out stands above everything else; exit 3."""
    bench.converged(local("a"), local("b"))
    bench.declare(local("a", "npm"), local("b", description="other"), local("c"))
    ran = bench.plan()
    text = bench.only_comment()

    assert ran.code == 3
    assert ran.outputs["outcome"] == "blocked"
    assert (
        text.index("1 blocked") < text.index("LocalRepository/b") < text.index("LocalRepository/c")
    )


def test_a_platform_that_is_down_is_no_plan(bench: Bench) -> None:
    """6, and the comment says so instead of an empty plan."""
    bench.declare(local("a"))
    bench.fault("status", status=401)
    ran = bench.plan()

    assert ran.code == 6
    assert ran.outputs["outcome"] == "error"
    assert ran.outputs["failure-reason"] == "unreachable"


@pytest.mark.parametrize(
    ("fail_on", "code", "reason"), [("error", 0, ""), ("changes", 2, "changes"), ("deletes", 0, "")]
)
def test_fail_on(bench: Bench, fail_on: str, code: int, reason: str) -> None:
    """Pending changes fail the step only where the workflow wants it."""
    bench.declare(local("a"))
    ran = bench.plan(fail_on=fail_on)

    assert (ran.code, ran.outputs["failure-reason"]) == (code, reason)


def test_max_risk(bench: Bench) -> None:
    """A change that is riskier than allowed is a block, in plan and apply."""
    bench.converged(local("a"))
    bench.declare(local("a", blackedOut=True))
    ran = bench.plan(max_risk="safe")
    applied = bench.apply(max_risk="safe", expect_digest=ran.outputs["digest"])

    assert ran.code == applied.code == 3
    assert ran.outputs["failure-reason"] == applied.outputs["failure-reason"] == "max-risk"
    assert "max-risk" in bench.only_comment()
    assert bench.writes() == []
