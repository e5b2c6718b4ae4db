"""Every job starts from a clone: what is owned, approved and used is remembered on the platform."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.support import local
from tests.github.bench import PULL, Bench


@pytest.fixture
def cloned(bench: Bench) -> Bench:
    """A workspace as `init --github` writes it, with the repository of its inventory."""
    bench.make("reconciler-state")
    bench.workspace(
        owner="acme",
        platforms={"main": {"url": {"env": "JFROG_URL"}, "token": {"env": "JFROG_ACCESS_TOKEN"}}},
        inventory={"platform": "main", "repository": "reconciler-state"},
    )
    bench.declare(local("a", description="ours"))
    return bench


def clean(bench: Bench) -> None:
    """The next job: nothing of the last one is left."""
    shutil.rmtree(bench.root / ".reconciler", ignore_errors=True)
    shutil.rmtree(bench.runner.folder / "temp", ignore_errors=True)


def test_plan_merge_drift(cloned: Bench) -> None:
    """Three jobs on three machines: planned with a token that reads, applied, found drifted."""
    planned = cloned.plan(token=cloned.platform.tokens["read"])
    clean(cloned)
    cloned.github.merged(PULL, "d" * 40)
    applied = cloned.apply(expect_digest=planned.outputs["digest"])
    clean(cloned)
    cloned.meddle("a", description="theirs")
    drifted = cloned.drift(token=cloned.platform.tokens["read"])

    assert planned.code == 0, planned.told
    assert applied.code == 0, applied.told
    assert applied.annotated("warning") == []
    assert drifted.outputs["drifted"] == "true", drifted.told
    assert "LocalRepository/a" in cloned.github.issues[0]["body"]


def test_a_digest_is_used_once(cloned: Bench) -> None:
    """Also by jobs that know nothing of each other."""
    cloned.write(".git/HEAD", "d" * 40 + "\n")
    digest = cloned.plan().outputs["digest"]
    first = cloned.apply(expect_digest=digest)
    clean(cloned)
    assert cloned.send("DELETE", "/artifactory/api/repositories/a").status == 200
    again = cloned.apply(expect_digest=digest)

    assert first.code == 0, first.told
    assert again.code == 4, again.told
    assert not cloned.exists("a")
