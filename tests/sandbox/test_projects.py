"""Projects: their fields, their keys, and when they may go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import (
    ATTACH,
    ENVIRONMENTS,
    PROJECTS,
    REPOSITORIES,
    Api,
    at,
    message,
    quirky,
)

FULL = "project containing resources can't be removed"


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


def test_defaults(api: Api) -> None:
    """No quota is -1; a mail is sent; nothing is delegated."""
    assert api.send("POST", PROJECTS, {"project_key": "pay"}).json() == {
        "display_name": "",
        "description": "",
        "admin_privileges": {
            "manage_members": False,
            "manage_resources": False,
            "index_resources": False,
            "manage_remote_repository": False,
        },
        "storage_quota_bytes": -1,
        "soft_limit": False,
        "storage_quota_email_notification": True,
        "project_key": "pay",
    }


def test_fields_are_read_back(api: Api) -> None:
    """What is sent is what is read, by PUT as by POST."""
    body = {
        "display_name": "Pay",
        "description": "d",
        "admin_privileges": {
            "manage_members": True,
            "manage_resources": True,
            "index_resources": True,
            "manage_remote_repository": True,
        },
        "storage_quota_bytes": 1073741824,
        "soft_limit": True,
        "storage_quota_email_notification": False,
    }
    api.project("pay")
    api.send("POST", PROJECTS, {**body, "project_key": "ship"})
    api.send("PUT", f"{PROJECTS}/pay", {**body, "project_key": "pay"})

    for key in ("pay", "ship"):
        assert api.send("GET", f"{PROJECTS}/{key}").json() == {**body, "project_key": key}


def test_the_key_is_for_life(api: Api) -> None:
    """A key in the body of an update changes nothing."""
    api.project("pay")
    api.send("PUT", f"{PROJECTS}/pay", {"project_key": "ship"})

    assert [item["project_key"] for item in api.send("GET", PROJECTS).json()] == ["pay"]


@pytest.mark.parametrize(("version", "known"), [("7.133.9", False), ("7.134.0", True)])
def test_remote_repository_privilege_by_version(version: str, known: bool) -> None:
    """It came with 7.134.0; before, it is dropped without a word."""
    api = at(version)
    body = {"project_key": "pay", "admin_privileges": {"manage_remote_repository": True}}
    given = api.send("POST", PROJECTS, body).json()["admin_privileges"]

    assert given.get("manage_remote_repository") == (True if known else None)


def test_duplicate_project(api: Api) -> None:
    """A taken key is 409."""
    api.project("pay")
    again = api.send("POST", PROJECTS, {"project_key": "pay"})

    assert (again.status, again.json()["errors"][0]["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize("key", ["P", "p", "1pay", "Pay", "pay_x", "p" * 33, None, 7])
def test_bad_project_keys(api: Api, key: object) -> None:
    """Small letters, digits and dashes, 2 to 32 of them."""
    assert api.send("POST", PROJECTS, {"project_key": key}).status == 400


def test_short_project_keys_on_old_servers() -> None:
    """Long keys came with 7.56.2."""
    assert at("7.56.1").send("POST", PROJECTS, {"project_key": "p" * 11}).status == 400
    assert at("7.56.2").send("POST", PROJECTS, {"project_key": "p" * 32}).status == 201


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("display_name", "x" * 128, 200),
        ("display_name", "x" * 129, 400),
        ("storage_quota_bytes", -1, 200),
        ("storage_quota_bytes", -2, 400),
        ("admin_privileges", {"manage_members": "perhaps"}, 400),
    ],
)
def test_limits(api: Api, field: str, value: Any, status: int) -> None:
    """A refused update leaves the project as it was."""
    api.project("pay")
    before = api.send("GET", f"{PROJECTS}/pay").json()
    response = api.send("PUT", f"{PROJECTS}/pay", {"description": "new", field: value})

    assert response.status == status
    assert (api.send("GET", f"{PROJECTS}/pay").json() == before) == (status == 400)


def test_projects_came_with_a_version() -> None:
    """Before 7.17.4 there are none."""
    assert at("7.17.3").send("GET", PROJECTS).status == 404
    assert at("7.17.4").send("GET", PROJECTS).status == 200


def test_a_used_project_stays(api: Api) -> None:
    """While a repository belongs to it, a project cannot be deleted."""
    api.project("pay")
    api.create("libs", projectKey="pay")
    refused = api.send("DELETE", f"{PROJECTS}/pay")

    assert refused.status == 400
    assert refused.json() == {"errors": [{"code": "BAD_REQUEST", "message": FULL}]}
    api.send("DELETE", f"{REPOSITORIES}/libs")
    assert api.send("DELETE", f"{PROJECTS}/pay").status == 204


def test_slow_detach(api: Api) -> None:
    """With the quirk, an emptied project refuses twice more; a retry gets through."""
    quirky(api, slow_detach=True)
    api.project("pay")
    api.create("libs", projectKey="pay")
    api.send("DELETE", f"{ATTACH}/libs")
    answers = [api.send("DELETE", f"{PROJECTS}/pay") for _ in range(3)]

    assert [answer.status for answer in answers] == [400, 400, 204]
    assert message(answers[0]) == FULL


def test_a_deleted_project_leaves_nothing(api: Api) -> None:
    """Its environments go with it, so their names are free again."""
    api.project("pay")
    api.send("POST", f"{PROJECTS}/pay/environments", {"name": "pay-qa"})
    api.send("DELETE", f"{PROJECTS}/pay")

    assert api.send("POST", ENVIRONMENTS, {"name": "pay-qa"}).status == 201


def test_projects_need_no_configuration_lock(api: Api) -> None:
    """Access keeps its own books: its writes never collide with those of the descriptor."""
    quirky(api, strict_conflicts=True)
    api.project("pay")
    api.create("libs")
    with api.platform.writing:
        assert api.send("PUT", f"{PROJECTS}/pay", {"description": "d"}).status == 200
        assert api.send("PUT", f"{ATTACH}/libs/pay").status == 204
        assert api.send("POST", ENVIRONMENTS, {"name": "QA"}).status == 201
        assert api.create("other").status == 400


@pytest.mark.parametrize(
    ("right", "listed", "read", "written"),
    [("admin", ["pay"], 200, 200), ("read", ["pay"], 200, 403), ("partial", [], 403, 403)],
)
def test_rights(api: Api, right: str, listed: list[str], read: int, written: int) -> None:
    """Who administers no project is shown none; only the administrator writes."""
    api.project("pay")
    other = Api(api.platform, right)

    assert [item["project_key"] for item in other.send("GET", PROJECTS).json()] == listed
    assert other.send("GET", f"{PROJECTS}/pay").status == read
    assert other.send("PUT", f"{PROJECTS}/pay", {}).status == written
