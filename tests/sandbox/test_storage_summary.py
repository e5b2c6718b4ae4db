"""The storage summary: rounded, spelled out, and older than the storage."""

from __future__ import annotations

import pytest

from reconciler.sandbox.ant_patterns import accepts
from reconciler.sandbox.storage_summary import percent, size
from tests.sandbox.policies.support import NOW, frozen, pass_time, seed
from tests.sandbox.support import Api

SUMMARY = "/artifactory/api/storageinfo"


@pytest.fixture
def stored(api: Api) -> Api:
    """Three files in two repositories."""
    frozen(api)
    api.create("libs", package_type="maven")
    api.create("far", "remote")
    seed(api, "libs", {"path": "a/b/one", "size": 1024}, {"path": "a/two", "size": 1024})
    seed(api, "far", {"path": "three", "size": 2048})
    return api


def files(api: Api) -> dict[str, int]:
    """By repository: how many files the summary counts."""
    rows = api.send("GET", SUMMARY).json()["repositoriesSummaryList"]
    return {row["repoKey"]: row["filesCount"] for row in rows}


def test_summary(stored: Api) -> None:
    """A row for each repository, the trash can, and all together."""
    found = stored.send("GET", SUMMARY).json()

    assert found["binariesSummary"] == {
        "binariesCount": "3",
        "binariesSize": "4.00 KB",
        "artifactsSize": "4.00 KB",
        "optimization": "100%",
        "itemsCount": "5",
        "artifactsCount": "3",
    }
    assert found["repositoriesSummaryList"][0] == {
        "repoKey": "libs",
        "repoType": "LOCAL",
        "foldersCount": 2,
        "filesCount": 2,
        "usedSpace": "2.00 KB",
        "itemsCount": 4,
        "packageType": "Maven",
        "percentage": "50%",
    }
    kinds = [(row["repoKey"], row["repoType"]) for row in found["repositoriesSummaryList"][1:]]
    assert kinds == [("far-cache", "CACHE"), ("auto-trashcan", "NA"), ("TOTAL", "NA")]


def test_it_lags_behind(stored: Api) -> None:
    """An upload shows up after an hour, or when a new summary is asked for."""
    before = files(stored)["libs"]
    seed(stored, "libs", {"path": "late"})
    lagging = files(stored)["libs"]
    pass_time(stored, 3600)
    later = files(stored)["libs"]
    seed(stored, "libs", {"path": "later"})
    asked = stored.send("POST", f"{SUMMARY}/calculate")

    assert (before, lagging, later) == (2, 2, 3)
    assert (asked.status, files(stored)["libs"]) == (202, 4)
    assert stored.platform.sandbox.clock.now() == NOW + 3600


def test_for_administrators(api: Api) -> None:
    """Nobody else is told."""
    assert Api(api.platform, "read").send("GET", SUMMARY).status == 403


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.00 KB"), (64_177_599_447, "59.77 GB")],
)
def test_sizes(number: int, text: str) -> None:
    """Bytes, then two digits behind the point."""
    assert size(number) == text


def test_shares() -> None:
    """Of nothing, nothing."""
    assert (percent(0, 0), percent(1, 3), percent(1, 1)) == ("0%", "33.33%", "100%")


@pytest.mark.parametrize(
    ("includes", "excludes", "path", "through"),
    [
        ("**/*", "", "a", True),
        ("**/*", "", "a/b/c", True),
        ("a/**", "", "a/b/c", True),
        ("a/**", "", "ab/c", False),
        ("a/*", "", "a/b/c", False),
        ("x/**, a/?", "", "a/b", True),
        ("**/*.jar", "", "a/b.jar", True),
        ("**/*", "**/*.jar", "b.jar", False),
        ("**/*", "org/**", "com/a", True),
    ],
)
def test_patterns(includes: str, excludes: str, path: str, through: bool) -> None:
    """Ant patterns: one star stays inside a folder, two do not."""
    assert accepts(includes, excludes, path) is through
