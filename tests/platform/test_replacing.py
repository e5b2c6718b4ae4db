"""Deleting and creating anew for what is fixed at creation: only with permission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import StalePlanError
from reconciler.model import Action, Plan
from reconciler.pipeline.planning import make_plan, run_blocks
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_pruning import shown, tombstone
from tests.support.estate import Estate, lifecycle, local, manifest, remote, virtual


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """An owned repository `a` of package type npm."""
    made = Estate(tmp_path)
    made.declare(local("a", "npm", description="x"))
    assert_done(made.apply(), set())
    return made


def anew(name: str = "a", package_type: str = "maven", **spec: Any) -> dict[str, Any]:
    """The same repository of another type, which may be created anew."""
    return lifecycle(local(name, package_type, **spec), replace=True)


def code(plan: Plan) -> str:
    """Why the only change is blocked."""
    (change,) = plan.changes
    assert change.action is Action.REPLACE
    return change.blocked.code if change.blocked else ""


def test_without_permission_it_stays_blocked(estate: Estate) -> None:
    """Changing the type is no reason to lose a repository."""
    estate.declare(local("a", "maven", description="x"))
    assert code(estate.plan()) == "immutable"


def test_an_empty_object_is_made_anew(estate: Estate) -> None:
    """Deleted, gone, created and read back; the second plan is empty."""
    estate.declare(anew(description="x"))
    made = estate.plan()
    (change,) = made.changes
    assert (change.action, change.risk, change.blocked) == (Action.REPLACE, "destructive", None)
    assert change.evidence["artifacts"] == 0
    assert [r.method for r in change.requests] == ["POST", "DELETE", "PUT"]
    assert_done(estate.apply(), set())
    assert estate.stored("a")["packageType"] == "maven"
    assert_converged(estate)


def test_content_needs_a_tombstone(estate: Estate) -> None:
    """As for a delete: none, too small a one, and one that allows it."""
    estate.upload("a", "f.tgz", b"12345")
    estate.declare(anew())
    assert code(estate.plan()) == "not-empty"
    estate.declare(anew(), tombstone("LocalRepository/a", 4))
    assert code(estate.plan()) == "too-large"
    estate.declare(anew(), tombstone("LocalRepository/a", 5))
    assert_done(estate.apply(), set())
    assert estate.files("a") == []
    assert_converged(estate)


def test_content_that_came_after_the_plan_stays(estate: Estate) -> None:
    """It is measured again before the delete; the repository is in service as before."""
    estate.declare(anew())
    with pytest.raises(StalePlanError):
        estate.apply(between=lambda: estate.upload("a", "f.tgz"))
    assert estate.files("a") == ["f.tgz"]
    assert estate.stored("a").get("blackedOut") in (None, False)
    assert estate.stored("a")["packageType"] == "npm"


@pytest.mark.parametrize(
    ("manifest_", "expected"),
    [
        (lifecycle(local("a", "maven"), replace=True, protect=True), "protected"),
        (anew("b"), "not-owned"),
    ],
    ids=["protected", "not ours"],
)
def test_what_is_never_replaced(estate: Estate, manifest_: dict[str, Any], expected: str) -> None:
    """Protection counts more than permission; what nobody adopted is not ours to delete."""
    estate.put("b", rclass="local", packageType="npm")
    kept = [] if manifest_["metadata"]["name"] == "a" else [local("a", "npm", description="x")]
    estate.declare(*kept, manifest_)
    assert code(estate.plan()) == expected


def test_an_object_of_another_class_is_replaced_too(estate: Estate) -> None:
    """A remote becomes what its name is now declared as; its cache is its content."""
    estate.declare(local("a", "npm", description="x"), remote("r", "npm"))
    assert_done(estate.apply(), set())
    estate.upload("r-cache", "f.tgz", b"12345")
    both = [local("a", "npm", description="x"), lifecycle(local("r", "npm"), replace=True)]
    estate.declare(*both)
    assert code(estate.plan()) == "not-empty"
    estate.declare(*both, tombstone("RemoteRepository/r", 5))
    assert_done(estate.apply(), set())
    assert estate.stored("r")["rclass"] == "local"
    assert sorted(estate.inventory().entries) == [
        "default:LocalRepository/a",
        "default:LocalRepository/r",
    ]
    assert_converged(estate)


def test_another_object_of_the_name_is_not_replaced(estate: Estate) -> None:
    """Somebody made it anew himself: it is not the one we own."""
    estate.delete("a")
    estate.put("a", rclass="local", packageType="pypi")
    estate.declare(anew())
    assert code(estate.plan()) == "other-object"


def test_a_virtual_repository_gets_its_member_back(estate: Estate) -> None:
    """One plan: the member is made anew, and the list is as it was, in its order."""
    estate.declare(
        local("a", "helm"), local("b", "helm"), virtual("v", "helm", repositories=["b", "a"])
    )
    estate.delete("a")
    assert_done(estate.apply(), set())
    spec = {"packageType": "helm", "forceMetadataNameVersion": True}
    estate.declare(
        lifecycle(manifest("LocalRepository", "a", spec), replace=True),
        local("b", "helm"),
        virtual("v", "helm", repositories=["b", "a"]),
    )
    made = estate.plan()
    assert shown(made) == ["replace LocalRepository/a", "update VirtualRepository/v"]
    follower = made.changes[1]
    assert follower.reason == "follows-replace"
    assert [(f.path, f.before, f.after) for f in follower.fields] == [
        ("spec.repositories", ["b"], ["b", "a"])
    ]
    assert made.unchanged == 1
    assert_done(estate.apply(), set())
    assert estate.stored("v")["repositories"] == ["b", "a"]
    assert_converged(estate)


def test_what_no_manifest_would_bring_back_is_told(estate: Estate) -> None:
    """Values set by hand are lost with the object."""
    estate.post("a", notes="by hand", xrayIndex=False, includesPattern="com/**")
    estate.declare(anew(description="x"))
    (change,) = estate.plan().changes
    assert change.evidence["lost"] == [
        "spec.notes",
        "spec.includesPattern",
        "spec.repoLayoutRef",
    ]


def test_it_counts_as_a_delete(estate: Estate) -> None:
    """Eleven replacements exceed the usual limit of ten deletes."""
    names = [f"r{n:02}" for n in range(11)]
    estate.declare(*(local(name, "npm") for name in names))
    assert_done(estate.apply(), set())
    estate.declare(*(anew(name) for name in names))
    with estate.session() as run:
        (block,) = run_blocks(run, make_plan(run))
    assert block.override == "--allow-deletes LocalRepository=11"


@pytest.mark.parametrize("action", ["reset-before", "reset-after"])
@pytest.mark.parametrize("skip", range(9))
def test_a_lost_answer_anywhere(estate: Estate, action: str, skip: int) -> None:
    """The re-run ends where an undisturbed run does."""
    estate.declare(anew(description="x"))
    estate.fault(action, skip=skip)
    estate.apply()
    estate.sandbox.clear_faults()
    estate.apply()
    assert estate.stored("a")["packageType"] == "maven"
    assert estate.stored("a").get("blackedOut") in (None, False)
    assert_converged(estate)
