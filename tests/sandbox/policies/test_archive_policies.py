"""Classic archive policies: two shapes, many 201s, previews, and files that move."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.policies.support import (
    ARCHIVE,
    EXECUTIONS,
    NOW,
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


def test_who_has_it(api: Api) -> None:
    """Administrators only; not on old servers; not where there is no cold storage."""
    assert Api(api.platform, "read").send("GET", ARCHIVE).status == 403
    assert at("7.27.2").send("GET", ARCHIVE).status == 404
    assert at("7.27.3").send("GET", ARCHIVE).status == 200
    quirky(api, no_cold_storage=True)
    assert api.send("GET", ARCHIVE).status == 404
