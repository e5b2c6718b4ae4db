"""Random plans of every kind applied and undone: live is what it was before (X3)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.registry import builtin
from reconciler.model import Address, Live
from tests.platform.test_projects import federated
from tests.platform.test_undo import undo
from tests.support.estate import Estate, local, manifest, remote, virtual
from tests.support.platforms import Sites

TEXTS = st.sampled_from(["", "one", "two words"])
CRITERIA = {
    "packageTypes": ["npm"],
    "repos": ["**"],
    "includedPackages": ["**"],
    "includeAllProjects": True,
}
BUNDLES = {
    "includeAllProjects": True,
    "includedProjects": [],
    "releaseBundles": [{"name": "**", "projectKey": ""}],
    "excludePromotedEnvironments": ["PROD"],
}
FORM = {"repositories": {"include": {"values": ["reports-*"]}}}
RIGHTS = st.fixed_dictionaries(
    {
        "manageMembers": st.booleans(),
        "manageResources": st.booleans(),
        "indexResources": st.booleans(),
    }
)
ISSUER = "https://token.actions.githubusercontent.com"
TOKEN = {"username": "plan", "scope": "applied-permissions/user", "expiresIn": 600}
POLICIES = (
    "PackageCleanupPolicy/old-npm",
    "ReleaseBundleCleanupPolicy/old-bundles",
    "ArchivePolicy/old-reports",
)
ALLOWED = {
    "allow_deletes": tuple(f"{kind.name}=99" for kind in builtin()),
    "allow_updates": tuple(f"{kind.name}=99" for kind in builtin()),
    "allow_policy": tuple(f"{a}=unknown" for a in POLICIES),
}
Spec = dict[str, Any]


def sometimes(draw: st.DrawFn, **fields: st.SearchStrategy[Any]) -> Spec:
    """Some of these fields, each with some value."""
    drawn: Spec = draw(st.fixed_dictionaries({}, optional=fields))
    return drawn


def repositories(draw: st.DrawFn) -> list[Spec]:
    """Of all four classes; `c` is a local repository or a federated one."""
    found = []
    if draw(st.booleans()):
        fields = sometimes(draw, description=TEXTS, notes=TEXTS, blackedOut=st.booleans())
        found.append(draw(st.sampled_from([local, federated]))("c", "npm", **fields))
    if draw(st.booleans()):
        found.append(remote("r", **sometimes(draw, offline=st.booleans(), description=TEXTS)))
    names = [m["metadata"]["name"] for m in found]
    if draw(st.booleans()):
        found.append(virtual("v", "npm", repositories=draw(st.permutations(names))))
    return found


def access(draw: st.DrawFn) -> list[Spec]:
    """A project with an environment and a repository in it, an environment with a new name, groups,
    and a way to sign in."""
    found = []
    if draw(st.booleans()):
        spec = sometimes(draw, description=TEXTS, adminPrivileges=RIGHTS)
        found.append(manifest("Project", "pay", {"displayName": draw(TEXTS) or "Pay", **spec}))
        if draw(st.booleans()):
            found.append(manifest("ProjectEnvironment", "qa", {}, project="pay"))
        if draw(st.booleans()):
            found.append(local("pay-l", projectKey="pay", environments=["DEV"]))
    if draw(st.booleans()):
        name, old = draw(st.sampled_from([("E1", "E2"), ("E2", "E1")]))
        found.append(manifest("GlobalEnvironment", name, {}, previousNames=[old]))
    if draw(st.booleans()):
        people = st.lists(st.sampled_from(["ann", "bob"]), unique=True)
        found.append(manifest("Group", "g", sometimes(draw, description=TEXTS, members=people)))
    if draw(st.booleans()):
        spec = sometimes(draw, description=TEXTS)
        body = {"providerType": "GitHub", "issuerUrl": ISSUER, **spec}
        found.append(manifest("OidcProvider", "gh", body))
        if draw(st.booleans()):
            priority = draw(st.integers(1, 3))
            mapping = {"priority": priority, "claims": {"repository_id": "7"}, "tokenSpec": TOKEN}
            found.append(manifest("OidcIdentityMapping", "plan", mapping, provider="gh"))
    return found


def policies(draw: st.DrawFn) -> list[Spec]:
    """Cleanup of packages and bundles, archives, and the retention that every platform has."""
    found = []
    common: dict[str, st.SearchStrategy[Any]] = {
        "description": TEXTS,
        "durationInMinutes": st.integers(60, 90),
        "enabled": st.booleans(),
        "cronExp": st.sampled_from(["0 0 2 * * ?", "0 0 4 1 * ?"]),
    }
    days = draw(st.sampled_from([30, 90]))
    if draw(st.booleans()):
        criteria = {**CRITERIA, "createdBeforeInDays": days}
        spec = {"searchCriteria": criteria, **sometimes(draw, **common)}
        found.append(manifest("PackageCleanupPolicy", "old-npm", spec))
    if draw(st.booleans()):
        criteria = {**BUNDLES, "createdBeforeInMonths": days}
        spec = {"searchCriteria": criteria, **sometimes(draw, **common)}
        found.append(manifest("ReleaseBundleCleanupPolicy", "old-bundles", spec))
    if draw(st.booleans()):
        spec = {"searchCriteriaForm": {**FORM, "createdBefore": days}, **sometimes(draw, **common)}
        found.append(manifest("ArchivePolicy", "old-reports", {"enabled": False, **spec}))
    # Nothing deletes it, so it is always declared.
    return [*found, manifest("ReleaseBundleRetention", "default", {"maxDaysToKeep": days})]


@st.composite
def estates(draw: st.DrawFn) -> list[Spec]:
    """What is declared at one time; names are few, so that two times overlap."""
    return [*repositories(draw), *access(draw), *policies(draw), local("always")]


NAMED = [
    Address(kind, tuple(path.split("/")))
    for kind, path in (
        ("LocalRepository", "always"),
        ("LocalRepository", "c"),
        ("FederatedRepository", "c"),
        ("LocalRepository", "pay-l"),
        ("RemoteRepository", "r"),
        ("VirtualRepository", "v"),
        ("Project", "pay"),
        ("ProjectEnvironment", "pay/qa"),
        ("GlobalEnvironment", "E1"),
        ("GlobalEnvironment", "E2"),
        ("Group", "g"),
        ("OidcProvider", "gh"),
        ("OidcIdentityMapping", "gh/plan"),
        ("PackageCleanupPolicy", "old-npm"),
        ("ReleaseBundleCleanupPolicy", "old-bundles"),
        ("ArchivePolicy", "old-reports"),
        ("ReleaseBundleRetention", "default"),
    )
]
"""Every object that an estate may have."""


def state(estate: Estate) -> Mapping[str, Any]:
    """Everything the platform answers of these objects, but for the times of writes."""
    with estate.session() as run:
        seen = run.observer.observe(NAMED).objects
    return {
        str(address): _plain(found.raw) if isinstance(found, Live) else type(found).__name__
        for address, found in seen.items()
    }


def _plain(value: Any) -> Any:
    """A part of an answer without times, and without what means nothing."""
    if isinstance(value, Mapping):
        parts = {k: _plain(v) for k, v in value.items() if k not in TIMES}
        return {k: v for k, v in parts.items() if v not in (None, "", [], {})}
    return [_plain(item) for item in value] if isinstance(value, list) else value


TIMES = ("createdAt", "updatedAt", "created", "modified", "createdDate", "lastModifiedDate")


def test_every_kind_is_there() -> None:
    """A new kind fails here until it is undone too. A Federation has a test of its own; devices are
    only tagged, and what is steered is labelled."""
    steered = {kind.name for kind in builtin() if kind.steering is not None}
    elsewhere = {"Federation", "Device", *steered}
    assert {kind.name for kind in builtin()} == {a.kind for a in NAMED} | elsewhere


@given(estates(), estates())
@settings(max_examples=40, deadline=None)
def test_a_random_plan_of_every_kind_is_taken_back(first: list[Spec], second: list[Spec]) -> None:
    """Live and inventory are as they were, but for what was told before and after."""
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder))
        estate.platform.store.directory.groups.clear()
        estate.users("ann", "bob")
        estate.declare(*first)
        begun = estate.apply(**ALLOWED)
        assert {o.result for o in begun.outcomes} <= {"done"}, begun.outcomes
        before, entries = state(estate), estate.inventory().entries
        estate.declare(*second)
        applied = estate.apply(prune=True, **ALLOWED)
        assert {o.result for o in applied.outcomes} <= {"done"}, applied.outcomes
        if not applied.plan.changes:
            return
        told = undo(estate, **ALLOWED)
        lost = {str(c.address): c.irreversible for c in applied.plan.changes if c.irreversible}

        assert len(told) == len(lost)
        after, now = state(estate), estate.inventory().entries
        for address in before.keys() - lost.keys():
            assert after[address] == before[address], address
        for change in applied.plan.changes:
            for at in filter(None, (change.address, change.previous)):
                assert now.get(at.full) == entries.get(at.full)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[Spec], list[Spec]]:
    """A federation at two times. Either places come and go, or members are switched on and off."""
    moves = draw(st.booleans())
    return federation(draw, moves=moves), federation(draw, moves=moves)


def federation(draw: st.DrawFn, *, moves: bool) -> list[Spec]:
    """A federation of two platforms or three; and a local repository of another name."""
    places = ["east", "west"]
    if moves and draw(st.booleans()):
        places.insert(1, "north")
    switches = {} if moves else {"enabled": st.booleans()}
    spec = {"packageType": "npm", "settings": sometimes(draw, description=TEXTS, notes=TEXTS)}
    members = [{"platform": name, **sometimes(draw, **switches)} for name in places]
    found = [manifest("Federation", "libs", {**spec, "members": members})]
    return [*found, local("other", **sometimes(draw, description=TEXTS))]


@given(pairs())
@settings(max_examples=12, deadline=None)
def test_a_random_change_of_a_federation_is_taken_back(
    times: tuple[list[Spec], list[Spec]],
) -> None:
    """On every platform: settings, members and whether they are enabled."""
    first, second = times
    with tempfile.TemporaryDirectory() as folder:
        sites = Sites(Path(folder), "east", "north", "west")
        sites.declare(*first)
        assert {o.result for o in sites.apply(**ALLOWED).outcomes} <= {"done"}
        before, entries = everywhere(sites), sites.inventory().entries
        sites.declare(*second)
        applied = sites.apply(**ALLOWED)
        assert {o.result for o in applied.outcomes} <= {"done"}, applied.outcomes
        if not applied.plan.changes:
            return
        told = undo(sites, **ALLOWED)

        assert not told
        assert everywhere(sites) == before
        for change in applied.plan.changes:
            assert sites.inventory().get(change.address) == entries.get(change.address.full)


def everywhere(sites: Sites) -> Mapping[str, Any]:
    """What each platform says of its repositories."""
    found = {}
    for name in ("east", "north", "west"):
        keys = sites.at(name).keys()
        for key in keys:
            told = _plain(sites.ask(f"/artifactory/api/repositories/{key}"))
            members = {m["url"]: m["enabled"] for m in told.pop("members", [])}
            found[f"{name}:{key}"] = {**told, "members": members}
    sites.at("east")
    return found
