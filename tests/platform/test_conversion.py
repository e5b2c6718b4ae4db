"""Local repositories become federated and back in place: content, inventory, limits, versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import BlockedError
from reconciler.model import Action, Change
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_projects import federated
from tests.support.estate import Estate, local, remote, virtual

FILES = {"a/one.txt": b"1", "a/b/two.txt": b"22"}
MIGRATE = "POST /artifactory/api/federation/migrate/x"
MAKE_LOCAL = "POST /artifactory/api/federation/convertToLocal"
WEST = "https://west.example.com/artifactory/x"


def filled(estate: Estate, rclass: str, **body: Any) -> None:
    """A live repository with files, behind the tool's back."""
    estate.put("x", rclass=rclass, packageType="npm", **body)
    for path, content in FILES.items():
        estate.upload("x", path, content)


def the_change(estate: Estate) -> Change:
    """The only change of the plan."""
    (found,) = estate.plan().changes
    return found


def block_code(estate: Estate) -> str:
    """Why the only change is blocked."""
    block = the_change(estate).blocked
    return block.code if block else ""


@pytest.mark.parametrize("owned", [False, True], ids=["found", "owned"])
@pytest.mark.parametrize(
    "rclass, before, after, request_line",
    [
        ("local", local, federated, MIGRATE),
        ("federated", federated, local, MAKE_LOCAL),
    ],
    ids=["local to federated", "federated to local"],
)
def test_converted_in_place(
    estate: Estate, rclass: str, before: Any, after: Any, request_line: str, owned: bool
) -> None:
    """One request converts; files, settings and ownership stay, nothing of the old one is left."""
    filled(estate, rclass, notes="kept")
    if owned:
        estate.declare(before("x", "npm", description="ours"))
        assert_done(estate.apply(), set())
    estate.declare(after("x", "npm", description="ours, converted"))

    change = the_change(estate)
    assert (change.action, change.reason, change.blocked) == (Action.CONVERT, "other-class", None)
    assert change.adopting is not owned
    assert change.requests[0].path == request_line.partition(" ")[2]
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == [request_line, "POST /artifactory/api/repositories/x"]
    assert_converged(estate)

    other = "federated" if rclass == "local" else "local"
    stored = estate.stored("x")
    assert (stored["rclass"], stored["notes"]) == (other, "kept")
    assert estate.files("x") == sorted(FILES)
    assert list(estate.inventory().entries) == [f"default:{other.capitalize()}Repository/x"]
    assert estate.drift().entries == ()


def test_there_and_back(estate: Estate) -> None:
    """Converted twice, it is what it was."""
    filled(estate, "local")
    estate.declare(local("x", "npm"))
    estate.apply()
    before = estate.ask("/artifactory/api/repositories/x")
    for make in (federated, local):
        estate.declare(make("x", "npm"))
        assert_done(estate.apply(), set())
        assert_converged(estate)
    assert estate.ask("/artifactory/api/repositories/x") == before
    assert estate.files("x") == sorted(FILES)


def test_converted_with_members(estate: Estate) -> None:
    """The members follow in the same apply."""
    filled(estate, "local")
    estate.declare(federated("x", "npm", members=[{"url": WEST}]))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert WEST in [member["url"] for member in estate.stored("x")["members"]]


def test_a_remote_repository_is_not_converted(estate: Estate) -> None:
    """Only local repositories become federated; any other class would have to be replaced."""
    estate.declare(remote("x"))
    estate.apply()
    estate.declare(federated("x", "npm"))
    change = the_change(estate)
    assert change.action is Action.REPLACE
    assert change.blocked is not None
    assert change.blocked.code == "immutable"


def test_another_package_type_is_not_converted(estate: Estate) -> None:
    """What is fixed at creation blocks, converted or not."""
    filled(estate, "local")
    estate.declare(federated("x", "maven"))
    assert block_code(estate) == "immutable"
    assert estate.apply().results() == {"FederatedRepository/x": "blocked"}
    assert estate.stored("x")["rclass"] == "local"


@pytest.mark.parametrize(
    "version, back", [("7.18.3", False), ("7.102.9", False), ("7.103.0", True)]
)
def test_versions_that_convert(tmp_path: Path, version: str, back: bool) -> None:
    """There since 7.18.3, back since 7.103.0; before, the plan says what it takes."""
    estate = Estate(tmp_path, Sandbox(version=version))
    filled(estate, "local")
    estate.declare(federated("x", "npm"))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    estate.declare(local("x", "npm"))
    if back:
        assert_done(estate.apply(), set())
        assert_converged(estate)
        return
    block = the_change(estate).blocked
    assert block is not None
    assert (block.code, "7.103.0" in block.message, version in block.message) == (
        "unsupported",
        True,
        True,
    )
    estate.forget_requests()
    assert estate.apply().results() == {"LocalRepository/x": "blocked"}
    assert estate.writes() == []
    assert list(estate.inventory().entries) == ["default:FederatedRepository/x"]


def test_a_version_without_federation(tmp_path: Path) -> None:
    """Nothing is converted to what the server does not know."""
    estate = Estate(tmp_path, Sandbox(version="7.18.2"))
    filled(estate, "local")
    estate.declare(federated("x", "npm"))
    assert block_code(estate) == "unsupported"
    assert estate.apply().results() == {"FederatedRepository/x": "blocked"}
    assert estate.files("x") == sorted(FILES)


def test_members_must_leave_first(estate: Estate) -> None:
    """A federated repository with members elsewhere cannot become local; two applies can."""
    filled(estate, "federated", members=[{"url": WEST, "enabled": True}])
    estate.declare(local("x", "npm"))
    block = the_change(estate).blocked
    assert block is not None
    assert block.code == "cannot-convert"
    assert WEST in block.message
    estate.forget_requests()
    assert estate.apply().results() == {"LocalRepository/x": "blocked"}
    assert estate.writes() == []

    estate.declare(federated("x", "npm", members=[]))
    assert_done(estate.apply(), set())
    estate.declare(local("x", "npm"))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert estate.files("x") == sorted(FILES)


def test_a_failure_inside_of_a_success_is_a_failure(estate: Estate) -> None:
    """The status is 200 and the body says that it was not converted."""
    filled(estate, "federated")
    estate.declare(federated("x", "npm"))
    estate.apply()
    body = {"failedConversionRepositories": {"x": "Repo x contains remote members"}}
    estate.fault("status", method="POST", path="*convertToLocal", status=200, body=body)
    estate.declare(local("x", "npm"))
    outcome = estate.apply().outcome("LocalRepository/x")
    assert outcome.result == "failed"
    assert "contains remote members" in outcome.reason
    assert list(estate.inventory().entries) == ["default:FederatedRepository/x"]
    assert_done(estate.apply(), set())
    assert_converged(estate)


@pytest.mark.parametrize("action", ["reset-before", "reset-after"])
def test_a_conversion_nobody_knows_the_outcome_of(estate: Estate, action: str) -> None:
    """The object is looked at before anything is repeated."""
    filled(estate, "local")
    estate.fault(action, method="POST", path="*/federation/migrate/*", times=1)
    estate.declare(federated("x", "npm", description="ours"))
    assert_done(estate.apply(), set())
    assert estate.writes().count(MIGRATE) == (2 if action == "reset-before" else 1)
    assert_converged(estate)


def test_conversions_count_as_updates(estate: Estate) -> None:
    """Many at once are stopped by the limit on updates of the kind that owns them till then."""
    names = [f"x{n}" for n in range(12)]
    estate.workspace(limits={"updates": {"count": 5}})
    estate.declare(*(local(name, "npm") for name in names))
    estate.apply()
    estate.declare(*(federated(name, "npm") for name in names))
    plan = estate.plan()
    assert {c.action for c in plan.changes} == {Action.CONVERT}
    with pytest.raises(BlockedError, match="12 LocalRepository updates"):
        estate.apply()
    assert_done(estate.apply(allow_updates=("LocalRepository=12",)), set())
    assert_converged(estate)


def test_dependants_of_a_converted_repository(estate: Estate) -> None:
    """A virtual repository goes on listing it."""
    filled(estate, "local")
    estate.declare(local("x", "npm"), virtual("all", "npm", repositories=["x"]))
    assert_done(estate.apply(), set())
    estate.declare(federated("x", "npm"), virtual("all", "npm", repositories=["x"]))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    assert estate.stored("all")["repositories"] == ["x"]
