"""A result in, what other steps and people go by out: words, outputs, the code of the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors import Diagnostic, Exit, InvalidManifests, has_errors
from reconciler.github.work import Result
from reconciler.model import Action
from reconciler.report.figures import counted
from reconciler.report.verdict import (
    RISKS,
    drift_words,
    no_drift_words,
    nothing_words,
    outcome_words,
    summary_words,
)

_OF_CODE = {3: "blocked", 4: "stale", 5: "partial"}
_REASONS = {1: "invalid", 3: "blocked", 4: "stale", 5: "partial", 6: "unreachable"}
COUNTED = ("create", "update", "delete", "adopt", "replace")

UNFINISHED: Mapping[str, str] = {
    "outcome": "error",
    "exit-code": "1",
    "failure-reason": "interrupted",
    "changes": "false",
    **{f"to-{name}": "0" for name in COUNTED},
    "risk": "",
    "digest": "",
    "plan-file": "",
    "plan-json-file": "",
    "plan-markdown-file": "",
    "plan-html-file": "",
    "sarif-file": "",
    "junit-file": "",
    "comment-id": "",
    "comment-url": "",
    "run-id": "",
    "drifted": "false",
    "apply-due": "false",
    "pull-number": "",
    "pull-url": "",
}
"""Every output, as it stands when a run is ended before it can tell anything."""


def outcome(result: Result) -> str:
    """The outcome as one word of the published list."""
    if result.code in _OF_CODE:
        return _OF_CODE[result.code]
    if result.code not in (Exit.DONE, Exit.PENDING):
        return "error"
    if result.outcomes is not None:
        return "applied" if any(o.result == "done" for o in result.outcomes) else "no-changes"
    return "changes" if has_changes(result) else "no-changes"


def has_changes(result: Result) -> bool:
    """Whether there is something to do, or something that drifted, or new files."""
    if result.drift is not None:
        return bool(result.drift.drifted)
    if result.comparison is not None:
        return not result.comparison.is_equal
    return bool(result.files) or (result.plan is not None and not result.plan.is_empty)


def outputs(result: Result, reason: str) -> dict[str, str]:
    """The outputs that follow from a result."""
    made = dict(UNFINISHED)
    made |= {
        "outcome": outcome(result),
        "exit-code": str(result.code),
        "failure-reason": reason,
        "changes": str(has_changes(result)).lower(),
        "drifted": str(bool(result.drift and result.drift.drifted)).lower(),
    }
    if result.plan is not None:
        counts = result.plan.summary()
        made |= {f"to-{name}": str(counts[name]) for name in COUNTED}
        due = any(not c.is_blocked for c in result.plan.changes) or result.unrecorded
        is_due = result.outcomes is None and result.error is None and bool(due)
        made |= {"risk": risk(result), "digest": result.plan.digest}
        made |= {"apply-due": str(is_due).lower()}
    return made


def risk(result: Result) -> str:
    """The worst risk of what is due; empty where nothing is."""
    risks = {change.risk for change in result.plan.pending} if result.plan else set()
    return next((word for word in RISKS if word in risks), "")


def failure(result: Result, fail_on: str, found: Sequence[Diagnostic] = ()) -> tuple[int, str]:
    """The code the step ends with, and why it fails, as one word; 0 and nothing when it does not.

    `found` are errors of the workflow's own wishes, such as outdated approvals.
    """
    if result.code not in (Exit.DONE, Exit.PENDING):
        return result.code, _reason(result)
    if any(d.severity == "error" for d in found):
        return int(Exit.BLOCKED), next(d.rule for d in found if d.severity == "error")
    if fail_on == "changes" and has_changes(result) and result.outcomes is None:
        return int(Exit.PENDING), "changes"
    if fail_on == "deletes" and _deletes(result):
        return int(Exit.PENDING), "deletes"
    return 0, ""


def _deletes(result: Result) -> bool:
    if result.plan is None or result.outcomes is not None:
        return False
    return any(c.action in (Action.DELETE, Action.REPLACE) for c in result.plan.pending)


def _reason(result: Result) -> str:
    if any(block.code == "max-risk" for block in result.blocks):
        return "max-risk"
    rule = result.error.rule if result.error is not None else ""
    is_telling = rule.startswith("oidc-") or result.code == Exit.INVALID
    return rule if rule and is_telling else _REASONS.get(result.code, "unexpected")


def label(result: Result) -> str:
    """The word of the pull request's label."""
    if result.code not in (Exit.DONE, Exit.PENDING) or result.blocks:
        return "blocked"
    worst = risk(result)
    if result.plan is None or not worst:
        return "no-op"
    return "safe" if worst in ("safe", "notable") else worst


def title(result: Result) -> str:
    """Outcome and counts in one line of our own words."""
    if isinstance(result.error, InvalidManifests) or (result.error is None and _is_invalid(result)):
        errors = sum(1 for d in result.found if d.severity == "error")
        return f"The manifests are not valid: {errors:,} error{'s' if errors > 1 else ''}"
    if result.error is not None:
        return _TITLES.get(result.code, "The run failed")
    if result.outcomes is not None:
        return f"Apply: {outcome_words(result.outcomes)}"
    if result.plan is not None:
        made = result.plan
        return f"Plan: {summary_words(made)}" if made.changes else nothing_words(made)
    if result.drift is not None:
        told = result.drift
        return f"Drift: {drift_words(told)}" if told.drifted else no_drift_words(told)
    if result.comparison is not None:
        found = result.comparison
        gone, new = len(found.only_left), len(found.only_right)
        return f"Manifests: {new:,} new, {len(found.differing):,} changed, {gone:,} gone"
    if result.command == "snapshot":
        return "The snapshot is written"
    if result.command == "export":
        return f"Exported {counted(len(result.files), 'file')}"
    return "The manifests are valid"


def _is_invalid(result: Result) -> bool:
    is_bare = result.plan is None and result.drift is None and not result.files
    return is_bare and has_errors(result.found)


_TITLES = {
    1: "The run could not be carried out",
    3: "Nothing was applied: the run is blocked",
    4: "Nothing was applied: the plan is not the approved one any more",
    5: "The apply was cut off: nobody knows whether the last write landed",
    6: "A platform is unreachable, or refuses the token",
}
