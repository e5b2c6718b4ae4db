"""What an apply did in, a page about it out: what went wrong first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.errors import Exit
from reconciler.model import Address, Outcome, Plan
from reconciler.report.html.entries import Entry, Group, facets, numbered
from reconciler.report.html.fields import field_table
from reconciler.report.html.markup import Content, element, lines
from reconciler.report.html.page import Page, document
from reconciler.report.html.parts import NOWHERE, Surroundings
from reconciler.report.html.plan import (
    background,
    change_facets,
    run_facts,
    sections,
    target_facts,
)
from reconciler.report.verdict import (
    EXIT_WORDS,
    as_written,
    is_quiet,
    is_unfinished,
    next_step,
    nothing_words,
    outcome_words,
    past,
    shown_fields,
)

Anchors = Mapping[Address, str]

_RESULTS = {
    "failed": ("Failed", "✗"),
    "blocked": ("Blocked", "!"),
    "not-attempted": ("Not attempted", "·"),
    "done": ("Done", "✓"),
}

_FACETS = {
    "result": "Result",
    "action": "Action",
    "kind": "Kind",
    "risk": "Risk",
    "platform": "Platform",
}


def outcome_html(
    plan: Plan,
    outcomes: Sequence[Outcome],
    exit_code: int,
    *,
    surroundings: Surroundings = NOWHERE,
) -> str:
    """What became of each change of the plan, as a page."""
    members = {result: [o for o in outcomes if o.result == result] for result in _RESULTS}
    anchors = numbered(o.change.address for found in members.values() for o in found)
    groups = [
        Group(_RESULTS[result][0], [_entry(o, surroundings, anchors) for o in found])
        for result, found in members.items()
        if found
    ]
    entries = [entry for group in groups for entry in group.entries]
    return document(
        Page(
            command="apply",
            workspace=plan.workspace or surroundings.workspace,
            verdict=_verdict(plan, outcomes, exit_code),
            stake=_stake(outcomes, exit_code),
            look=_look(exit_code),
            stake_look=_look(exit_code),
            facts=target_facts(plan),
            noun="outcomes",
            groups=groups,
            facets=facets(_FACETS, entries),
            sections=[*sections(plan, surroundings, groups)],
            foot=run_facts(plan),
        )
    )


def _verdict(plan: Plan, outcomes: Sequence[Outcome], exit_code: int) -> str:
    if not outcomes:
        return nothing_words(plan) if is_quiet(plan) else "Nothing was applied"
    return f"{'Applied' if exit_code == 0 else 'Apply'}: {outcome_words(outcomes)}"


def _stake(outcomes: Sequence[Outcome], exit_code: int) -> str:
    parts = []
    if exit_code:
        parts.append(f"Exit code {int(exit_code)}: {EXIT_WORDS.get(exit_code, 'it failed')}.")
    if is_unfinished(outcomes):
        parts.append(next_step(outcomes))
    return " ".join(parts)


def _look(exit_code: int) -> str:
    if exit_code == Exit.DONE:
        return "calm"
    return "warn" if exit_code == Exit.BLOCKED else "alarm"


def _entry(outcome: Outcome, surroundings: Surroundings, anchors: Anchors) -> Entry:
    change = outcome.change
    labels = surroundings.labels_of(change.address)
    done = outcome.result == "done"
    verb = past(change.action) if done else f"{change.action.value}, {_words(outcome.result)}"
    return Entry(
        change.address,
        _RESULTS[outcome.result][1],
        outcome.result,
        {"result": outcome.result, "action": change.action.value} | change_facets(change),
        notes=[verb],
        origin=change.origin,
        labels=labels,
        body=lines([*_body(outcome, labels, anchors)]),
        urgent=not done,
    )


def _words(result: str) -> str:
    return result.replace("-", " ")


def _body(outcome: Outcome, labels: Sequence[str], anchors: Anchors) -> Iterator[Content]:
    done, change = outcome.result == "done", outcome.change
    if outcome.reason:
        yield element("p", outcome.reason, class_=f"reason {'calm' if done else 'alarm'}")
    if outcome.fields:
        yield element("h4", "Not kept as it was written")
        yield field_table(as_written(outcome))
    planned = field_table(shown_fields(change))
    if planned:
        yield element("h4", "Planned") if outcome.fields else None
        yield planned
    yield background(change, labels, anchors)
