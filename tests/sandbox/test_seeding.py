"""Control endpoints that give a platform a past."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.policies.support import NOW, find, frozen, seed
from tests.sandbox.support import Api, message

ARTIFACTS = "/_sandbox/artifacts"


def test_ages_and_moments(api: Api) -> None:
    """Days before now, or seconds since 1970; what is left out is now, or never."""
    frozen(api)
    api.create("libs")
    seed(
        api,
        "libs",
        {"path": "a", "createdDaysAgo": 2, "downloadedDaysAgo": 1, "downloads": 7, "size": 5},
        {"path": "b", "created": 5, "downloaded": 6, "createdBy": "eve", "properties": {"k": [1]}},
        {"path": "c"},
    )
    found = api.send("GET", ARTIFACTS).json()["libs"]

    assert (found["a"]["created"], found["a"]["downloaded"]) == (NOW - 2 * 86400, NOW - 86400)
    assert (found["a"]["downloads"], found["a"]["size"]) == (7, 5)
    assert (found["b"]["created"], found["b"]["downloads"]) == (5, 1)
    assert (found["b"]["created_by"], found["b"]["properties"]) == ("eve", {"k": ["1"]})
    assert (found["c"]["created"], found["c"]["downloaded"]) == (NOW, None)
    assert len({file["sha256"] for file in found.values()}) == 3


def test_hundreds_at_once(api: Api) -> None:
    """One call stores a whole random repository."""
    api.create("libs")
    chance = random.Random(1)
    rows = [{"path": f"f{n}", "createdDaysAgo": chance.randrange(900)} for n in range(500)]
    seed(api, "libs", *rows)

    assert len(find(api, 'items.find({"repo": "libs"})')["results"]) == 500


def test_platforms() -> None:
    """A platform is named, or it is the first."""
    sandbox = Sandbox(platforms=("east", "west"))
    west = Api(sandbox.platforms["west"])
    west.create("libs")
    body = {"platform": "west", "artifacts": [{"repo": "libs", "path": "a"}]}

    assert west.send("POST", ARTIFACTS, body).json() == {"stored": 1}
    query = (("platform", "west"),)
    assert "libs" in west.send("GET", ARTIFACTS, query=query).json()
    assert "libs" not in west.send("GET", ARTIFACTS).json()


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "artifacts", {"artifacts": [{"repo": "x", "path": "a"}]}, "no repository 'x'"),
        ("POST", "artifacts", {"platform": "x", "artifacts": []}, "no platform 'x'; there are"),
        ("PUT", "retention", {"speed": 1}, "unknown: speed; known: runSeconds, aqlLimit"),
        ("POST", "bundles", {"bundles": [{"name": "a"}]}, "'version'"),
    ],
)
def test_mistakes(api: Api, method: str, path: str, body: dict[str, Any], words: str) -> None:
    """A wrong name is a refusal that says which."""
    answer = api.send(method, f"/_sandbox/{path}", body)

    assert answer.status == 400
    assert message(answer).startswith(words)
