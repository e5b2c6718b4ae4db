"""The same groups through the old security API."""

from __future__ import annotations

import pytest

from tests.sandbox.support import GROUPS, OLD_GROUPS, Api, at, message

LOOK = {"autoJoin": False, "adminPrivileges": False, "realm": "internal"}
LOOK |= {"watchManager": False, "policyManager": False, "reportsManager": False}
MEMBERS = (("includeUsers", "true"),)


@pytest.fixture
def old() -> Api:
    """A server that has no other API for groups, with two users."""
    api = at("7.49.3")
    api.user("ann", "bob")
    api.platform.sandbox.version = "7.49.2"
    return api


def members(api: Api, name: str = "devs") -> list[str]:
    """A group in, its members out."""
    found: list[str] = api.send("GET", f"{OLD_GROUPS}/{name}", query=MEMBERS).json()["userNames"]
    return found


def test_life_of_a_group(old: Api) -> None:
    """PUT 201, GET, POST 200, DELETE with a sentence, then 404 in Artifactory's error shape."""
    assert old.send("PUT", f"{OLD_GROUPS}/devs", {"description": "d"}).status == 201
    assert old.send("GET", f"{OLD_GROUPS}/devs").json() == {
        "name": "devs",
        "description": "d",
        **LOOK,
    }
    assert old.send("POST", f"{OLD_GROUPS}/devs", {"watchManager": True}).status == 200
    found = old.send("GET", f"{OLD_GROUPS}/devs").json()
    assert (found["description"], found["watchManager"]) == ("d", True)
    gone = old.send("DELETE", f"{OLD_GROUPS}/devs")
    assert (gone.status, gone.text) == (200, "Group 'devs' has been removed successfully.")
    for method in ("GET", "POST", "DELETE"):
        missing = old.send(method, f"{OLD_GROUPS}/devs", {})
        assert (missing.status, missing.json()["errors"][0]["status"]) == (404, 404)


def test_put_replaces(old: Api) -> None:
    """What a second PUT leaves out is gone, members too."""
    body = {"description": "d", "realm": "ldap", "externalId": "7", "userNames": ["ann"]}
    old.send("PUT", f"{OLD_GROUPS}/devs", body)
    assert members(old) == ["ann"]
    old.send("PUT", f"{OLD_GROUPS}/devs", {"userNames": ["bob"]})
    assert members(old) == ["bob"]
    old.send("PUT", f"{OLD_GROUPS}/devs", {})

    assert members(old) == []
    assert old.send("GET", f"{OLD_GROUPS}/devs").json() == {"name": "devs", **LOOK}


def test_post_only_adds(old: Api) -> None:
    """An empty list, or one without a member, removes nobody."""
    old.send("PUT", f"{OLD_GROUPS}/devs", {"userNames": ["ann"]})
    for named in ([], ["bob"]):
        old.send("POST", f"{OLD_GROUPS}/devs", {"userNames": named})

    assert members(old) == ["ann", "bob"]


def test_unknown_members_are_left_out(old: Api) -> None:
    """Without a word, unlike in the new API."""
    assert old.send("PUT", f"{OLD_GROUPS}/devs", {"userNames": ["nobody", "ann"]}).status == 201
    assert members(old) == ["ann"]


def test_members_are_shown_on_request(old: Api) -> None:
    """Only with includeUsers=true."""
    old.send("PUT", f"{OLD_GROUPS}/devs", {"userNames": ["ann"]})

    assert "userNames" not in old.send("GET", f"{OLD_GROUPS}/devs").json()


def test_no_administrators_by_arrival(old: Api) -> None:
    """autoJoin and adminPrivileges exclude each other; a refusal changes nothing."""
    assert old.send("PUT", f"{OLD_GROUPS}/devs", {"autoJoin": True}).status == 201
    refused = old.send("POST", f"{OLD_GROUPS}/devs", {"adminPrivileges": True})

    assert refused.status == 400
    assert "admin" in message(refused)
    assert old.send("GET", f"{OLD_GROUPS}/devs").json()["adminPrivileges"] is False


def test_a_plus_is_a_space(old: Api) -> None:
    """In a path, that is how spaces are written here."""
    old.send("PUT", f"{OLD_GROUPS}/two+words", {})

    assert old.send("GET", f"{OLD_GROUPS}/two%20words").json()["name"] == "two words"
    assert old.send("PUT", f"{OLD_GROUPS}/{'x' * 65}", {}).status == 400


def test_list(old: Api) -> None:
    """Names and addresses."""
    assert old.send("GET", OLD_GROUPS).json() == [
        {"name": "readers", "uri": f"{old.platform.url}{OLD_GROUPS}/readers"}
    ]


def test_both_apis_show_the_same_groups(api: Api) -> None:
    """What is written here is read there, in either direction."""
    api.user("ann")
    api.send("PUT", f"{OLD_GROUPS}/a", {"reportsManager": True, "userNames": ["ann"]})
    api.send("POST", GROUPS, {"name": "b", "policy_manager": True, "members": ["ann"]})

    new = api.send("GET", f"{GROUPS}/a").json()
    assert (new["reports_manager"], new["members"]) == (True, ["ann"])
    assert api.send("GET", f"{OLD_GROUPS}/b").json()["policyManager"] is True
    assert members(api, "b") == ["ann"]


def test_rights(api: Api) -> None:
    """Only the administrator writes."""
    reader, weak = Api(api.platform, "read"), Api(api.platform, "partial")

    assert reader.send("GET", OLD_GROUPS).status == 200
    assert weak.send("GET", OLD_GROUPS).status == 403
    assert reader.send("PUT", f"{OLD_GROUPS}/devs", {}).status == 403
