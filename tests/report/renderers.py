"""Every renderer of the room, applied to one text of a stranger."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.errors import ReconcilerError
from reconciler.model import Block
from reconciler.report import github, machine, markdown, terminal
from reconciler.report.diagnostics import Counts
from reconciler.report.html.drift import drift_html
from reconciler.report.html.outcome import outcome_html
from reconciler.report.html.plan import plan_html
from reconciler.report.svg import terminal_svg
from tests.report import samples

Render = Callable[[str], str]


def _plan_text(text: str, color: bool = False, verbose: bool = False) -> str:
    return terminal.plan_text(
        samples.hostile_plan(text),
        color=color,
        verbose=verbose,
        blocks=[Block(text, text, text)],
    )


def _outcome_text(text: str) -> str:
    plan, outcomes = samples.hostile_plan(text), samples.hostile_outcomes(text)
    return terminal.outcome_text(plan, outcomes, exit_code=5, seconds=1.0, color=False)


def _diagnostics_text(text: str) -> str:
    found = [samples.hostile_diagnostic(text)]
    return terminal.diagnostics_text(found, color=False, source=lambda file, line: text)


TERMINAL: dict[str, Render] = {
    "plan": _plan_text,
    "plan-verbose": lambda text: _plan_text(text, verbose=True),
    "outcome": _outcome_text,
    "drift": lambda text: terminal.drift_text(samples.hostile_drift(text), color=False),
    "diagnostics": _diagnostics_text,
    "validation": lambda text: terminal.validation_text([], Counts(1, 2, {text: 1}), color=False),
    "annotations": lambda text: github.annotations([samples.hostile_diagnostic(text)]),
}

MARKDOWN: dict[str, Render] = {
    "plan": lambda text: markdown.plan_markdown(
        samples.hostile_plan(text), blocks=[Block(text, text, text)]
    ),
    "outcome": lambda text: markdown.outcome_markdown(
        samples.hostile_plan(text), samples.hostile_outcomes(text), 5
    ),
    "drift": lambda text: markdown.drift_markdown(samples.hostile_drift(text)),
}

HTML: dict[str, Render] = {
    "plan": lambda text: plan_html(
        samples.hostile_plan(text),
        blocks=[Block(text, text, text)],
        surroundings=samples.hostile_surroundings(text),
    ),
    "outcome": lambda text: outcome_html(
        samples.hostile_plan(text),
        samples.hostile_outcomes(text),
        5,
        surroundings=samples.hostile_surroundings(text),
    ),
    "drift": lambda text: drift_html(
        samples.hostile_drift(text), surroundings=samples.hostile_surroundings(text)
    ),
}

MACHINE: dict[str, Render] = {
    "plan": lambda text: machine.dumps(machine.plan_json(samples.hostile_plan(text), 2)),
    "outcome": lambda text: machine.dumps(
        machine.outcome_json(samples.hostile_plan(text), samples.hostile_outcomes(text), 5)
    ),
    "drift": lambda text: machine.dumps(machine.drift_json(samples.hostile_drift(text), 2)),
    "error": lambda text: machine.dumps(
        machine.error_json(ReconcilerError(text, detail=text, hint=text), 1)
    ),
    "validation": lambda text: machine.dumps(
        machine.validation_json([samples.hostile_diagnostic(text)], 1, Counts(1, 1, {"Group": 1}))
    ),
}

PICTURES: dict[str, Render] = {
    "svg": lambda text: terminal_svg(_plan_text(text, color=True), text),
    "svg-raw": lambda text: terminal_svg(text, text),
}
