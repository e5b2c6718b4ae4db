"""What the server refuses, ignores and bends, one rule a test."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.repository_defaults import PUBLIC_TERRAFORM
from tests.sandbox.support import PROJECTS, REPOSITORIES, Api, at, message, quirky

KEY_TAKEN = "error when validating repository name: Case insensitive repository key already exists"


@pytest.mark.parametrize(
    ("key", "rclass", "text"),
    [
        ("%20", "local", "Repository key cannot be empty"),
        ("x" * 65, "local", "Repository key exceeds maximum length (64) chars."),
        ("x" * 59, "remote", "Repository key exceeds maximum length (58) chars."),
        ("..", "local", "Repository key '..' is a reserved name"),
        ("&", "local", "Repository key '&' is a reserved name"),
        ("list", "local", "Repository key 'list' is a reserved name"),
        ("release-bundles", "local", "Repository key 'release-bundles' is a reserved name"),
        ("a%3Ab", "local", "Illegal Repository key : '/,\\,:,|,?,<,>,*,\"' is not allowed"),
        ("a%2Fb", "local", "Illegal Repository key : '/,\\,:,|,?,<,>,*,\"' is not allowed"),
        ("a b", "local", "Repository key contains illegal character"),
        ("-a", "local", "Repository key contains illegal character"),
        ("libs-cache", "local", "Local repository key cannot end with '-cache'"),
    ],
)
def test_keys_the_server_refuses(api: Api, key: str, rclass: str, text: str) -> None:
    """Each key rule answers 400 with its own words."""
    response = api.create(key, rclass)

    assert response.status == 400
    assert message(response) == text


@pytest.mark.parametrize("key", ["a.b_c-d", "1st", "x" * 64, "Grün"])
def test_keys_the_server_takes(api: Api, key: str) -> None:
    """Dots, underscores, dashes, leading digits and foreign letters are fine."""
    assert api.create(key).status == 200


@pytest.mark.parametrize("key", ["libs", "LIBS", "maven-2-default", "Artifactory"])
def test_one_case_insensitive_namespace(api: Api, key: str) -> None:
    """Repositories, layouts, property sets and the rest share names, whatever their case."""
    api.create("libs")
    response = api.create(key)

    assert response.status == 400
    assert message(response) == KEY_TAKEN


def test_proxies_are_in_the_namespace(api: Api) -> None:
    """A repository cannot be called like a proxy."""
    api.platform.store.names.others["proxies"]["corporate"] = {}

    assert message(api.create("Corporate")) == KEY_TAKEN


@pytest.mark.parametrize("change", [{"packageType": "npm"}, {"rclass": "remote"}])
def test_class_and_type_are_for_life(api: Api, change: dict[str, str]) -> None:
    """Changing either is refused; repeating it is not."""
    api.create("libs", package_type="maven")
    response = api.send("POST", f"{REPOSITORIES}/libs", change)

    assert response.status == 400
    assert message(response) == "Changing a repository's type once it's set is not supported"
    api.update("libs", rclass="local", packageType="maven")


@pytest.mark.parametrize(
    ("rclass", "package_type"),
    [
        ("virtual", "cargo"),
        ("local", "p2"),
        ("local", "vcs"),
        ("federated", "hex"),
        ("remote", "x"),
    ],
)
def test_some_types_lack_some_classes(api: Api, rclass: str, package_type: str) -> None:
    """A class that does not exist for a package type cannot be created."""
    assert api.create("r", rclass, package_type).status == 400


@pytest.mark.parametrize("body", [{}, {"rclass": "cluster"}, [], {"rclass": "remote"}])
def test_bodies_the_server_refuses(api: Api, body: Any) -> None:
    """A class is mandatory, and a remote needs its URL."""
    assert api.send("PUT", f"{REPOSITORIES}/r", body).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"xrayIndex": "perhaps"},
        {"maxUniqueSnapshots": "many"},
        {"propertySets": "one"},
        {"snapshotVersionBehavior": "sometimes"},
    ],
)
def test_values_of_the_wrong_kind(api: Api, fields: dict[str, Any]) -> None:
    """What cannot be read as the field's type is a 400."""
    assert api.create("r", package_type="maven", **fields).status == 400


def test_yum_is_rpm(api: Api) -> None:
    """The old name is accepted and stored as the new one."""
    assert api.made("r", package_type="yum")["packageType"] == "rpm"
    api.update("r", packageType="yum")


# --- virtuals -------------------------------------------------------------------------------------


def test_members_must_exist(api: Api) -> None:
    """A virtual with an unknown member is refused by name, on create and on update."""
    created = api.create("v", "virtual", repositories=["ghost"])
    api.create("v", "virtual")
    updated = api.send("POST", f"{REPOSITORIES}/v", {"repositories": ["ghost"]})

    assert (created.status, updated.status) == (400, 400)
    assert message(created) == message(updated) == "Repository 'ghost' does not exist"


@pytest.mark.parametrize(
    ("virtual", "member", "status"),
    [
        ("npm", "npm", 200),
        ("npm", "maven", 400),
        ("maven", "gradle", 200),
        ("sbt", "ivy", 200),
        ("maven", "generic", 400),
        ("generic", "npm", 200),
        ("p2", "maven", 200),
    ],
)
def test_members_must_fit(api: Api, virtual: str, member: str, status: int) -> None:
    """Types must match, but the Maven family mixes and generic and p2 take anything."""
    api.create("m", package_type=member)

    assert api.create("v", "virtual", virtual, repositories=["m"]).status == status


def test_a_virtual_cannot_contain_itself(api: Api) -> None:
    """Not even through another virtual."""
    api.create("v", "virtual")
    api.create("w", "virtual", repositories=["v"])

    for members in (["v"], ["w"]):
        assert api.send("POST", f"{REPOSITORIES}/v", {"repositories": members}).status == 400


def test_default_deployment_cannot_be_emptied(api: Api) -> None:
    """ "" and null leave it; a key that does not exist is what unsets it."""
    api.create("a")
    api.create("v", "virtual", repositories=["a"], defaultDeploymentRepo="a")

    assert api.update("v", defaultDeploymentRepo="")["defaultDeploymentRepo"] == "a"
    assert api.update("v", defaultDeploymentRepo=None)["defaultDeploymentRepo"] == "a"
    assert api.update("v", defaultDeploymentRepo="no-such")["defaultDeploymentRepo"] == ""


def test_retrieval_cache_of_virtuals_is_for_some_types(api: Api) -> None:
    """Only types with metadata to cache have the period."""
    assert api.made("a", "virtual", "npm")["virtualRetrievalCachePeriodSecs"] == 7200
    assert "virtualRetrievalCachePeriodSecs" not in api.made("b", "virtual", "maven")


# --- values that stay -----------------------------------------------------------------------------


def test_property_sets_cannot_be_emptied(api: Api) -> None:
    """An empty list is ignored; another list replaces it."""
    api.create("r", propertySets=["one"])

    assert api.update("r", propertySets=[])["propertySets"] == ["one"]
    assert api.update("r", propertySets=["two"])["propertySets"] == ["two"]


def test_remote_layout_cannot_be_emptied(api: Api) -> None:
    """Once set, it stays."""
    api.create("r", "remote", remoteRepoLayoutRef="npm-default")

    assert api.update("r", remoteRepoLayoutRef="")["remoteRepoLayoutRef"] == "npm-default"


@pytest.mark.parametrize("field", ["excludesPattern", "description", "notes"])
def test_texts_can_be_emptied(api: Api, field: str) -> None:
    """These do clear with an empty text."""
    api.create("r", **{field: "x"})

    assert api.update("r", **{field: ""})[field] == ""


def test_external_patterns_fall_back_to_everything(api: Api) -> None:
    """An empty list becomes `**`, and stays visible when the switch is off."""
    api.create("d", "remote", "docker", externalDependenciesEnabled=True)
    assert api.get("d")["externalDependenciesPatterns"] == ["**"]

    api.update("d", externalDependenciesPatterns=["**/x/**"])
    assert api.update("d", externalDependenciesPatterns=[])["externalDependenciesPatterns"] == [
        "**"
    ]
    off = api.update("d", externalDependenciesEnabled=False)
    assert off["externalDependenciesPatterns"] == ["**"]


def test_partial_synchronisation_resets_the_rest(api: Api) -> None:
    """The nested object is replaced whole; leaving it out keeps it."""
    on = {"enabled": True, "properties": {"enabled": True}}
    found = api.made("r", "remote", contentSynchronisation=on)["contentSynchronisation"]
    kept = api.update("r", notes="n")["contentSynchronisation"]
    reset = api.update("r", contentSynchronisation={"enabled": True})["contentSynchronisation"]

    assert found == kept
    assert found == {
        "enabled": True,
        "statistics": {"enabled": False},
        "properties": {"enabled": True},
        "source": {"originAbsenceDetection": False},
    }
    assert reset["properties"] == {"enabled": False}


# --- remotes --------------------------------------------------------------------------------------


def test_write_only_fields_are_kept_and_not_shown(api: Api) -> None:
    """Passwords and headers go in and never come out."""
    secrets = {
        "password": "hunter2",
        "failedRetrievalCachePeriodSecs": 30,
        "customHttpHeaders": [{"name": "X", "value": "y"}],
    }
    found = api.made("r", "remote", "nuget", username="u", **secrets)

    assert not set(secrets) & set(found)
    assert found["username"] == "u"
    assert api.platform.store.repositories["r"].hidden == secrets


@pytest.mark.parametrize("field", ["v3FeedUrl", "symbolServerUrl"])
def test_feeds_are_shown_while_they_are_set(api: Api, field: str) -> None:
    """An address comes back; an empty one means the server's own, which it does not tell."""
    assert field not in api.made("r", "remote", "nuget")
    assert api.update("r", **{field: "https://feed.example.com"})[field].startswith("https:")
    assert field not in api.update("r", **{field: ""})


@pytest.mark.parametrize("field", ["vcsGitDownloadUrl", "clientTlsCertificate"])
def test_texts_that_are_absent_until_they_are_sent(api: Api, field: str) -> None:
    """Once sent, even an empty one stays."""
    assert field not in api.made("r", "remote", "vcs")
    assert api.update("r", **{field: ""})[field] == ""
    assert api.update("r", notes="n")[field] == ""


def test_an_empty_choice_is_none(api: Api) -> None:
    """The vendor's own client sends an empty terraformType for every federated repository."""
    assert api.create("r", "federated", terraformType="").status == 200
    assert api.made("l", checksumPolicyType="")["checksumPolicyType"] == "client-checksums"


def test_patterns_keep_their_order(api: Api) -> None:
    """External dependencies are a list to the vendor's own client, though order means nothing."""
    quirky(api, reorder_sets=True)
    patterns = ["**/c/**", "**/a/**", "**/b/**"]
    found = api.made(
        "r",
        "remote",
        "docker",
        externalDependenciesEnabled=True,
        externalDependenciesPatterns=patterns,
    )

    assert found["externalDependenciesPatterns"] == patterns


def test_password_survives_other_updates(api: Api) -> None:
    """Only naming the password changes it; an empty one wipes it."""
    api.create("r", "remote", password="hunter2")
    stored = api.platform.store.repositories

    api.update("r", notes="n")
    assert stored["r"].hidden["password"] == "hunter2"
    api.update("r", password="")
    assert stored["r"].hidden["password"] == ""


def test_passwords_may_come_back_encrypted() -> None:
    """Where key encryption is on, something unusable is returned in place of the password."""
    api = at("7.146.17", encrypt_passwords=True)
    found = api.made("r", "remote", password="hunter2")

    assert found["password"]
    assert "hunter2" not in str(found)


def test_descriptions_of_remotes_grow() -> None:
    """A suffix is appended on reading, not on storing."""
    api = at("7.146.17", cache_suffix=True)
    found = api.made("r", "remote", description="upstream")

    assert found["description"] == "upstream (local file cache)"
    assert api.update("r", notes="n")["description"] == "upstream (local file cache)"
    assert api.made("l", description="plain")["description"] == "plain"


def test_default_proxy_fills_in(api: Api) -> None:
    """A new remote takes the platform's proxy unless it has its own or wants none."""
    api.platform.store.default_proxy = "corporate"

    assert api.made("a", "remote")["proxy"] == "corporate"
    assert api.made("b", "remote", proxy="other")["proxy"] == "other"
    assert "proxy" not in api.made("c", "remote", disableProxy=True)


def test_public_terraform_registry_forces_bypass(api: Api) -> None:
    """The switch cannot be turned off while the upstream is the public registry."""
    assert api.made("t", "remote", "terraform", bypassHeadRequests=False)["bypassHeadRequests"]
    private = "https://terraform.example.com"
    found = api.made("u", "remote", "terraform", terraformRegistryUrl=private)

    assert api.get("t")["terraformRegistryUrl"] == PUBLIC_TERRAFORM
    assert found["bypassHeadRequests"] is False


def test_ansible_bypasses_by_default_only(api: Api) -> None:
    """True when silent, false when told so."""
    assert api.made("a", "remote", "ansible")["bypassHeadRequests"] is True
    assert (
        api.made("b", "remote", "ansible", bypassHeadRequests=False)["bypassHeadRequests"] is False
    )


# --- helm -----------------------------------------------------------------------------------------


def test_helm_switches_are_for_creation(api: Api) -> None:
    """They can be set once, and an update is ignored."""
    assert api.made("h", package_type="helm", forceNonDuplicateChart=True)["forceNonDuplicateChart"]
    assert api.update("h", forceNonDuplicateChart=False)["forceNonDuplicateChart"] is True


def test_helm_switches_came_with_a_version() -> None:
    """Older servers drop them."""
    old = at("7.104.4").made("h", package_type="helm", forceNonDuplicateChart=True)

    assert "forceNonDuplicateChart" not in old


# --- projects and environments --------------------------------------------------------------------


def project(api: Api, key: str = "pay") -> None:
    """A project exists afterwards."""
    assert api.send("POST", PROJECTS, {"project_key": key, "display_name": key}).status == 201


def test_unknown_project_is_silently_ignored(api: Api) -> None:
    """The repository is created, outside any project."""
    found = api.made("r", projectKey="nope", environments=["DEV"])

    assert "projectKey" not in found
    assert found["environments"] == []


def test_project_on_create(api: Api) -> None:
    """An existing project is taken; without environments it means DEV."""
    project(api)

    assert api.made("a", projectKey="pay")["environments"] == ["DEV"]
    found = api.made("b", projectKey="pay", environments=["DEV", "PROD"])
    assert (found["projectKey"], found["environments"]) == ("pay", ["DEV", "PROD"])
    listed = api.send("GET", REPOSITORIES, query=(("project", "pay"),)).json()
    assert [line["key"] for line in listed] == ["a", "b"]


def test_project_in_an_update(api: Api) -> None:
    """A body cannot move a repository, but an empty key un-assigns it."""
    project(api)
    project(api, "other")
    api.create("r", projectKey="pay")

    assert api.update("r", projectKey="other")["projectKey"] == "pay"
    assert "projectKey" not in api.update("r", projectKey="")


def test_environments_in_an_update_that_leaves_the_project(api: Api) -> None:
    """They are set on the way out, an empty list clears them; unnamed ones stay."""
    project(api)
    for key in ("kept", "set", "cleared"):
        api.create(key, projectKey="pay", environments=["PROD"])

    assert api.update("kept", projectKey="")["environments"] == ["PROD"]
    assert api.update("set", projectKey="", environments=["DEV"])["environments"] == ["DEV"]
    assert api.update("cleared", projectKey="", environments=[])["environments"] == []


def test_environments_outside_a_project_drift(api: Api) -> None:
    """They are accepted and forgotten."""
    api.create("r")

    assert api.update("r", environments=["DEV"])["environments"] == []


def test_no_environments(api: Api) -> None:
    """An empty list tells so; some servers leave the field out instead."""
    assert api.made("r")["environments"] == []

    quirky(api, absent_environments=True)
    assert "environments" not in api.get("r")


@pytest.mark.parametrize(
    ("version", "environments", "status"),
    [
        ("7.53.0", ["DEV", "PROD"], 200),
        ("7.53.0", ["STAGE"], 400),
        ("7.53.1", ["STAGE"], 200),
        ("7.107.0", ["DEV", "PROD"], 400),
        ("7.107.1", ["DEV", "PROD", "STAGE"], 200),
    ],
)
def test_environments_by_version(version: str, environments: list[str], status: int) -> None:
    """Two of two, then exactly one, then many."""
    api = at(version)
    api.platform.store.projects["pay"] = {"project_key": "pay"}

    assert api.create("r", projectKey="pay", environments=environments).status == status


@pytest.mark.parametrize(("version", "expected"), [("7.107.0", ["DEV"]), ("7.107.1", [])])
def test_clearing_environments_by_version(version: str, expected: list[str]) -> None:
    """An empty list clears them since 7.107.1 and does nothing before."""
    api = at(version)
    api.platform.store.projects["pay"] = {"project_key": "pay"}
    api.create("r", projectKey="pay", environments=["DEV"])

    assert api.update("r", environments=[])["environments"] == expected


@pytest.mark.parametrize(
    ("version", "cloud", "expected"),
    [
        ("7.49.9", False, None),
        ("7.50.0", False, "default"),
        ("7.68.6", False, "default"),
        ("7.68.7", False, None),
        ("7.66.9", True, "default"),
        ("7.67.0", True, None),
    ],
)
def test_versions_that_say_default(version: str, cloud: bool, expected: str | None) -> None:
    """Some versions print `default` for a repository without a project."""
    assert at(version, cloud=cloud).made("r").get("projectKey") == expected
