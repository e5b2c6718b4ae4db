"""A token that sees fewer objects leads to no create, no delete and no oblivion.

`read` sees everything but may change nothing; `partial` sees some repositories in part; the
administrator of a project sees its repositories whole, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action, Plan
from reconciler.sandbox import Sandbox
from tests.support.estate import REPOSITORIES, Estate, local, manifest, remote, virtual
from tests.support.platforms import Sites

PROJECT_TOKEN = "sandbox-default-project-pay-token"
STAY = local("pay-stay")


def policy(name: str, **metadata: Any) -> dict[str, Any]:
    criteria = {
        "packageTypes": ["docker"],
        "repos": ["**"],
        "includedPackages": ["**"],
        "createdBeforeInDays": 30,
    }
    spec = {
        "description": "d",
        "cronExp": "0 0 2 ? * SAT",
        "durationInMinutes": 60,
        "enabled": False,
        "skipTrashcan": False,
        "searchCriteria": criteria,
    }
    return manifest("PackageCleanupPolicy", name, spec, **metadata)


ESTATE: list[dict[str, Any]] = [
    local("visible-l"),
    local("hidden-l"),
    local("pay-l"),
    remote("pay-r"),
    remote("hidden-r"),
    virtual("pay-v", repositories=["pay-l"]),
    virtual("hidden-v", repositories=["hidden-l"]),
    manifest("FederatedRepository", "hidden-f", {"packageType": "generic"}),
    manifest("FederatedRepository", "pay-f", {"packageType": "generic"}),
    manifest("Project", "pay", {"displayName": "Pay"}),
    manifest("Project", "web", {"displayName": "Web"}),
    manifest("GlobalEnvironment", "QA"),
    manifest("ProjectEnvironment", "sit", project="pay"),
    manifest("ProjectEnvironment", "sit", project="web"),
    manifest("Group", "devs", {"description": "d"}),
]


def with_token(estate: Estate, token: str) -> None:
    known = estate.platform.tokens.get(token, PROJECT_TOKEN)
    estate.environment["JFROG_ACCESS_TOKEN"] = known


def harm(plan: Plan) -> list[str]:
    """What must not be in the plan of a weak token: it writes, or forgets, what it cannot judge."""
    found = (Action.CREATE, Action.DELETE, Action.REPLACE, Action.CONVERT, Action.RELEASE)
    return [
        f"{c.action} {c.address}" for c in plan.changes if c.action in found and not c.is_blocked
    ]


@pytest.fixture(params=["7.146.17", "7.103.0"])
def estate(tmp_path: Path, request: pytest.FixtureRequest) -> Estate:
    """Everything was applied by an administrator; from 7.103 on a server tells who is one."""
    estate = Estate(tmp_path, Sandbox(version=request.param))
    estate.declare(*ESTATE, STAY)
    assert set(estate.apply().results().values()) == {"done"}
    estate.forget_requests()
    return estate


@pytest.mark.parametrize("hide", [False, True], ids=["403", "404"])
@pytest.mark.parametrize("token", ["read", "partial", "project"])
def test_nothing_is_created_again(estate: Estate, token: str, hide: bool) -> None:
    """What it does not see is unreadable, not absent; the plan is partial where that is so."""
    estate.quirks(hide_unauthorized=hide)
    with_token(estate, token)
    recorded = estate.inventory()
    plan = estate.plan()
    assert harm(plan) == []
    assert plan.partial is (token != "read")
    assert set(estate.apply().results().values()) <= {"blocked"}
    assert estate.writes() == []
    assert estate.inventory() == recorded


@pytest.mark.parametrize("hide", [False, True], ids=["403", "404"])
@pytest.mark.parametrize("token", ["partial", "project"])
def test_nothing_is_pruned(estate: Estate, token: str, hide: bool) -> None:
    """Of what it sees it cannot tell who names it; what it does not see stays owned."""
    estate.quirks(hide_unauthorized=hide)
    estate.declare(STAY)
    with_token(estate, token)
    recorded = estate.inventory()
    assert harm(estate.plan(prune=True)) == []
    estate.apply(prune=True)
    assert estate.writes() == []
    assert estate.inventory() == recorded


def test_who_names_it_may_be_hidden(estate: Estate) -> None:
    """A repository of the project is a member of a virtual one elsewhere, which it cannot see."""
    estate.post("hidden-v", repositories=["hidden-l", "pay-l"])
    estate.declare(*(d for d in ESTATE if d["metadata"]["name"] not in ("pay-l", "pay-v")), STAY)
    with_token(estate, "project")
    (change,) = [c for c in estate.plan(prune=True).changes if c.address.name == "pay-l"]
    assert change.blocked is not None
    assert change.blocked.code == "not-whole"
    assert "may not list every" in change.blocked.message


def test_one_object_read_alone(estate: Estate) -> None:
    """No bulk, no proof: a 404 of a hidden repository is no absence, a 400 of a missing one is."""
    estate.quirks(hide_unauthorized=True)
    estate.declare(local("hidden-l", description="x"))
    with_token(estate, "partial")
    plan = estate.plan()
    assert (plan.changes, plan.partial) == ((), True)
    assert "must not see" in next(d.summary for d in plan.diagnostics if d.rule == "unreadable")
    estate.declare(local("visible-new"))
    assert harm(estate.plan()) == ["create LocalRepository/visible-new"]


def test_a_404_is_absence_for_an_administrator(estate: Estate) -> None:
    """Some versions say 404 of what is missing; who may list everything may believe it."""
    path = f"{REPOSITORIES}/new"
    body = {"errors": [{"status": 404, "message": "Not Found"}]}
    estate.fault("status", method="GET", path=path, status=404, body=body, times=1)
    estate.declare(*ESTATE, STAY, local("new"))
    assert harm(estate.plan()) == ["create LocalRepository/new"]


def test_a_token_that_gets_weaker_during_the_apply(estate: Estate) -> None:
    """The object is looked at before the write, and then it is gone from sight."""
    estate.declare(*(d for d in ESTATE if d["metadata"]["name"] != "hidden-r"), STAY)
    recorded = estate.inventory()

    def weaker() -> None:
        tokens = estate.platform.tokens
        tokens["partial"], tokens["admin"] = tokens["admin"], "another"

    applied = estate.apply(prune=True, between=weaker)
    assert "done" not in applied.results().values()
    assert estate.writes() == []
    assert "hidden-r" in estate.platform.store.repositories
    assert estate.inventory() == recorded


def test_many_at_once(tmp_path: Path) -> None:
    """Batches leave out what they may not show; none of it is created."""
    estate = Estate(tmp_path)
    estate.project("pay")
    names = [f"{word}-{i}" for word in ("visible", "hidden", "pay") for i in range(60)]
    estate.declare(*map(local, names))
    estate.apply()
    estate.forget_requests()
    for hide in (False, True):
        estate.quirks(hide_unauthorized=hide)
        for token in ("partial", "project"):
            with_token(estate, token)
            assert harm(estate.plan()) == []
            estate.declare(local(names[0]))
            assert harm(estate.plan(prune=True)) == []
            estate.declare(*map(local, names))
    assert estate.writes() == []


def test_policies(estate: Estate) -> None:
    """Policies of everybody, seen by the administrator of one project."""
    with_token(estate, "admin")
    if estate.sandbox.version == "7.103.0":  # policies came later
        return
    estate.declare(*ESTATE, STAY, policy("old"))
    assert estate.apply().results()["PackageCleanupPolicy/old"] == "done"
    for declared in ([*ESTATE, STAY, policy("old")], [STAY]):
        estate.declare(*declared)
        for token in ("partial", "project"):
            with_token(estate, token)
            assert harm(estate.plan(prune=True)) == []


def federation(**settings: Any) -> Mapping[str, Any]:
    spec = {"packageType": "generic", "platforms": ["east", "west"], "settings": settings}
    return manifest("Federation", "hidden-shared", spec)


@pytest.mark.parametrize("hide", [False, True], ids=["403", "404"])
def test_a_federation_seen_from_one_site(tmp_path: Path, hide: bool) -> None:
    """A site whose token is weak is left alone, and so is what needs it."""
    sites = Sites(tmp_path, "east", "west")
    stay = manifest("LocalRepository", "visible-stay", {"packageType": "generic"})
    sites.declare(federation(), stay)
    assert set(sites.apply().results().values()) == {"done"}
    sites.quirks(hide_unauthorized=hide)
    sites.environment["TOKEN_WEST"] = sites.made.platforms["west"].tokens["partial"]
    sites.forget_requests()
    assert harm(sites.plan()) == []
    sites.declare(stay)
    assert [h for h in harm(sites.plan(prune=True)) if "west:" in h] == []
