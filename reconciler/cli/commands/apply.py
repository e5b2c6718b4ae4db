"""`reconciler apply`: a plan in, outcomes out. The only command that changes a platform."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    strict_option,
    wire_options,
    workspace_options,
    write_options,
)
from reconciler.cli.output import note, result, wants_color
from reconciler.cli.planning import guarded, open_session, plan_exit, rendered
from reconciler.errors import Exit, StalePlanError, UsageError
from reconciler.model import Outcome, Plan
from reconciler.pipeline import Session, carry_out, make_plan
from reconciler.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json", "markdown")
@click.option("--plan", "plan_file", type=FILE, help="Apply only if the plan is still this one.")
@click.option("--expect-digest", metavar="DIGEST", help="Apply only a plan with this digest.")
@click.option("--yes", is_flag=True, help="Do not ask; raises no limit.")
@select_options
@strict_option
@workspace_options
@wire_options
@write_options
def command(
    paths: tuple[Path, ...],
    output: str,
    plan_file: Path | None,
    expect_digest: str | None,
    yes: bool,
    **flags: Any,
) -> int:
    """Plan, and carry out exactly that plan.

    Every object is read again before it is written and read back afterwards. Running again after
    a failure is safe and does only what is left.
    """
    given = settings(paths=paths, output=output, **flags)
    with open_session(given) as run:
        made = guarded(run, make_plan(run))
        _require(made, plan_file, expect_digest)
        confirmed = yes or plan_file is not None or expect_digest is not None
        return _Apply(given, run, made, confirmed).run()


class _Apply:
    """One apply of one plan, from the question to the exit code."""

    def __init__(self, given: Settings, run: Session, made: Plan, confirmed: bool) -> None:
        self.given, self.session, self.made, self.confirmed = given, run, made, confirmed
        self.color = wants_color(given.color, stderr=False)
        self.started = time.monotonic()

    def run(self) -> int:
        """Show, ask, carry out, tell."""
        blocked = plan_exit(self.made, detailed=False)
        actionable = [c for c in self.made.changes if not c.is_blocked]
        is_text = self.given.output == "text"
        if is_text:
            result(rendered(self.made, "text", blocked, color=self.color))
        if actionable and not self.confirmed:
            self._ask(is_text)
        outcomes = self._carry_out() if self.made.changes else []
        code = exit_code(self.made, outcomes)
        if is_text and not self.made.changes:
            return code
        result(self._told(outcomes, code))
        return code

    def _ask(self, is_text: bool) -> None:
        if not (sys.stdin.isatty() and sys.stderr.isatty() and is_text):
            raise UsageError(
                "there is something to do, and nobody to ask",
                hint="say --yes, or bind the apply to a reviewed plan with --plan or "
                "--expect-digest",
            )
        if not click.confirm("Apply this plan?", default=False, err=True):
            raise UsageError("not applied")

    def _carry_out(self) -> list[Outcome]:
        with _stoppable() as stop:
            return carry_out(self.session, self.made, stop, self._report)

    def _report(self, outcome: Outcome, done: int, total: int) -> None:
        self.session.observer.progress("applying", done, total)

    def _told(self, outcomes: list[Outcome], code: int) -> str:
        if self.given.output == "json":
            from reconciler.report.machine import dumps, outcome_json

            return dumps(outcome_json(self.made, outcomes, code))
        if self.given.output == "markdown":
            from reconciler.report.markdown import outcome_markdown

            return outcome_markdown(self.made, outcomes, code)
        from reconciler.report.terminal import outcome_text

        seconds = time.monotonic() - self.started
        return outcome_text(self.made, outcomes, exit_code=code, seconds=seconds, color=self.color)


def exit_code(made: Plan, outcomes: list[Outcome]) -> int:
    """The exit code of an apply: 1 unreadable, 5 failed or unverified, 3 blocked, else 0."""
    if any(o.result == "failed" or o.fields for o in outcomes):
        return int(Exit.PARTIAL)
    interrupted = [o for o in outcomes if o.result == "not-attempted"]
    if interrupted:
        return int(Exit.PARTIAL if any(o.wrote for o in outcomes) else Exit.INVALID)
    return plan_exit(made, detailed=False)


def _require(made: Plan, plan_file: Path | None, expected: str | None) -> None:
    """Raises StalePlanError unless the plan is the approved one."""
    if plan_file is None and expected is None:
        return
    if made.partial:
        raise StalePlanError(
            "the plan is partial: something could not be read, so it cannot be the approved one",
            hint="use a token that sees complete configurations",
        )
    if plan_file is not None:
        from reconciler.cli.saved_plan import compare

        compare(plan_file, made)
    if expected is not None and expected != made.digest:
        raise StalePlanError(
            f"the plan's digest is {made.digest}, approved was {expected}",
            hint="look at the new plan and approve it",
        )


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second signal ends the run where it is."""
    stop = threading.Event()

    def ask_to_stop(signum: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        note("stopping after the request in flight; once more to stop at once")

    handled = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask_to_stop) for number in handled}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
