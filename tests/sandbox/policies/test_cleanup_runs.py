"""Runs of cleanup policies: what they hit, how they go on, what they leave behind."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.policies.support import (
    BUNDLES,
    CLEANUP,
    NOW,
    PACKAGES,
    RUNS,
    bundle_policy,
    bundles,
    bundles_held,
    frozen,
    held,
    maven,
    package_policy,
    pass_time,
    report,
    rows_of,
    run,
    seed,
)
from tests.sandbox.support import CONFIGURATION, Api, message, quirky


@pytest.fixture
def libs(api: Api) -> Api:
    """A maven repository with four versions, 400, 300, 20 and 10 days old."""
    frozen(api)
    api.create("libs", package_type="maven")
    for version, days in (("1.0", 400), ("2.0", 300), ("3.0", 20), ("4.0", 10)):
        seed(api, "libs", *maven(version, days))
    return api


def policy(api: Api, enabled: bool = True, **changes: Any) -> None:
    """A policy called old in, there afterwards."""
    made = api.send("POST", f"{PACKAGES}/old", package_policy(**changes))
    assert made.status == 201, made.text
    if enabled:
        api.send("POST", f"{PACKAGES}/old/enablement", {"enabled": True})


def candidates(api: Api, **changes: Any) -> list[str]:
    """A policy in, the versions its dry run reports out."""
    policy(api, enabled=False, **changes)
    number = run(api, PACKAGES, "old", dry=True).json()["runId"]
    pass_time(api, 60)
    return [row["Version"] for row in rows_of(report(api, "old", number))]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"createdBeforeInMonths": 12}, ["1.0"]),
        ({"createdBeforeInDays": 15}, ["1.0", "2.0", "3.0"]),
        ({"createdBeforeInDays": 10}, ["1.0", "2.0", "3.0"]),
        ({"keepLastNVersions": 1}, ["1.0", "2.0", "3.0"]),
        ({"keepLastNVersions": 3}, ["1.0"]),
        ({"keepLastNVersions": 9}, []),
        ({"createdBeforeInDays": 15, "lastDownloadedBeforeInDays": 5}, ["1.0", "2.0", "3.0"]),
        ({"createdBeforeInDays": 15, "packageTypes": ["npm"]}, []),
        ({"createdBeforeInDays": 15, "repos": ["l*"]}, ["1.0", "2.0", "3.0"]),
        ({"createdBeforeInDays": 15, "repos": ["other"]}, []),
        ({"createdBeforeInDays": 15, "excludedRepos": ["libs"]}, []),
        ({"createdBeforeInDays": 15, "includedPackages": ["org.acme:*"]}, ["1.0", "2.0", "3.0"]),
        ({"createdBeforeInDays": 15, "includedPackages": ["com.*"]}, []),
        ({"createdBeforeInDays": 15, "excludedPackages": ["org.acme:lib"]}, []),
        ({"createdBeforeInDays": 15, "includeAllProjects": False}, []),
        (
            {
                "createdBeforeInDays": 15,
                "includeAllProjects": False,
                "includedProjects": ["default"],
            },
            ["1.0", "2.0", "3.0"],
        ),
    ],
)
def test_what_a_policy_hits(libs: Api, changes: dict[str, Any], found: list[str]) -> None:
    """Ages, counts, names, repositories and projects choose; a dry run only tells."""
    assert candidates(libs, **changes) == found
    assert len(held(libs, "libs")) == 8


def test_downloads_save(libs: Api) -> None:
    """What was downloaded lately stays; what never was goes."""
    seed(libs, "libs", *maven("1.0", 400, downloadedDaysAgo=3))
    seed(libs, "libs", *maven("2.0", 300, downloadedDaysAgo=30))

    assert candidates(libs, createdBeforeInDays=15, lastDownloadedBeforeInDays=20) == [
        "2.0",
        "3.0",
    ]


def test_properties_of_the_lead_artifact(libs: Api) -> None:
    """They mark versions for deletion, or spare them."""
    pom, jar = maven("1.0", 400, properties={"stage": "test"})
    seed(libs, "libs", pom, jar)
    seed(libs, "libs", maven("2.0", 300, properties={"stage": "test"})[1])
    body = {"createdBeforeInMonths": None, "includedProperties": {"stage": ["test"]}}

    assert candidates(libs, **body) == ["1.0"]
    spared = package_policy(createdBeforeInDays=15, excludedProperties={"stage": ["test"]})
    libs.send("PUT", f"{PACKAGES}/old", spared)
    number = run(libs, PACKAGES, "old", dry=True).json()["runId"]
    pass_time(libs, 60)
    rows = rows_of(report(libs, "old", number))
    assert [row["Version"] for row in rows] == ["2.0", "3.0"]


def test_projects_bound_their_policies(api: Api) -> None:
    """A policy of a project sees the repositories of the project."""
    frozen(api)
    api.project("pay")
    api.create("libs", package_type="maven")
    api.create("pay-libs", package_type="maven", projectKey="pay", environments=["DEV"])
    seed(api, "libs", *maven("1.0", 400))
    seed(api, "pay-libs", *maven("2.0", 400))
    body = package_policy("pay-old", projectKey="pay", includeAllProjects=False)
    api.send("POST", f"{PACKAGES}/pay-old", body)
    number = run(api, PACKAGES, "pay-old", dry=True).json()["runId"]
    pass_time(api, 60)

    assert [row["Repository"] for row in rows_of(report(api, "pay-old", number))] == ["pay-libs"]


def test_remote_repositories_are_left_alone(api: Api) -> None:
    """Policies on packages know local and federated repositories."""
    frozen(api)
    api.create("far", "remote", "maven")
    api.create("fed", "federated", "maven")
    seed(api, "far", *maven("1.0", 400))
    seed(api, "fed", *maven("2.0", 400))

    assert candidates(api) == ["2.0"]


def test_report(libs: Api) -> None:
    """A zip with one table: a row for each version, with its files and its age."""
    policy(libs)
    number = run(libs, PACKAGES, "old", dry=True).json()["runId"]
    early = report(libs, "old", number)
    pass_time(libs, 60)
    answer = report(libs, "old", number)

    assert early.status == 404
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert rows_of(answer) == [
        {
            "Package Type": "maven",
            "Package Name": "org.acme:lib",
            "Version": "1.0",
            "Repository": "libs",
            "Paths": "org/acme/lib/1.0/lib-1.0.jar org/acme/lib/1.0/lib-1.0.pom",
            "Size": "100",
            "Created": "2024-11-27T00:00:00.000Z",
            "Last Downloaded": "",
        }
    ]
    assert report(libs, "old", 99).status == 404
    assert report(libs, "other", number).status == 404
    assert libs.send("GET", f"{RUNS}/downloadReport").status == 400


def test_a_run_is_summed_up(libs: Api) -> None:
    """By its number: while it goes on without an end, then with all that it did."""
    policy(libs, createdBeforeInDays=15)
    run(libs, PACKAGES, "old", dry=True)
    query = (("triggerId", "1"), ("policyKey", "old"))

    going = libs.send("GET", f"{RUNS}/summaryReports", query=query).json()
    pass_time(libs, 60)
    over = libs.send("GET", f"{RUNS}/summaryReports", query=query).json()

    assert going["policySummary"]["status"] == "IN_PROGRESS"
    assert going["executionSummary"]["finishedAt"] is None
    assert over["policySummary"] == {
        "policyName": "old",
        "runId": 1,
        "dryRun": True,
        "status": "COMPLETED",
        "triggeredBy": "admin",
    }
    assert over["executionSummary"]["durationMillis"] == 60_000
    assert over["processedItemsSummary"]["totalItems"] == 3
    assert over["processedItemsSummary"]["processedItems"] == 3
    for wrong, status in ((query[:1], 400), ((("triggerId", "9"), query[1]), 404)):
        assert libs.send("GET", f"{RUNS}/summaryReports", query=wrong).status == status


def test_older_platforms_sum_nothing_up() -> None:
    """Before 7.117 there is no such request."""
    old = Api(Sandbox(version="7.116.0").platforms["default"])
    query = (("triggerId", "1"), ("policyKey", "old"))
    assert old.send("GET", f"{RUNS}/summaryReports", query=query).status == 404
    assert "No report" not in old.send("GET", f"{RUNS}/summaryReports", query=query).text


def test_a_run_goes_on_in_time(libs: Api) -> None:
    """A third of the time, a third of the work; then it is over."""
    policy(libs, createdBeforeInDays=15)
    started = run(libs, PACKAGES, "old")
    counts = [len(held(libs, "libs"))]
    for seconds in (20, 20, 20, 20):
        pass_time(libs, seconds)
        counts.append(len(held(libs, "libs")))

    assert (started.status, started.json()) == (201, {"runId": 1})
    assert counts == [8, 6, 4, 2, 2]
    assert held(libs, "auto-trashcan") == []


def test_trash_can(libs: Api) -> None:
    """Not skipped, deleted files go there, under the name of their repository."""
    policy(libs, skipTrashcan=False)
    run(libs, PACKAGES, "old")
    pass_time(libs, 60)

    folder = "libs/org/acme/lib/1.0"
    assert held(libs, "auto-trashcan") == [f"{folder}/lib-1.0.jar", f"{folder}/lib-1.0.pom"]
    found = libs.send(
        "POST", "/artifactory/api/search/aql", b'items.find({"repo":"auto-trashcan"})'
    )
    every = libs.send("POST", "/artifactory/api/search/aql", b"items.find()")
    assert len(found.json()["results"]) == 2
    assert len(every.json()["results"]) == 6


def test_trash_can_off(libs: Api) -> None:
    """A policy that needs it cannot run, but for trial; the configuration shows the switch."""
    libs.send("PATCH", CONFIGURATION, b"trashcanConfig:\n  enabled: false\n")
    policy(libs, skipTrashcan=False)
    refused = run(libs, PACKAGES, "old")

    assert (refused.status, message(refused)) == (
        400,
        "Policy 'old' is set to clean to the Trash Can, which is disabled",
    )
    assert run(libs, PACKAGES, "old", dry=True).status == 201
    assert b"<enabled>false</enabled>" in libs.send("GET", CONFIGURATION).body


def test_refused_while_running(libs: Api) -> None:
    """No change, no deletion, no second run; the switch still works."""
    policy(libs)
    run(libs, PACKAGES, "old")
    one = f"{PACKAGES}/old"
    changed = libs.send("PUT", one, {**package_policy(), "enabled": True})
    deleted = libs.send("DELETE", one)
    again = run(libs, PACKAGES, "old", dry=True)

    words = "Policy 'old' is currently running and cannot be"
    assert (changed.status, message(changed)) == (400, f"{words} updated")
    assert (deleted.status, message(deleted)) == (400, f"{words} deleted")
    assert (again.status, message(again)) == (400, "Policy 'old' is already running")
    quirky(libs, running_conflicts=True)
    assert libs.send("DELETE", one).status == 409
    assert libs.send("POST", f"{one}/enablement", {"enabled": False}).status == 200
    pass_time(libs, 60)
    assert libs.send("DELETE", one).status == 200


def test_disabled_policies_run_for_trial_only(libs: Api) -> None:
    """A real run needs an enabled policy; an unknown one is 404."""
    policy(libs, enabled=False)
    refused = run(libs, PACKAGES, "old")

    assert (refused.status, message(refused)) == (400, "Policy 'old' is disabled")
    assert run(libs, PACKAGES, "old", dry=True).status == 201
    assert run(libs, PACKAGES, "nope").status == 404


def test_stop(libs: Api) -> None:
    """What is done stays done, the rest is left, and the run cannot be stopped again."""
    policy(libs, createdBeforeInDays=15)
    run(libs, PACKAGES, "old")
    pass_time(libs, 20)
    wrong = libs.send("PUT", f"{RUNS}/1", {"action": "pause"})
    stopped = libs.send("PUT", f"{RUNS}/1", {"action": "stop"})
    again = libs.send("PUT", f"{RUNS}/1", {"action": "stop"})
    pass_time(libs, 600)

    assert wrong.status == 400
    assert (stopped.status, stopped.text) == (
        202,
        "Action: 'stop' on task ID: '1' performed successfully",
    )
    assert (again.status, message(again)) == (404, "No cleanup policy with run ID: 1 was found")
    assert len(held(libs, "libs")) == 6
    assert len(rows_of(report(libs, "old", 1))) == 1
    assert libs.send("DELETE", f"{PACKAGES}/old").status == 200


def test_duration_ends_a_run(libs: Api) -> None:
    """A policy with a limit stops half-way."""
    libs.send("PUT", "/_sandbox/retention", {"runSeconds": 180})
    policy(libs, createdBeforeInDays=15, durationInMinutes=1)
    run(libs, PACKAGES, "old")
    pass_time(libs, 600)

    assert len(held(libs, "libs")) == 6
    assert libs.send("DELETE", f"{PACKAGES}/old").status == 200


def test_schedule(libs: Api) -> None:
    """An enabled policy starts by itself when its time has come, once however late one looks."""
    policy(libs, enabled=False, cronExp="0 0 2 ? * *")
    pass_time(libs, 86400)
    assert len(held(libs, "libs")) == 8
    libs.send("POST", f"{PACKAGES}/old/enablement", {"enabled": True})
    pass_time(libs, 3 * 86400)

    assert len(held(libs, "libs")) == 6
    assert len(libs.platform.store.retention.runs) == 1


def test_emergency(libs: Api) -> None:
    """Two calls stop every run and disable every policy of both kinds."""
    bundles(libs, {"name": "app", "version": "1", "createdDaysAgo": 3000})
    policy(libs)
    libs.send("POST", f"{BUNDLES}/bundles", bundle_policy("bundles"))
    libs.send("POST", f"{BUNDLES}/bundles/enablement", {"enabled": True})
    run(libs, PACKAGES, "old")
    run(libs, BUNDLES, "bundles")
    stopped = libs.send("PUT", f"{RUNS}/forceStopAll")
    disabled = libs.send("PUT", f"{CLEANUP}/policies/forceDisableAll")
    pass_time(libs, 60)

    assert (stopped.status, disabled.status) == (202, 200)
    assert len(held(libs, "libs")) == 8
    assert bundles_held(libs) == [("app", "1")]
    assert libs.send("GET", f"{PACKAGES}/old").json()["enabled"] is False
    assert libs.send("GET", f"{BUNDLES}/bundles").json()["enabled"] is False
    project = Api(libs.platform, "read")
    assert project.send("PUT", f"{RUNS}/forceStopAll").status == 403


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ["app 2", "app 3", "pay-app 1"]),
        (
            {"excludePromotedEnvironments": ["PROD"]},
            ["app 1", "app 2", "app 3", "pay-app 1"],
        ),
        ({"excludePromotedEnvironments": ["**"]}, ["app 1", "app 2", "app 3", "pay-app 1"]),
        ({"excludePromotedEnvironments": ["QA"]}, ["app 2", "app 3", "pay-app 1"]),
        (
            {"releaseBundles": [{"name": "pay-*", "projectKey": "pay"}]},
            ["app 1", "app 2", "app 3"],
        ),
        ({"createdBeforeInMonths": 1}, ["app 3", "pay-app 1"]),
    ],
)
def test_bundles(api: Api, changes: dict[str, Any], left: list[str]) -> None:
    """Versions go by age, name and project; promoted ones may be spared."""
    frozen(api)
    bundles(
        api,
        {"name": "app", "version": "1", "createdDaysAgo": 900, "environments": ["PROD"]},
        {"name": "app", "version": "2", "createdDaysAgo": 90},
        {"name": "app", "version": "3", "createdDaysAgo": 9},
        {"name": "pay-app", "version": "1", "createdDaysAgo": 900, "project": "pay"},
    )
    api.send("POST", f"{BUNDLES}/old", bundle_policy(**changes))
    api.send("POST", f"{BUNDLES}/old/enablement", {"enabled": True})
    run(api, BUNDLES, "old")
    pass_time(api, 60)

    assert [f"{name} {version}" for name, version in bundles_held(api)] == left
    assert api.platform.sandbox.clock.now() == NOW + 60
