"""Drift accepted into Git: one pull request, as long as something drifts (D7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import local
from tests.github.bench import Bench
from tests.support.composite import Ran

MANIFEST = """\
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: a
spec:
  packageType: generic
  # what it is for
  description: ours # to be read by people
  notes: kept
"""


@pytest.fixture
def drifted(bench: Bench) -> Bench:
    """A repository that somebody changed by hand."""
    bench.write("manifests/all.yaml", MANIFEST)
    assert bench("apply", "--yes").code == 0
    bench.meddle("a", description="theirs")
    return bench


def accept(bench: Bench, **inputs: str) -> Ran:
    """Look for drift at night, and propose to accept it."""
    return bench.drift(accept_drift="true", **inputs)


def branch_of(bench: Bench) -> str:
    """The branch of the one pull request."""
    (name,) = bench.github.git.branches
    return name


def merge(bench: Bench) -> None:
    """The pull request is merged."""
    for path, text in bench.github.git.files(branch_of(bench)).items():
        bench.write(path, text)


def test_drift_becomes_a_pull_request(drifted: Bench) -> None:
    """One file, one changed line, every comment kept; nothing is written to the platform."""
    drifted.sandbox.reset_requests()
    before = (drifted.root / "manifests/all.yaml").read_text()
    ran = accept(drifted)
    (pull,) = drifted.github.pulls
    files = drifted.github.git.files(branch_of(drifted))

    assert ran.code == 0, ran.told
    assert files == {"manifests/all.yaml": before.replace("ours", "theirs")}
    assert (drifted.root / "manifests/all.yaml").read_text() == before
    assert drifted.writes() == []
    assert pull["base"] == {"ref": "main"}
    assert pull["title"] == "Accept what drifted on the platform"
    assert 'description: "theirs"' in pull["body"]
    assert ran.outputs["pull-number"] == str(pull["number"])
    assert ran.outputs["pull-url"] == pull["html_url"]
    assert f"#{pull['number']} writes it" in drifted.github.issues[0]["body"]


def test_merged_the_plan_is_empty_and_an_apply_only_records(drifted: Bench) -> None:
    """What the requirement wants; and then the drift is over, and the issue closed."""
    accept(drifted)
    merge(drifted)
    planned = drifted.run("push", "push-merge", command="plan")
    drifted.sandbox.reset_requests()
    applied = drifted.apply(expect_digest=planned.outputs["digest"])
    again = drifted.run("push", "push-merge", command="plan")
    clean = accept(drifted)

    assert planned.outputs["outcome"] == "no-changes"
    assert planned.outputs["changes"] == "false"
    assert planned.outputs["apply-due"] == "true"
    assert applied.code == 0, applied.told
    assert drifted.writes() == []
    assert again.outputs["apply-due"] == "false"
    assert clean.outputs["drifted"] == "false"
    assert drifted.github.issues[0]["state"] == "closed"


def test_ten_nights_make_one_pull_request_and_one_commit(drifted: Bench) -> None:
    """Found by branch, marker and author; checks do not run again for nothing."""
    accept(drifted)
    tip = dict(drifted.github.git.branches)
    for _ in range(9):
        accept(drifted)

    assert len(drifted.github.pulls) == 1
    assert drifted.github.git.branches == tip


def test_other_drift_is_another_commit(drifted: Bench) -> None:
    """The same pull request, made anew from the commit of the run."""
    accept(drifted)
    drifted.meddle("a", description="something else")
    accept(drifted)
    (pull,) = drifted.github.pulls

    assert "something else" in drifted.github.git.files(branch_of(drifted))["manifests/all.yaml"]
    assert "something else" in pull["body"]


def test_undone_drift_closes_it(drifted: Bench) -> None:
    """With the reason, and its branch is gone."""
    accept(drifted)
    drifted.meddle("a", description="ours")
    accept(drifted)
    (pull,) = drifted.github.pulls

    assert pull["state"] == "closed"
    assert drifted.github.git.branches == {}
    assert "Nothing is drifted any more" in drifted.github.texts(pull["number"])[0]


def test_an_outage_closes_nothing(drifted: Bench) -> None:
    """A night without an answer says nothing of drift."""
    accept(drifted)
    drifted.fault("status", status=401)
    ran = accept(drifted)

    assert ran.code == 6
    assert drifted.github.pulls[0]["state"] == "open"


def test_commits_of_others_stay(drifted: Bench) -> None:
    """Somebody corrected the branch: it is left as it is, with a warning."""
    accept(drifted)
    drifted.github.git.commit(branch_of(drifted), "Say why")
    tip = dict(drifted.github.git.branches)
    drifted.meddle("a", description="something else")
    ran = accept(drifted)

    assert ran.code == 0
    assert "commits that are not ours" in ran.annotated("warning")[0]
    assert drifted.github.git.branches == tip


def test_what_cannot_be_accepted_is_told(drifted: Bench) -> None:
    """A deleted object needs a person; nothing else to accept makes no pull request."""
    drifted.send("DELETE", "/artifactory/api/repositories/a")
    ran = accept(drifted)

    assert ran.code == 0
    assert drifted.github.pulls == []
    assert "it was deleted on the platform" in ran.annotated("warning")[0]


def test_a_missing_permission_is_a_warning(drifted: Bench) -> None:
    """The drift is told all the same."""
    drifted.github.fault("POST", "*/git/trees", times=9, status=403)
    ran = accept(drifted)

    assert ran.code == 0
    assert ran.outputs["drifted"] == "true"
    assert "pull request that accepts the drift" in ran.annotated("warning")[0]
    assert drifted.github.issues[0]["state"] == "open"


def test_a_workspace_in_a_folder(drifted: Bench, tmp_path: Path) -> None:
    """Paths are those of the repository."""
    (drifted.root / ".git").mkdir()
    for name in ("reconciler.yaml", "manifests", ".reconciler"):
        (drifted.root / "sub").mkdir(exist_ok=True)
        (drifted.root / name).rename(drifted.root / "sub" / name)
    ran = accept(drifted, path="sub")

    assert ran.code == 0, ran.told
    assert list(drifted.github.git.files(branch_of(drifted))) == ["sub/manifests/all.yaml"]


def test_it_goes_with_drift_only(bench: Bench) -> None:
    """A plan accepts nothing."""
    bench.declare(local("a"))
    ran = bench.plan(accept_drift="true")

    assert ran.code == 1
    assert "accept-drift: goes with the command drift" in ran.log
