"""The last run of a cleanup policy that was started from here: what it is remembered for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import AnswerError, UsageError
from reconciler.platform.inventory.file import FileStore
from reconciler.report.figures import evidence_words
from reconciler.sandbox import Request, Sandbox
from tests.platform.test_convergence import assert_done
from tests.platform.test_policy_evidence import NOW, eight_of_ten, impact, only, retention, store
from tests.platform.test_policy_operations import BUNDLES, PACKAGES, do, health
from tests.support.estate import Estate, manifest


def furnished(root: Path, version: str = "") -> Estate:
    """A policy that is switched off, ten packages, and runs that take no time."""
    made = Estate(root, Sandbox(version=version) if version else None)
    made.sandbox.clock.freeze(NOW)
    made.time.followers.append(made.sandbox.clock.advance)
    made.tell("PUT", "/_sandbox/retention", {"runSeconds": 0})
    eight_of_ten(made)
    made.declare(retention())
    assert_done(made.apply(), set())
    return made


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """See `furnished`."""
    return furnished(tmp_path)


def declare(estate: Estate, *, enabled: bool = True, **criteria: Any) -> None:
    """The policy switched on, and perhaps otherwise."""
    policy = retention(**criteria)
    policy["spec"] |= {"enabled": enabled, "skipTrashcan": True}
    estate.declare(policy)


def test_a_dry_run_stands_beside_the_estimate(estate: Estate) -> None:
    """As long as the policy selects the same, in whichever order it is written."""
    do(estate, PACKAGES, "dry-run")
    declare(estate)
    told = impact(only(estate))
    assert (told["source"], told["candidates"]) == ("estimate", 8)
    assert told["dryRun"] == {"asOf": "2026-01-01T00:00:00Z", "candidates": 8, "bytes": 8000}
    assert (
        "the dry run of 2026-01-01T00:00:00Z found 8 package versions / 8 kB"
        in (evidence_words(only(estate).evidence)[1])
    )
    declare(estate, createdBeforeInDays=3)
    assert "dryRun" not in impact(only(estate))
    declare(estate, excludedRepos=[])
    assert "dryRun" in impact(only(estate))


def test_the_estimate_does_not_need_it(estate: Estate) -> None:
    """Where no request is left to ask for it, or the platform fails, the estimate stands alone."""
    do(estate, PACKAGES, "dry-run")
    declare(estate)
    told = [impact(only(estate, evidence_budget=budget)) for budget in range(4)]
    found = [(one["candidates"], "dryRun" in one) for one in told]
    assert found == [("unknown", False), (8, False), (8, True), (8, True)]
    estate.fault("status", path="*/summaryReports", status=500, times=99)
    alone = impact(only(estate))
    assert (alone["candidates"], "dryRun" in alone) == (8, False)


def test_the_policy_of_a_project_is_the_same_one(estate: Estate) -> None:
    """Where an answer does not have its project, too."""
    estate.project("pay")
    policy = retention("pay-packages", includeAllProjects=False)
    policy["spec"] |= {"projectKey": "pay", "description": "old"}
    estate.declare(policy)
    assert_done(estate.apply(), set())
    do(estate, "PackageCleanupPolicy/pay-packages", "dry-run")
    policy["spec"]["description"] = "older"
    estate.declare(policy)
    (change,) = [c for c in estate.plan().changes if c.address.name == "pay-packages"]
    assert impact(change)["dryRun"]["candidates"] == 0


def test_it_tells_what_no_query_can(estate: Estate) -> None:
    """A layout nobody knows: the figures are the dry run's, the shares stay unknown."""
    estate.put("conan-local", rclass="local", packageType="conan")
    old = {"repo": "conan-local", "size": 70, "createdDaysAgo": 200}
    store(estate, {**old, "path": "_/lib/1.0/_/0/export/conanfile.py"})
    selected = {"packageTypes": ["conan"], "repos": ["**"]}
    declare(estate, **selected)
    assert impact(only(estate))["candidates"] == "unknown"
    estate.apply()
    do(estate, PACKAGES, "dry-run")
    declare(estate, enabled=False, **selected)
    told = impact(only(estate))
    assert (told["source"], told["candidates"], told["bytes"]) == ("dry-run", 1, 70)
    assert told["asOf"] == "2026-01-01T00:00:00Z"
    assert told["percentOfRepository"] == "unknown"
    assert "conan packages" in told["gaps"][0]


def test_only_a_complete_dry_run_counts(estate: Estate) -> None:
    """Not a run that deleted, nor one that goes on or was stopped."""
    declare(estate)
    estate.apply()
    do(estate, PACKAGES, "run")
    declare(estate, enabled=False)
    assert "dryRun" not in impact(only(estate))
    estate.tell("PUT", "/_sandbox/retention", {"runSeconds": 100})
    do(estate, PACKAGES, "dry-run", _wait=0.0)
    assert "dryRun" not in impact(only(estate))
    do(estate, PACKAGES, "stop")
    assert "dryRun" not in impact(only(estate))


def test_it_is_stopped_and_reported_without_its_number(estate: Estate) -> None:
    """The run that is meant is the last one that was started from here, after an apply too."""
    estate.tell("PUT", "/_sandbox/retention", {"runSeconds": 100})
    with pytest.raises(AnswerError, match=r"no run of .* was started from here") as refused:
        do(estate, PACKAGES, "stop")
    assert "--set run=N" in refused.value.hint
    declare(estate)
    assert_done(estate.apply(), set())
    do(estate, PACKAGES, "run", _wait=0.0)
    assert "task ID: '1'" in do(estate, PACKAGES, "stop").said
    with pytest.raises(AnswerError, match="run 1 does not go on") as over:
        do(estate, PACKAGES, "stop")
    assert "it is over" in over.value.hint
    do(estate, PACKAGES, "dry-run", _wait=0.0)
    estate.sandbox.clock.advance(100)
    declare(estate, enabled=False)
    assert_done(estate.apply(), set())
    assert do(estate, PACKAGES, "report", _wants_report=True).said.startswith("run 2: COMPLETED")


def test_status_tells_how_it_went(estate: Estate) -> None:
    """With what it freed, once it deleted; a dry run frees nothing."""
    do(estate, PACKAGES, "dry-run")
    words = "switched off; dry run 1 of 2026-01-01T00:00:00Z, the last one started from here: "
    assert health(estate, PACKAGES).words == f"{words}COMPLETED, 8 items, 8,000 bytes"
    declare(estate)
    estate.apply()
    do(estate, PACKAGES, "run")
    found = health(estate, PACKAGES)
    assert "COMPLETED, 8 items, 8,000 bytes freed" in found.words
    assert isinstance(found.details["lastRun"], dict)
    assert found.details["lastRun"]["freedBytes"] == 8000


def test_an_older_platform_tells_less(tmp_path: Path) -> None:
    """Before 7.117 nothing tells of a run but its report; the run is over when there is one."""
    estate = furnished(tmp_path, "7.115.1")
    done = do(estate, PACKAGES, "dry-run", _wants_report=True)
    assert done.standing is not None
    assert (done.standing.words, done.standing.is_over) == ("run 1 left a report", True)
    assert do(estate, PACKAGES, "report").said == (
        "run 1: the platform tells no more than its report (--out)"
    )
    declare(estate)
    assert "dryRun" not in impact(only(estate))
    assert "run 1 was started from here; the platform tells no more" in (
        health(estate, PACKAGES).words
    )


def test_what_is_not_owned_is_not_remembered(tmp_path: Path) -> None:
    """There is no entry to remember it in; the answer has the number."""
    estate = furnished(tmp_path)
    (tmp_path / ".reconciler" / "inventory.json").unlink()
    assert do(estate, PACKAGES, "dry-run").said == "run 1"
    assert estate.inventory().entries == {}


def test_a_run_goes_on_where_it_cannot_be_remembered(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told; the order was given, and its outcome is known."""

    def refuse(*_: object) -> None:
        raise UsageError("the inventory cannot be written")

    monkeypatch.setattr(FileStore, "change", refuse)
    done = do(estate, PACKAGES, "dry-run")
    assert done.forgotten == "the inventory cannot be written"
    assert done.standing is not None
    assert done.standing.is_over


def test_a_policy_that_is_made_anew_has_no_run(estate: Estate) -> None:
    """The number was of the one that is gone."""
    do(estate, PACKAGES, "dry-run")
    assert [entry.run["number"] for entry in estate.inventory().entries.values()] == [1]
    path = "/artifactory/api/cleanup/packages/policies/old-packages"
    headers = {"authorization": f"Bearer {estate.platform.tokens['admin']}"}
    assert estate.platform.handle(Request("DELETE", path, (), headers)).status == 200
    assert_done(estate.apply(), set())
    assert [entry.run for entry in estate.inventory().entries.values()] == [{}]


def bundle_policy(*, enabled: bool, months: int) -> dict[str, Any]:
    """A policy of release bundles."""
    criteria = {
        "includeAllProjects": True,
        "includedProjects": [],
        "releaseBundles": [{"name": "**", "projectKey": ""}],
        "excludePromotedEnvironments": [],
        "createdBeforeInMonths": months,
    }
    spec = {"enabled": enabled, "searchCriteria": criteria}
    return manifest("ReleaseBundleCleanupPolicy", "old-bundles", spec)


def test_bundles_are_told_by_a_dry_run_of_the_same_criteria(estate: Estate) -> None:
    """What was applied since, or was started by somebody else, may have selected others."""
    old = {"version": "1", "createdDaysAgo": 900}
    estate.tell("POST", "/_sandbox/bundles", {"bundles": [{"name": "a", **old}]})
    estate.declare(bundle_policy(enabled=False, months=12))
    assert impact(only(estate))["candidates"] == "unknown"
    estate.apply()
    do(estate, BUNDLES, "dry-run")
    estate.sandbox.clock.advance(86400)
    estate.declare(bundle_policy(enabled=True, months=12))
    told = impact(only(estate))
    assert (told["source"], told["candidates"]) == ("dry-run", 1)
    assert told["asOf"] == "2026-01-01T00:00:00Z"
    estate.declare(bundle_policy(enabled=False, months=1))
    assert impact(only(estate))["gaps"] == [
        "the last dry run, of 2026-01-01T00:00:00Z, found 1, but by other criteria"
    ]
    estate.apply()
    estate.declare(bundle_policy(enabled=True, months=1))
    assert impact(only(estate))["candidates"] == "unknown"
    path = "/artifactory/api/cleanup/bundles/policies/old-bundles/run"
    headers = {"authorization": f"Bearer {estate.platform.tokens['admin']}"}
    estate.platform.handle(Request("PUT", path, (("dryRun", "true"),), headers))
    assert "was not started from here" in impact(only(estate))["gaps"][0]
