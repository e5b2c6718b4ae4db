"""The same desired estate on servers of several versions: the same end, by what each one has."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.fields import at_least
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_projects import federated
from tests.support.estate import Estate, local, manifest, remote, virtual

VERSIONS = ("7.49.0", "7.63.0", "7.90.0", "7.146.17")
each_version = pytest.mark.parametrize("version", VERSIONS)

BATCH = "/artifactory/api/v2/repositories/batch"
ENDPOINTS = {
    "GET /artifactory/api/repositories/configurations": "7.61.3",
    "GET /artifactory/api/repositories/existence": "7.103.0",
    f"GET {BATCH}": "7.84.3",
    f"PUT {BATCH}": "7.84.3",
    f"POST {BATCH}": "7.104.2",
}
"""What only some versions have, and the first one that does."""

NEEDS = {
    "Group/team": "7.49.3",
    "GlobalEnvironment/QA": "7.53.1",
    "ProjectEnvironment/pay/UAT": "7.53.1",
}
"""The objects of the estate that only some versions can have."""


def desired(note: str = "first") -> list[dict[str, Any]]:
    """A repository of every class, a project, a group and environments."""
    inside = {"projectKey": "pay", "environments": ["DEV"], "description": note}
    return [
        manifest("Project", "pay", {"displayName": "Pay", "description": note}),
        manifest("Group", "team", {"description": note, "members": ["admin"]}),
        manifest("GlobalEnvironment", "QA"),
        manifest("ProjectEnvironment", "UAT", project="pay"),
        local("l1", "npm", **inside),
        local("l2", "npm", **inside),
        remote("r1", "npm", **inside),
        remote("r2", "npm", description=note),
        federated("f1", "npm", description=note),
        federated("f2", "npm", **inside),
        virtual("v1", "npm", repositories=["l1", "r1", "f1"], **inside),
        virtual("v2", "npm", repositories=["v1", "l2"], description=note),
    ]


def possible(version: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The manifests whose kind the version has."""
    kinds = {address.partition("/")[0]: since for address, since in NEEDS.items()}
    return [d for d in documents if at_least(version, kinds.get(d["kind"], ""))]


def used(estate: Estate) -> set[str]:
    """Which of the endpoints that not every version has were asked."""
    return {name for name in ENDPOINTS if name in estate.requests()}


def refused(estate: Estate) -> list[str]:
    """Requests that got an error for an answer, but for reads of what is not there."""
    return [
        f"{r['method']} {r['path']} {r['status']}"
        for r in estate.sandbox.requests
        if r["status"] >= 400 and r["method"] != "GET"
    ]


@each_version
def test_the_same_end_on_every_version(tmp_path: Path, version: str) -> None:
    """Created, changed and converged; no request is made that the version does not have."""
    estate = Estate(tmp_path, Sandbox(version=version))
    has = {name for name, since in ENDPOINTS.items() if at_least(version, since)}

    estate.declare(*possible(version, desired()))
    assert_done(estate.apply(), set())
    assert refused(estate) == []
    assert used(estate) <= has
    assert used(estate) >= has - {f"POST {BATCH}"}
    assert_converged(estate)

    estate.declare(*possible(version, desired("second")))
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert refused(estate) == []
    assert used(estate) <= has
    assert (f"POST {BATCH}" in used(estate)) is (f"POST {BATCH}" in has)
    assert_converged(estate)

    repositories = estate.platform.store.repositories
    assert {estate.stored(key)["description"] for key in repositories} == {"second"}
    assert estate.stored("v2")["repositories"] == ["v1", "l2"]
    inside = {key for key, found in repositories.items() if found.project}
    assert inside == {"l1", "l2", "r1", "f2", "v1"}
    assert estate.drift().entries == ()


@each_version
def test_what_a_version_lacks_is_told_by_the_plan(tmp_path: Path, version: str) -> None:
    """The whole estate is declared: what cannot be is blocked as unsupported, the rest is done."""
    estate = Estate(tmp_path, Sandbox(version=version))
    estate.declare(*desired())
    lacking = {a for a, since in NEEDS.items() if not at_least(version, since)}
    plan = estate.plan()
    blocked = {str(c.address): c.blocked.code for c in plan.changes if c.blocked}
    assert blocked == dict.fromkeys(lacking, "unsupported")
    assert not plan.partial
    assert [d for d in plan.diagnostics if d.severity == "error"] == []

    found = estate.apply().results()
    assert {a for a, result in found.items() if result != "done"} == lacking
    assert refused(estate) == []
    assert {str(c.address) for c in estate.plan().changes} == lacking


@each_version
def test_requests_of_a_converged_plan(tmp_path: Path, version: str) -> None:
    """Repositories are read at once where that is possible, else each by itself."""
    estate = Estate(tmp_path, Sandbox(version=version))
    estate.declare(*possible(version, desired()))
    estate.apply()
    estate.forget_requests()
    assert estate.plan().is_empty
    alone = fnmatch.filter(estate.requests(), "GET /artifactory/api/repositories/[lrfv][12]")
    assert len(alone) == (0 if at_least(version, "7.61.3") else 8)


@each_version
def test_an_export_of_any_version_only_adopts(tmp_path: Path, version: str) -> None:
    """What a server of any version holds is exported and planned without a difference."""
    estate = Estate(tmp_path, Sandbox(version=version))
    estate.declare(*possible(version, desired()))
    estate.apply()
    (estate.root / ".reconciler" / "inventory.json").unlink()
    (estate.root / "manifests" / "all.yaml").unlink()
    created = estate.export().created
    for file, text in created:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    plan = estate.plan()
    assert [(str(c.address), c.fields) for c in plan.changes if c.fields] == []
    assert {c.action.value for c in plan.changes} == {"adopt"}
    extra = 1 if at_least(version, "7.49.3") else 0  # the group that every platform has
    assert len(plan.changes) == len(possible(version, desired())) + extra
