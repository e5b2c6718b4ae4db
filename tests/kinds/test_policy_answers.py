"""Whatever a server answers, evidence and operations of policies say so and do not break."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import AnswerError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.operations import Asked, Surveyed
from reconciler.kinds.policies._runs import selection
from reconciler.kinds.policies.archive_policy import KIND as ARCHIVE
from reconciler.kinds.policies.package_cleanup_policy import KIND as PACKAGES
from reconciler.kinds.policies.release_bundle_cleanup_policy import KIND as BUNDLES
from reconciler.kinds.policies.release_bundle_retention import KIND as RETENTION
from reconciler.kinds.rest import Flow, Write
from reconciler.model import Address, Health, Impact, Response, Standing
from tests.platform.test_convergence import FUZZ

GIVEN = {"run": "1", "query": "items.find()", "type": "npm", "repositories": "a", "files": "a/b"}
WORDS = [
    "results",
    "range",
    "repo",
    "path",
    "name",
    "size",
    "created",
    "stats",
    "downloaded",
    "count",
    "totalSize",
    "runId",
    "policies",
    "policyKey",
    "lastRunData",
    "dryRun",
    "status",
    "totalItems",
    "lastRunTime",
    "lastRunStatus",
    "state",
    "startTime",
    "LOCAL",
    "key",
    "packageType",
    "projectKey",
    "enabled",
    "policySummary",
    "executionSummary",
    "processedItemsSummary",
    "startedAt",
    "finishedAt",
    "processedItems",
    "processedVirtualSizeBytes",
    "processedPhysicalSizeBytes",
    "num_of_versions_to_keep_per_release_bundle",
    "max_days_to_keep",
    "total",
    "items",
    "bundle_name",
    "bundle_version",
    "creation_time",
    "distribution_time",
    "operation",
]
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(float("inf"))
    | st.sampled_from(["", "x", "npm", "a-local", "2025-05-26T13:39:21.504+05:30", "DELETE"])
)
bodies = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
answers = st.builds(
    lambda status, body: Response(status, {}, json.dumps(body).encode()),
    st.sampled_from([200, 200, 200, 201, 400, 403, 404, 500]),
    bodies,
)
CRITERIA = {
    "packageTypes": ["npm"],
    "repos": ["**"],
    "includedPackages": ["**"],
    "includedProjects": ["pay", "default"],
    "createdBeforeInDays": 3,
}
BODIES: dict[str, dict[str, Any]] = {
    "PackageCleanupPolicy": {"searchCriteria": CRITERIA},
    "ReleaseBundleCleanupPolicy": {},
    "ArchivePolicy": {"aqlQuery": 'items.find({"repo": "a"})'},
    "ReleaseBundleRetention": {"max_days_to_keep": 3},
}
KINDS = [PACKAGES, BUNDLES, ARCHIVE, RETENTION]
LAST = {"number": 1, "dry": True, "selects": selection({"searchCriteria": CRITERIA})}


def driven(flow: Flow, served: Callable[[], Response]) -> Any:
    """The result of a flow; None where it tells that the answer is of no use."""
    try:
        next(flow)
        for _ in range(100):
            flow.send(served())
    except StopIteration as stop:
        return stop.value
    except AnswerError:
        return None
    raise AssertionError("it asks for ever")


@FUZZ
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_evidence_bears_any_answer_property(kind: Any, data: st.DataObject) -> None:
    """What cannot be read is a gap."""
    address = Address(kind.name, ("old",))
    write = Write(address, BODIES[kind.name], live={"key": "old"}, run=LAST)
    found = driven(kind.evidence(write, Budget()), lambda: data.draw(answers))
    assert isinstance(found, Impact)
    json.dumps(found.as_json())


@FUZZ
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_operations_bear_any_answer_property(kind: Any, data: st.DataObject) -> None:
    """They end in words, or in an error of the answer."""
    asked = Asked(Address(kind.name, ("old",)), GIVEN, last=LAST)
    operation = data.draw(st.sampled_from(kind.operations))
    driven(operation.start(asked), lambda: data.draw(answers))
    if operation.follow is not None:
        standing = driven(operation.follow(asked), lambda: data.draw(answers))
        assert standing is None or isinstance(standing, Standing)


@FUZZ
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(data=st.data(), raw=st.dictionaries(st.sampled_from(WORDS), bodies))
def test_the_status_bears_any_answer_property(
    kind: Any, data: st.DataObject, raw: dict[str, Any]
) -> None:
    """Every policy gets some health."""
    address = Address(kind.name, ("old",))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    asked = Surveyed({address: raw}, now, {address: LAST})
    found = driven(kind.survey(asked), lambda: data.draw(answers))
    assert found is None or isinstance(found[address], Health)
