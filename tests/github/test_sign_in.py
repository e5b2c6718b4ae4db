"""The identity mappings we ship: every job of the example workflows gets its rights by them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.cli.support import local
from tests.github.bench import Bench
from tests.support.composite import ROOT

SHIPPED = ROOT / "examples/oidc/manifests/github.yaml"
PROVIDER = "github-actions"
REPOSITORY = {"repository_id": "700000001", "repository": "acme/platform"}
BRANCH = {"ref": "refs/heads/main"}
JOBS: dict[str, tuple[dict[str, str], str]] = {
    "plan.yml plan": ({"event_name": "pull_request", "ref": "refs/pull/7/merge"}, "read"),
    "plan.yml plan in the queue": ({"event_name": "merge_group", "ref": "refs/heads/q"}, "read"),
    "apply.yml plan": ({"event_name": "push", **BRANCH}, "read"),
    "apply.yml apply": ({"event_name": "push", "environment": "production", **BRANCH}, "admin"),
    "drift.yml drift": ({"event_name": "schedule", **BRANCH}, "read"),
    "accept-drift.yml accept": ({"event_name": "workflow_dispatch", **BRANCH}, "read"),
    "snapshot.yml snapshot": ({"event_name": "workflow_dispatch", **BRANCH}, "read"),
    "reusable.yml apply": ({"event_name": "push", "environment": "production"}, "admin"),
}


@pytest.fixture
def signed(bench: Bench) -> Bench:
    """A platform whose administrator applied what we ship, in a workspace of its own."""
    platforms = {"main": {"url": {"env": "JFROG_URL"}, "token": {"env": "JFROG_ACCESS_TOKEN"}}}
    bench.workspace("sign-in/reconciler.yaml", owner="sign-in", platforms=platforms)
    bench.write("sign-in/manifests/github.yaml", SHIPPED.read_text(encoding="utf-8"))
    done = bench("apply", "--yes", "--workspace", "sign-in")
    assert done.code == 0, done.both
    bench.declare(local("a"))
    bench.patch.delenv("JFROG_ACCESS_TOKEN")
    bench.runner.environment |= {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{bench.github.url}/id-token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-canary-token",
    }
    return bench


def claims(bench: Bench, **more: str) -> None:
    """What GitHub says of the job."""
    bench.github.claims = {"sub": "repo:acme/platform:x", **REPOSITORY, **more}


@pytest.mark.parametrize("job", JOBS)
def test_every_job_gets_its_rights(signed: Bench, job: str) -> None:
    """Whoever applies writes, all others read, and nobody is refused."""
    told, right = JOBS[job]
    claims(signed, **told)
    ran = signed.plan(token="", oidc_provider_name=PROVIDER)
    (issued,) = signed.platform.store.issued.values()

    assert ran.code == 0, ran.told
    assert issued["right"] == right


def test_every_job_of_the_examples_is_there() -> None:
    """Of each workflow that names jobs of its own."""
    for file in sorted((ROOT / "examples/workflows").glob("*.yml")):
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, job in document["jobs"].items():
            if "steps" in job:
                assert f"{file.name} {name}" in JOBS


def test_other_repositories_get_nothing(signed: Bench) -> None:
    """GitHub vouches for them just the same."""
    claims(signed, repository_id="12", event_name="push", environment="production")
    ran = signed.plan(token="", oidc_provider_name=PROVIDER)

    assert ran.outputs["failure-reason"] == "oidc-claims"


def test_a_run_does_not_end_its_own_way_in(signed: Bench) -> None:
    """A job that signs in by a mapping is blocked from taking it away (spec 6)."""
    changed = SHIPPED.read_text(encoding="utf-8").replace("700000001", "700000002")
    signed.write("sign-in/manifests/github.yaml", changed)
    claims(signed, event_name="push", environment="production")
    ran = signed.plan(path="sign-in", token="", oidc_provider_name=PROVIDER)

    assert ran.code == 3, ran.told
    assert "lockout-sign-in" in ran.log
