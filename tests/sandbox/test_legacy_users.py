"""The same users through the old security API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import GROUPS, OLD_USERS, USERS, Api

ANN = f"{OLD_USERS}/ann"
BODY = {"email": "ann@example.com", "password": "Passw0rd"}
LOOK = {"email": "ann@example.com", "admin": False, "profileUpdatable": True}
LOOK |= {"disableUIAccess": False, "internalPasswordDisabled": False, "realm": "internal"}
LOOK |= {"watchManager": False, "policyManager": False, "reportsManager": False}


def test_life_of_a_user(api: Api) -> None:
    """PUT 201, GET without a password, POST 200, DELETE with a sentence, then 404."""
    assert api.send("PUT", ANN, BODY).status == 201
    found = api.send("GET", ANN).json()
    assert found == {"name": "ann", **LOOK, "groups": ["readers"], "shouldInvite": False}

    assert api.send("POST", ANN, {"admin": True, "watchManager": True}).status == 200
    found = api.send("GET", ANN).json()
    assert (found["admin"], found["watchManager"]) == (True, True)
    assert found["email"] == "ann@example.com"

    gone = api.send("DELETE", ANN)
    assert (gone.status, gone.text) == (200, "User 'ann' has been removed successfully.")
    assert api.send("GET", ANN).status == 404
    assert api.send("POST", ANN, BODY).status == 404


def test_replacing_resets(api: Api) -> None:
    """PUT over a user brings every field it does not name back to its default."""
    api.send("PUT", ANN, {**BODY, "admin": True, "policyManager": True})
    api.send("PUT", ANN, BODY)
    found = api.send("GET", ANN).json()

    assert (found["admin"], found["policyManager"]) == (False, False)


def test_a_list_of_groups_is_the_whole_list(api: Api) -> None:
    """Named groups are joined and the others left; an empty list leaves all, no list none."""
    api.send("POST", GROUPS, {"name": "devs"})
    api.send("PUT", ANN, BODY)

    api.send("POST", ANN, {"groups": ["devs"]})
    assert api.send("GET", ANN).json()["groups"] == ["devs"]
    api.send("POST", ANN, {"email": "other@example.com"})
    assert api.send("GET", ANN).json()["groups"] == ["devs"]
    api.send("POST", ANN, {"groups": []})
    assert "groups" not in api.send("GET", ANN).json()


@pytest.mark.parametrize(
    "change", [{"email": None}, {"password": None}, {"password": "short"}, {"groups": ["none"]}]
)
def test_bad_users(api: Api, change: dict[str, Any]) -> None:
    """Mail and password are mandatory, groups must exist."""
    assert api.send("PUT", ANN, {**BODY, **change}).status == 400
    assert api.send("GET", ANN).status == 404


def test_capitals_are_lowered(api: Api) -> None:
    """Names are kept in small letters, whatever the path says."""
    assert api.send("PUT", f"{OLD_USERS}/Ann", BODY).status == 201
    assert api.send("GET", f"{OLD_USERS}/ANN").json()["name"] == "ann"


def test_both_apis_show_the_same_users(api: Api) -> None:
    """Made here, seen there, without the flags only this one knows."""
    api.send("PUT", ANN, {**BODY, "watchManager": True})
    listed = api.send("GET", OLD_USERS).json()

    assert "roles" not in api.send("GET", f"{USERS}/ann").json()
    assert [line["name"] for line in listed] == ["admin", "ann", "anonymous"]
    assert Api(api.platform, "read").send("PUT", ANN, BODY).status == 403
