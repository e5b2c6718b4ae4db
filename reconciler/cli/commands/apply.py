"""`reconciler apply`: a plan in, outcomes out. The only command that changes a platform."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.interrupt import stoppable
from reconciler.cli.options import (
    FILE,
    output_option,
    select_options,
    settings,
    shard_option,
    strict_option,
    wire_options,
    workspace_options,
    write_options,
)
from reconciler.cli.output import note, result, source_line, wants_color
from reconciler.cli.planning import open_session, rendered
from reconciler.cli.saved_plan import SavedPlan, compare, read
from reconciler.errors import Exit, OutcomeUnknownError, StalePlanError, UsageError
from reconciler.model import Outcome, Plan
from reconciler.pipeline.applying import apply_warnings, carry_out
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.pipeline.session import Session
from reconciler.report.verdict import plan_exit
from reconciler.settings import Settings

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json", "markdown")
@click.option("--plan", "plan_file", type=FILE, help="Apply only if the plan is still this one.")
@click.option("--expect-digest", metavar="DIGEST", help="Apply only a plan with this digest.")
@click.option("--yes", is_flag=True, help="Do not ask; raises no limit.")
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
    yes: bool,
    **flags: Any,
) -> int:
    """Plan, and carry out exactly that plan.

    Every object is read again before it is written and read back afterwards. Running again after
    a failure is safe and does only what is left.
    """
    given = settings(paths=paths, output=output, **flags)
    if expect_digest is not None and not DIGEST.fullmatch(expect_digest):
        raise UsageError(
            f"--expect-digest '{expect_digest}' is no digest",
            hint="it is sha256: and 64 hexadecimal digits, as the last line of a plan shows it",
        )
    approved = read(plan_file) if plan_file is not None else None
    with open_session(given) as run:
        made = make_plan(run)
        made = replace(made, diagnostics=(*made.diagnostics, *apply_warnings(run)))
        _require(made, approved, expect_digest)
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
        outcomes = self._carry_out()
        self.session.observer.progress("", 0, 0)
        code = exit_code(self.made, outcomes)
        if is_text and not self.made.changes:
            return code
        result(self._told(outcomes, code))
        return code

    def _agreed(self, is_text: bool) -> bool:
        if not (sys.stdin.isatty() and sys.stderr.isatty() and is_text):
            raise UsageError(
                "there is something to do, and nobody to ask",
                hint="say --yes, or bind the apply to a reviewed plan with --plan or "
                "--expect-digest",
            )
        return click.confirm("Apply this plan?", default=False, err=True)

    def _carry_out(self) -> list[Outcome]:
        with stoppable(self._last_words) as stop:
            return carry_out(self.session, self.made, stop, self._report)

    def _last_words(self) -> None:
        if self.given.output == "json":
            from reconciler.report.machine import dumps, error_json

            result(dumps(error_json(OutcomeUnknownError("stopped at once"), int(Exit.PARTIAL))))

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
        return "\n" + outcome_text(
            self.made, outcomes, exit_code=code, seconds=seconds, color=self.color
        )


def exit_code(made: Plan, outcomes: list[Outcome]) -> int:
    """The exit code of an apply: 1 unreadable, 5 failed or unverified, 3 blocked, else 0."""
    if any(o.result == "failed" or o.fields for o in outcomes):
        return int(Exit.PARTIAL)
    interrupted = [o for o in outcomes if o.result == "not-attempted"]
    if interrupted:
        return int(Exit.PARTIAL if any(o.wrote for o in outcomes) else Exit.INVALID)
    return plan_exit(made)


def _require(made: Plan, approved: SavedPlan | None, expected: str | None) -> None:
    """Raises StalePlanError unless the plan is the approved one."""
    if approved is None and expected is None:
        return
    if made.partial:
        raise StalePlanError(
            "the plan is partial: something could not be read, so it cannot be the approved one",
            hint="use a token that sees complete configurations",
        )
    if approved is not None:
        compare(approved, made)
    if expected is not None and expected != made.digest:
        raise StalePlanError(
            f"the plan's digest is {made.digest}, approved was {expected}",
            hint="look at the new plan (`reconciler plan`) and approve it",
        )
