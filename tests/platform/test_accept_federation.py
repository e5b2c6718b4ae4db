"""Accepted drift of federations: the manifest names platforms, whatever URLs the sites list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action
from tests.platform.test_accept import accept_all
from tests.platform.test_convergence import assert_done
from tests.platform.test_federations import down
from tests.support.platforms import Sites

ELSEWHERE = "https://partner.example.com/artifactory/libs"
HEAD = """\
apiVersion: reconciler/v1
kind: Federation
metadata: {name: libs}
spec:
  packageType: npm
"""


@pytest.fixture
def sites(tmp_path: Path) -> Sites:
    """Three platforms; a federation of the first two is applied by each test."""
    return Sites(tmp_path, "east", "north", "west")


def applied(sites: Sites, text: str) -> None:
    """The federation as a person writes it, carried out."""
    sites.declare()
    _write(sites, text)
    assert_done(sites.apply(), set())


def _write(sites: Sites, text: str) -> None:
    (sites.root / "manifests" / "all.yaml").write_text(HEAD + text, encoding="utf-8")


def listed(sites: Sites, platform: str, *members: str | tuple[str, bool]) -> None:
    """Somebody writes the members of one platform, its neighbours hear of it."""
    pairs = [m if isinstance(m, tuple) else (m, True) for m in members]
    urls = [{"url": _url(sites, place), "enabled": enabled} for place, enabled in pairs]
    sites.at(platform).post("libs", members=urls)


def _url(sites: Sites, place: str) -> str:
    made = sites.made.platforms.get(place)
    return f"{made.base_url}/artifactory/libs" if made else place


def written(sites: Sites) -> str:
    """What stands below the package type."""
    return (sites.root / "manifests" / "all.yaml").read_text().removeprefix(HEAD)


def settled(sites: Sites) -> None:
    """Nothing drifts any more, and a plan writes nothing."""
    assert [e for e in sites.drift().entries if e.status != "not-tracked"] == []
    assert {c.action for c in sites.plan().changes} <= {Action.ADOPT}


def test_a_member_that_somebody_added_is_named_as_a_platform(sites: Sites) -> None:
    """In the short form, where it was written."""
    applied(sites, "  platforms: [east, west]  # our sites\n")
    listed(sites, "east", "north", "west")
    assert [e.address.platform for e in sites.drift().drifted] == ["east", "west"]
    assert accept_all(sites) == []
    assert written(sites) == "  platforms: [east, west, north]  # our sites\n"
    settled(sites)


def test_one_elsewhere_is_named_by_its_address(sites: Sites) -> None:
    """The short form cannot say it: the long one is written."""
    applied(sites, "  platforms: [east, west]\n")
    listed(sites, "east", "west", ELSEWHERE)
    assert accept_all(sites) == []
    spec = sites.desire().documents[0].data["spec"]
    assert spec["members"] == [{"platform": "east"}, {"platform": "west"}, {"url": ELSEWHERE}]
    assert "platforms" not in spec
    settled(sites)


def test_disabled_and_enabled(sites: Sites) -> None:
    """Only that member's line changes."""
    text = "  members:\n    - platform: east  # first\n    - platform: west\n      priority: high\n"
    applied(sites, text)
    listed(sites, "east", ("west", False))
    assert accept_all(sites) == []
    assert written(sites) == text + "      enabled: false\n"
    settled(sites)
    listed(sites, "east", "west")
    assert accept_all(sites) == []
    assert written(sites) == text
    settled(sites)


def test_a_member_taken_out_of_all_the_others(sites: Sites) -> None:
    """It says what it last heard; who is left decides. It is kept, and told to be undeclared."""
    applied(sites, "  platforms:\n    - east\n    - north  # far\n    - west\n")
    listed(sites, "east", "north")
    listed(sites, "north", "east")
    assert accept_all(sites) == []
    assert written(sites) == "  platforms:\n    - east\n    - north  # far\n"
    settled(sites)
    assert [d.rule for d in sites.plan().diagnostics] == ["no-longer-declared"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["east", "west"], {"priority": "high", "platforms": ["east", "west"]}),
        (["west"], {"members": [{"platform": "east"}, {"platform": "west", "priority": "high"}]}),
    ],
    ids=["everywhere", "on one"],
)
def test_the_priority(sites: Sites, changed: list[str], expected: dict[str, Any]) -> None:
    """Of all, or of the platform that has another one."""
    applied(sites, "  platforms: [east, west]\n  priority: standard\n")
    for platform in changed:
        sites.made.mesh.high.add((platform, "libs"))
    assert accept_all(sites) == []
    spec = sites.desire().documents[0].data["spec"]
    assert spec == {"packageType": "npm", "priority": "standard", **expected}
    settled(sites)


def test_what_the_sites_do_not_agree_on_is_left(sites: Sites) -> None:
    """One manifest cannot say it; each is told with what it has."""
    applied(sites, "  platforms: [east, north, west]\n")
    listed(sites, "west", "east", "north", ELSEWHERE)
    sites.made.mesh.down.update(("north", "west"))
    listed(sites, "east", "west")
    sites.made.mesh.down.clear()
    before = written(sites)
    refused = accept_all(sites)
    assert refused
    assert all(
        "the platforms do not agree on the members: east:Federation/libs has" in r for r in refused
    )
    assert written(sites) == before


def test_a_site_that_is_down_is_not_spoken_for(sites: Sites) -> None:
    """Nobody knows what it says; once it is disabled it need not be asked."""
    applied(sites, "  platforms: [east, west]\n")
    listed(sites, "east", "west", "north")
    down(sites, "west")
    (refused,) = accept_all(sites)
    assert "west:Federation/libs has none that could be read" in refused
    listed(sites, "east", ("west", False), "north")
    assert accept_all(sites) == []
    members = sites.desire().documents[0].data["spec"]["members"]
    assert members == [
        {"platform": "east"},
        {"platform": "west", "enabled": False},
        {"platform": "north"},
    ]


def test_members_that_the_manifest_changes_too(sites: Sites) -> None:
    """People decide which is right."""
    applied(sites, "  platforms: [east, west]\n")
    listed(sites, "east", "west", ELSEWHERE)
    _write(sites, "  platforms: [east, north, west]\n")
    assert all("the manifest was changed too" in r for r in accept_all(sites))


def test_settings_of_one_side_are_left_with_what_to_do(sites: Sites) -> None:
    """They go to the others, or back."""
    applied(sites, "  platforms: [east, west]\n  settings: {description: a}\n")
    sites.at("west").post("libs", description="b")
    (refused,) = accept_all(sites)
    assert "east:Federation/libs, which did not drift alike" in refused
    sites.tell("POST", "/artifactory/api/federation/configSync/libs")
    assert accept_all(sites) == []
    assert written(sites).endswith("settings: {description: b}\n")
    settled(sites)


def test_export_leaves_the_repositories_of_federations_alone(sites: Sites) -> None:
    """They are declared, if not by a manifest of their own class."""
    applied(sites, "  platforms: [east, west]\n")
    found = sites.export()
    assert [file.name for file, _ in found.created if "Repository" in file.parts] == []
