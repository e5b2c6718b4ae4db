"""What a release bundle cleanup policy would delete, as far as the platform tells.

No query finds release bundles by the conditions of a policy. The list of the policies shows the
last run; if that was a dry one, was started from here, and what is selected is as it was then, its
figure holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.policies import _runs
from reconciler.kinds.policies._rest import policies_of
from reconciler.kinds.rest import Flow, send
from reconciler.model import Impact, Request

POLICIES = "/artifactory/api/cleanup/bundles/policies"
NOUN = "release bundle version"


def view() -> Flow:
    """Returns the lines of the list view by the key of their policy."""
    request = Request("GET", f"{POLICIES}/")
    lines = policies_of(request, (yield from send(request)))
    return {str(line.get("policyKey", line.get("key"))): line for line in lines}


def from_dry_run(policy: Mapping[str, Any], record: Mapping[str, Any]) -> Flow:
    """Returns the `Impact` of a policy as the API has it; `record` is its remembered run."""
    try:
        line = (yield from view()).get(str(policy["key"]), {})
    except AnswerError as error:
        return unknown(error.summary)
    run = line.get("lastRunData")
    if not isinstance(run, dict) or not run.get("dryRun") or run.get("status") != _runs.COMPLETED:
        return unknown("the last run was no complete dry run; `run ADDRESS dry-run` makes one")
    items, began = run.get("totalItems"), run.get("lastRunTime")
    if type(items) is not int or type(began) is not int:
        return unknown("the platform does not tell what the dry run found")
    told = f"the last dry run, of {iso(began)}, found {items:,}"
    if _runs.number_in(record) != run.get("runId"):
        return unknown(f"{told}, but was not started from here: who knows by which criteria?")
    if not _runs.is_same(record, policy):
        return unknown(f"{told}, but by other criteria")
    return Impact("dry-run", NOUN, items, as_of=iso(began), in_repositories=False)


def unknown(reason: str) -> Impact:
    """What nobody can tell, and why."""
    return Impact("dry-run", NOUN, gaps=(reason,), in_repositories=False)


def iso(milliseconds: object) -> str:
    """Milliseconds since 1970 as a time in UTC; as they came where they are no time."""
    try:
        moment = datetime.fromtimestamp(float(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
