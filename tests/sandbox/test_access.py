"""Projects, and which repository belongs to which."""

from __future__ import annotations

import pytest

from tests.sandbox.support import ATTACH, PROJECTS, REPOSITORIES, Api, at

STATUS = f"{PROJECTS}/_/repositories"


@pytest.fixture
def pay(api: Api) -> Api:
    """A platform with the projects `pay` and `ship` and a repository `libs`."""
    for key in ("pay", "ship"):
        api.send("POST", PROJECTS, {"project_key": key, "display_name": key})
    api.create("libs")
    return api


def test_life_of_a_project(api: Api) -> None:
    """Created 201, read, changed, deleted 204, then 404 in Access's error shape."""
    body = {"project_key": "rtfct", "display_name": "artifactory", "storage_quota_bytes": 1024}
    created = api.send("POST", PROJECTS, body)
    changed = api.send("PUT", f"{PROJECTS}/rtfct", {"description": "d"})

    assert created.status == 201
    assert created.json()["storage_quota_bytes"] == 1024
    assert changed.json()["description"] == "d"
    assert changed.json()["display_name"] == "artifactory"
    assert [item["project_key"] for item in api.send("GET", PROJECTS).json()] == ["rtfct"]
    assert api.send("DELETE", f"{PROJECTS}/rtfct").status == 204
    missing = api.send("GET", f"{PROJECTS}/rtfct")
    assert missing.status == 404
    assert missing.json()["errors"][0]["code"] == "NOT_FOUND"
    assert "status" not in missing.json()["errors"][0]


def test_duplicate_project(api: Api) -> None:
    """A taken key is 409."""
    api.send("POST", PROJECTS, {"project_key": "pay"})

    assert api.send("POST", PROJECTS, {"project_key": "pay"}).status == 409


@pytest.mark.parametrize("key", ["P", "p", "1pay", "Pay", "pay_x", "p" * 33, None, 7])
def test_bad_project_keys(api: Api, key: object) -> None:
    """Small letters, digits and dashes, 2 to 32 of them."""
    assert api.send("POST", PROJECTS, {"project_key": key}).status == 400


def test_short_project_keys_on_old_servers() -> None:
    """Long keys came with 7.56.2."""
    assert at("7.56.1").send("POST", PROJECTS, {"project_key": "p" * 11}).status == 400
    assert at("7.56.2").send("POST", PROJECTS, {"project_key": "p" * 32}).status == 201


def test_attach_and_detach(pay: Api) -> None:
    """Attached without environments means DEV; detached, both fields are absent again."""
    assert pay.send("PUT", f"{ATTACH}/libs/pay").status == 204
    found = pay.get("libs")
    assert (found["projectKey"], found["environments"]) == ("pay", ["DEV"])

    assert pay.send("DELETE", f"{ATTACH}/libs").status == 204
    found = pay.get("libs")
    assert "projectKey" not in found
    assert "environments" not in found
    assert pay.send("DELETE", f"{ATTACH}/libs").status == 404


def test_moving_needs_force(pay: Api) -> None:
    """From one project to another only with force=true."""
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert pay.send("PUT", f"{ATTACH}/libs/ship").status == 409
    assert pay.send("PUT", f"{ATTACH}/libs/ship", query=(("force", "true"),)).status == 204
    assert pay.get("libs")["projectKey"] == "ship"


def test_status_of_a_repository(pay: Api) -> None:
    """Access tells owner and environments; a missing repository is 404 here."""
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert pay.send("GET", f"{STATUS}/libs").json() == {
        "resource_name": "libs",
        "environments": ["DEV"],
        "assigned_to": "pay",
        "shared_with_projects": [],
        "shared_with_all_projects": False,
        "shared_read_only": False,
    }
    assert pay.send("GET", f"{STATUS}/nope").status == 404
    assert at("7.90.0").send("GET", f"{STATUS}/libs").status == 404


def test_attach_names_must_exist(pay: Api) -> None:
    """Unknown repositories and projects are 404."""
    assert pay.send("PUT", f"{ATTACH}/nope/pay").status == 404
    assert pay.send("PUT", f"{ATTACH}/libs/nope").status == 404


def test_a_used_project_stays(pay: Api) -> None:
    """While a repository belongs to it, a project cannot be deleted."""
    pay.send("PUT", f"{ATTACH}/libs/pay")
    response = pay.send("DELETE", f"{PROJECTS}/pay")

    assert response.status == 400
    assert "project containing resources can't be removed" in response.text
    pay.send("DELETE", f"{REPOSITORIES}/libs")
    assert pay.send("DELETE", f"{PROJECTS}/pay").status == 204


def test_slow_attach(pay: Api) -> None:
    """With the quirk, the repository shows its project only after some reads."""
    pay.platform.sandbox.set_quirks({"slow_attach": True})
    pay.send("PUT", f"{ATTACH}/libs/pay")

    reads = [pay.get("libs").get("projectKey") for _ in range(5)]
    assert reads == [None, None, None, "pay", "pay"]
