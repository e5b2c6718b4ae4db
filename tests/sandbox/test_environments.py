"""Environments: global ones, those of projects, and the repositories in them."""

from __future__ import annotations

import pytest

from tests.sandbox.support import ATTACH, ENVIRONMENTS, PROJECTS, REPOSITORIES, Api, at, message

PAY = f"{PROJECTS}/pay/environments"


def names(api: Api, path: str) -> list[str]:
    """A list of environments in, their names out."""
    answer = api.send("GET", path)
    assert answer.status == 200, answer.text
    return [item["name"] for item in answer.json()]


@pytest.fixture
def pay(api: Api) -> Api:
    """A platform with the project `pay`."""
    api.project("pay")
    return api


def test_two_come_with_the_platform(pay: Api) -> None:
    """DEV and PROD, in every project too; they can be neither deleted nor renamed."""
    assert names(pay, ENVIRONMENTS) == ["DEV", "PROD"]
    assert names(pay, PAY) == ["DEV", "PROD"]
    assert pay.send("DELETE", f"{ENVIRONMENTS}/DEV").status == 400
    assert pay.send("POST", f"{ENVIRONMENTS}/PROD/rename", {"new_name": "LIVE"}).status == 400


def test_life_of_a_global_environment(pay: Api) -> None:
    """Created 201, renamed 200, deleted 204, then 404 in Access's error shape."""
    created = pay.send("POST", ENVIRONMENTS, {"name": "STAGING"})
    renamed = pay.send("POST", f"{ENVIRONMENTS}/STAGING/rename", {"new_name": "PREPROD"})

    assert (created.status, created.json()) == (201, {"name": "STAGING"})
    assert (renamed.status, renamed.json()) == (200, {"new_name": "PREPROD"})
    assert names(pay, ENVIRONMENTS) == ["DEV", "PROD", "PREPROD"]
    assert pay.send("DELETE", f"{ENVIRONMENTS}/PREPROD").status == 204
    missing = pay.send("DELETE", f"{ENVIRONMENTS}/PREPROD")
    assert (missing.status, missing.json()["errors"][0]["code"]) == (404, "NOT_FOUND")
    assert pay.send("POST", f"{ENVIRONMENTS}/x/rename", {"new_name": "y"}).status == 404


def test_life_of_a_project_environment(pay: Api) -> None:
    """The full name starts with the project's key; creation answers 200, as the reference says."""
    created = pay.send("POST", PAY, {"name": "pay-qa"})
    renamed = pay.send("POST", f"{PAY}/pay-qa/rename", {"new_name": "pay-test"})

    assert (created.status, created.json()) == (200, {"name": "pay-qa"})
    assert (renamed.status, renamed.json()) == (200, {"new_name": "pay-test"})
    assert names(pay, PAY) == ["DEV", "PROD", "pay-test"]
    assert names(pay, ENVIRONMENTS) == ["DEV", "PROD"]
    assert pay.send("DELETE", f"{PAY}/pay-test").status == 204
    assert pay.send("DELETE", f"{PAY}/pay-test").status == 404


def test_each_list_has_its_own(pay: Api) -> None:
    """A global environment cannot be deleted through a project, nor the other way round."""
    pay.send("POST", ENVIRONMENTS, {"name": "QA"})
    pay.send("POST", PAY, {"name": "pay-qa"})

    assert pay.send("DELETE", f"{PAY}/QA").status == 404
    assert pay.send("DELETE", f"{ENVIRONMENTS}/pay-qa").status == 404
    assert pay.send("GET", f"{PROJECTS}/nope/environments").status == 404
    assert pay.send("POST", f"{PROJECTS}/nope/environments", {"name": "nope-a"}).status == 404


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        (ENVIRONMENTS, "a", 201),
        (ENVIRONMENTS, "x" * 32, 201),
        (ENVIRONMENTS, "x" * 33, 400),
        (ENVIRONMENTS, "1st", 400),
        (ENVIRONMENTS, "a_b", 400),
        (ENVIRONMENTS, "", 400),
        (ENVIRONMENTS, None, 400),
        (ENVIRONMENTS, 7, 400),
        (ENVIRONMENTS, "DEV", 409),
        (ENVIRONMENTS, "pay-qa", 409),
        (PAY, "pay-" + "x" * 28, 200),
        (PAY, "pay-" + "x" * 29, 400),
        (PAY, "paytest", 200),
        (PAY, "pay-", 400),
        (PAY, "test", 400),
        (PAY, "pay-qa", 409),
        (PAY, "DEV", 400),
    ],
)
def test_names(pay: Api, path: str, name: object, status: int) -> None:
    """Letters, digits and dashes, 32 at most with the project's key, and nobody else's name."""
    pay.send("POST", PAY, {"name": "pay-qa"})
    pay.send("POST", ENVIRONMENTS, {"name": "other"})
    pay.send("POST", PAY, {"name": "pay-other"})
    old = "other" if path == ENVIRONMENTS else "pay-other"
    renamed = pay.send("POST", f"{path}/{old}/rename", {"new_name": name})

    assert renamed.status == (200 if status == 201 else status)
    if renamed.status != 200:
        assert pay.send("POST", path, {"name": name}).status == status


def test_ten_and_no_more(pay: Api) -> None:
    """Ten globally, the first two counted, and ten in each project."""
    globally = [pay.send("POST", ENVIRONMENTS, {"name": f"e{n}"}).status for n in range(9)]
    inside = [pay.send("POST", PAY, {"name": f"pay-{n}"}).status for n in range(11)]

    assert globally == [201] * 8 + [400]
    assert inside == [200] * 10 + [400]


def test_an_environment_in_use_stays(pay: Api) -> None:
    """A repository is in it; once out of it, it can be deleted."""
    pay.send("POST", PAY, {"name": "pay-qa"})
    pay.create("libs", projectKey="pay", environments=["pay-qa"])

    refused = pay.send("DELETE", f"{PAY}/pay-qa")
    assert (refused.status, refused.json()["errors"][0]["code"]) == (400, "BAD_REQUEST")
    pay.send("DELETE", f"{ATTACH}/libs")
    assert pay.send("DELETE", f"{PAY}/pay-qa").status == 204


def test_repositories_follow_a_new_name(pay: Api) -> None:
    """A rename keeps what is in the environment, and its place in the list."""
    pay.send("POST", ENVIRONMENTS, {"name": "QA"})
    pay.send("POST", ENVIRONMENTS, {"name": "LATER"})
    pay.create("libs", projectKey="pay", environments=["PROD", "QA"])
    pay.get("libs")
    pay.send("POST", f"{ENVIRONMENTS}/QA/rename", {"new_name": "TEST"})

    assert pay.get("libs")["environments"] == ["PROD", "TEST"]
    assert names(pay, ENVIRONMENTS) == ["DEV", "PROD", "TEST", "LATER"]


def test_environments_came_with_a_version() -> None:
    """Before 7.53.1 there is nothing to manage."""
    assert at("7.53.0").send("GET", ENVIRONMENTS).status == 404
    assert at("7.53.1").send("GET", ENVIRONMENTS).status == 200


@pytest.mark.parametrize(
    ("version", "project", "environments", "expected"),
    [
        ("7.146.17", "pay", ["DEV", "QA", "pay-qa"], ""),
        ("7.146.17", "pay", ["ops-qa"], "Undefined environment 'ops-qa' in the project 'pay'\n"),
        (
            "7.146.17",
            "nope",
            ["pay-qa"],
            "Undefined environment 'pay-qa' in the project 'default'\n",
        ),
        ("7.146.17", None, ["x"], "Undefined environment 'x' in the project 'default'\n"),
        ("7.146.17", None, ["DEV"], ""),
    ],
)
def test_undefined_environments(
    version: str, project: str | None, environments: list[str], expected: str
) -> None:
    """With the quirk, a repository may name only what exists, in or outside a project."""
    api = at(version, undefined_environments=True)
    api.project("pay", "ops")
    api.send("POST", ENVIRONMENTS, {"name": "QA"})
    for key in ("pay", "ops"):
        api.send("POST", f"{PROJECTS}/{key}/environments", {"name": f"{key}-qa"})
    fields = {"environments": environments, **({"projectKey": project} if project else {})}
    answer = api.create("libs", **fields)

    assert (answer.status, message(answer) if expected else "") == (
        400 if expected else 200,
        expected,
    )


def test_undefined_environments_in_an_update() -> None:
    """The same when a repository is changed, and not before environments could be made."""
    api = at("7.146.17", undefined_environments=True)
    api.project("pay")
    api.create("libs", projectKey="pay")

    assert api.send("POST", f"{REPOSITORIES}/libs", {"environments": ["x"]}).status == 400
    assert api.update("libs", environments=["PROD"])["environments"] == ["PROD"]
    old = at("7.53.0", undefined_environments=True)
    assert old.create("libs", environments=["x"]).status == 200


@pytest.mark.parametrize(("right", "read"), [("read", 200), ("partial", 403)])
def test_rights(pay: Api, right: str, read: int) -> None:
    """Only the administrator writes."""
    other = Api(pay.platform, right)

    for path in (ENVIRONMENTS, PAY):
        assert other.send("GET", path).status == read
        assert other.send("POST", path, {"name": "pay-qa"}).status == 403
