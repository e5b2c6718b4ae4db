"""Groups in the platform's own API: fields, members, pages, roles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import GROUPS, Api, at, message

ROLES = ("reports_manager", "watch_manager", "policy_manager", "policy_viewer")
ROLES += ("manage_resources", "manage_webhook")


def made(api: Api, name: str, **fields: Any) -> dict[str, Any]:
    """A group in, created; what GET says about it out."""
    answer = api.send("POST", GROUPS, {"name": name, **fields})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = api.send("GET", f"{GROUPS}/{name}").json()
    assert found == answer.json()
    return found


def test_life_of_a_group(api: Api) -> None:
    """Created 201, read 200, changed 200, deleted 204, then 404 in Access's error shape."""
    made(api, "devs")
    changed = api.send("PATCH", f"{GROUPS}/devs", {"description": "d"})

    assert (changed.status, changed.json()["description"]) == (200, "d")
    assert api.send("DELETE", f"{GROUPS}/devs").status == 204
    for method in ("GET", "PATCH", "DELETE"):
        missing = api.send(method, f"{GROUPS}/devs", {})
        assert (missing.status, missing.json()["errors"][0]["code"]) == (404, "NOT_FOUND")
    assert api.send("PATCH", f"{GROUPS}/devs/members", {"add": ["admin"]}).status == 404


def test_look_of_a_group(api: Api) -> None:
    """Every field is there; a text of nothing is null; the realm is the server's business."""
    assert made(api, "devs", description="", realm="ldap", realm_attributes="x") == {
        "name": "devs",
        "description": None,
        "auto_join": False,
        "admin_privileges": False,
        "realm": "internal",
        "realm_attributes": None,
        "external_id": None,
        **dict.fromkeys(ROLES, False),
        "members": [],
    }


def test_what_is_left_out_stays(api: Api) -> None:
    """PATCH changes what it names; a body of nothing is fine; names and members do not change."""
    api.user("ann")
    before = made(api, "devs", description="d", external_id="7", auto_join=True, members=["ann"])

    for body in (b"", {}, {"description": None, "realm": "ldap", "members": [], "name": "x"}):
        answer = api.send("PATCH", f"{GROUPS}/devs", body)
        assert (answer.status, answer.json()) == (200, before)
    after = api.send("PATCH", f"{GROUPS}/devs", {"description": "", "auto_join": False}).json()
    assert after == {**before, "description": None, "auto_join": False}


@pytest.mark.parametrize("name", [None, 7, "", " ", "x" * 65])
def test_bad_names(api: Api, name: object) -> None:
    """One to 64 signs."""
    assert api.send("POST", GROUPS, {"name": name}).status == 400


def test_names_of_all_kinds(api: Api) -> None:
    """64 signs are fine, spaces too; a taken name is 409."""
    made(api, "x" * 64)
    assert api.send("POST", GROUPS, {"name": "two words"}).status == 201
    assert api.send("GET", f"{GROUPS}/two%20words").json()["name"] == "two words"
    again = api.send("POST", GROUPS, {"name": "two words"})
    assert (again.status, again.json()["errors"][0]["code"]) == (409, "CONFLICT")


def test_members_at_creation(api: Api) -> None:
    """They are taken when all of them exist; else nothing is created."""
    api.user("ann", "bob")
    assert made(api, "devs", members=["bob", "ann", "bob"])["members"] == ["ann", "bob"]

    refused = api.send("POST", GROUPS, {"name": "ops", "members": ["ann", "nobody"]})
    assert (refused.status, message(refused)) == (400, "Could not fetch all requested users")
    assert api.send("GET", f"{GROUPS}/ops").status == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"add": ["bob"]}, ["ann", "bob"]),
        ({"add": ["bob"], "remove": None}, ["ann", "bob"]),
        ({"add": ["bob"], "remove": ["ann"]}, ["bob"]),
        ({"add": ["ann"]}, ["ann"]),
        ({"remove": ["ann"]}, []),
        ({"remove": ["bob"]}, ["ann"]),
        ({}, 400),
        ({"add": [], "remove": []}, 400),
        ({"add": ["ann"], "remove": ["ann"]}, 400),
        ({"add": ["bob", "nobody"]}, 400),
        ({"add": ["bob"], "remove": ["nobody"]}, 400),
        ({"add": "bob"}, 400),
    ],
)
def test_members_afterwards(api: Api, body: dict[str, Any], expected: list[str] | int) -> None:
    """All members come back; a refusal changes none of them."""
    api.user("ann", "bob")
    made(api, "devs", members=["ann"])
    answer = api.send("PATCH", f"{GROUPS}/devs/members", body)
    after = api.send("GET", f"{GROUPS}/devs").json()["members"]

    if isinstance(expected, int):
        assert (answer.status, after) == (expected, ["ann"])
    else:
        assert (answer.status, answer.json(), after) == (200, {"members": expected}, expected)


def test_no_administrators_by_arrival(api: Api) -> None:
    """auto_join and admin_privileges exclude each other, at once and one after the other."""
    both = {"auto_join": True, "admin_privileges": True}
    assert api.send("POST", GROUPS, {"name": "devs", **both}).status == 400

    made(api, "devs", auto_join=True)
    assert api.send("PATCH", f"{GROUPS}/devs", {"admin_privileges": True}).status == 400
    assert api.send("GET", f"{GROUPS}/devs").json()["admin_privileges"] is False


def test_roles_of_groups(api: Api) -> None:
    """Who manages policies sees them, whatever the body says."""
    found = made(api, "devs", policy_manager=True, policy_viewer=False, manage_webhook=True)
    on = {name for name in ROLES if found[name]}
    after = api.send("PATCH", f"{GROUPS}/devs", {"policy_viewer": False}).json()

    assert on == {"policy_manager", "policy_viewer", "manage_webhook"}
    assert after["policy_viewer"] is True
    after = api.send("PATCH", f"{GROUPS}/devs", {"policy_manager": False}).json()
    assert (after["policy_manager"], after["policy_viewer"]) == (False, True)


@pytest.mark.parametrize(("version", "known"), [("7.127.9", False), ("7.128.0", True)])
def test_roles_by_version(version: str, known: bool) -> None:
    """They came with 7.128.0; before, they are dropped without a word."""
    found = made(at(version), "devs", reports_manager=True)

    assert [found.get(name) for name in ROLES] == ([True] + [False] * 5 if known else [None] * 6)


def test_groups_came_with_a_version() -> None:
    """Before 7.49.3 there is only the old API."""
    assert at("7.49.2").send("GET", GROUPS).status == 404
    assert at("7.49.3").send("GET", GROUPS).status == 200


def test_pages(api: Api) -> None:
    """The cursor of a page leads to the next; the last page has none. Names are `group_name`."""
    for name in ("a", "b c", "d"):
        api.send("POST", GROUPS, {"name": name})
    pages: list[list[str]] = []
    cursor = ""
    while cursor is not None:
        query = (("limit", "3"), *((("cursor", cursor),) if cursor else ()))
        answer = api.send("GET", GROUPS, query=query).json()
        pages.append([line["group_name"] for line in answer["groups"]])
        cursor = answer["cursor"]

    assert pages == [["a", "b c", "d"], ["readers"]]
    whole = api.send("GET", GROUPS).json()
    assert whole["cursor"] is None
    assert whole["groups"][0] == {"group_name": "a", "uri": f"{api.platform.url}{GROUPS}/a"}


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1", 200), ("99999", 200), ("0", 400), ("100000", 400), ("-1", 400), ("x", 400), ("", 400)],
)
def test_limits(api: Api, limit: str, status: int) -> None:
    """1 to 99999."""
    assert api.send("GET", GROUPS, query=(("limit", limit),)).status == status


def test_pages_of_a_thousand(api: Api) -> None:
    """That is the size nobody asked for."""
    for number in range(1000):
        api.send("POST", GROUPS, {"name": f"g{number:04}"})
    first = api.send("GET", GROUPS).json()

    assert (len(first["groups"]), first["cursor"]) == (1000, "g0999")


@pytest.mark.parametrize(("right", "read"), [("read", 200), ("partial", 403)])
def test_rights(api: Api, right: str, read: int) -> None:
    """Only the administrator writes."""
    other = Api(api.platform, right)

    assert other.send("GET", GROUPS).status == read
    assert other.send("GET", f"{GROUPS}/readers").status == read
    assert other.send("POST", GROUPS, {"name": "x"}).status == 403
    assert other.send("PATCH", f"{GROUPS}/readers/members", {"add": ["admin"]}).status == 403
