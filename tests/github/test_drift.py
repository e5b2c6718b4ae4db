"""Scheduled drift: one issue with a life of its own."""

from __future__ import annotations

import pytest

from tests.cli.support import local
from tests.github.bench import Bench
from tests.support.fake_github import MALLORY


@pytest.fixture
def drifted(bench: Bench) -> Bench:
    """A repository that somebody changed by hand."""
    bench.converged(local("a", description="ours"))
    bench.meddle("a", description="theirs")
    return bench


def test_ten_nights_make_one_issue(drifted: Bench) -> None:
    """Opened once, updated in place, found again though somebody renamed it."""
    for night in range(10):
        ran = drifted.drift()
        drifted.github.issues[0]["title"] = f"renamed {night}"
    (issue,) = drifted.github.issues

    assert ran.code == 0
    assert ran.outputs["drifted"] == ran.outputs["changes"] == "true"
    assert ran.outputs["exit-code"] == "2"
    assert issue["state"] == "open"
    assert issue["title"] == "renamed 9"
    assert "LocalRepository/a" in issue["body"]
    assert '"theirs"' in issue["body"]


def test_a_clean_night_closes_it(drifted: Bench) -> None:
    """With the link of the run; the next drift opens the same one again."""
    drifted.drift()
    drifted.meddle("a", description="ours")
    clean = drifted.drift()
    (issue,) = drifted.github.issues

    assert clean.outputs["outcome"] == "no-changes"
    assert issue["state"] == "closed"
    assert "/actions/runs/4711" in issue["comments"][0]

    drifted.meddle("a", description="theirs")
    drifted.drift()
    assert issue["state"] == "open"
    assert len(drifted.github.issues) == 1


def test_an_outage_is_no_drift(drifted: Bench) -> None:
    """Neither opened nor closed by a night without an answer: 6."""
    drifted.drift()
    drifted.fault("status", status=401)
    ran = drifted.drift()

    assert ran.code == 6
    assert ran.outputs["drifted"] == "false"
    assert drifted.github.issues[0]["state"] == "open"


def test_nothing_drifted_opens_nothing(bench: Bench) -> None:
    """A clean platform is worth no issue."""
    bench.converged(local("a"))
    ran = bench.drift()

    assert ran.code == 0
    assert bench.github.writes() == []


def test_an_issue_of_somebody_else_is_not_ours(drifted: Bench) -> None:
    """Whoever copies our hidden line keeps their issue."""
    drifted.drift()
    ours = drifted.github.issues[0]
    theirs = {**ours, "number": 1, "user": MALLORY, "body": ours["body"]}
    drifted.github.issues[:] = [theirs]
    drifted.drift()

    assert len(drifted.github.issues) == 2
    assert theirs["body"] == ours["body"]


def test_drift_can_fail_the_step(drifted: Bench) -> None:
    """For those who watch the colour of the job."""
    ran = drifted.drift(fail_on="changes", issue="false")

    assert ran.code == 2
    assert drifted.github.issues == []
