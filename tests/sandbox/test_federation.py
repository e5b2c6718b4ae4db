"""Federated repositories: own member, mirrors, and what does not travel."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.support import PROJECTS, REPOSITORIES, Api, at, message

FEDERATION = "/artifactory/api/federation"
SYNC = f"{FEDERATION}/configSync"
MIGRATE = f"{FEDERATION}/migrate"
CONVERT = f"{FEDERATION}/convertToLocal"


@pytest.fixture
def sites() -> tuple[Api, Api]:
    """Two platforms that can reach each other."""
    sandbox = Sandbox(platforms=("east", "west"), quirks={"reorder_sets": False})
    return Api(sandbox.platforms["east"]), Api(sandbox.platforms["west"])


def url(api: Api, key: str) -> str:
    """A platform and a key in, the member URL out."""
    return f"{api.platform.url}/artifactory/{key}"


def test_own_member_is_added(api: Api) -> None:
    """Without members in the request, the server is the only one."""
    assert api.made("fed", "federated")["members"] == [{"url": url(api, "fed"), "enabled": True}]


def test_own_member_is_not_doubled(api: Api) -> None:
    """A request that lists it keeps what it says about it; "false" is read as false."""
    members = [{"url": url(api, "fed"), "enabled": "false"}]

    assert api.made("fed", "federated", members=members)["members"] == [
        {"url": url(api, "fed"), "enabled": False}
    ]


def test_member_tokens_are_not_kept(api: Api) -> None:
    """A token for the other side is used and never printed."""
    member = {"url": "https://far.example.com/artifactory/fed", "enabled": True, "token": "t"}
    found = api.made("fed", "federated", members=[member])["members"]

    assert found[0] == {"url": "https://far.example.com/artifactory/fed", "enabled": True}
    assert len(found) == 2


def test_created_on_the_member_too(sites: tuple[Api, Api]) -> None:
    """A remote member comes into being there; creating it there afterwards is refused."""
    east, west = sites
    members = [{"url": url(west, "fed"), "enabled": True}]
    here = east.made("fed", "federated", "maven", members=members)
    there = west.get("fed")

    assert there["rclass"] == "federated"
    assert there["packageType"] == "maven"
    assert there["members"] == here["members"]
    refused = west.create("fed", "federated", "maven")
    assert refused.status == 400
    assert "Case insensitive repository key already exists" in message(refused)


def test_projects_do_not_travel(sites: tuple[Api, Api]) -> None:
    """Assignment is per instance."""
    east, west = sites
    east.send("POST", PROJECTS, {"project_key": "pay"})
    west.send("POST", PROJECTS, {"project_key": "pay"})
    members = [{"url": url(west, "fed")}]
    east.create("fed", "federated", projectKey="pay", members=members)

    assert east.get("fed")["projectKey"] == "pay"
    assert "projectKey" not in west.get("fed")


def test_settings_travel_on_sync(sites: tuple[Api, Api]) -> None:
    """An update stays local until the configuration is synchronised."""
    east, west = sites
    east.create("fed", "federated", members=[{"url": url(west, "fed")}])
    east.update("fed", description="new")

    assert west.get("fed")["description"] == ""
    assert east.send("POST", f"{SYNC}/fed").status == 200
    assert west.get("fed")["description"] == "new"
    assert east.send("POST", f"{SYNC}/nope").status == 404


def test_members_survive_a_deletion(sites: tuple[Api, Api]) -> None:
    """Deleting one side leaves the other intact."""
    east, west = sites
    east.create("fed", "federated", members=[{"url": url(west, "fed")}])
    west.upload("fed", "one")
    east.send("DELETE", f"{REPOSITORIES}/fed")

    assert west.get("fed")["key"] == "fed"
    assert west.send("GET", "/artifactory/fed/one").status == 200


def test_enabled_of_members_propagates(sites: tuple[Api, Api]) -> None:
    """Switching a member off is seen by all of them."""
    east, west = sites
    east.create("fed", "federated", members=[{"url": url(west, "fed")}])
    members = [{**member, "enabled": False} for member in east.get("fed")["members"]]
    east.update("fed", members=members)

    assert west.get("fed")["members"] == members


def test_federation_came_with_a_version() -> None:
    """Before 7.18.3 there is no such class."""
    assert at("7.18.2").create("fed", "federated").status == 400
    assert at("7.18.3").create("fed", "federated").status == 200


def test_local_becomes_federated(api: Api) -> None:
    """Key, settings and content stay; the server itself is the first member."""
    api.create("libs", package_type="maven", description="d")
    api.upload("libs", "one")
    response = api.send("POST", f"{MIGRATE}/libs")
    found = api.get("libs")

    assert (response.status, response.text) == (200, "Migration finished successfully.")
    assert (found["rclass"], found["description"]) == ("federated", "d")
    assert found["members"] == [{"url": url(api, "libs"), "enabled": True}]
    assert api.send("GET", "/artifactory/libs/one").status == 200


def test_types_without_federation_stay_local(api: Api) -> None:
    """They cannot be converted, nor can what is federated already."""
    api.create("h", package_type="hex")
    api.create("f", "federated")

    for key, status in (("h", 400), ("f", 400), ("nope", 404)):
        assert api.send("POST", f"{MIGRATE}/{key}").status == status


def test_federated_becomes_local(api: Api) -> None:
    """200 although some failed; the body alone tells which and why."""
    api.create("alone", "federated")
    api.create("bound", "federated", members=[{"url": "https://far.example.com/artifactory/b"}])
    partly = api.send("POST", CONVERT, ["alone", "bound"])
    nothing = api.send("POST", CONVERT, ["alone", "bound"])

    assert partly.status == 200
    assert partly.json() == {
        "failedConversionRepositories": {"bound": "Repo bound contains remote members"}
    }
    assert api.get("alone")["rclass"] == "local"
    assert "members" not in api.get("alone")
    assert nothing.status == 400
    assert nothing.json()["failedConversionRepositories"]["alone"] == (
        "Repo alone does not exist or is not of Federated type"
    )


def test_all_become_local(api: Api) -> None:
    """When all succeed, the answer is a sentence with their names."""
    api.create("a", "federated")
    api.create("b", "federated")
    response = api.send("POST", CONVERT, ["a", "b"])

    assert response.text == ("Successfully converted from federated to local repositories: [a, b]")


def test_only_local_repositories_migrate(api: Api) -> None:
    """The other classes stay what they are."""
    for rclass in ("remote", "virtual", "federated"):
        api.create(rclass, rclass)

        assert api.send("POST", f"{MIGRATE}/{rclass}").status == 400
        assert api.get(rclass)["rclass"] == rclass


def test_conversions_keep_everything_else(api: Api) -> None:
    """There and back: content, project, environments, settings and places in virtuals stay."""
    api.project("pay")
    settings = {"description": "d", "notes": "n", "excludesPattern": "x/**"}
    before = api.made("libs", projectKey="pay", environments=["PROD"], **settings)
    api.create("all", "virtual", repositories=["libs"], defaultDeploymentRepo="libs")
    api.upload("libs", "a/one", b"hello")
    both: list[tuple[str, Any]] = [(f"{MIGRATE}/libs", None), (CONVERT, ["libs"])]
    classes = []
    for path, body in both:
        assert api.send("POST", path, body).status == 200
        classes.append(api.get("libs")["rclass"])
        listed = api.send("GET", REPOSITORIES, query=(("project", "pay"),)).json()

        assert listed[0]["type"] == classes[-1].upper()
        assert api.get("libs").items() >= (settings | {"projectKey": "pay"}).items()
        assert api.get("libs")["environments"] == ["PROD"]
        assert api.get("all")["repositories"] == ["libs"]
        assert api.get("all")["defaultDeploymentRepo"] == "libs"
        assert api.send("GET", "/artifactory/libs/a/one").body == b"hello"

    assert classes == ["federated", "local"]
    assert api.get("libs") == before


def test_members_leave_before_a_conversion(sites: tuple[Api, Api]) -> None:
    """While another member is named it is refused; afterwards the other side keeps its copy."""
    east, west = sites
    east.create("fed", "federated", members=[{"url": url(west, "fed")}])
    west.upload("fed", "one")
    refused = east.send("POST", CONVERT, ["fed"])
    east.update("fed", members=[])

    assert (refused.status, refused.json()) == (
        400,
        {"failedConversionRepositories": {"fed": "Repo fed contains remote members"}},
    )
    assert east.send("POST", CONVERT, ["fed"]).status == 200
    assert east.get("fed")["rclass"] == "local"
    assert west.get("fed")["rclass"] == "federated"
    assert west.send("GET", "/artifactory/fed/one").status == 200


@pytest.mark.parametrize("body", [None, {}, [], "libs", b"[{]"])
def test_conversion_wants_a_list(api: Api, body: Any) -> None:
    """Anything but a list of keys is 400."""
    assert api.send("POST", CONVERT, body).status == 400


def test_conversions_came_with_versions() -> None:
    """To federated since 7.18.3, back since 7.103.0."""
    for version, migrated, converted in (("7.18.2", 404, 404), ("7.102.9", 200, 404)):
        api = at(version)
        api.create("libs")

        assert api.send("POST", f"{MIGRATE}/libs").status == migrated
        assert api.send("POST", CONVERT, ["libs"]).status == converted


def test_conversions_need_the_administrator(api: Api) -> None:
    """403 for the others."""
    api.create("libs")
    other = Api(api.platform, "read")

    assert other.send("POST", f"{MIGRATE}/libs").status == 403
    assert other.send("POST", CONVERT, ["libs"]).status == 403
