"""What plan and apply share: opening a run, the guards as findings, the exit code, the rendering."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from reconciler.errors import Diagnostic, Exit, has_errors, ordered
from reconciler.model import Plan
from reconciler.pipeline import Session, run_blocks, session
from reconciler.settings import Settings


@contextmanager
def open_session(given: Settings, *, needs_manifests: bool = True) -> Iterator[Session]:
    """A run with progress on stderr when that is a terminal."""
    from reconciler.report.progress import progress

    enabled = sys.stderr.isatty() and given.output != "json"
    with (
        progress(sys.stderr, enabled) as told,
        session(given, progress=told, needs_manifests=needs_manifests) as run,
    ):
        yield run


def guarded(run: Session, made: Plan) -> Plan:
    """The plan with what would block the whole run among its findings."""
    found = [
        Diagnostic(block.code, "error", block.message, hint=f"raise it with {block.override}")
        for block in run_blocks(run, made)
    ]
    return replace(made, diagnostics=tuple(ordered([*made.diagnostics, *found])))


def plan_exit(made: Plan, *, detailed: bool) -> int:
    """The exit code of a plan: 1 unreadable objects, 3 blocked, 2 pending if asked for, else 0."""
    errors = [d for d in made.diagnostics if d.severity == "error"]
    if has_errors(d for d in errors if d.rule != "limit"):
        return int(Exit.INVALID)
    if made.blocked or errors:
        return int(Exit.BLOCKED)
    return int(Exit.PENDING if detailed and made.pending else Exit.DONE)


def rendered(made: Plan, output: str, code: int, *, color: bool, verbose: bool = False) -> str:
    """The plan in the wanted format."""
    if output == "json":
        from reconciler.report.machine import dumps, plan_json

        return dumps(plan_json(made, code))
    if output == "markdown":
        from reconciler.report.markdown import plan_markdown

        return plan_markdown(made)
    from reconciler.report.terminal import plan_text

    return plan_text(made, color=color, verbose=verbose)
