"""What platforms call themselves, and what they have already, in plans of federations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.comparing import compare
from reconciler.manifests.final import final_document, once
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_federations import down, federation, members
from tests.support.platforms import Sites

BASE_URL = "/artifactory/api/system/configuration/baseUrl"
OWN = "https://east.acme.example"


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Three platforms."""
    return Sites(tmp_path, "east", "north", "west")


def behind_a_proxy(sites: Sites, platform: str = "east") -> None:
    """The platform calls itself otherwise than we do."""
    sites.at(platform).tell("PUT", BASE_URL, f"https://{platform}.acme.example/".encode())


def urls(sites: Sites, platform: str) -> set[str]:
    """The members a platform lists, as they stand there."""
    found = sites.at(platform).ask("/artifactory/api/repositories/libs")["members"]
    return {member["url"] for member in found}


@pytest.mark.parametrize("told", ["by a repository", "by nobody", "by the workspace"])
def test_members_have_the_url_their_platform_gives_itself(sites: Sites, told: str) -> None:
    """Not the one we reach it at: else each apply would undo what the platforms tell each other."""
    behind_a_proxy(sites)
    if told == "by a repository":
        sites.at("east").put("any", rclass="local", packageType="npm")
    if told == "by the workspace":
        platforms = {
            name: {
                "url": made.url,
                "token": {"env": f"TOKEN_{name.upper()}"},
                **({"baseUrl": OWN} if name == "east" else {}),
            }
            for name, made in sites.made.platforms.items()
        }
        sites.workspace(platforms=platforms)
    sites.declare(federation(platforms=["east", "west"], settings={"description": "a"}))
    assert_done(sites.apply(), set())
    if told == "by nobody":  # it is known once the first repository is there
        assert_done(sites.apply(), set())
    both = {f"{OWN}/artifactory/libs", f"{sites.made.platforms['west'].base_url}/artifactory/libs"}
    assert urls(sites, "east") == urls(sites, "west") == both
    for text in ("b", "c"):
        assert_converged(sites)
        sites.declare(federation(platforms=["east", "west"], settings={"description": text}))
        assert_done(sites.apply(), set())
        assert urls(sites, "east") == urls(sites, "west") == both
    assert sites.drift().entries == ()


def test_while_such_a_platform_is_down_nothing_is_written(sites: Sites) -> None:
    """Nobody can tell which of the listed members it is."""
    behind_a_proxy(sites)
    sites.at("east").put("any", rclass="local", packageType="npm")
    sites.declare(federation(platforms=["east", "north", "west"]))
    assert_done(sites.apply(), set())
    down(sites, "east")
    made = sites.plan()
    assert {c.blocked.code if c.blocked else "" for c in made.changes} <= {"site-unreachable"}
    before = urls(sites, "west")
    sites.apply()
    assert urls(sites, "west") == before


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({"rclass": "virtual", "packageType": "npm"}, ("'virtual'", "'federated'")),
        ({"rclass": "local", "packageType": "maven"}, ("'maven'", "'npm'")),
        ({"rclass": "federated", "packageType": "maven"}, ("'maven'", "'npm'")),
    ],
    ids=["another class", "another type", "another type, federated"],
)
@pytest.mark.parametrize("taken", ["east", "west"])
def test_something_else_under_the_name_blocks_all_sites(
    sites: Sites, taken: str, there: dict[str, Any], told: tuple[str, str]
) -> None:
    """Both what is there and what should be are named; no other site gets a member that fails."""
    sites.at(taken).put("libs", **there)
    sites.declare(federation(platforms=["east", "north", "west"]))
    made = sites.plan()
    found = {c.address.platform: c.blocked for c in made.changes}
    assert found.keys() == {"east", "north", "west"}
    for platform, block in found.items():
        assert block is not None
        expected = ("immutable",) if platform == taken else ("site-taken", "dependency")
        assert block.code in expected
        if block.code != "dependency":
            assert all(word in block.message for word in told)
    assert any(b and f"{taken}:Federation/libs" in b.message for b in found.values())
    sites.apply()
    others = [name for name in ("east", "north", "west") if name != taken]
    assert [sites.at(name).keys() for name in others] == [[], []]


def test_other_changes_go_on_beside_a_taken_name(sites: Sites) -> None:
    """A member that turned out to be something else does not keep settings from being written."""
    sites.declare(federation(platforms=["east", "west"]))
    assert_done(sites.apply(), set())
    sites.at("west").delete("libs")
    sites.at("west").put("libs", rclass="virtual", packageType="npm")
    sites.declare(federation(platforms=["east", "west"], settings={"description": "b"}))
    found = {str(c.address): c.blocked.code if c.blocked else "" for c in sites.plan().changes}
    assert found == {"east:Federation/libs": "", "west:Federation/libs": "immutable"}


def test_a_platform_of_the_workspace_is_no_member_elsewhere(sites: Sites) -> None:
    """Its own settings would be kept by nobody, and it may be listed twice."""
    url = "HTTP://West.sandbox.example:80/artifactory/libs/"
    sites.declare(federation(members=[{"platform": "east"}, {"url": url}]))
    (found,) = sites.desire().diagnostics
    assert found.rule == "federation-members"
    assert "is on 'west', a platform of the workspace" in found.summary
    assert "{platform: west, repository: libs}" in found.hint


def test_a_key_that_two_federations_want_is_told(sites: Sites) -> None:
    """Under a key of its own or under the name: one place has one owner."""
    sites.declare(
        federation(platforms=["east", "west"]),
        federation(
            "apps", members=[{"platform": "east", "repository": "libs"}, {"platform": "west"}]
        ),
    )
    assert [d.rule for d in sites.desire().diagnostics] == ["duplicate-identity"]


def test_a_plan_shows_only_the_members_that_differ(sites: Sites) -> None:
    """That the server says `enabled: true` where the manifest says nothing is no difference."""
    sites.declare(federation(platforms=["east", "west"]))
    assert_done(sites.apply(), set())
    sites.declare(federation(platforms=["east", "north", "west"]))
    changes = {c.address.platform: c for c in sites.plan().changes}
    (field,) = changes["west"].fields
    assert [m for m in field.before if m not in field.after] == []


@pytest.mark.parametrize("count", [3, 30])
def test_a_converged_plan_costs_the_same_for_any_number(sites: Sites, count: int) -> None:
    """Of each platform: version, repositories, their addresses; and one list of all states."""
    three = ["east", "north", "west"]
    sites.declare(*(federation(f"libs-{n}", platforms=three) for n in range(count)))
    assert_done(sites.apply(), set())
    sites.forget_requests()
    assert sites.plan().is_empty
    for name in three:
        asked = [r["path"] for r in sites.sandbox.requests if r["platform"] == name]
        lists = [path for path in asked if path.endswith("/stateList")]
        assert (len(lists), len(asked)) == (1, 4)
    assert members(sites, "west", "libs-0") == dict.fromkeys(three, True)


def test_two_platforms_are_compared_by_what_is_said_of_each(sites: Sites) -> None:
    """Whatever key a member has; that each lists the other is no difference."""
    east: dict[str, Any] = {"platform": "east"}
    west = {"platform": "west", "repository": "libs-west", "priority": "high"}
    north = {"platform": "north", "enabled": False}
    sites.declare(
        federation(members=[east, west, north], settings={"description": "a"}),
        federation("apps", platforms=["east", "west"]),
    )

    def differing(left: str, right: str) -> list[str]:
        found, _ = compare(sites.settings(), left, right)
        gone = [f"-{d.address.unqualified}" for d in (*found.only_left, *found.only_right)]
        return gone + [f.path for d in found.differing for f in d.fields]

    assert differing("east", "west") == ["spec.repository", "spec.priority"]
    assert differing("east", "north") == ["-Federation/apps", "spec.enabled"]
    assert differing("east", "east") == []


def test_what_render_prints_is_the_same_federation(sites: Sites) -> None:
    """Once for all of its platforms, as it is written."""
    west = {"platform": "west", "repository": "libs-west"}
    sites.declare(federation(members=[{"platform": "east"}, west]))
    wanted = sites.desire()
    (one,) = once(wanted.manifests, wanted.registry)
    document = final_document(one, wanted.registry["Federation"])
    before = [(m.address, m.spec) for m in wanted.manifests]
    sites.declare(document)
    assert [(m.address, m.spec) for m in sites.desire().manifests] == before
