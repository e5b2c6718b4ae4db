"""Which repository belongs to which project, and who shares it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import (
    ATTACH,
    PROJECTS,
    REPOSITORIES,
    SHARE,
    STATUS,
    Api,
    at,
    message,
    quirky,
)

READ_ONLY = (("readOnly", "true"),)


@pytest.fixture
def pay(api: Api) -> Api:
    """A platform with three projects and a repository `libs`."""
    api.project("pay", "ship", "ops")
    api.create("libs")
    return api


def status(api: Api, key: str = "libs") -> dict[str, Any]:
    """A key in, what Access says about it out."""
    answer = api.send("GET", f"{STATUS}/{key}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shares(api: Api) -> tuple[list[str], bool, bool]:
    """How `libs` is shared: with whom, with everyone, read-only."""
    found = status(api)
    everyone = found["shared_with_all_projects"]
    return found["shared_with_projects"], everyone, found["shared_read_only"]


def test_attach_and_detach(pay: Api) -> None:
    """Attached without environments means DEV; detached, it keeps its environments."""
    assert pay.send("PUT", f"{ATTACH}/libs/pay").status == 204
    found = pay.get("libs")
    assert (found["projectKey"], found["environments"]) == ("pay", ["DEV"])

    assert pay.send("DELETE", f"{ATTACH}/libs").status == 204
    found = pay.get("libs")
    assert "projectKey" not in found
    assert found["environments"] == ["DEV"]


def test_environments_of_the_project_do_not_leave_it(pay: Api) -> None:
    """Detached, a repository keeps the global environments only, and cannot change them."""
    pay.send("POST", f"{PROJECTS}/pay/environments", {"name": "pay-qa"})
    pay.create("a", projectKey="pay", environments=["PROD", "pay-qa"])
    pay.send("DELETE", f"{ATTACH}/a")

    assert pay.get("a")["environments"] == ["PROD"]
    assert pay.update("a", environments=[])["environments"] == ["PROD"]


def test_detaching_what_is_not_attached(pay: Api) -> None:
    """Projects know nothing of it: 404, in the words of the real server."""
    for key in ("libs", "nope"):
        response = pay.send("DELETE", f"{ATTACH}/{key}")

        assert (response.status, response.json()["errors"][0]["code"]) == (404, "NOT_FOUND")
        expected = f"Could not find resource `{key}`; type `repo` in Projects configuration"
        assert message(response) == expected


def test_moving_needs_force(pay: Api) -> None:
    """From one project to another only with force=true; to the same one it is no move."""
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert pay.send("PUT", f"{ATTACH}/libs/ship").status == 409
    assert pay.send("PUT", f"{ATTACH}/libs/pay").status == 204
    assert pay.send("PUT", f"{ATTACH}/libs/ship", query=(("force", "true"),)).status == 204
    assert pay.get("libs")["projectKey"] == "ship"
    assert pay.send("DELETE", f"{PROJECTS}/pay").status == 204


def test_environments_on_the_move(pay: Api) -> None:
    """Global environments come along, those of the old project stay behind."""
    for name in ("pay-qa", "pay-perf"):
        pay.send("POST", f"{PROJECTS}/pay/environments", {"name": name})
    pay.create("a", projectKey="pay", environments=["PROD", "pay-qa"])
    pay.create("b", projectKey="pay", environments=["pay-perf"])
    for key in ("a", "b"):
        pay.send("PUT", f"{ATTACH}/{key}/ship", query=(("force", "true"),))

    assert pay.get("a")["environments"] == ["PROD"]
    assert pay.get("b")["environments"] == ["DEV"]


def test_status_of_a_repository(pay: Api) -> None:
    """Access tells owner and environments; a missing repository is 404 here."""
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert status(pay) == {
        "resource_name": "libs",
        "environments": ["DEV"],
        "assigned_to": "pay",
        "shared_with_projects": [],
        "shared_with_all_projects": False,
        "shared_read_only": False,
    }
    assert pay.send("GET", f"{STATUS}/nope").status == 404
    assert at("7.90.0").send("GET", f"{STATUS}/libs").status == 404


def test_status_without_a_project(pay: Api) -> None:
    """Nobody owns it: no such field, no environments."""
    assert "assigned_to" not in status(pay)
    assert status(pay)["environments"] == []


@pytest.mark.parametrize("path", [ATTACH, SHARE])
@pytest.mark.parametrize("pair", ["nope/pay", "libs/nope"])
def test_names_must_exist(pay: Api, path: str, pair: str) -> None:
    """Unknown repositories and projects are 404."""
    assert pay.send("PUT", f"{path}/{pair}").status == 404


def test_slow_attach(pay: Api) -> None:
    """With the quirk, the repository shows its project only after some reads; Access knows."""
    quirky(pay, slow_attach=True)
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert status(pay)["assigned_to"] == "pay"
    reads = [pay.get("libs").get("projectKey") for _ in range(5)]
    assert reads == [None, None, None, "pay", "pay"]


def test_a_slow_attach_fills_the_project(pay: Api) -> None:
    """What is on its way belongs there already: no deletion, and another project needs force."""
    quirky(pay, slow_attach=True)
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert pay.send("DELETE", f"{PROJECTS}/pay").status == 400
    assert pay.send("PUT", f"{ATTACH}/libs/ship").status == 409
    assert pay.send("DELETE", f"{ATTACH}/libs").status == 204
    assert pay.send("DELETE", f"{PROJECTS}/pay").status == 204
    assert "projectKey" not in pay.get("libs")


def test_attaching_what_was_created_inside(pay: Api) -> None:
    """A project key at creation is an assignment like any other."""
    pay.create("inside", projectKey="pay", environments=["PROD"])

    assert status(pay, "inside")["assigned_to"] == "pay"
    assert status(pay, "inside")["environments"] == ["PROD"]
    assert pay.send("DELETE", f"{ATTACH}/inside").status == 204


def test_share_with_projects(pay: Api) -> None:
    """Each call adds one; the owner stays the owner; the repository itself says nothing."""
    pay.send("PUT", f"{ATTACH}/libs/pay")
    for project in ("ship", "ops", "ship"):
        assert pay.send("PUT", f"{SHARE}/libs/{project}").status == 204

    assert shares(pay) == (["ops", "ship"], False, False)
    assert status(pay)["assigned_to"] == "pay"
    assert pay.get("libs")["projectKey"] == "pay"
    assert pay.send("DELETE", f"{SHARE}/libs/ops").status == 204
    assert shares(pay) == (["ship"], False, False)
    assert pay.send("DELETE", f"{SHARE}/libs/ops").status == 404


def test_share_with_all(pay: Api) -> None:
    """A switch of its own, beside the named projects."""
    pay.send("PUT", f"{SHARE}/libs/ship")
    assert pay.send("PUT", f"{SHARE}/libs").status == 204
    assert shares(pay) == (["ship"], True, False)

    assert pay.send("DELETE", f"{SHARE}/libs").status == 204
    assert shares(pay) == (["ship"], False, False)
    assert pay.send("DELETE", f"{SHARE}/libs").status == 404


def test_read_only_is_one_flag(pay: Api) -> None:
    """It is sent with each share and kept once: the last one counts, until nobody shares."""
    pay.send("PUT", f"{SHARE}/libs/ship", query=READ_ONLY)
    assert shares(pay) == (["ship"], False, True)

    pay.send("PUT", f"{SHARE}/libs/ops")
    assert shares(pay) == (["ops", "ship"], False, False)
    pay.send("PUT", f"{SHARE}/libs/ops", query=READ_ONLY)
    for project in ("ops", "ship"):
        pay.send("DELETE", f"{SHARE}/libs/{project}")
    assert shares(pay) == ([], False, False)


@pytest.mark.parametrize(("version", "expected"), [("7.93.9", False), ("7.94.0", True)])
def test_read_only_by_version(version: str, expected: bool) -> None:
    """Before 7.94.0 the flag does nothing."""
    api = at(version)
    api.project("pay")
    api.create("libs")
    api.send("PUT", f"{SHARE}/libs/pay", query=READ_ONLY)

    assert shares(api) == (["pay"], False, expected)


@pytest.mark.parametrize(
    ("rclass", "expected"), [("local", 204), ("remote", 204), ("virtual", 400), ("federated", 400)]
)
def test_what_can_be_shared(pay: Api, rclass: str, expected: int) -> None:
    """The reference speaks of local and remote repositories."""
    pay.create("r", rclass)

    assert pay.send("PUT", f"{SHARE}/r/pay").status == expected
    assert pay.send("PUT", f"{SHARE}/r").status == expected


def test_no_share_with_the_owner(pay: Api) -> None:
    """Owning is more than sharing, so the one ends the other."""
    pay.send("PUT", f"{SHARE}/libs/pay")
    pay.send("PUT", f"{ATTACH}/libs/pay")

    assert shares(pay) == ([], False, False)
    assert pay.send("PUT", f"{SHARE}/libs/pay").status == 400


def test_shares_end_with_their_parts(pay: Api) -> None:
    """A deleted project shares nothing; a deleted repository leaves no trace for its namesake."""
    for project in ("ship", "ops"):
        pay.send("PUT", f"{SHARE}/libs/{project}")
    assert pay.send("DELETE", f"{PROJECTS}/ops").status == 204
    assert shares(pay) == (["ship"], False, False)

    pay.send("DELETE", f"{REPOSITORIES}/libs")
    pay.create("libs")
    assert shares(pay) == ([], False, False)


@pytest.mark.parametrize("right", ["read", "partial"])
def test_rights(pay: Api, right: str) -> None:
    """Only the administrator assigns and shares."""
    other = Api(pay.platform, right)

    assert other.send("PUT", f"{ATTACH}/libs/pay").status == 403
    assert other.send("PUT", f"{SHARE}/libs/pay").status == 403
    assert other.send("DELETE", f"{SHARE}/libs").status == 403
    assert other.send("GET", f"{STATUS}/libs").status == (200 if right == "read" else 403)
