"""Users, as far as groups need them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import GROUPS, USERS, Api, at, message

ANN = {"username": "ann", "password": "Passw0rd", "email": "ann@example.com"}


def test_life_of_a_user(api: Api) -> None:
    """Created 201, read 200, deleted 204, then 404; a taken name is 409."""
    created = api.send("POST", USERS, ANN)
    read = api.send("GET", f"{USERS}/ann")

    assert created.status == 201
    assert (read.status, read.json()) == (200, created.json())
    assert read.json() == {
        "username": "ann",
        "email": "ann@example.com",
        "admin": False,
        "profile_updatable": True,
        "disable_ui_access": False,
        "internal_password_disabled": False,
        "realm": "internal",
        "status": "enabled",
        "effective_admin": False,
        "groups": ["readers"],
    }
    assert api.send("POST", USERS, ANN).status == 409
    assert api.send("DELETE", f"{USERS}/ann").status == 204
    for method in ("GET", "DELETE"):
        assert api.send(method, f"{USERS}/ann").status == 404


@pytest.mark.parametrize(
    ("change", "cloud", "status"),
    [
        ({"username": "a.b-c_d@e"}, False, 201),
        ({"username": "Ann"}, False, 400),
        ({"username": "a b"}, False, 400),
        ({"username": "a+b"}, False, 400),
        ({"username": "a+b"}, True, 201),
        ({"username": None}, False, 400),
        ({"password": "Short1"}, False, 400),
        ({"password": "passw0rd"}, False, 400),
        ({"password": "PASSW0RD"}, False, 400),
        ({"password": "Password"}, False, 400),
        ({"password": None}, False, 400),
        ({"password": None, "internal_password_disabled": True}, False, 201),
        ({"groups": ["nobodies"]}, False, 400),
        ({"groups": "readers"}, False, 400),
    ],
)
def test_bodies(change: dict[str, Any], cloud: bool, status: int) -> None:
    """Names, passwords and groups are checked before anything is made."""
    api = at("7.146.17", cloud=cloud)
    body = {**ANN, **change}

    assert api.send("POST", USERS, body).status == status
    if status == 400:
        assert api.send("GET", f"{USERS}/{body['username']}").status == 404


def test_some_groups_take_everyone(api: Api) -> None:
    """A new user is in them and in the named ones; who is there already does not join."""
    api.send("POST", GROUPS, {"name": "all", "auto_join": True})
    api.send("POST", GROUPS, {"name": "devs"})
    made = api.send("POST", USERS, {**ANN, "groups": ["devs"]}).json()

    assert made["groups"] == ["all", "devs", "readers"]
    assert api.send("GET", f"{GROUPS}/all").json()["members"] == ["ann"]


def test_a_user_without_groups(api: Api) -> None:
    """The field is absent, not empty."""
    assert "groups" not in api.send("GET", f"{USERS}/admin").json()


def test_a_deleted_user_is_in_no_group(api: Api) -> None:
    """A namesake who comes later does not inherit."""
    api.user("ann")
    api.send("POST", GROUPS, {"name": "devs", "members": ["ann"]})
    api.send("DELETE", f"{USERS}/ann")

    assert api.send("GET", f"{GROUPS}/devs").json()["members"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"add": ["devs"]}, ["devs", "readers"]),
        ({"add": ["devs"], "remove": ["readers"]}, ["devs"]),
        ({"remove": ["readers"]}, []),
        ({"remove": ["devs"]}, 400),
        ({"add": ["devs"], "remove": ["devs"]}, 400),
        ({"add": ["nobodies"]}, 400),
        ({}, 400),
    ],
)
def test_groups_afterwards(api: Api, body: dict[str, Any], expected: list[str] | int) -> None:
    """All groups come back; leaving one that was never joined is refused."""
    api.user("ann")
    api.send("POST", GROUPS, {"name": "devs"})
    answer = api.send("PATCH", f"{USERS}/ann/groups", body)

    if isinstance(expected, int):
        assert answer.status == expected
        assert api.send("GET", f"{USERS}/ann").json()["groups"] == ["readers"]
    else:
        assert (answer.status, answer.json()) == (200, {"groups": expected})


def test_the_words_of_a_refusal(api: Api) -> None:
    """They begin as the real server's do."""
    api.user("ann")
    api.send("POST", GROUPS, {"name": "devs"})
    answer = api.send("PATCH", f"{USERS}/ann/groups", {"remove": ["devs"]})

    assert message(answer).startswith("Cant remove group that are not associated")


@pytest.mark.parametrize(("version", "known"), [("7.65.9", False), ("7.66.0", True)])
def test_administrators_by_group(version: str, known: bool) -> None:
    """Since 7.66 the answer tells who is one, by a flag or by a group."""
    api = at(version)
    api.send("POST", GROUPS, {"name": "chiefs", "admin_privileges": True})
    made = api.send("POST", USERS, {**ANN, "groups": ["chiefs"]}).json()

    assert made["admin"] is False
    assert made.get("effective_admin") == (True if known else None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["admin", "ann", "anonymous"]),
        ({"onlyAdmins": "true"}, ["admin"]),
        ({"username": "ann"}, ["ann"]),
        ({"status": "locked"}, []),
        ({"cursor": "ann"}, ["anonymous"]),
        ({"limit": "2"}, ["admin", "ann"]),
    ],
)
def test_list(api: Api, query: dict[str, str], expected: list[str]) -> None:
    """Short lines, filtered and by pages."""
    api.user("ann")
    answer = api.send("GET", USERS, query=tuple(query.items())).json()

    assert [line["username"] for line in answer["users"]] == expected
    assert answer["cursor"] == ("ann" if "limit" in query else None)
    for line in answer["users"]:
        uri = f"{api.platform.url}{USERS}/{line['username']}"
        assert line == {
            "username": line["username"],
            "uri": uri,
            "realm": "internal",
            "status": "enabled",
        }


def test_rights(api: Api) -> None:
    """Only the administrator writes; a weak token sees nobody."""
    assert Api(api.platform, "read").send("POST", USERS, ANN).status == 403
    assert Api(api.platform, "read").send("GET", USERS).status == 200
    assert Api(api.platform, "partial").send("GET", USERS).status == 403


def test_changing_a_user(api: Api) -> None:
    """PATCH changes what it names, without a password; the answer is the user."""
    api.user("ann")
    answer = api.send("PATCH", f"{USERS}/ann", {"email": "new@example.com", "admin": True})

    assert answer.status == 200
    assert answer.json() == api.send("GET", f"{USERS}/ann").json()
    assert (answer.json()["email"], answer.json()["admin"]) == ("new@example.com", True)
    assert answer.json()["groups"] == ["readers"]
    assert api.send("PATCH", f"{USERS}/nobody", {}).status == 404


def test_switching_the_password_on_again_needs_one(api: Api) -> None:
    """Off without a word, on again only with a password that follows the policy."""
    api.user("ann")
    off, on = {"internal_password_disabled": True}, {"internal_password_disabled": False}

    assert api.send("PATCH", f"{USERS}/ann", off).status == 200
    assert api.send("PATCH", f"{USERS}/ann", on).status == 400
    assert api.send("PATCH", f"{USERS}/ann", {**on, "password": "Passw0rd"}).status == 200
    assert api.send("PATCH", f"{USERS}/ann", {"password": "short"}).status == 400
