"""Version probes, headers, addresses, and paths nobody knows."""

from __future__ import annotations

from tests.sandbox.support import REPOSITORIES, Api, at


def test_version_probes(api: Api) -> None:
    """Artifactory says `version`, Access says `name`."""
    artifactory = api.send("GET", "/artifactory/api/system/version").json()
    access = api.send("GET", "/access/api/v1/system/version").json()

    assert artifactory["version"] == "7.146.17"
    assert isinstance(artifactory["addons"], list)
    assert access["name"] == "7.146.17"
    assert "version" not in access


def test_access_runs_ahead_in_the_cloud() -> None:
    """There the two numbers differ."""
    api = at("7.146.17", cloud=True)

    assert api.send("GET", "/access/api/v1/system/version").json()["name"] == "7.152.0"


def test_headers_tell_the_version(api: Api) -> None:
    """Every answer, errors too, says who gave it."""
    for path in (REPOSITORIES, f"{REPOSITORIES}/nope"):
        headers = api.send("GET", path).headers

        assert headers["X-Jfrog-Version"].startswith("Artifactory/7.146.17 7")
        assert {"X-Artifactory-Id", "X-Artifactory-Node-Id", "X-Request-Id", "Date"} <= set(headers)


def test_request_ids_differ(api: Api) -> None:
    """Two requests never share an id."""
    ids = {api.send("GET", REPOSITORIES).headers["X-Request-Id"] for _ in range(5)}

    assert len(ids) == 5


def test_base_url(api: Api) -> None:
    """The base URL is plain text; repositories and federation members carry it afterwards."""
    path = "/artifactory/api/system/configuration/baseUrl"
    response = api.send("PUT", path, b"https://mycompany.example.com:444")

    assert response.status == 200
    expected = 'URL base has been successfully updated to "https://mycompany.example.com:444".\n'
    assert response.text == expected
    assert api.send("PUT", path, b"nonsense").status == 400
    api.create("libs")
    line = api.send("GET", REPOSITORIES).json()[0]
    assert line["url"] == "https://mycompany.example.com:444/artifactory/libs"


def test_usage_is_accepted(api: Api) -> None:
    """Clients may report what they use."""
    assert api.send("POST", "/artifactory/api/system/usage", {"productId": "x"}).status == 200


def test_unknown_paths(api: Api) -> None:
    """404 for a path nobody has, 405 for a method it lacks."""
    assert api.send("GET", "/artifactory/api/nonsense").status == 404
    assert api.send("GET", "/nonsense").status == 404
    assert api.send("PATCH", f"{REPOSITORIES}/libs").status == 405
