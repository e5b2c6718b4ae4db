"""Classic archive policies: two shapes, many 201s, previews, and files that move."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.policies.support import (
    ARCHIVE,
    EXECUTIONS,
    NOW,
    RETENTION,
    find,
    frozen,
    held,
    maven,
    pass_time,
    seed,
)
from tests.sandbox.support import Api, at, message, quirky

QUERY = {"key": "cold", "enabled": True, "aqlQuery": 'items.find({"created": {"$before": "30d"}})'}
FORM = {
    "key": "cold",
    "enabled": True,
    "searchCriteriaForm": {
        "repositories": {"include": {"values": ["li*"]}, "exclude": {"values": []}},
        "createdBefore": 1,
    },
}
PACKAGE = {
    "key": "cold",
    "enabled": True,
    "skipTrashcan": True,
    "packageRetention": True,
    "packageSearchCriteriaForm": {"packageType": "maven", "packageRepos": ["libs"]},
}


@pytest.fixture
def libs(api: Api) -> Api:
    """A maven repository with two versions, 100 and 10 days old."""
    frozen(api)
    api.create("libs", package_type="maven")
    for version, days in (("1.0", 100), ("2.0", 10)):
        seed(api, "libs", *maven(version, days))
    return api


def made(api: Api, body: dict[str, Any]) -> Any:
    """A policy in, there; what the server said out."""
    answer = api.send("POST", f"{ARCHIVE}/{body['key']}", body)
    assert answer.status == 201, answer.text
    return answer.json()


def test_life_of_a_policy(api: Api) -> None:
    """201 for everything but reading; a text for the deletion."""
    one = f"{ARCHIVE}/cold"
    created = made(api, QUERY)
    twice = api.send("POST", one, QUERY)
    changed = api.send("PUT", one, {**QUERY, "enabled": False, "description": "d"})
    deleted = api.send("DELETE", one)

    assert created == {
        "key": "cold",
        "enabled": True,
        "durationInMinutes": 0,
        "expirationTimeInMonths": 0,
        "skipTrashcan": False,
        "aqlQuery": 'items.find({"created": {"$before": "30d"}})',
    }
    assert (twice.status, message(twice)) == (409, "Retention policy 'cold' already exists")
    assert (changed.status, changed.json()["enabled"]) == (201, False)
    assert (deleted.status, deleted.text) == (
        201,
        "Retention policy cold was deleted successfully.",
    )
    for verb in ("GET", "PUT", "DELETE"):
        assert api.send(verb, one, QUERY).status == 404


def test_two_shapes(api: Api) -> None:
    """One policy on artifacts is a list of one, one on packages an object; the list has all."""
    made(api, QUERY)
    made(api, {**PACKAGE, "key": "packages"})
    artifacts = api.send("GET", f"{ARCHIVE}/cold").json()
    packages = api.send("GET", f"{ARCHIVE}/packages").json()

    assert [policy["key"] for policy in artifacts] == ["cold"]
    assert packages == {
        **PACKAGE,
        "key": "packages",
        "durationInMinutes": 0,
        "expirationTimeInMonths": 0,
        "lastRunStatus": {"state": "PENDING", "policyName": "packages"},
    }
    assert api.send("GET", ARCHIVE).json() == [artifacts[0], packages]


def test_defaults_of_the_form(api: Api) -> None:
    """Groups that were sent gain both sides and an operator; the others stay away."""
    made(api, FORM)
    (found,) = api.send("GET", f"{ARCHIVE}/cold").json()

    assert found["searchCriteriaForm"] == {
        "repositories": {
            "include": {"operator": "or", "values": ["li*"]},
            "exclude": {"operator": "or", "values": []},
        },
        "createdBefore": 1,
    }


def test_query_is_quoted_again(api: Api) -> None:
    """Names without quotation marks get them."""
    body = made(api, {**QUERY, "aqlQuery": 'items.find({"type":{$eq:"file"}})'})

    assert body["aqlQuery"] == 'items.find({"type":{"$eq":"file"}})'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aqlQuery": ""}, "Exactly one of aqlQuery and searchCriteriaForm is mandatory"),
        ({"searchCriteriaForm": {"names": {}}}, "Exactly one of aqlQuery and"),
        ({"aqlQuery": "builds.find({})"}, "Failed to parse query: builds.find({}), it looks like"),
        ({"enabled": None}, "enabled is mandatory"),
        ({"cronExp": "every day"}, "Invalid cron expression 'every day'"),
        ({"packageRetention": True}, "aqlQuery cannot be used for packages"),
        (
            {"packageRetention": True, "aqlQuery": ""},
            "packageSearchCriteriaForm needs packageType and packageRepos",
        ),
        (
            {"aqlQuery": None, "searchCriteriaForm": {"createdBefore": 5}},
            "searchCriteriaForm needs at least one of",
        ),
        ({"key": "other"}, "Policy key 'other' differs from the one in the path"),
    ],
)
def test_rules(api: Api, changes: dict[str, Any], words: str) -> None:
    """A query or a form for artifacts, a form for packages."""
    answer = api.send("POST", f"{ARCHIVE}/cold", {**QUERY, **changes})

    assert answer.status == 400
    assert message(answer).startswith(words)


@pytest.mark.parametrize(
    ("body", "count", "size"),
    [
        (QUERY, 2, 100),
        (FORM, 2, 100),
        (PACKAGE, 2, 200),
        ({**QUERY, "aqlQuery": 'items.find({"name": {"$match": "*.pom"}})'}, 2, 20),
        (
            {
                **PACKAGE,
                "packageSearchCriteriaForm": {
                    "packageType": "maven",
                    "packageRepos": ["libs"],
                    "version": "1.*",
                    "componentName": "org.acme:*",
                    "createdBefore": int(NOW * 1000),
                },
            },
            1,
            100,
        ),
    ],
)
def test_previews(libs: Api, body: dict[str, Any], count: int, size: int) -> None:
    """How many and how much, of a stored policy and of one that is not."""
    model = libs.send("POST", f"{ARCHIVE}/preview", {**body, "nextExecutionTime": None})
    made(libs, body)
    stored = libs.send("POST", f"{ARCHIVE}/cold/preview")

    assert model.json() == stored.json() == {"count": count, "totalSize": size}
    assert len(held(libs, "libs")) == 4


def test_conversion(api: Api) -> None:
    """The sample of the reference: values become criteria, ages stay what they are."""
    form = {
        "properties": {
            "include": {"operator": "or", "values": [{"propertyKey": "k", "propertyValue": "v"}]},
            "exclude": {"operator": "or", "values": []},
        },
        "repositories": {
            "include": {"operator": "or", "values": ["repo-1", "repo-2"]},
            "exclude": {"operator": "and", "values": ["repo-*", "*-3"]},
        },
        "createdBefore": 1628668945,
    }
    text = api.send("POST", f"{ARCHIVE}/convertToAql", form).text

    assert json.loads(text.removeprefix("items.find(").removesuffix(")")) == {
        "$and": [
            {"$or": [{"@k": {"$match": "v"}}]},
            {"$or": [{"repo": {"$match": "repo-1"}}, {"repo": {"$match": "repo-2"}}]},
            {"$and": [{"repo": {"$nmatch": "repo-*"}}, {"repo": {"$nmatch": "*-3"}}]},
            {"created": {"$lt": "1628668945"}},
        ]
    }


def test_run(libs: Api) -> None:
    """Files move to cold storage in time; the policy and the list of runs tell how far."""
    made(libs, QUERY)
    accepted = libs.send("POST", f"{ARCHIVE}/cold/trigger")
    pass_time(libs, 30)
    half = libs.send("GET", EXECUTIONS).json()
    pass_time(libs, 30)
    (policy,) = libs.send("GET", f"{ARCHIVE}/cold").json()

    assert (accepted.status, accepted.text) == (
        200,
        "Retention policy \u2018cold\u2019 execution request has been accepted for processing.",
    )
    assert (half[0]["state"], half[0]["progressPercentage"]) == ("IN_PROGRESS", 50)
    assert policy["lastRunStatus"] == {
        "migrationIdentifier": "retention_archive_cold_0000000001",
        "state": "COMPLETE",
        "completedNumberOfArtifacts": 2,
        "failedNumberOfArtifacts": 0,
        "totalNumberOfArtifacts": 2,
        "progressPercentage": 100,
        "startTime": int(NOW * 1000),
        "finishTime": int((NOW + 60) * 1000),
        "totalByteSize": 100,
        "successByteSize": 100,
        "failureByteSize": 0,
        "triggeredBy": "admin",
        "policyName": "cold",
    }
    assert len(held(libs, "libs")) == 2
    assert len(held(libs, "auto-trashcan")) == 2


def test_runs_are_listed_newest_first(libs: Api) -> None:
    """By policy and by time, if one likes."""
    made(libs, QUERY)
    made(libs, {**PACKAGE, "key": "packages"})
    for key in ("cold", "packages"):
        libs.send("POST", f"{ARCHIVE}/{key}/trigger")
        pass_time(libs, 60)
    every = libs.send("GET", EXECUTIONS).json()
    named = libs.send("GET", EXECUTIONS, query=(("searchStr", "cold"),)).json()
    early = libs.send("GET", EXECUTIONS, query=(("to", str(int(NOW * 1000))),)).json()
    late = libs.send("GET", EXECUTIONS, query=(("from", str(int(NOW * 1000) + 1)),)).json()

    assert "totalNumberOfWorkflows" in every[0]
    assert named == early == [every[1]]
    assert late == [every[0]]
    assert libs.send("GET", EXECUTIONS, query=(("from", "then"),)).status == 400


def test_disabled_policies_do_not_run(libs: Api) -> None:
    """Nor does one that runs already."""
    made(libs, {**QUERY, "enabled": False})
    refused = libs.send("POST", f"{ARCHIVE}/cold/trigger")
    libs.send("PUT", f"{ARCHIVE}/cold", QUERY)
    libs.send("POST", f"{ARCHIVE}/cold/trigger")

    assert (refused.status, message(refused)) == (400, "Retention policy 'cold' is disabled")
    assert libs.send("POST", f"{ARCHIVE}/cold/trigger").status == 400


def test_stop(libs: Api) -> None:
    """What has moved has moved; the rest stays."""
    made(libs, QUERY)
    idle = libs.send("POST", f"{ARCHIVE}/cold/stop")
    libs.send("POST", f"{ARCHIVE}/cold/trigger")
    pass_time(libs, 30)
    stopped = libs.send("POST", f"{ARCHIVE}/cold/stop")
    pass_time(libs, 600)

    assert idle.status == 400
    assert stopped.status == 202
    assert libs.send("GET", EXECUTIONS).json()[0]["state"] == "FAILED"
    assert len(held(libs, "libs")) == 3


def test_schedule(libs: Api) -> None:
    """The next run is told, and happens."""
    made(libs, {**QUERY, "cronExp": "0 0 2 * * ?"})
    (before,) = libs.send("GET", f"{ARCHIVE}/cold").json()
    pass_time(libs, 86400)

    assert before["nextExecutionTime"] == int((NOW + 7200) * 1000)
    assert len(held(libs, "libs")) == 2


# --- cold storage ---------------------------------------------------------------------------------


@pytest.fixture
def cold(libs: Api) -> Api:
    """The older version of the package is in cold storage."""
    form = {**PACKAGE["packageSearchCriteriaForm"], "version": "1.0"}  # type: ignore[dict-item]
    made(libs, {**PACKAGE, "packageSearchCriteriaForm": form})
    libs.send("POST", f"{ARCHIVE}/cold/trigger")
    pass_time(libs, 60)
    return libs


def test_search(cold: Api) -> None:
    """Archived files are found under their old repository, with the time they were moved."""
    query = 'items.find({"repo": "libs", "name": {"$match": "*.pom"}}).include("property")'
    (row,) = find(cold, query, f"{RETENTION}/search")["results"]

    assert (row["path"], row["name"]) == ("org/acme/lib/1.0", "lib-1.0.pom")
    assert row["properties"] == [
        {"key": "artifact.lifecycle.archive.time", "value": str(int((NOW + 60) * 1000))}
    ]
    wrong = cold.send("POST", f"{RETENTION}/search", b"items.find(")
    assert wrong.status == 400


def test_search_packages(cold: Api) -> None:
    """Packages are found by type, repository and name; all three are needed."""
    body = {"packageType": "maven", "repositories": ["libs"], "name": "*"}
    path = f"{RETENTION}/searchPackages"
    moved = int((NOW + 60) * 1000)

    assert cold.send("POST", path, body).json() == {
        "results": [
            {
                "manifestName": f"org.acme:lib-1.0-{moved}.json",
                "packageType": "maven",
                "packageName": "org.acme:lib",
                "version": "1.0",
                "originalRepository": "libs",
                "archivingTime": moved,
            }
        ],
        "range": {"start_pos": 0, "end_pos": 1, "total": 1},
    }
    for narrower in ({"version": "2*"}, {"archiveTimeFrom": moved + 1}, {"archiveTimeTo": 1}):
        assert cold.send("POST", path, {**body, **narrower}).json()["results"] == []
    assert cold.send("POST", path, {**body, "name": None}).status == 400


def test_restore_to_the_original(cold: Api) -> None:
    """Files come back, and stay in cold storage; the restore is on record."""
    body = {"restoreToOriginal": True, "itemsToRestore": ["libs/org/acme/"]}
    answer = cold.send("POST", f"{RETENTION}/restore", body)
    (record,) = cold.send("GET", f"{RETENTION}/restore/executions").json()

    assert answer.json()["response"] == "Restore process was initialized successfully."
    assert answer.json()["restore_operation_id"].startswith("retention_restore_artifact_")
    assert len(held(cold, "libs")) == 4
    assert len(find(cold, "items.find()", f"{RETENTION}/search")["results"]) == 2
    assert (record["state"], record["completedNumberOfArtifacts"]) == ("COMPLETE", 2)
    assert (record["totalByteSize"], record["destination"]) == (100, "original")


def test_restore_a_package_to_one_place(cold: Api) -> None:
    """A package goes by its manifest, below its old name."""
    cold.create("back")
    manifest = f"libs/org.acme:lib-1.0-{int((NOW + 60) * 1000)}.json"
    prefix = cold.send("GET", f"{RETENTION}/namespace").json()["jfrogColdStorageNamespaceId"]
    body = {
        "restoreType": "PACKAGE_RESTORE",
        "restoreToOriginal": "false",
        "centralDestinationPath": "back",
        "addNamespace": False,
        "itemsToRestore": [f"{prefix}_{manifest}"],
    }
    answer = cold.send("POST", f"{RETENTION}/restore", body)

    assert answer.status == 200
    assert held(cold, "back")[0] == "libs/org/acme/lib/1.0/lib-1.0.jar"


def test_restore_needs_a_place(cold: Api) -> None:
    """The repository is gone: the fallback is taken; without one the restore fails."""
    cold.send("DELETE", "/artifactory/api/repositories/libs")
    cold.create("back")
    body = {"restoreToOriginal": True, "itemsToRestore": ["libs/"]}
    cold.send("POST", f"{RETENTION}/restore", body)
    cold.send("POST", f"{RETENTION}/restore", {**body, "fallbackDestinationPath": "back/old"})
    records = cold.send("GET", f"{RETENTION}/restore/executions").json()

    assert [record["state"] for record in records] == ["COMPLETE", "COMPLETE_WITH_ERRORS"]
    assert held(cold, "back")[0] == "old/org/acme/lib/1.0/lib-1.0.jar"


@pytest.mark.parametrize(
    "body",
    [
        {"itemsToRestore": ["libs/"]},
        {"restoreToOriginal": True, "centralDestinationPath": "x", "itemsToRestore": ["libs/"]},
        {"restoreToOriginal": True, "itemsToRestore": []},
        {"restoreToOriginal": True, "itemsToRestore": ["libs/"], "restoreType": "ALL"},
    ],
)
def test_restore_refused(cold: Api, body: dict[str, Any]) -> None:
    """One destination and something to restore."""
    assert cold.send("POST", f"{RETENTION}/restore", body).status == 400


def test_archived_copies_expire(libs: Api) -> None:
    """After so many months they are gone for good."""
    made(libs, {**QUERY, "expirationTimeInMonths": 1})
    libs.send("POST", f"{ARCHIVE}/cold/trigger")
    counts = []
    for seconds in (60, 30 * 86400, 2 * 86400):
        pass_time(libs, seconds)
        counts.append(len(find(libs, "items.find()", f"{RETENTION}/search")["results"]))

    assert counts == [2, 2, 0]


def test_who_has_it(api: Api) -> None:
    """Administrators only; not on old servers; not where there is no cold storage."""
    assert Api(api.platform, "read").send("GET", ARCHIVE).status == 403
    assert at("7.27.2").send("GET", ARCHIVE).status == 404
    assert at("7.27.3").send("GET", ARCHIVE).status == 200
    quirky(api, no_cold_storage=True)
    assert api.send("GET", ARCHIVE).status == 404


def test_state_keeps_cold_storage(cold: Api) -> None:
    """A dump holds what was archived."""
    cold.send("POST", f"{RETENTION}/restore", {"restoreToOriginal": True, "itemsToRestore": ["x"]})
    state = cold.platform.sandbox.dump()
    cold.platform.sandbox.load(state)

    assert cold.platform.sandbox.dump() == state
    assert len(find(cold, "items.find()", f"{RETENTION}/search")["results"]) == 2
