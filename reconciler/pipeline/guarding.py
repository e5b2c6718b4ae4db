"""A plan and what was seen for it in, the rules of the workspace that it breaks out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.observation import Observation
from reconciler.model import Plan, Violation
from reconciler.pipeline.session import Session

if TYPE_CHECKING:
    from reconciler.engine.guardrails.judge import Shown


def guarded(run: Session, made: Plan, observation: Observation) -> Plan:
    """The plan, with what its rules say of it."""
    rules = run.desire.guardrails
    if not rules.rules:
        return made
    from reconciler.engine.guardrails.judge import blocks, remarks

    violations = broken_by(run, made, observation)
    return replace(
        made,
        guards=(*made.guards, *blocks(violations)),
        diagnostics=(*made.diagnostics, *remarks(violations)),
    )


def broken_by(run: Session, made: Plan, observation: Observation) -> Sequence[Violation]:
    """What in a plan breaks a rule of the workspace."""
    from reconciler.engine.guardrails.judge import judge

    rules = run.desire.guardrails
    return list(judge(rules.rules, rules.waivers, shown_of(run, made, observation)))


def shown_of(run: Session, made: Plan, observation: Observation) -> Iterator[Shown]:
    """What rules see of a plan."""
    from reconciler.engine.guardrails.shown import Showing

    showing = Showing(
        {m.address: m for m in run.desire.manifests},
        frozenset(m.address for m in run.chosen),
        observation,
        run.registry,
    )
    return showing.shown(made, run.chosen)
