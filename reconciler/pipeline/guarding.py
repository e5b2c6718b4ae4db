"""A plan and what was seen for it in, the rules of the workspace that it breaks out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.engine.guardrails.judge import Shown, blocks, judge, remarks
from reconciler.engine.guardrails.shown import Showing
from reconciler.engine.observation import Observation
from reconciler.model import Plan, Violation
from reconciler.pipeline.session import Session


def guarded(run: Session, made: Plan, observation: Observation) -> Plan:
    """The plan, with what its rules say of it."""
    rules = run.desire.guardrails
    if not rules.rules:
        return made
    violations = broken_by(run, made, observation)
    return replace(
        made,
        guards=(*made.guards, *blocks(violations)),
        diagnostics=(*made.diagnostics, *remarks(violations)),
    )


def broken_by(run: Session, made: Plan, observation: Observation) -> Sequence[Violation]:
    """What in a plan breaks a rule of the workspace."""
    rules = run.desire.guardrails
    return list(judge(rules.rules, rules.waivers, shown_of(run, made, observation)))


def shown_of(run: Session, made: Plan, observation: Observation) -> Iterator[Shown]:
    """What rules see of a plan."""
    showing = Showing({m.address: m for m in run.desire.manifests}, observation, run.registry)
    return showing.shown(made, run.chosen)
