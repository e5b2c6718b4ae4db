"""`reconciler apply`: a plan in, outcomes out. The only command that changes a platform."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import click

from reconciler.cli.approval import Approval
from reconciler.cli.duration import Duration
from reconciler.cli.interrupt import stoppable
from reconciler.cli.options import (
    FILE,
    carry_out_options,
    output_option,
    select_options,
    settings,
    shard_option,
    strict_option,
    wire_options,
    workspace_options,
    write_options,
)
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.cli.planning import open_session, rendered, surroundings
from reconciler.errors import Exit, OutcomeUnknownError, UsageError
from reconciler.model import Action, Outcome, Plan
from reconciler.pipeline.applying import carry_out, plan_to_apply
from reconciler.pipeline.planning import run_blocks
from reconciler.pipeline.session import Session
from reconciler.pipeline.steering import goes_on, words
from reconciler.report.figures import listed
from reconciler.report.sanitise import visible
from reconciler.report.verdict import apply_exit, plan_exit
from reconciler.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json", "markdown", "html")
@click.option("--plan", "plan_file", type=FILE, help="Apply only if the plan is still this one.")
@click.option("--expect-digest", metavar="DIGEST", help="Apply only a plan with this digest.")
@click.option(
    "--shrink-only",
    is_flag=True,
    help="With --plan: also apply a plan that is a part of the saved one, and nothing beyond it.",
)
@carry_out_options
@click.option(
    "--wait",
    type=Duration(),
    default="0",
    metavar="DURATION",
    show_default=True,
    help="Go on with deployments to devices, step by step, so long at most, such as 8h.",
)
@select_options
@shard_option
@strict_option
@workspace_options
@wire_options
@write_options
def command(
    paths: tuple[Path, ...],
    output: str,
    plan_file: Path | None,
    expect_digest: str | None,
    shrink_only: bool,
    yes: bool,
    wait: float,
    **flags: Any,
) -> int:
    """Plan, and carry out exactly that plan.

    Every object is read again before it is written and read back afterwards. Running again after
    a failure is safe and does only what is left.

    A saved plan is applied once. If an apply of it did not get to its end, --shrink-only carries
    out what is left of it, and refuses anything else.

    A deployment to devices goes one step further with each apply. --wait takes one step after the
    other, each a plan of its own; what needs an approval waits for the next commit.
    """
    given = settings(paths=paths, output=output, **flags)
    approval = Approval.of(plan_file, expect_digest, shrink_only)
    if wait:
        _require_steps(output, yes)
    ends: float | None = None
    while True:
        with open_session(given) as run:
            made = plan_to_apply(run)
            approval.require(made, run.inventory.used_plans)
            code = Applying(given, run, made, yes, approval).run()
            if not wait or code or not goes_on(run):
                return code
            clock = next(iter(run.clients.values())).clock
            ends = clock.now() + wait if ends is None else ends
            if clock.now() + LOOK_EVERY > ends:
                return code
            run.observer.progress(f"waiting; {words(run)}", 0, 0)
            clock.sleep(LOOK_EVERY if not made.pending else 1.0)


LOOK_EVERY = 15.0
"""Seconds between two looks at deployments that go on."""


def _require_steps(output: str, yes: bool) -> None:
    """Raises UsageError where the steps after the first could not be told or agreed to."""
    if output != "text":
        raise UsageError(f"--wait does not go with --output {output}: it makes a plan each step")
    if not yes:
        raise UsageError(
            "--wait takes one step after the other, and an approval is about one",
            hint="say --yes, or apply each step by itself",
        )


class Applying:
    """One apply of one plan, from the question to the exit code."""

    def __init__(
        self, given: Settings, run: Session, made: Plan, yes: bool, approval: Approval
    ) -> None:
        self.given, self.session, self.made, self.approval = given, run, made, approval
        self.confirmed = yes or approval.is_bound
        self.color = wants_color(given.color, stderr=False)
        self.started = time.monotonic()
        self.is_told = False
        self.outcomes: list[Outcome] = []
        self.is_through = False
        """Whether it was agreed to, and carried out as far as that went."""

    def show(self) -> int:
        """Only show the plan; the exit code is that of a plan."""
        blocks = run_blocks(self.session, self.made)
        code = plan_exit(self.made, blocks)
        self.session.observer.progress("", 0, 0)
        shown = rendered(self.made, self.given.output, code, color=self.color, blocks=blocks)
        result(shown)
        return code

    def run(self) -> int:
        """Show, ask, carry out, tell."""
        blocks = run_blocks(self.session, self.made)
        code = plan_exit(self.made, blocks)
        actionable = [c for c in self.made.changes if not c.is_blocked]
        is_text = self.given.output == "text"
        self.session.observer.progress("", 0, 0)
        if is_text:
            source = source_line(self.session.workspace.root)
            result(
                rendered(self.made, "text", code, color=self.color, blocks=blocks, source=source)
            )
        if actionable and not blocks and not self.confirmed and not self._agreed(is_text):
            note("not applied: nothing was changed")
            return int(Exit.INVALID)
        with stoppable(self._last_words) as stop:  # a signal must not cut the summary off either
            return self._carried_out(stop, is_text)

    def _carried_out(self, stop: threading.Event, is_text: bool) -> int:
        outcomes = self.outcomes = self._carry_out(stop)
        self.is_through = True
        self.session.observer.progress("", 0, 0)
        code = apply_exit(self.made, outcomes, self.session.aftermath)
        if is_text and not self.made.changes:
            return code
        self.is_told = True
        result(self._told(outcomes, code))
        self._tell_beside(outcomes, is_text)
        return code

    def _tell_beside(self, outcomes: list[Outcome], is_text: bool) -> None:
        """What belongs to a person, on stderr."""
        diagnostics_to_stderr(self.session.aftermath, color=wants_color(self.given.color))
        if is_text and not self.approval.shrink_only and self.approval.saved and left(outcomes):
            note("the plan counts as used: --shrink-only carries out what is left of it")
        for crash in self.session.crashes if self.given.verbose else ():
            traceback.print_exception(crash)

    def _agreed(self, is_text: bool) -> bool:
        if not (sys.stdin.isatty() and sys.stderr.isatty() and is_text):
            raise UsageError(
                "there is something to do, and nobody to ask",
                hint="say --yes, or bind the apply to a reviewed plan with --plan or "
                "--expect-digest",
            )
        return click.confirm(f"{_loss(self.made)}Apply this plan?", default=False, err=True)

    def _carry_out(self, stop: threading.Event) -> list[Outcome]:
        uses = self.approval.uses(self.made)
        return carry_out(self.session, self.made, stop, self._report, uses)

    def _last_words(self) -> None:
        if self.given.output == "json" and not self.is_told:
            from reconciler.report.machine import dumps, error_json

            result(dumps(error_json(OutcomeUnknownError("stopped at once"), int(Exit.PARTIAL))))

    def _report(self, outcome: Outcome, done: int, total: int) -> None:
        self.session.observer.progress("applying", done, total)

    def _told(self, outcomes: list[Outcome], code: int) -> str:
        if self.given.output == "json":
            from reconciler.report.machine import dumps, outcome_json

            aftermath = self.session.aftermath
            return dumps(outcome_json(self.made, outcomes, code, diagnostics=aftermath))
        if self.given.output == "markdown":
            from reconciler.report.markdown import outcome_markdown

            return outcome_markdown(self.made, outcomes, code)
        if self.given.output == "html":
            from reconciler.report.html.outcome import outcome_html

            around = surroundings(self.session)
            return outcome_html(self.made, outcomes, code, surroundings=around)
        from reconciler.report.terminal import outcome_text

        seconds = time.monotonic() - self.started
        return "\n" + outcome_text(
            self.made, outcomes, exit_code=code, seconds=seconds, color=self.color
        )


def left(outcomes: list[Outcome]) -> bool:
    """Whether an apply did not get to its end."""
    return any(o.result in ("failed", "not-attempted") for o in outcomes)


def _loss(made: Plan) -> str:
    """What a plan deletes, for whoever is asked."""
    gone = [visible(str(c.address)) for c in made.pending if c.action is Action.DELETE]
    return f"It deletes {listed(gone)}. " if gone else ""
