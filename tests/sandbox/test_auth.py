"""Three tokens and what each may do."""

from __future__ import annotations

import base64

import pytest

from reconciler.sandbox import Request
from tests.sandbox.support import BATCH, CONFIGURATIONS, PROJECTS, REPOSITORIES, Api

VERSION = "/artifactory/api/system/version"


@pytest.fixture
def two(api: Api) -> Api:
    """A platform with a visible and a hidden repository."""
    api.create("visible-a", "remote", description="d", username="u")
    api.create("hidden-b")
    return api


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_without_a_known_token(api: Api, token: str) -> None:
    """No token or a wrong one: 401, in the shape of the service that was asked."""
    artifactory = Api(api.platform, token).send("GET", REPOSITORIES)
    access = Api(api.platform, token).send("GET", PROJECTS)

    assert (artifactory.status, access.status) == (401, 401)
    assert artifactory.json()["errors"][0]["status"] == 401
    assert access.json()["errors"][0]["code"] == "UNAUTHORIZED"


def test_other_ways_to_bring_a_token(api: Api) -> None:
    """Basic password and the old API-key header are understood too."""
    token = api.platform.tokens["read"]
    basic = base64.b64encode(f"user:{token}".encode()).decode()
    for headers in ({"authorization": f"Basic {basic}"}, {"x-jfrog-art-api": token}):
        assert api.platform.handle(Request("GET", VERSION, headers=headers)).status == 200


def test_ping_needs_no_token(api: Api) -> None:
    """Anybody may ask whether the platform lives."""
    response = Api(api.platform, "").send("GET", "/artifactory/api/system/ping")

    assert (response.status, response.text) == (200, "OK")


def test_read_token_sees_all_and_writes_nothing(two: Api) -> None:
    """It reads the same bytes as the administrator; every write is 403."""
    reader = Api(two.platform, "read")

    assert reader.get("hidden-b") == two.get("hidden-b")
    assert reader.send("GET", CONFIGURATIONS).body == two.send("GET", CONFIGURATIONS).body
    writes = [
        reader.create("new"),
        reader.send("POST", f"{REPOSITORIES}/hidden-b", {}),
        reader.send("DELETE", f"{REPOSITORIES}/hidden-b"),
        reader.send("PUT", BATCH, []),
        reader.send("POST", PROJECTS, {"project_key": "pay"}),
        reader.upload("hidden-b", "f"),
    ]
    assert {response.status for response in writes} == {403}


def test_partial_token_sees_less_in_silence(two: Api) -> None:
    """Lists are filtered without a word; a single hidden one is 403."""
    weak = Api(two.platform, "partial")

    assert [line["key"] for line in weak.send("GET", REPOSITORIES).json()] == ["visible-a"]
    assert list(weak.send("GET", CONFIGURATIONS).json()) == ["REMOTE"]
    assert weak.send("GET", f"{REPOSITORIES}/hidden-b").status == 403
    assert weak.send("GET", f"{REPOSITORIES}/unknown").status == 403
    names = (("names", "visible-a"), ("names", "hidden-b"))
    assert list(weak.send("GET", BATCH, query=names).json()) == ["visible-a"]
    assert weak.create("visible-c").status == 403


def test_partial_token_gets_a_partial_configuration(two: Api) -> None:
    """Five fields and no more, wherever a configuration is read."""
    weak = Api(two.platform, "partial")
    expected = {
        "key": "visible-a",
        "packageType": "generic",
        "description": "d",
        "url": "https://upstream.example.com",
        "rclass": "remote",
    }

    assert weak.get("visible-a") == expected
    assert weak.send("GET", CONFIGURATIONS).json() == {"REMOTE": [expected]}


def test_license_is_for_administrators(api: Api) -> None:
    """Others get an error."""
    path = "/artifactory/api/system/license"

    assert api.send("GET", path).json()["type"]
    assert Api(api.platform, "read").send("GET", path).status == 403
