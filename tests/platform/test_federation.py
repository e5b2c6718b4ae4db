"""Federated repositories over two platforms that reach each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_projects import federated
from tests.support.estate import local, manifest
from tests.support.platforms import Sites

BASE_URL = "/artifactory/api/system/configuration/baseUrl"


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Two platforms, each reached at the address it gives as its own."""
    return Sites(tmp_path, "east", "west")


def url(sites: Sites, platform: str, key: str = "x") -> str:
    """The member URL of a repository."""
    return f"{sites.made.platforms[platform].base_url}/artifactory/{key}"


def members(sites: Sites, platform: str, key: str = "x") -> dict[str, bool]:
    """The members that a platform tells, with whether they are enabled."""
    found = sites.at(platform).ask(f"/artifactory/api/repositories/{key}")["members"]
    return {member["url"]: member["enabled"] for member in found}


def everywhere(sites: Sites, **spec: Any) -> dict[str, Any]:
    """One manifest for both platforms."""
    document = federated("x", "npm", **spec)
    return {**document, "metadata": {**document["metadata"], "platforms": ["east", "west"]}}


def test_a_member_is_created_on_the_other_side(sites: Sites) -> None:
    """The server makes it there; ours is recorded, theirs is not ours."""
    sites.declare(federated("x", "npm", members=[{"url": url(sites, "west")}]))
    assert_done(sites.apply(), set())
    assert_converged(sites)
    both = {url(sites, "east"): True, url(sites, "west"): True}
    assert members(sites, "east") == members(sites, "west") == both
    assert list(sites.inventory().entries) == ["east:FederatedRepository/x"]


def test_the_own_member_has_the_address_the_platform_gives_itself(sites: Sites) -> None:
    """Behind a proxy the base URL is not the address we use: the member is still its own."""
    sites.at("east")._send("PUT", BASE_URL, b"https://Artifacts.example.com:443/")
    sites.declare(federated("x", "npm", members=[{"url": url(sites, "west")}]))
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert len(members(sites, "east")) == 2


@pytest.mark.parametrize("named", [False, True], ids=["implied", "named"])
def test_no_members_elsewhere(sites: Sites, named: bool) -> None:
    """Alone with itself, whether the manifest names it or not; an empty list is the same."""
    own = [{"url": url(sites, "east")}] if named else []
    sites.declare(federated("x", "npm", members=own))
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert members(sites, "east") == {url(sites, "east"): True}


def test_a_member_is_disabled_and_enabled(sites: Sites) -> None:
    """Left out means enabled; the own member is named to be disabled."""
    west = {"url": url(sites, "west")}
    own = {"url": url(sites, "east")}
    for spec, expected in (
        ([west], (True, True)),
        ([{**west, "enabled": False}], (True, False)),
        ([west], (True, True)),
        ([{**own, "enabled": False}, west], (False, True)),
        ([own, west], (True, True)),
    ):
        sites.declare(federated("x", "npm", members=spec))
        assert_done(sites.apply(), set())
        assert_converged(sites)
        found = members(sites, "east")
        assert (found[url(sites, "east")], found[url(sites, "west")]) == expected


def test_order_and_spelling_of_members_make_no_difference(sites: Sites) -> None:
    """Members are a set; the case of a host and a trailing slash mean nothing."""
    far = "https://far.example.com/artifactory/x"
    west = url(sites, "west")
    sites.declare(federated("x", "npm", members=[{"url": west}, {"url": far}]))
    assert_done(sites.apply(), set())
    for spec in (
        [{"url": far}, {"url": west}],
        [
            {
                "url": far.upper()
                .replace("/ARTIFACTORY/X", "/artifactory/x/")
                .replace("HTTPS", "https")
            },
            {"url": west + "/"},
        ],
    ):
        sites.declare(federated("x", "npm", members=spec))
        assert_converged(sites)


def test_a_member_that_is_taken_out_keeps_its_repository(sites: Sites) -> None:
    """Nothing is deleted on the other side."""
    sites.declare(federated("x", "npm", members=[{"url": url(sites, "west")}]))
    sites.apply()
    sites.at("west").upload("x", "kept.txt")
    sites.declare(federated("x", "npm", members=[]))
    (change,) = sites.plan().changes
    assert [f.path for f in change.fields] == ["spec.members"]
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert members(sites, "east") == {url(sites, "east"): True}
    assert sites.at("west").files("x") == ["kept.txt"]


def test_members_that_are_not_declared_are_left_alone(sites: Sites) -> None:
    """Somebody else federates; our settings do not undo it."""
    sites.at("east").put(
        "x", rclass="federated", packageType="npm", members=[{"url": url(sites, "west")}]
    )
    sites.declare(federated("x", "npm", description="ours"))
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert set(members(sites, "east")) == {url(sites, "east"), url(sites, "west")}


@pytest.mark.parametrize("named", [False, True], ids=["the other", "both"])
def test_declared_on_both_platforms(sites: Sites, named: bool) -> None:
    """The first create makes the second; that one meets what exists, and both end converged."""
    if named:
        both = [{"url": url(sites, "east")}, {"url": url(sites, "west")}]
        sites.declare(everywhere(sites, members=both, description="one"))
    else:
        sites.declare(
            *(
                {**doc, "metadata": {**doc["metadata"], "platforms": [here]}}
                for here, there in (("east", "west"), ("west", "east"))
                for doc in [
                    federated("x", "npm", members=[{"url": url(sites, there)}], description="one")
                ]
            )
        )
    assert {c.action for c in sites.plan().changes} == {Action.CREATE}
    assert_done(sites.apply(), set())
    assert_converged(sites)
    both_urls = {url(sites, "east"), url(sites, "west")}
    assert set(members(sites, "east")) == set(members(sites, "west")) == both_urls
    assert sorted(sites.inventory().entries) == [
        "east:FederatedRepository/x",
        "west:FederatedRepository/x",
    ]


def test_many_declared_on_both_platforms(sites: Sites) -> None:
    """The same in batches: what the other side made already is no failure."""
    names = [f"x{n}" for n in range(6)]
    documents = []
    for name in names:
        both = [{"url": url(sites, p, name)} for p in ("east", "west")]
        document = federated(name, "npm", members=both)
        document["metadata"]["platforms"] = ["east", "west"]
        documents.append(document)
    sites.declare(*documents)
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert len(sites.inventory().entries) == 12


def test_different_settings_on_the_two_sides(sites: Sites) -> None:
    """The mirror is made with the first one's settings; each side ends as its manifest says."""
    documents = []
    for platform in ("east", "west"):
        both = [{"url": url(sites, p)} for p in ("east", "west")]
        document = federated("x", "npm", members=both, description=platform)
        document["metadata"]["platforms"] = [platform]
        documents.append(document)
    sites.declare(*documents)
    assert_done(sites.apply(), set())
    assert_converged(sites)
    for platform in ("east", "west"):
        assert sites.at(platform).stored("x")["description"] == platform


def test_a_rename_is_followed_on_its_own_platform_only(sites: Sites) -> None:
    """An environment renamed in the east says nothing of the west's."""
    for platform in ("east", "west"):
        sites.at(platform).project("pay")
        sites.ask("/access/api/v1/environments", "POST", {"name": "QA"})
        sites.put("x", rclass="local", packageType="npm", projectKey="pay", environments=["QA"])
    repository = local("x", "npm", environments=["TEST"])
    repository["metadata"]["platforms"] = ["east", "west"]
    sites.declare(
        repository,
        manifest("GlobalEnvironment", "TEST", previousNames=["QA"], platforms=["east"]),
    )
    changes = {c.address.full: [f.path for f in c.fields] for c in sites.plan().changes}
    assert changes == {
        "east:GlobalEnvironment/TEST": ["metadata.name"],
        "east:LocalRepository/x": [],
        "west:LocalRepository/x": ["spec.environments"],
    }
