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
    (told,) = [d.summary for d in estate.plan().diagnostics if d.rule == "tombstone-unused"]
    assert told.endswith("is not used: its manifest needs no replacement")


def test_content_that_came_after_the_plan_stays(estate: Estate) -> None:
    """It is measured again before the delete; the repository is in service as before."""
    estate.declare(anew())
    with pytest.raises(StalePlanError):
        estate.apply(between=lambda: estate.upload("a", "f.tgz"))
    assert estate.files("a") == ["f.tgz"]
    assert estate.stored("a").get("blackedOut") in (None, False)
    assert estate.stored("a")["packageType"] == "npm"


def test_what_nobody_adopted_is_not_replaced(estate: Estate) -> None:
    """It is not ours to delete."""
    estate.put("b", rclass="local", packageType="npm")
    estate.upload("b", "f.tgz", b"12345")
    estate.declare(local("a", "npm", description="x"), anew("b"))
    made = estate.plan()
    assert code(made) == "not-owned"
    assert made.changes[0].evidence["bytes"] == 5


def test_what_was_protected_is_not_replaced(estate: Estate) -> None:
    """Protection counts more than permission, until it is applied as lifted. Both at once are an
    error of the manifest."""
    estate.declare(lifecycle(local("a", "npm", description="x"), protect=True))
    assert_done(estate.apply(), set())
    estate.declare(anew())
    assert code(estate.plan()) == "protected"
    estate.declare(lifecycle(local("a", "maven"), replace=True, protect=True))
    assert [d.rule for d in estate.desire().diagnostics] == ["lifecycle-conflict"]

    estate.declare(local("a", "npm", description="x"))
    assert_done(estate.apply(), set())
    estate.declare(anew())
    assert_done(estate.apply(), set())
    assert estate.stored("a")["packageType"] == "maven"


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


def of_charts(name: str, forced: bool, **settings: Any) -> dict[str, Any]:
    """A repository that a virtual one may list whatever is fixed at its creation."""
    spec = {"packageType": "helm", "forceMetadataNameVersion": forced}
    return lifecycle(manifest("LocalRepository", name, spec), **settings)


@pytest.fixture
def named(estate: Estate) -> Estate:
    """An owned repository `c` that a virtual one of somebody else lists and deploys to."""
    estate.declare(of_charts("c", forced=False))
    assert_done(estate.apply(), set())
    estate.put(
        "theirs",
        rclass="virtual",
        packageType="helm",
        repositories=["c"],
        defaultDeploymentRepo="c",
    )
    return estate


def test_a_name_that_nobody_would_write_again_blocks(named: Estate) -> None:
    """Somebody else's virtual repository would lose its member for good."""
    named.declare(of_charts("c", forced=True, replace=True))
    (change,) = named.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "still-referenced"
    assert "VirtualRepository/theirs names it in spec.repositories" in change.blocked.message


@pytest.mark.parametrize(
    ("spec", "settings", "blocked"),
    [
        ({"repositories": ["c"], "defaultDeploymentRepo": "c"}, {}, False),
        ({"repositories": ["c"]}, {}, True),
        ({"repositories": ["c"], "defaultDeploymentRepo": "c"}, {"manage": "observe"}, True),
        (
            {"repositories": ["c"], "defaultDeploymentRepo": "c"},
            {"ignore": ["spec.repositories"]},
            True,
        ),
        ({"repositories": [], "defaultDeploymentRepo": None}, {}, False),
    ],
    ids=["all of it", "one field undeclared", "observed", "ignored", "let go"],
)
def test_only_what_is_declared_is_written_again(
    named: Estate, spec: dict[str, Any], settings: dict[str, Any], blocked: bool
) -> None:
    """A manifest of ours gives the names back where it declares and manages them."""
    theirs = virtual("theirs", "helm", **spec)
    named.declare(
        of_charts("c", forced=True, replace=True),
        lifecycle(theirs, **settings) if settings else theirs,
    )
    made = named.plan()
    change = next(c for c in made.changes if c.address.name == "c")
    assert (change.blocked is not None) is blocked, change.blocked
    named.apply()
    want = ["c"] if blocked or spec["repositories"] else []
    assert named.stored("theirs").get("repositories", []) == want
    assert named.stored("theirs").get("defaultDeploymentRepo") == (want or [None])[0]
    assert named.stored("c").get("forceMetadataNameVersion", False) is not blocked
    if not blocked:
        assert_converged(named)


def test_what_waits_for_a_blocked_one_keeps_others_from_being_made_anew(named: Estate) -> None:
    """The virtual one that would have written both names again waits, and so does the other."""
    both = {"repositories": ["c", "d"], "defaultDeploymentRepo": "c"}
    named.declare(of_charts("c", forced=False), of_charts("d", forced=False))
    assert_done(named.apply(), set())
    named.put("mine", rclass="virtual", packageType="helm", repositories=["d"])
    named.declare(
        of_charts("c", forced=True, replace=True),
        of_charts("d", forced=True, replace=True),
        virtual("mine", "helm", **both),
    )
    assert [(str(c.address), c.blocked and c.blocked.code) for c in named.plan().changes] == [
        ("LocalRepository/c", "still-referenced"),
        ("LocalRepository/d", "still-referenced"),
        ("VirtualRepository/mine", "dependency"),
    ]


def test_a_virtual_repository_holds_nothing_that_could_not_be_measured(estate: Estate) -> None:
    """What a reviewer reads of a blocked replacement is about content where there is some."""
    kept = local("a", "npm", description="x")
    estate.declare(kept, virtual("v", "npm", repositories=["a"]))
    assert_done(estate.apply(), set())
    estate.declare(kept, virtual("v", "maven", repositories=[]))
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert (change.blocked.code, change.evidence) == ("immutable", {})
    assert change.blocked.override == "metadata.lifecycle.replace: true"


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


def test_one_record_of_a_name_whatever_happens_in_between(estate: Estate) -> None:
    """Deleted as one class and not yet created as the other: the old record does not stay."""
    kept = local("a", "npm", description="x")
    estate.declare(kept, remote("r", "npm"))
    assert_done(estate.apply(), set())
    estate.declare(kept, lifecycle(local("r", "npm"), replace=True))
    estate.fault("status", method="PUT", status=400)
    assert estate.apply().results() == {"LocalRepository/r": "failed"}
    estate.sandbox.clear_faults()
    estate.apply()
    assert sorted(estate.inventory().entries) == [
        "default:LocalRepository/a",
        "default:LocalRepository/r",
    ]
    assert_converged(estate)
