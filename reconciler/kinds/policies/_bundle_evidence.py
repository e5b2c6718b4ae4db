"""What a release bundle cleanup policy would delete, as far as the platform tells.

No query finds release bundles by the conditions of a policy. The list of the policies shows the
last run; if that was a dry one, and what is selected stays as it is, its figure holds.
"""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.errors import AnswerError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.rest import Flow, Write, object_of, send
from reconciler.model import Impact, Request

POLICIES = "/artifactory/api/cleanup/bundles/policies"
NOUN = "release bundle version"


def view() -> Flow:
    """Returns the lines of the list view by the key of their policy."""
    request = Request("GET", f"{POLICIES}/")
    listed = object_of(request, (yield from send(request))).get("policies")
    lines = listed if isinstance(listed, list) else []
    return {str(line.get("policyKey")): line for line in lines if isinstance(line, dict)}


def from_dry_run(write: Write, _budget: Budget) -> Flow:
    """Returns the `Impact` of a policy."""
    same = bool(write.live) and not any(
        change.path.startswith("spec.searchCriteria") for change in write.changes
    )
    if not same:
        return _unknown("the platform has no preview; a dry run of what is applied tells")
    try:
        line = (yield from view()).get(write.name, {})
    except AnswerError as error:
        return _unknown(error.summary)
    run = line.get("lastRunData")
    if not isinstance(run, dict) or not run.get("dryRun") or run.get("status") != "COMPLETED":
        return _unknown("the last run was no complete dry run; `run ADDRESS dry-run` makes one")
    items, began = run.get("totalItems"), run.get("lastRunTime")
    if type(items) is not int or type(began) is not int:
        return _unknown("the platform does not tell what the dry run found")
    return Impact("dry-run", NOUN, items, as_of=iso(began), in_repositories=False)


def _unknown(reason: str) -> Impact:
    return Impact("dry-run", NOUN, gaps=(reason,), in_repositories=False)


def iso(milliseconds: object) -> str:
    """Milliseconds since 1970 as a time in UTC; as they came where they are no time."""
    try:
        moment = datetime.fromtimestamp(float(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
