"""What is absence and what is not: only the platform's own "there is none" leads to a create."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UnauthorisedError, UnreachableError
from reconciler.model import Action, Plan
from reconciler.sandbox import Sandbox
from tests.support.estate import REPOSITORIES, Estate, local

LISTING = f"{REPOSITORIES}/configurations"
MISSING = {"errors": [{"status": 404, "message": "Bad Request"}]}
PAGE = "<html><body><h1>Sign in</h1></body></html>"
OTHER_SHAPES: list[Any] = [
    [],
    "text",
    7,
    None,
    {"message": "no"},
    {"errors": []},
    {"errors": {"status": 404}},
    {"error": "not_found"},
]

OTHER_TEXTS = (
    "Could not merge and save new descriptor",
    "Bad request: invalid header",
    "The license does not allow this",
)

NO_ABSENCE: list[tuple[int, Any]] = [
    (403, MISSING),
    (500, MISSING),
    (409, MISSING),
    (410, MISSING),
    *((400, {"errors": [{"status": 400, "message": text}]}) for text in OTHER_TEXTS),
    *((status, "") for status in (200, 204, 400, 404, 500)),
    *((status, PAGE) for status in (200, 400, 404, 502)),
    *((status, shape) for status in (400, 404) for shape in OTHER_SHAPES),
    *((200, shape) for shape in OTHER_SHAPES),
]


def answers(estate: Estate, path: str, status: int, body: Any, times: int | None = None) -> None:
    """The platform answers this to a GET of the path."""
    estate.fault("status", method="GET", path=path, status=status, body=body, times=times)


def creates(plan: Plan) -> list[str]:
    return [c.address.name for c in plan.changes if c.action is Action.CREATE]


@pytest.fixture
def half(estate: Estate) -> Estate:
    """One object of the two that are declared is live."""
    estate.put("here", rclass="local", packageType="generic")
    estate.declare(local("here"), local("gone"))
    return estate


@pytest.mark.parametrize("status", [400, 404])
def test_the_platforms_own_no_is_absence(half: Estate, status: int) -> None:
    """Both statuses are in use by real versions, always with the error document."""
    answers(half, f"{REPOSITORIES}/gone", status, MISSING)
    assert creates(half.plan()) == ["gone"]


@pytest.mark.parametrize(
    "text",
    [
        "Bad Request",
        "Could not find repository with key 'gone'",
        "Repository 'gone' does not exist",
        "Repository gone not found",
        'Cannot invoke "RepoDescriptor.getType()" because the return value of '
        '"repoDescriptorByKey(String)" is null',
    ],
)
def test_a_400_must_say_so(half: Estate, text: str) -> None:
    """Servers have several words for it, and use the status for other mistakes, too."""
    answers(half, f"{REPOSITORIES}/gone", 400, {"errors": [{"status": 400, "message": text}]})
    assert creates(half.plan()) == ["gone"]


@pytest.mark.parametrize("status, body", NO_ABSENCE, ids=str)
def test_nothing_else_is_absence(half: Estate, status: int, body: Any) -> None:
    """Refusals, gateways' pages, empty bodies, other shapes stop the object; the plan says so."""
    answers(half, f"{REPOSITORIES}/gone", status, body)
    plan = half.plan()
    assert [(c.action, c.address.name) for c in plan.changes] == [(Action.ADOPT, "here")]
    assert plan.partial
    assert {d.rule for d in plan.diagnostics} == {"unreadable"}


@pytest.mark.parametrize("keep", [0, 1, 10, 400])
def test_a_truncated_answer_is_no_absence(estate: Estate, keep: int) -> None:
    """A body cut anywhere is asked for again; cut for ever, it is unreadable."""
    estate = Estate(estate.root, Sandbox(version="7.50.0"))
    estate.put("here", rclass="local", packageType="generic", description="live")
    estate.declare(local("here", description="wanted"))
    estate.fault("truncate", path=f"{REPOSITORIES}/here", keep=keep, times=2)
    (change,) = estate.plan().changes
    assert change.action is Action.UPDATE

    estate.fault("truncate", path=f"{REPOSITORIES}/here", keep=keep, times=None)
    plan = estate.plan()
    assert (plan.changes, plan.partial) == ((), True)


@pytest.mark.parametrize("status, body", NO_ABSENCE, ids=str)
def test_an_unreadable_object_is_never_written(half: Estate, status: int, body: Any) -> None:
    """Whatever stops the plan also stops the apply when it begins only then."""

    def broken() -> None:
        answers(half, f"{REPOSITORIES}/gone", status, body)

    half.apply(between=broken)
    assert not [line for line in half.writes() if line.endswith("/gone")]


@pytest.mark.parametrize(
    "status, body",
    [
        (200, {}),
        (200, {"LOCAL": []}),
        (200, {"LOCAL": {}}),
        (200, {"LOCAL": [{"rclass": "local"}]}),
        (200, []),
        (200, ""),
        (200, PAGE),
        (400, MISSING),
        (404, MISSING),
        (404, PAGE),
        (403, MISSING),
        (500, MISSING),
    ],
    ids=str,
)
def test_a_listing_that_fails_decides_nothing(half: Estate, status: int, body: Any) -> None:
    """Without a usable listing every object is asked for by name, with the same result."""
    answers(half, LISTING, status, body)
    plan = half.plan()
    assert creates(plan) == ["gone"]
    assert [c.address.name for c in plan.changes if c.action is Action.ADOPT] == ["here"]
    asked = f"GET {REPOSITORIES}/here", "GET /artifactory/api/v2/repositories/batch"
    assert any(request in half.requests() for request in asked)


@pytest.mark.parametrize("status", [502, 503, 504, 520])
def test_a_platform_that_is_down_is_unreachable(half: Estate, status: int) -> None:
    """An outage of the whole platform ends the run; it is never drift and never a plan."""
    answers(half, "*", status, PAGE)
    with pytest.raises(UnreachableError):
        half.plan()


def test_a_refused_token_is_told_as_such(half: Estate) -> None:
    """A wrong token ends the run at once."""
    half.environment["JFROG_ACCESS_TOKEN"] = "wrong"
    with pytest.raises(UnauthorisedError):
        half.plan()
    assert creates_nothing(half)


def creates_nothing(estate: Estate) -> bool:
    return estate.writes() == []


@pytest.mark.parametrize(
    "version, has_listing",
    [("7.50.0", False), ("7.61.2", False), ("7.61.3", True), ("7.146.17", True)],
)
def test_old_servers_have_no_listing(tmp_path: Path, version: str, has_listing: bool) -> None:
    """Before 7.61.3 there is no bulk read; it is not even asked for, the plan is the same."""
    estate = Estate(tmp_path, Sandbox(version=version))
    estate.put("here", rclass="local", packageType="generic")
    estate.declare(local("here"), local("gone"))
    plan = estate.plan()
    assert creates(plan) == ["gone"]
    assert (f"GET {LISTING}" in estate.requests()) == has_listing


def test_a_version_nobody_tells_falls_back_to_single_reads(half: Estate) -> None:
    """A server that hides its version and answers 404 to the listing is read one by one."""
    answers(half, "/artifactory/api/system/version", 403, MISSING)
    answers(half, LISTING, 404, MISSING)
    assert creates(half.plan()) == ["gone"]


def test_the_partial_token_creates_and_deletes_nothing(estate: Estate) -> None:
    """A token that sees little leads to a partial plan, not to creates of what it cannot see."""
    for key in ("visible-one", "hidden-one", "hidden-two"):
        estate.put(key, rclass="local", packageType="npm", description="live")
    estate.declare(
        local("visible-one", "npm", description="live", notes="wanted"),
        local("hidden-one", "npm", description="wanted"),
        local("hidden-two", "npm"),
    )
    estate.token("partial")
    plan = estate.plan()
    assert plan.partial
    assert plan.changes == ()
    assert {d.rule for d in plan.diagnostics} == {"unreadable", "field-unreadable"}
    estate.apply()
    assert creates_nothing(estate)


def test_a_weaker_token_does_not_forget_what_is_owned(estate: Estate) -> None:
    """What was applied with a strong token stays recorded when a weak one sees nothing of it."""
    estate.declare(local("hidden-one", "npm", description="x"))
    estate.apply()
    recorded = estate.inventory()
    estate.token("partial")
    estate.apply()
    assert estate.inventory() == recorded
    drift = estate.drift()
    assert [(e.status) for e in drift.entries] == ["unreadable"]
