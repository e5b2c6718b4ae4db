"""Federations: one manifest, a change on each platform, the same state everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platform.test_convergence import assert_converged, assert_done
from tests.support.estate import local, manifest
from tests.support.platforms import Sites


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Three platforms, each reached at the address it gives as its own."""
    return Sites(tmp_path, "east", "north", "west")


def federation(name: str = "libs", package_type: str = "npm", **spec: Any) -> dict[str, Any]:
    """A manifest of kind Federation."""
    return manifest("Federation", name, {"packageType": package_type, **spec})


def members(sites: Sites, platform: str, key: str = "libs") -> dict[str, bool]:
    """The members that a platform tells, by platform, with whether they are enabled."""
    found = sites.at(platform).ask(f"/artifactory/api/repositories/{key}")["members"]
    names = {
        f"{made.base_url}/artifactory/{key}": name for name, made in sites.made.platforms.items()
    }
    return {names.get(member["url"], member["url"]): member["enabled"] for member in found}


def test_one_manifest_makes_the_repository_everywhere(sites: Sites) -> None:
    """One change for each platform in one plan; every one of them knows all members."""
    sites.declare(federation(platforms=["east", "west"], settings={"description": "Libraries"}))
    applied = sites.apply()
    assert [str(c.address) for c in applied.plan.changes] == [
        "east:Federation/libs",
        "west:Federation/libs",
    ]
    assert_done(applied, set())
    assert_converged(sites)
    for platform in ("east", "west"):
        assert members(sites, platform) == {"east": True, "west": True}
        live = sites.at(platform).ask("/artifactory/api/repositories/libs")
        assert live["description"] == "Libraries"


def test_a_member_may_have_another_key(sites: Sites) -> None:
    """The key is the last part of the address, as it is everywhere."""
    sites.declare(
        federation(members=[{"platform": "east"}, {"platform": "west", "repository": "libs-west"}])
    )
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert sorted(sites.inventory().entries) == [
        "east:Federation/libs",
        "west:Federation/libs/libs-west",
    ]
    assert len(members(sites, "west", "libs-west")) == 2


def test_a_local_repository_is_converted_in_place(sites: Sites) -> None:
    """On either side; its content stays."""
    sites.at("west").put("libs", rclass="local", packageType="npm")
    sites.at("west").upload("libs", "a/a.tgz")
    sites.declare(federation(platforms=["east", "west"]))
    applied = sites.apply()
    assert {str(c.address): c.action.value for c in applied.plan.changes} == {
        "east:Federation/libs": "create",
        "west:Federation/libs": "convert",
    }
    assert_done(applied, set())
    assert_converged(sites)
    assert sites.at("west").files("libs") == ["a/a.tgz"]


def test_a_member_is_added(sites: Sites) -> None:
    """All platforms hear of the third one."""
    sites.declare(federation(platforms=["east", "west"]))
    assert_done(sites.apply(), set())
    sites.declare(federation(platforms=["east", "west", "north"]))
    assert_done(sites.apply(), set())
    assert_converged(sites)
    for platform in ("east", "north", "west"):
        assert members(sites, platform) == {"east": True, "north": True, "west": True}


def test_another_platforms_settings_are_healed(sites: Sites) -> None:
    """What was changed on one side is put right there, and the others hear of it."""
    sites.declare(federation(platforms=["east", "west"], settings={"description": "a"}))
    assert_done(sites.apply(), set())
    sites.at("west").post("libs", description="b")
    applied = sites.apply()
    assert "west:Federation/libs" in applied.results()
    assert_converged(sites)


def test_a_repository_manifest_for_a_key_of_a_federation_is_an_error(sites: Sites) -> None:
    """One fact has one owner."""
    both = {**local("libs", "npm")}
    both["metadata"] = {**both["metadata"], "platforms": ["west"]}
    sites.declare(federation(platforms=["east", "west"]), both)
    rules = [d.rule for d in sites.desire().diagnostics]
    assert rules == ["duplicate-identity"]


def test_many_federations_cost_few_requests(sites: Sites) -> None:
    """A converged plan: version, repositories, short list and state list, for each site."""
    sites.declare(*(federation(f"libs-{n}", platforms=["east", "west"]) for n in range(40)))
    assert_done(sites.apply(), set())
    sites.forget_requests()
    assert sites.plan().is_empty
    assert len(sites.sandbox.requests) == 8


def test_removing_a_member_leaves_its_repository(sites: Sites) -> None:
    """The others no longer name it; it is kept where it is, and told as no longer declared."""
    sites.declare(federation(platforms=["east", "north", "west"]))
    assert_done(sites.apply(), set())
    sites.at("west").upload("libs", "a/a.tgz")
    sites.declare(federation(platforms=["east", "north"]))
    applied = sites.apply()
    assert_done(applied, set())
    assert members(sites, "east") == members(sites, "north") == {"east": True, "north": True}
    assert sites.at("west").files("libs") == ["a/a.tgz"]
    assert [d.address for d in applied.plan.diagnostics] == ["west:Federation/libs"]


def down(sites: Sites, platform: str) -> None:
    """A platform answers nothing any more."""
    sites.transport.carriers[f"{platform}.sandbox.example"] = httpx.MockTransport(_refused)  # type: ignore[attr-defined]


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused", request=request)


def test_a_site_that_is_down_is_told_and_the_rest_is_planned(sites: Sites) -> None:
    """What only concerns the other sites goes on; members are left as they are."""
    sites.declare(federation(platforms=["east", "west"]), local("plain", "npm"))
    assert_done(sites.apply(), set())
    down(sites, "west")
    sites.declare(
        federation(platforms=["east", "north", "west"]), local("plain", "npm", description="b")
    )
    made = sites.plan()
    assert [d.rule for d in made.diagnostics] == ["platform-unreachable"]
    assert made.partial
    found = {str(c.address): c.blocked.code if c.blocked else c.action.value for c in made.changes}
    assert found == {
        "east:Federation/libs": "site-unreachable",
        "east:LocalRepository/plain": "update",
        "north:Federation/libs": "site-unreachable",
    }


def test_a_dead_site_is_disabled_and_taken_out(sites: Sites) -> None:
    """In two steps, both without the site."""
    sites.declare(federation(platforms=["east", "north", "west"]))
    assert_done(sites.apply(), set())
    down(sites, "west")
    disabled = [{"platform": "east"}, {"platform": "north"}, {"platform": "west", "enabled": False}]
    sites.declare(federation(members=disabled))
    sites.apply()
    assert members(sites, "east")["west"] is False
    sites.declare(federation(platforms=["east", "north"]))
    sites.apply()
    assert set(members(sites, "east")) == {"east", "north"}


def test_the_priority_is_set_everywhere_and_per_site(sites: Sites) -> None:
    """A call of its own, read back from the state list."""
    sites.declare(
        federation(
            members=[{"platform": "east"}, {"platform": "west", "priority": "standard"}],
            priority="high",
        )
    )
    assert_done(sites.apply(), set())
    assert_converged(sites)
    assert sites.made.mesh.high == {("east", "libs")}


def test_a_member_with_unsent_content_is_not_taken_out(sites: Sites) -> None:
    """What only one site has would be cut off; it goes on once the queue is empty."""
    sites.declare(federation(platforms=["east", "north", "west"]))
    assert_done(sites.apply(), set())
    sites.made.mesh.delay = 60.0
    sites.at("west").upload("libs", "a/a.tgz")
    sites.declare(federation(platforms=["east", "north"]))
    made = sites.plan()
    codes = {str(c.address): c.blocked.code if c.blocked else "" for c in made.changes}
    assert set(codes.values()) == {"would-strand"}
    sites.made.mesh.delay = 0.0
    assert not sites.plan().blocked


def test_a_site_that_is_no_longer_declared_is_deleted_with_permission(sites: Sites) -> None:
    """The others forget it first; what it holds needs a Tombstone, as everywhere."""
    sites.declare(federation(platforms=["east", "north", "west"]))
    assert_done(sites.apply(), set())
    sites.at("west").upload("libs", "a/a.tgz")
    sites.declare(federation(platforms=["east", "north"]))
    blocked = {str(c.address): c.blocked.code for c in sites.plan(prune=True).blocked if c.blocked}
    assert blocked == {"west:Federation/libs": "not-empty"}
    stone = manifest("Tombstone", "w", {"address": "west:Federation/libs", "maxBytes": 1000})
    sites.declare(federation(platforms=["east", "north"]), stone)
    assert_done(sites.apply(prune=True), set())
    assert sites.at("west").keys() == []
    assert sites.at("east").files("libs") == ["a/a.tgz"]
    assert members(sites, "east") == members(sites, "north") == {"east": True, "north": True}
    assert_converged(sites)


def test_a_federation_that_nobody_declares_is_deleted_everywhere(sites: Sites) -> None:
    """One plan, one change for each platform."""
    sites.declare(federation(platforms=["east", "west"]), local("plain", "npm"))
    assert_done(sites.apply(), set())
    sites.declare(local("plain", "npm"))
    applied = sites.apply(prune=True)
    assert_done(applied, set())
    assert {str(c.address) for c in applied.plan.changes} == {
        "east:Federation/libs",
        "west:Federation/libs",
    }
    assert sites.at("east").keys() == ["plain"]
    assert sites.at("west").keys() == []


def test_nothing_is_recorded_of_a_site_that_is_down(sites: Sites) -> None:
    """What its manifest says by now was not applied there."""
    sites.declare(federation(platforms=["east", "west"], settings={"description": "a"}))
    assert_done(sites.apply(), set())
    before = sites.inventory().entries["west:Federation/libs"]
    carrier = sites.transport.carriers["west.sandbox.example"]  # type: ignore[attr-defined]
    down(sites, "west")
    sites.declare(federation(platforms=["east", "west"], settings={"description": "b"}))
    sites.apply()
    assert sites.inventory().entries["west:Federation/libs"] == before
    sites.transport.carriers["west.sandbox.example"] = carrier  # type: ignore[attr-defined]
    assert_done(sites.apply(), set())
    assert_converged(sites)
