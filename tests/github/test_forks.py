"""Pull requests that may have no secrets: a plan from a snapshot, or at least a comparison."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.cli.support import local
from tests.github.bench import PULL, Bench
from tests.support.composite import Ran

HEAD = "a" * 40


@pytest.fixture
def fork(bench: Bench) -> Bench:
    """A fork's pull request: no token of a platform, and one of GitHub that may only read."""
    bench.patch.delenv("JFROG_ACCESS_TOKEN")
    bench.github.read_only = True
    return bench


def plan(bench: Bench, payload: str = "pull_request-fork", **inputs: str) -> Ran:
    """Plan for a fork, in a step that has no token."""
    return bench.run("pull_request", payload, command="plan", token="", **inputs)


def git(bench: Bench, *arguments: str) -> str:
    """Run git in the checkout."""
    program = shutil.which("git")
    assert program is not None
    names = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        [program, "-C", str(bench.root), *names, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def merge_commit(bench: Bench, *manifests: dict[str, object]) -> str:
    """The checkout as `pull_request` gets it: base and head, merged. Returns the head."""
    git(bench, "init", "-q", "-b", "main")
    git(bench, "add", "-A")
    git(bench, "commit", "-qm", "base")
    git(bench, "checkout", "-qb", "topic")
    bench.declare(*manifests)
    git(bench, "commit", "-qam", "topic")
    head = git(bench, "rev-parse", "HEAD")
    git(bench, "checkout", "-q", "main")
    git(bench, "merge", "-q", "--no-ff", "topic", "-m", "merge")
    return head


def test_a_snapshot_gives_a_plan(fork: Bench) -> None:
    """The plan of the live platform, without any request to it."""
    fork.patch.setenv("JFROG_ACCESS_TOKEN", fork.admin)
    fork.converged(local("a"))
    ran = fork.run("push", "push-merge", command="snapshot", snapshot="state.json.gz")
    assert ran.code == 0, ran.told
    fork.declare(local("a", description="new"), local("b"))
    live = fork.plan(comment="never", labels="false").outputs["digest"]
    fork.patch.delenv("JFROG_ACCESS_TOKEN")
    fork.sandbox.reset_requests()
    ran = plan(fork, snapshot="state.json.gz")

    assert ran.code == 0, ran.told
    assert fork.sandbox.requests == []
    assert ran.outputs["digest"] == live
    assert "Planned without credentials" in ran.summary
    assert "1 to create, 1 to update" in ran.summary


def test_a_block_in_a_snapshot_keeps_its_code(fork: Bench) -> None:
    """The exit code is that of the plan."""
    fork.patch.setenv("JFROG_ACCESS_TOKEN", fork.admin)
    fork.converged(local("a"))
    assert fork("snapshot", "--out", "state.json.gz").code == 0
    fork.patch.delenv("JFROG_ACCESS_TOKEN")
    fork.declare(local("a", "npm"))

    assert plan(fork, snapshot="state.json.gz").code == 3


def test_without_a_snapshot_the_manifests_are_compared(fork: Bench) -> None:
    """New, changed and gone objects against the base, field by field; nothing is asked."""
    fork.declare(local("kept"), local("changed", description="old"), local("gone"))
    head = merge_commit(fork, local("kept"), local("changed", description="new"), local("new"))
    payload = _with_head(head)
    ran = fork.run("pull_request", payload, command="plan", token="")

    assert ran.code == 0, ran.told
    assert fork.sandbox.requests == []
    assert ran.outputs["outcome"] == "changes"
    assert "### Manifests: 1 new, 1 changed, 1 gone" in ran.summary
    assert "+ LocalRepository/new" in ran.summary
    assert "- LocalRepository/gone" in ran.summary
    assert '"old"' in ran.summary
    assert "Not planned: this run has no credentials" in ran.summary
    assert "kept" not in ran.summary


def test_a_workspace_in_a_folder_is_compared(fork: Bench) -> None:
    """The base is looked at in the same folder."""
    (fork.root / "infra").mkdir()
    shutil.move(fork.root / "reconciler.yaml", fork.root / "infra")
    fork.write("infra/manifests/all.yaml", local("a"))
    git(fork, "init", "-q", "-b", "main")
    git(fork, "add", "-A")
    git(fork, "commit", "-qm", "base")
    base = git(fork, "rev-parse", "HEAD")
    fork.write("infra/manifests/more.yaml", local("b"))
    payload = _with_head(HEAD)
    payload["pull_request"]["base"]["sha"] = base
    ran = fork.run("pull_request", payload, command="plan", token="", path="infra")

    assert "### Manifests: 1 new, 0 changed, 0 gone" in ran.summary


def _with_head(head: str) -> dict[str, dict[str, dict[str, str]]]:
    from tests.support.composite import recorded

    payload: dict[str, dict[str, dict[str, str]]] = recorded("pull_request-fork")
    payload["pull_request"]["head"]["sha"] = head
    return payload


def test_without_the_base_the_manifests_are_checked(fork: Bench) -> None:
    """A shallow checkout has no base: the check stays, and says what is missing."""
    fork.declare(local("a"))
    ran = plan(fork)

    assert ran.code == 0
    assert "### The manifests are valid" in ran.summary
    assert "fetch-depth: 2" in ran.summary


def test_invalid_manifests_fail(fork: Bench) -> None:
    """The exit code is intact: 1, with annotations."""
    fork.write("manifests/all.yaml", "nonsense: true\n")
    ran = plan(fork)

    assert ran.code == 1
    assert ran.outputs["outcome"] == "error"
    assert ran.annotated("error")


def test_a_comment_that_may_not_be_written_is_a_warning(fork: Bench) -> None:
    """The token of a fork may only read: everything is in the summary."""
    fork.declare(local("a"))
    ran = plan(fork, comment="always")

    assert ran.code == 0
    assert "Resource not accessible by integration" in ran.annotated("warning")[0]
    assert fork.github.texts(PULL) == []


def test_a_missing_snapshot_is_told(fork: Bench) -> None:
    """The workflow's download may have failed: no plan, and a warning."""
    fork.declare(local("a"))
    ran = plan(fork, snapshot="state.json.gz")

    assert ran.code == 0
    assert "there is no snapshot at state.json.gz" in " ".join(ran.annotated("warning"))


def test_the_secrets_of_pull_request_target_are_not_used(bench: Bench) -> None:
    """There the secrets are, and the checkout may be a stranger's: nothing is sent anywhere."""
    bench.declare(local("a"))
    ran = bench.run("pull_request_target", command="plan")

    assert ran.code == 0, ran.told
    assert bench.sandbox.requests == []
    assert "this run has no credentials" in ran.summary


@pytest.mark.parametrize(("checkout", "asked"), [("d" * 40, True), ("a" * 40, False)])
def test_a_comment_starts_no_plan_of_a_strangers_checkout(
    bench: Bench, checkout: str, asked: bool
) -> None:
    """`issue_comment` has all secrets: they are used for the default branch, and nothing else."""
    bench.declare(local("a"))
    bench.write(".git/HEAD", f"{checkout}\n")
    ran = bench.run("issue_comment", command="plan")

    assert ran.code == 0, ran.told
    assert bool(bench.sandbox.requests) == asked
    assert ("this run has no credentials" in ran.summary) != asked


def test_a_robot_without_secrets_is_like_a_fork(fork: Bench) -> None:
    """Its branch is in the repository, and it gets no secrets nevertheless."""
    fork.declare(local("a"))
    fork.runner.environment["GITHUB_ACTOR"] = "dependabot[bot]"
    ran = fork.run("pull_request", "pull_request", command="plan", token="")

    assert ran.code == 0
    assert "this run has no credentials" in ran.summary


def test_a_missing_secret_is_no_fork(bench: Bench) -> None:
    """On a branch of our own, a job without a token is a mistake and not a check that is green."""
    bench.declare(local("a"))
    ran = bench.run("pull_request", command="plan", token="")

    assert ran.code == 1
    assert "no token for platform 'main'" in ran.annotated("error")[0]


@pytest.mark.parametrize("command", ["apply", "drift", "export"])
def test_nothing_else_runs_for_a_fork(fork: Bench, command: str) -> None:
    """Only what needs no credentials."""
    fork.declare(local("a"))
    inputs = {"expect_digest": "sha256:" + "0" * 64} if command == "apply" else {}
    ran = fork.run("pull_request", "pull_request-fork", command=command, token="", **inputs)

    assert ran.code == 1
    assert "has none" in ran.annotated("error")[0]
