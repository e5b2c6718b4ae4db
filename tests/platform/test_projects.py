"""Repositories in projects: in, from one to another, out, with environments, on slow servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Block, Plan
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import assert_converged, assert_done
from tests.support.estate import Estate, local, manifest, remote, virtual

ATTACH = "/access/api/v1/projects/_/attach/repositories"
slow = pytest.mark.parametrize("slow", [False, True], ids=["prompt", "slow"])


def federated(name: str, package_type: str = "generic", **spec: Any) -> dict[str, Any]:
    """A FederatedRepository."""
    return manifest("FederatedRepository", name, {"packageType": package_type, **spec})


MAKERS = {"local": local, "remote": remote, "virtual": virtual, "federated": federated}
each_class = pytest.mark.parametrize("rclass", MAKERS)


def block_of(plan: Plan, name: str) -> Block:
    """Why the object of this name is blocked."""
    (found,) = (c.blocked for c in plan.changes if c.address.name == name)
    assert found is not None
    return found


def older(tmp_path: Path, version: str) -> Estate:
    """An estate on an older server, with two projects."""
    made = Estate(tmp_path, Sandbox(version=version))
    made.project("pay", "ops")
    return made


@slow
@each_class
def test_in_from_one_to_another_and_out(estate: Estate, rclass: str, slow: bool) -> None:
    """Each step is one apply, told as done and not as rewritten, and the next plan is empty."""
    estate.quirks(slow_attach=slow)
    estate.project("pay", "ops")
    make = MAKERS[rclass]
    steps: list[tuple[str | None, dict[str, Any]]] = [
        ("pay", {"projectKey": "pay", "environments": ["PROD"]}),
        ("ops", {"projectKey": "ops", "environments": ["PROD", "DEV"], "notes": "moved"}),
        (None, {"projectKey": None}),
        ("pay", {"projectKey": "pay"}),
        ("pay", {}),
    ]
    for project, spec in steps:
        estate.declare(make("x", **spec))
        assert_done(estate.apply(), set())
        assert_converged(estate)
        assert estate.platform.store.repositories["x"].project == project
        if spec.get("environments"):
            assert sorted(estate.stored("x")["environments"]) == sorted(spec["environments"])


def test_created_without_a_project_then_assigned(estate: Estate) -> None:
    """Only the assignment is sent where nothing else differs."""
    estate.project("pay")
    estate.declare(local("x"))
    estate.apply()
    estate.declare(local("x", projectKey="pay"))
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == [f"PUT {ATTACH}/x/pay"]


def test_a_repository_of_another_project_may_be_moved(estate: Estate) -> None:
    """Somebody assigned it elsewhere: the plan shows both projects, the apply moves it."""
    estate.project("pay", "ops")
    estate.put("x", rclass="local", packageType="generic", projectKey="ops")
    estate.declare(local("x", projectKey="pay"))
    (change,) = estate.plan().changes
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("spec.projectKey", "ops", "pay")
    ]
    assert_done(estate.apply(), set())
    assert_converged(estate)


def test_many_move_together(estate: Estate) -> None:
    """A batch moves nothing: each assignment is a request of its own, the rest goes in one."""
    estate.quirks(slow_attach=True)
    estate.project("pay")
    names = [f"x{n}" for n in range(6)]
    estate.declare(*(local(name) for name in names))
    estate.apply()
    estate.declare(
        *(local(name, projectKey="pay", notes="n") for name in names[:3]),
        *(local(name, notes="n") for name in names[3:]),
    )
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert {estate.platform.store.repositories[n].project for n in names[:3]} == {"pay"}


@slow
def test_many_are_created_in_a_project(estate: Estate, slow: bool) -> None:
    """The project in the body of a batch assigns."""
    estate.quirks(slow_attach=slow)
    estate.project("pay")
    estate.declare(*(local(f"x{n}", projectKey="pay", environments=["PROD"]) for n in range(5)))
    assert_done(estate.apply(), set())
    assert_converged(estate)


def test_an_assignment_that_never_shows_is_told(estate: Estate) -> None:
    """The wait ends; what did not arrive is named."""
    estate.project("pay")
    estate.put("x", rclass="local", packageType="generic")
    estate.fault("status", method="PUT", path=f"{ATTACH}/*", status=200, body={}, times=None)
    estate.declare(local("x", projectKey="pay"))
    outcome = estate.apply().outcome("LocalRepository/x")
    assert "spec.projectKey" in outcome.reason
    assert sum(estate.time.naps) <= 120


# --- projects that are missing ----------------------------------------------------------------


@each_class
def test_a_project_that_is_nowhere_blocks(estate: Estate, rclass: str) -> None:
    """The server would ignore the key without a word."""
    estate.declare(MAKERS[rclass]("x", projectKey="nobody"))
    block = block_of(estate.plan(), "x")
    assert block.code == "missing-reference"
    assert "the Project 'nobody' is neither declared nor on the platform" in block.message
    assert estate.apply().results() == {f"{rclass.capitalize()}Repository/x": "blocked"}
    assert estate.writes() == []


def test_a_project_that_is_nowhere_blocks_its_environment(estate: Estate) -> None:
    """An environment has no other place to be."""
    estate.declare(manifest("ProjectEnvironment", "QA", project="nobody"))
    assert block_of(estate.plan(), "QA").code == "missing-reference"
    assert set(estate.apply().results().values()) == {"blocked"}


def test_a_live_project_need_not_be_declared(estate: Estate) -> None:
    """Somebody else may look after it."""
    estate.project("pay")
    estate.declare(
        local("x", projectKey="pay"), manifest("ProjectEnvironment", "QA", project="pay")
    )
    assert_done(estate.apply(), set())
    assert_converged(estate)


def test_a_declared_project_comes_first(estate: Estate) -> None:
    """One run makes the project, its environment, and the repositories in both."""
    estate.quirks(undefined_environments=True)
    estate.declare(
        local("a", projectKey="pay", environments=["pay-QA"]),
        local("b", projectKey="pay", environments=["pay-QA", "DEV"]),
        manifest("ProjectEnvironment", "QA", project="pay"),
        manifest("Project", "pay", {"displayName": "Pay"}),
    )
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert estate.stored("a")["environments"] == ["pay-QA"]


def test_a_declared_project_that_cannot_be_made_holds_its_repositories_back(
    estate: Estate,
) -> None:
    """They would be created outside of it."""
    estate.fault("status", method="POST", path="/access/api/v1/projects", status=400, times=None)
    estate.declare(local("x", projectKey="pay"), manifest("Project", "pay", {"displayName": "Pay"}))
    applied = estate.apply()
    assert applied.results() == {"Project/pay": "failed", "LocalRepository/x": "not-attempted"}
    assert estate.keys() == []


def test_a_project_that_cannot_be_read_blocks(estate: Estate) -> None:
    """Not seen is not absent, and not there either."""
    estate.fault("status", method="GET", path="/access/api/v1/projects*", status=500, times=None)
    estate.declare(local("x", projectKey="pay"))
    block = block_of(estate.plan(patience=1.0), "x")
    assert block.code == "missing-reference"
    assert "could not be read" in block.message


# --- environments by version ------------------------------------------------------------------

LIMITS = [
    ("7.49.0", ["DEV", "PROD"], ""),
    ("7.49.0", ["QA"], "there are only DEV and PROD"),
    ("7.53.0", ["PROD"], ""),
    ("7.53.1", ["QA"], ""),
    ("7.53.1", ["DEV", "PROD"], "a repository has one environment"),
    ("7.107.0", ["DEV", "PROD"], "a repository has one environment"),
    ("7.107.1", ["DEV", "PROD", "QA"], ""),
]


@pytest.mark.parametrize("version, environments, refused", LIMITS)
@pytest.mark.parametrize("live", [False, True], ids=["create", "update"])
def test_how_many_environments_a_version_takes(
    tmp_path: Path, version: str, environments: list[str], refused: str, live: bool
) -> None:
    """Two of the first ones, then one of any, then many: what a version refuses is planned as
    unsupported and never tried."""
    estate = older(tmp_path, version)
    if version != "7.49.0":
        estate.platform.store.environments.append("QA")
    if live:
        estate.put("x", rclass="local", packageType="generic", projectKey="pay")
    estate.declare(local("x", projectKey="pay", environments=environments))
    if not refused:
        assert_done(estate.apply(), set())
        assert_converged(estate)
        return
    block = block_of(estate.plan(), "x")
    assert block.code == "unsupported"
    assert refused in block.message
    assert version in block.message
    assert set(estate.apply().results().values()) == {"blocked"}
    assert estate.writes() == []


@pytest.mark.parametrize("version", ["7.49.0", "7.56.1", "7.56.2"])
def test_how_long_a_project_key_may_be(tmp_path: Path, version: str) -> None:
    """Ten characters once, 32 since 7.56.2: what a version refuses is told, and nothing follows."""
    estate = older(tmp_path, version)
    estate.declare(
        local("x", projectKey="payments-team"),
        manifest("Project", "payments-team", {"displayName": "Payments"}),
    )
    results = set(estate.apply().results().values())
    assert results == ({"done"} if version == "7.56.2" else {"failed", "not-attempted"})
