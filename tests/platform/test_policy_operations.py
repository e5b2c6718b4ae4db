"""Orders to cleanup and archive policies, and how they are doing."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import AnswerError, OutcomeUnknownError, UsageError
from reconciler.model import Health
from reconciler.operating import Operated, operate, order, status
from tests.platform.test_convergence import assert_done
from tests.platform.test_policy_evidence import NOW, eight_of_ten, retention, store
from tests.support.estate import Estate, manifest

PACKAGES = "PackageCleanupPolicy/old-packages"
BUNDLES = "ReleaseBundleCleanupPolicy/old-bundles"
ARCHIVE = "ArchivePolicy/old-files"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """Policies of each kind, switched on and applied; a run takes 100 seconds."""
    made = Estate(tmp_path)
    made.sandbox.clock.freeze(NOW)
    made.time.followers.append(made.sandbox.clock.advance)
    made.tell("PUT", "/_sandbox/retention", {"runSeconds": 100})
    eight_of_ten(made)
    made.put("raw-local", rclass="local", packageType="generic")
    old = {"repo": "raw-local", "size": 100, "createdDaysAgo": 500}
    store(made, {**old, "path": "a/one.bin"}, {**old, "path": "two.bin"})
    bundle = {"name": "app", "version": "1", "createdDaysAgo": 900}
    made.tell("POST", "/_sandbox/bundles", {"bundles": [bundle]})
    packages = retention()
    packages["spec"] |= {"enabled": True, "skipTrashcan": True, "cronExp": "0 0 2 ? * SAT"}
    criteria = {
        "includeAllProjects": True,
        "includedProjects": [],
        "releaseBundles": [{"name": "**", "projectKey": ""}],
        "excludePromotedEnvironments": [],
        "createdBeforeInMonths": 12,
    }
    query = 'items.find({"repo": "raw-local", "created": {"$before": "1y"}})'
    made.declare(
        packages,
        manifest("ReleaseBundleCleanupPolicy", "old-bundles", {"searchCriteria": criteria}),
        manifest("ArchivePolicy", "old-files", {"enabled": True, "aqlQuery": query}),
    )
    assert_done(made.apply(), set())
    return made


def do(estate: Estate, address: str, name: str, **given: Any) -> Operated:
    """One operation, waited for; what begins with `_` is for the call itself."""
    options = {n[1:]: given.pop(n) for n in list(given) if n.startswith("_")}
    bare = "/" not in address
    with estate.session(needs_manifests=not bare) as run:
        return operate(run, order(run, address, name, given), **{"wait": 600.0, **options})


def health(estate: Estate, address: str) -> Health:
    """How one policy is doing."""
    with estate.session() as run:
        ((_, found),) = status(run, [address]).objects
    return found


def test_a_dry_run_is_followed_to_its_report(estate: Estate) -> None:
    """It deletes nothing; the report has a line for each package."""
    done = do(estate, PACKAGES, "dry-run", _wants_report=True)
    assert done.said == "run 1"
    assert done.standing is not None
    assert done.standing.words == "run 1: COMPLETED, 8 items, 8,000 bytes"
    assert done.standing.is_over
    assert done.report is not None
    assert zipfile.ZipFile(io.BytesIO(done.report)).namelist() == ["old-packages-1.csv"]
    assert len(estate.files("npm-local")) == 10


def test_a_run_deletes_what_the_plan_had_told(estate: Estate) -> None:
    """The order asks first: somebody must agree to it."""
    done = do(estate, PACKAGES, "run")
    assert "it deletes package versions now" in done.order.operation.asks
    assert done.standing is not None
    assert done.standing.words == "run 1: COMPLETED, 8 items, 8,000 bytes freed"
    assert len(estate.files("npm-local")) == 2


def test_a_run_is_stopped_by_its_number(estate: Estate) -> None:
    """Nothing else tells the platform which run is meant."""
    assert do(estate, PACKAGES, "run", _wait=0.0).said == "run 1"
    with pytest.raises(OutcomeUnknownError, match="run 1: IN_PROGRESS, 0 items"):
        do(estate, PACKAGES, "report", run="1", _wait=0.5)
    assert "performed successfully" in do(estate, PACKAGES, "stop", run="1").said
    with pytest.raises(AnswerError, match="no number of a run"):
        do(estate, PACKAGES, "stop", run="one")


def test_an_earlier_run_leaves_its_report(estate: Estate) -> None:
    """Nothing is started for it."""
    do(estate, PACKAGES, "dry-run", _wait=0.0)
    estate.sandbox.clock.advance(1000)
    estate.forget_requests()
    assert do(estate, PACKAGES, "report", run="1", _wants_report=True).report
    assert estate.writes() == []


def test_bundles_run_in_the_same_way(estate: Estate) -> None:
    """A dry run works while the policy is switched off; the status knows its figure."""
    do(estate, BUNDLES, "dry-run")
    assert health(estate, BUNDLES).words == (
        "switched off; last dry run 2026-01-01T00:00:00Z COMPLETED, 1 item"
    )


def test_all_policies_are_stopped_and_switched_off(estate: Estate) -> None:
    """In an emergency, without a manifest: two orders of the platform that ask first."""
    do(estate, PACKAGES, "run", _wait=0.0)
    (estate.root / "manifests" / "all.yaml").unlink()
    for name in ("stop-all", "disable-all"):
        done = do(estate, "PackageCleanupPolicy", name)
        assert "every cleanup policy of the platform" in done.order.operation.asks
    runs = estate.platform.store.retention.runs.values()
    assert [run.status for run in runs] == ["STOPPED"]
    policies = estate.platform.store.retention.policies.values()
    assert not any(policy.enabled for policy in policies if policy.kind != "archive")


def test_archiving_is_followed_and_told(estate: Estate) -> None:
    """The run before is not taken for this one; freed bytes are in the status."""
    assert do(estate, ARCHIVE, "preview").said == "2 candidates, 200 bytes"
    for moved in (200, 0):
        done = do(estate, ARCHIVE, "run")
        assert done.standing is not None
        assert done.standing.words == f"COMPLETE, {moved} bytes moved"
    assert estate.files("raw-local") == []
    found = health(estate, ARCHIVE)
    assert found.state == "healthy"
    assert found.words.startswith("switched on; last run 2026-01-01T")


def test_cold_storage_is_searched_and_restored_from(estate: Estate) -> None:
    """Copies go where the files came from, or into another repository."""
    do(estate, ARCHIVE, "run")
    query = 'items.find({"repo": "raw-local"})'
    found = do(estate, "ArchivePolicy", "search", query=query, _wants_report=True)
    assert found.said == "2 files: raw-local/./two.bin, raw-local/a/one.bin"
    assert found.report is not None
    assert len(json.loads(found.report)) == 2
    said = do(estate, "ArchivePolicy", "restore", files="raw-local/two.bin").said
    assert said.startswith("Restore process was initialized successfully. retention_restore_")
    do(estate, "ArchivePolicy", "restore", files="raw-local/a/", to="npm-local")
    estate.sandbox.clock.advance(1000)
    assert estate.files("raw-local") == ["two.bin"]
    assert "raw-local/a/one.bin" in estate.files("npm-local")
    with pytest.raises(AnswerError, match="what is to be restored"):
        do(estate, "ArchivePolicy", "restore")


def test_the_next_run_is_told_while_the_policy_is_on(estate: Estate) -> None:
    """Of packages the platform tells no run but by its number."""
    found = health(estate, PACKAGES)
    assert found.state == "healthy"
    assert found.words.startswith(
        "switched on; no run was started from here, and the platform tells of no other; next run 20"
    )
    assert health(estate, BUNDLES).words == "switched off; never ran"


@pytest.mark.parametrize(
    ("address", "operation", "given", "told"),
    [
        ("PackageCleanupPolicy", "run", {}, "run is about one object"),
        (PACKAGES, "stop-all", {}, "stop-all is about the whole platform"),
        ("PackageCleanUpPolicy", "stop-all", {}, "knows no kind"),
        ("west:PackageCleanupPolicy", "stop-all", {}, "has no platform 'west'"),
        (PACKAGES, "run", {"run": "1"}, "run takes no 'run'"),
    ],
)
def test_orders_nobody_can_give_are_refused(
    estate: Estate, address: str, operation: str, given: dict[str, str], told: str
) -> None:
    """Nothing is sent for them."""
    estate.forget_requests()
    with pytest.raises(UsageError, match=told):
        do(estate, address, operation, **given)
    assert estate.writes() == []
