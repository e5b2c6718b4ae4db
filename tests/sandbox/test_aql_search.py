"""Queries against a platform: rows, paging, rights, virtual and remote repositories."""

from __future__ import annotations

import pytest

from tests.sandbox.policies.support import AQL, NOW, find, frozen, seed
from tests.sandbox.support import Api, message


@pytest.fixture
def stored(api: Api) -> Api:
    """Three files in two repositories."""
    frozen(api)
    api.create("libs")
    api.create("more")
    seed(
        api,
        "libs",
        {"path": "a/one.jar", "size": 5, "properties": {"keep": ["yes", "y"]}},
        {"path": "two.jar", "size": 7, "createdDaysAgo": 20, "downloadedDaysAgo": 2},
    )
    seed(api, "more", {"path": "b/c/three.txt", "size": 7, "properties": {"keep": "no"}})
    return api


def names(found: dict[str, list[dict[str, str]]]) -> list[str]:
    """An answer in, the names in it out, in order."""
    return [row["name"] for row in found["results"]]


def test_default_row(stored: Api) -> None:
    """Ten fields; the folder of a file in the root is a dot; times are UTC with milliseconds."""
    found = find(stored, 'items.find({"name": "two.jar"})')

    assert found == {
        "results": [
            {
                "repo": "libs",
                "path": ".",
                "name": "two.jar",
                "type": "file",
                "size": 7,
                "created": "2025-12-12T00:00:00.000Z",
                "created_by": "admin",
                "modified": "2025-12-12T00:00:00.000Z",
                "modified_by": "admin",
                "updated": "2025-12-12T00:00:00.000Z",
            }
        ],
        "range": {"start_pos": 0, "end_pos": 1, "total": 1},
    }


def test_sort_and_pages(stored: Api) -> None:
    """Sorted both ways, cut in pages; total is the number of rows shown, as servers have it."""
    by_size = 'items.find().sort({"$desc": ["size", "name"]})'
    page = find(stored, f"{by_size}.offset(1).limit(1)")

    assert names(find(stored, by_size)) == ["two.jar", "three.txt", "one.jar"]
    assert names(page) == ["three.txt"]
    assert page["range"] == {"start_pos": 1, "end_pos": 1, "total": 1, "limit": 1}


def test_include(stored: Api) -> None:
    """Fields of items replace the default ones; others come with them."""
    picked = find(stored, 'items.find({"name": "one.jar"}).include("name", "property.*", "stat")')
    marked = find(stored, 'items.find().include("repo", "path", "name", "@keep")')
    counted = find(stored, 'items.find({"name": "two.jar"}).include("stat.downloaded")')

    assert picked["results"] == [
        {
            "name": "one.jar",
            "properties": [{"key": "keep", "value": "yes"}, {"key": "keep", "value": "y"}],
            "stats": [{"downloads": 0}],
        }
    ]
    assert names(marked) == ["one.jar", "three.txt"]
    assert counted["results"][0]["stats"] == [{"downloaded": "2025-12-30T00:00:00.000Z"}]
    assert counted["results"][0]["size"] == 7


def test_pages_do_nothing_beside_other_domains(stored: Api) -> None:
    """The reference says so: limits work on fields of items only."""
    assert len(find(stored, 'items.find().include("stat").limit(1)')["results"]) == 3


def test_distinct(stored: Api) -> None:
    """Equal rows are shown once, unless every one is wanted."""
    sizes = 'items.find({"size": 7}).include("size")'

    assert find(stored, sizes)["results"] == [{"size": 7}]
    assert len(find(stored, f"{sizes}.distinct(false)")["results"]) == 2


def test_folders(stored: Api) -> None:
    """Folders are found when they are asked for, and `any` finds both."""
    folders = find(stored, 'items.find({"type": "folder"}).include("repo", "path", "name")')

    assert [tuple(row.values()) for row in folders["results"]] == [
        ("libs", ".", "a"),
        ("more", ".", "b"),
        ("more", "b", "c"),
    ]
    assert len(find(stored, 'items.find({"type": "any"})')["results"]) == 6


def test_one_property_for_all(stored: Api) -> None:
    """`$msp` wants one property to meet everything; a plain query takes any for each."""
    pair = '{"@keep": {"$match": "y*"}}, {"@keep": {"$ne": "yes"}}'

    assert names(find(stored, f"items.find({pair})")) == []
    assert names(find(stored, f'items.find({{"$msp": [{pair}]}})')) == ["one.jar"]
    assert names(find(stored, 'items.find({"@keep": "*"})')) == ["one.jar", "three.txt"]
    assert names(find(stored, 'items.find({"@*": "no"})')) == ["three.txt"]


def test_never_downloaded_is_null(stored: Api) -> None:
    """It is not before anything; it has to be asked for."""
    assert names(find(stored, 'items.find({"stat.downloaded": {"$before": "1d"}})')) == ["two.jar"]
    assert len(find(stored, 'items.find({"stat.downloads": null})')["results"]) == 2
    assert find(stored, 'items.find({"stat.downloads": 0})')["results"] == []


def test_downloads_count(stored: Api) -> None:
    """A download leaves its traces; asking for the headers does not."""
    stored.upload("libs", "four;colour=red", b"x")
    stored.send("HEAD", "/artifactory/libs/four")
    stored.send("GET", "/artifactory/libs/four")
    found = find(stored, 'items.find({"@colour": "red"}).include("name", "stat")')

    assert found["results"][0]["stats"] == [
        {"downloaded": "2026-01-01T00:00:00.000Z", "downloads": 1, "downloaded_by": "admin"}
    ]
    assert stored.platform.sandbox.clock.now() == NOW


def test_virtual_repositories(stored: Api) -> None:
    """A virtual one stands for what is behind it, and rows say so."""
    stored.create("all", "virtual", repositories=["libs"])
    found = find(stored, 'items.find({"repo": "all"})')

    assert names(found) == ["two.jar", "one.jar"]
    assert {row["repo"] for row in found["results"]} == {"libs"}
    assert found["results"][0]["virtual_repos"] == ["all"]
    assert names(find(stored, 'items.find({"repo": {"$ne": "all"}})')) == ["three.txt"]
    assert find(stored, 'items.find({"repo": "nowhere"})')["results"] == []


def test_virtual_repositories_hide(stored: Api) -> None:
    """What the patterns of a virtual repository keep back is not found through it."""
    stored.create("all", "virtual", repositories=["libs"], excludesPattern="a/**")

    assert names(find(stored, 'items.find({"repo": "all"})')) == ["two.jar"]
    assert len(find(stored, 'items.find({"repo": "libs"})')["results"]) == 2


def test_remote_repositories(stored: Api) -> None:
    """Content of a remote is in its cache; the remote itself is found with `transitive`."""
    stored.create("far", "remote")
    seed(stored, "far-cache", {"path": "x"})

    assert find(stored, 'items.find({"repo": "far-cache"})')["results"][0]["repo"] == "far-cache"
    assert find(stored, 'items.find({"repo": "far"})')["results"] == []
    assert names(find(stored, 'items.find({"repo": "far"}).transitive()')) == ["x"]


def test_hard_limit(stored: Api) -> None:
    """The server cuts what is too much, and says so."""
    stored.send("PUT", "/_sandbox/retention", {"aqlLimit": 2})
    found = find(stored, "items.find()")

    assert len(found["results"]) == 2
    assert found["range"]["limit"] == 2
    assert found["range"]["notification"] == (
        "AQL query reached the search hard limit, results are trimmed."
    )


def test_rights(stored: Api) -> None:
    """Who is no administrator must ask for three fields, and sees what may be seen."""
    reader = Api(stored.platform, "read")
    partial = Api(stored.platform, "partial")
    nobody = Api(stored.platform, "")
    refused = reader.send("POST", AQL, b'items.find().include("size")')

    assert (refused.status, message(refused)) == (
        400,
        "For permissions reasons AQL demands the following fields: repo, path and name.",
    )
    assert len(find(reader, "items.find()")["results"]) == 3
    assert find(partial, "items.find()")["results"] == []
    assert nobody.send("POST", AQL, b"items.find()").status == 401


def test_refusals(stored: Api) -> None:
    """A query that is none answers 400 with the place; so does no query at all."""
    wrong = stored.send("POST", AQL, b'items.find({"repo": "a"}')
    empty = stored.send("POST", AQL, b" ")
    sort = stored.send("POST", AQL, b'items.find().include("name").sort({"$asc": ["size"]})')

    assert wrong.status == 400
    assert message(wrong).startswith('Failed to parse query: items.find({"repo": "a"}, ')
    assert (empty.status, message(empty)) == (400, "Bad Request")
    assert message(sort) == "Only the result fields are allowed to use in the sort section."
