"""A digest in, the approvals that were given for another one out.

An approval says yes to the plan that was to be seen when it was given: the digest of the last check
run on the approved commit that was complete by then. A push that leaves the digest as it is costs
no approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.github.api import GitHub
from reconciler.report.sanitise import visible


def outdated(github: GitHub, number: int, name: str, digest: str) -> list[Diagnostic]:
    """One finding for each approval of another plan. Raises GitHubError.

    `name` is that of the check runs.
    """
    return [
        Diagnostic(
            "approval-outdated",
            "warning",
            f"{who} approved {f'the plan {seen}' if seen else 'before there was a plan'}, "
            f"and the plan now is {digest}",
            hint="have the plan as it is now approved: review again",
        )
        for who, seen in _approvals(github, number, name)
        if seen != digest
    ]


def _approvals(github: GitHub, number: int, name: str) -> Iterator[tuple[str, str]]:
    """Who approves, and the digest that was to be seen then."""
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for review in _standing(github.pages(f"pulls/{number}/reviews")):
        commit = str(review["commit_id"])
        if commit not in seen:
            runs = github.pages(f"commits/{commit}/check-runs", check_name=name, filter="all")
            seen[commit] = list(runs)
        who = visible(str((review.get("user") or {}).get("login", "somebody")))
        yield who, _digest_at(seen[commit], str(review["submitted_at"]))


def _standing(reviews: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The last word of each reviewer, if it is yes; a mere comment takes nothing back."""
    last: dict[str, Mapping[str, Any]] = {}
    for review in reviews:
        if review.get("state") in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[str((review.get("user") or {}).get("login"))] = review
    yield from (review for review in last.values() if review["state"] == "APPROVED")


def _digest_at(runs: Iterable[Mapping[str, Any]], moment: str) -> str:
    """The digest of the last check run that was complete at a moment; times are ISO 8601 in UTC."""
    done = [
        (str(run["completed_at"]), int(run["id"]), str(run.get("external_id") or ""))
        for run in runs
        if run.get("completed_at") and str(run["completed_at"]) <= moment
    ]
    return max(done)[2] if done else ""
