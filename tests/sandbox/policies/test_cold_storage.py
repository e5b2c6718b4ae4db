"""Cold storage: what was archived is found, and comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.policies.support import (
    ARCHIVE,
    NOW,
    RETENTION,
    find,
    frozen,
    held,
    maven,
    pass_time,
    seed,
)
from tests.sandbox.policies.test_archive_policies import PACKAGE, QUERY, made
from tests.sandbox.support import Api


@pytest.fixture
def libs(api: Api) -> Api:
    """A maven repository with two versions, 100 and 10 days old."""
    frozen(api)
    api.create("libs", package_type="maven")
    for version, days in (("1.0", 100), ("2.0", 10)):
        seed(api, "libs", *maven(version, days))
    return api


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


def test_state_keeps_cold_storage(cold: Api) -> None:
    """A dump holds what was archived."""
    cold.send("POST", f"{RETENTION}/restore", {"restoreToOriginal": True, "itemsToRestore": ["x"]})
    state = cold.platform.sandbox.dump()
    cold.platform.sandbox.load(state)

    assert cold.platform.sandbox.dump() == state
    assert len(find(cold, "items.find()", f"{RETENTION}/search")["results"]) == 2
