"""Cleanup policies: their contract, their rules, their lists, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.policies.support import (
    BUNDLES,
    NOW,
    PACKAGES,
    SMART,
    bundle_policy,
    bundles,
    frozen,
    package_policy,
    run,
)
from tests.sandbox.support import PROJECTS, REPOSITORIES, Api, at, message, quirky

FAMILIES = pytest.mark.parametrize(
    ("path", "body"),
    [(PACKAGES, package_policy), (BUNDLES, bundle_policy), (SMART, package_policy)],
    ids=["packages", "bundles", "smart"],
)


@FAMILIES
def test_life_of_a_policy(api: Api, path: str, body: Any) -> None:
    """Created disabled, enabled by its own call, changed with the live value, deleted."""
    one = f"{path}/old"
    created = api.send("POST", one, body(description="d", cronExp="0 0 2 ? * MON-SAT *"))
    twice = api.send("POST", one, body())
    switched = api.send("POST", f"{one}/enablement", {"enabled": True})
    wrong = api.send("PUT", one, body(description="e"))
    changed = api.send("PUT", one, {**body(description="e"), "enabled": True})
    found = api.send("GET", one)
    deleted = api.send("DELETE", one)

    assert (created.status, created.json()["enabled"]) == (201, False)
    assert (twice.status, message(twice)) == (409, "Policy with key 'old' already exists")
    assert (switched.status, switched.body) == (200, b"")
    assert (wrong.status, message(wrong)) == (
        400,
        "Policy 'old' is switched by its own call only",
    )
    assert changed.status == 200
    assert (found.json()["description"], found.json()["enabled"]) == ("e", True)
    assert (deleted.status, deleted.body) == (200, b"")
    for verb, where in (("GET", one), ("PUT", one), ("DELETE", one), ("POST", f"{one}/enablement")):
        answer = api.send(verb, where, {**body(), "enabled": False})
        assert (answer.status, message(answer)) == (404, "Policy with key 'old' was not found")


def test_whole_package_policy(api: Api) -> None:
    """Everything comes back as sent; what nobody set is empty or absent."""
    api.send("POST", f"{PACKAGES}/old", package_policy(createdBeforeInDays=5, excludedRepos=[]))

    assert api.send("GET", f"{PACKAGES}/old").json() == {
        "key": "old",
        "cronExp": "",
        "durationInMinutes": 0,
        "enabled": False,
        "skipTrashcan": True,
        "searchCriteria": {
            "packageTypes": ["maven"],
            "repos": ["**"],
            "includedPackages": ["**"],
            "includeAllProjects": True,
            "includedProjects": [],
            "createdBeforeInDays": 5,
            "excludedRepos": [],
        },
    }


def test_sets_come_back_in_another_order(api: Api) -> None:
    """Lists that mean sets have the server's own order."""
    repos = [f"repo-{number}" for number in range(5)]
    api.send("POST", f"{PACKAGES}/old", package_policy(repos=repos))
    quirky(api, reorder_sets=True)
    found = api.send("GET", f"{PACKAGES}/old").json()["searchCriteria"]["repos"]

    assert found != repos
    assert sorted(found) == repos


@FAMILIES
def test_enabled_on_creation_is_refused(api: Api, path: str, body: Any) -> None:
    """A policy cannot be created enabled."""
    answer = api.send("POST", f"{path}/old", {**body(), "enabled": True})

    assert (answer.status, message(answer)) == (400, "Policy 'old' must be created disabled")
    assert api.send("GET", f"{path}/old").status == 404


REFUSED = [
    ({"packageTypes": []}, "packageTypes needs at least one entry"),
    ({"packageTypes": ["cobol"]}, "Package type 'cobol' is not supported"),
    ({"repos": None}, "repos needs at least one entry"),
    ({"repos": "libs"}, "repos must be a list of texts"),
    ({"includedPackages": ["a", "b"]}, "includedPackages needs exactly one entry"),
    ({"excludedPackages": ["a*"]}, "excludedPackages takes explicit names only, not 'a*'"),
    ({"createdBeforeInMonths": None}, "At least one condition is mandatory"),
    ({"createdBeforeInMonths": 0}, "At least one condition is mandatory"),
    ({"createdBeforeInMonths": -1}, "createdBeforeInMonths must not be negative"),
    (
        {"createdBeforeInDays": 1, "lastDownloadedBeforeInMonths": 1},
        "Conditions in days and in months cannot be combined",
    ),
    (
        {"keepLastNVersions": 1, "createdBeforeInMonths": 1},
        "keepLastNVersions cannot be combined with other conditions",
    ),
    (
        {"keepLastNVersions": 1, "packageTypes": ["generic"]},
        "keepLastNVersions is not supported for package type 'generic'",
    ),
    (
        {"includedProperties": {"a": ["1", "2"]}},
        "includedProperties takes exactly one key with exactly one value",
    ),
    (
        {"createdBeforeInMonths": None, "excludedProperties": {"a": ["1"]}},
        "At least one condition is mandatory",
    ),
    ({"projectKey": "pay"}, "Project with key 'pay' does not exist"),
    ({"durationInMinutes": -5}, "durationInMinutes must not be negative"),
    ({"cronExp": "0 0 2 * * *"}, "Invalid cron expression '0 0 2 * * *': Exactly one of"),
    ({"cronExp": "0 2 * * *"}, "Invalid cron expression '0 2 * * *': '0 2 * * *' must have 6"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_rules_for_packages(api: Api, changes: dict[str, Any], words: str) -> None:
    """What a policy on packages must and must not say."""
    answer = api.send("POST", f"{PACKAGES}/old", package_policy(**changes))

    assert answer.status == 400
    assert message(answer).startswith(words)


@pytest.mark.parametrize(
    "changes",
    [
        {"createdBeforeInMonths": 1, "lastDownloadedBeforeInMonths": 1, "keepLastNVersions": 0},
        {"keepLastNVersions": 3, "excludedProperties": {"a": ["1"]}},
        {"createdBeforeInDays": 3, "includedProperties": {"a": ["1"]}},
        {"cronExp": "0 15 10 * * ? 2024"},
        {"packageTypes": ["yum", "rpm", "docker"]},
    ],
)
def test_accepted_for_packages(api: Api, changes: dict[str, Any]) -> None:
    """Zero counts as not set; time and properties go together; a schedule may be over."""
    assert api.send("POST", f"{PACKAGES}/old", package_policy(**changes)).status == 201


@pytest.mark.parametrize("key", ["ab", "a b", "a.b.c", "äöü"])
def test_keys(api: Api, key: str) -> None:
    """Three signs at least: letters, digits, underscores, hyphens."""
    answer = api.send("POST", f"{PACKAGES}/{key}".replace(" ", "%20"), package_policy(key))

    assert answer.status == 400
    assert "at least 3 letters" in message(answer)


def test_keys_are_shared_with_everything_else(api: Api) -> None:
    """A policy cannot be called like a repository, whatever the case, nor the other way round."""
    api.create("libs")
    api.send("POST", f"{PACKAGES}/old", package_policy())

    assert api.send("POST", f"{PACKAGES}/LIBS", package_policy("LIBS")).status == 409
    assert api.send("POST", f"{BUNDLES}/old", bundle_policy()).status == 409
    assert api.create("OLD").status == 400
    assert api.send("GET", f"{REPOSITORIES}/OLD").status == 400


def test_key_in_body_must_be_that_of_the_path(api: Api) -> None:
    """Two different keys are one too many."""
    answer = api.send("POST", f"{PACKAGES}/old", package_policy("new"))

    assert (answer.status, message(answer)) == (
        400,
        "Policy key 'new' differs from 'old' in the path",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"itemType": "build"}, "itemType must be 'releaseBundle'"),
        ({"releaseBundles": []}, "releaseBundles needs at least one entry"),
        ({"releaseBundles": [{"projectKey": ""}]}, "releaseBundles: name is mandatory"),
        ({"createdBeforeInMonths": None}, "createdBeforeInMonths is mandatory"),
        ({"createdBeforeInMonths": 0}, "createdBeforeInMonths must be more than 0"),
        ({"excludePromotedEnvironments": None}, "excludePromotedEnvironments is mandatory"),
        ({"includedProjects": None}, "includedProjects is mandatory"),
    ],
)
def test_rules_for_bundles(api: Api, changes: dict[str, Any], words: str) -> None:
    """What a policy on release bundles must say: everything."""
    answer = api.send("POST", f"{BUNDLES}/old", bundle_policy(**changes))

    assert (answer.status, message(answer)) == (400, words)


def test_projects_are_mandatory_in_the_newer_archive(api: Api) -> None:
    """The one rule in which it differs from its twin."""
    answer = api.send("POST", f"{SMART}/old", package_policy(includedProjects=None))

    assert (answer.status, message(answer)) == (400, "includedProjects is mandatory")


@pytest.mark.parametrize(
    ("version", "path", "status"),
    [
        ("7.98.1", f"{PACKAGES}/x", 404),
        ("7.98.2", PACKAGES, 200),
        ("7.104.1", f"{BUNDLES}", 404),
        ("7.104.2", f"{BUNDLES}/", 200),
    ],
)
def test_versions_that_brought_the_endpoints(version: str, path: str, status: int) -> None:
    """Older servers know neither kind."""
    assert at(version).send("GET", path).status == status


@pytest.mark.parametrize(
    ("version", "changes", "status"),
    [
        ("7.111.1", {"createdBeforeInDays": 5}, 400),
        ("7.111.2", {"createdBeforeInDays": 5}, 201),
        ("7.128.0", {"createdBeforeInDays": 5, "includedProperties": {"a": ["b"]}}, 400),
        ("7.129.0", {"createdBeforeInDays": 5, "includedProperties": {"a": ["b"]}}, 201),
        ("7.115.0", {"keepLastNVersions": 5, "packageTypes": ["docker"]}, 400),
        ("7.115.1", {"keepLastNVersions": 5, "packageTypes": ["docker"]}, 201),
    ],
)
def test_versions_that_brought_the_conditions(
    version: str, changes: dict[str, Any], status: int
) -> None:
    """Days, conditions together, and counting images came one by one."""
    answer = at(version).send("POST", f"{PACKAGES}/old", package_policy(**changes))

    assert answer.status == status


def test_lists_of_packages(api: Api) -> None:
    """Whole policies; their project is not in them, so it takes a list for each project."""
    api.project("pay")
    body = package_policy("pay-old", projectKey="pay", includeAllProjects=False)
    made = api.send("POST", f"{PACKAGES}/pay-old", body)
    api.send("POST", f"{PACKAGES}/old", package_policy())
    every = api.send("GET", PACKAGES).json()
    of_project = api.send("GET", PACKAGES, query=(("projectKey", "pay"),)).json()

    assert made.json()["projectKey"] == "pay"
    assert [policy["key"] for policy in every] == ["pay-old", "old"]
    assert [policy["key"] for policy in of_project] == ["pay-old"]
    assert "projectKey" not in of_project[0]
    quirky(api, policy_project=True, wrapped_policies=True)
    wrapped = api.send("GET", PACKAGES).json()["policies"]
    assert [policy.get("projectKey") for policy in wrapped] == ["pay", None]


def test_list_of_bundles_is_a_view(api: Api) -> None:
    """No criteria and no schedule; words for projects; the last run is only here."""
    frozen(api)
    bundles(api, {"name": "app", "version": "1", "createdDaysAgo": 3000})
    api.send("POST", f"{BUNDLES}/one", bundle_policy("one", cronExp="0 0 2 ? * * *"))
    body = bundle_policy("two", includeAllProjects=False, includedProjects=["default"])
    api.send("POST", f"{BUNDLES}/two", body)
    run(api, BUNDLES, "one", dry=True)
    api.send("POST", "/_sandbox/clock", {"advance": 60})

    assert api.send("GET", f"{BUNDLES}/", query=(("projectKey", ""),)).json() == {
        "policies": [
            {
                "itemType": "releaseBundle",
                "policyKey": "one",
                "nextRunTime": int((NOW + 2 * 3600) * 1000),
                "enabled": False,
                "displayProject": "Global",
                "lastRunData": {
                    "status": "COMPLETED",
                    "lastRunTime": int(NOW * 1000),
                    "dryRun": True,
                    "runId": 1,
                    "reportDownloaded": False,
                    "totalItems": 1,
                },
                "includedProjects": ["All"],
            },
            {
                "itemType": "releaseBundle",
                "policyKey": "two",
                "enabled": False,
                "displayProject": "Global",
                "includedProjects": ["Unassigned Repos"],
            },
        ]
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"includeAllProjects": True},
            "Cannot include all projects for a project level policy",
        ),
        (
            {"includeAllProjects": False, "includedProjects": ["web"]},
            "Cannot include projects for a project level policy",
        ),
        (
            {"includeAllProjects": False},
            "The key of a policy of project 'pay' starts with 'pay-'",
        ),
    ],
)
def test_rules_for_projects(api: Api, changes: dict[str, Any], words: str) -> None:
    """A policy of a project is named after it and stays inside."""
    api.project("pay")
    answer = api.send("POST", f"{PACKAGES}/old", package_policy(projectKey="pay", **changes))

    assert (answer.status, message(answer)) == (400, words)


def test_a_policy_stays_in_its_project(api: Api) -> None:
    """An update may leave the project out, and may not name another."""
    api.project("pay", "web")
    body = package_policy("pay-old", includeAllProjects=False)
    api.send("POST", f"{PACKAGES}/pay-old", {**body, "projectKey": "pay"})

    assert api.send("PUT", f"{PACKAGES}/pay-old", body).status == 200
    moved = api.send("PUT", f"{PACKAGES}/pay-old", {**body, "projectKey": "web"})
    assert message(moved) == "Policy 'pay-old' cannot move to another project"


def test_rights_of_project_administrators(api: Api) -> None:
    """Their own policies and no others; the list must be asked for by project."""
    api.project("pay", "web")
    mine = Api(api.platform, "sandbox-default-project-pay-token")
    body = package_policy("pay-old", projectKey="pay", includeAllProjects=False)
    api.send("POST", f"{PACKAGES}/old", package_policy())

    assert mine.send("POST", f"{PACKAGES}/pay-old", body).status == 201
    assert mine.send("POST", f"{PACKAGES}/pay-old/enablement", {"enabled": True}).status == 200
    assert mine.send("GET", f"{PACKAGES}/pay-old").status == 200
    assert mine.send("GET", PACKAGES, query=(("projectKey", "pay"),)).status == 200
    assert mine.send("GET", PACKAGES).status == 400
    assert mine.send("GET", PACKAGES, query=(("projectKey", "web"),)).status == 403
    assert mine.send("GET", f"{PACKAGES}/old").status == 403
    assert mine.send("DELETE", f"{PACKAGES}/old").status == 403
    assert mine.send("POST", f"{PACKAGES}/new", package_policy("new")).status == 403
    assert run(mine, PACKAGES, "old", dry=True).status == 403
    assert run(mine, PACKAGES, "pay-old", dry=True).status == 201
    assert mine.send("DELETE", f"{PROJECTS}/pay").status == 403
    other = Api(api.platform, "sandbox-default-project-ghost-token")
    assert other.send("GET", PACKAGES).status == 401


def test_project_administrators_and_bundles(api: Api) -> None:
    """Their policies reach the bundles of the project, and cannot be widened to others."""
    api.project("pay")
    mine = Api(api.platform, "sandbox-default-project-pay-token")
    own = bundle_policy(
        includeAllProjects=False,
        includedProjects=["pay"],
        releaseBundles=[{"name": "**", "projectKey": "pay"}],
    )
    wide = bundle_policy()

    assert mine.send("POST", f"{BUNDLES}/old", wide).status == 403
    assert mine.send("POST", f"{BUNDLES}/old", own).status == 201
    assert mine.send("PUT", f"{BUNDLES}/old", wide).status == 403
    assert api.send("GET", f"{BUNDLES}/old").json()["searchCriteria"] == own["searchCriteria"]
    of_project = mine.send("GET", BUNDLES, query=(("projectKey", "pay"),)).json()["policies"]
    assert [(one["policyKey"], one["displayProject"]) for one in of_project] == [("old", "pay")]
    assert of_project[0]["includedProjects"] == ["pay"]


@pytest.mark.parametrize("right", ["read", "partial"])
def test_readers_may_not(api: Api, right: str) -> None:
    """Policies are for administrators, even to look at."""
    assert Api(api.platform, right).send("GET", PACKAGES).status == 403


def test_state_keeps_policies(api: Api) -> None:
    """A dump holds policies, runs, bundles and what is in the trash can."""
    api.send("POST", f"{PACKAGES}/old", package_policy())
    bundles(api, {"name": "app", "version": "1"})
    run(api, PACKAGES, "old", dry=True)
    state = api.platform.sandbox.dump()
    api.platform.sandbox.load(state)

    assert api.platform.sandbox.dump() == state
    assert api.send("GET", f"{PACKAGES}/old").status == 200
