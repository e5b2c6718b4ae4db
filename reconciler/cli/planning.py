"""What plan and apply share: opening a run, the exit code, the rendering."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import Exit, has_errors
from reconciler.model import Block, Plan
from reconciler.pipeline import Session, session
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.report.progress import Progress


@contextmanager
def open_session(given: Settings, *, needs_manifests: bool = True) -> Iterator[Session]:
    """A run with progress on stderr when that is a terminal."""
    with (
        told_progress(given) as told,
        session(given, progress=told, needs_manifests=needs_manifests) as run,
    ):
        yield run


@contextmanager
def told_progress(given: Settings) -> Iterator[Progress]:
    """What tells how far a run is: on stderr when that is a terminal, else nothing."""
    from reconciler.report.progress import progress

    with progress(sys.stderr, sys.stderr.isatty() and given.output != "json") as told:
        yield told


def plan_exit(made: Plan, blocks: Sequence[Block] = (), *, detailed: bool = False) -> int:
    """The exit code of a plan: 1 unreadable objects, 3 blocked, 2 pending if asked for, else 0.

    `blocks` are those of the whole run.
    """
    if has_errors(made.diagnostics):
        return int(Exit.INVALID)
    if made.blocked or blocks:
        return int(Exit.BLOCKED)
    return int(Exit.PENDING if detailed and made.pending else Exit.DONE)


def rendered(
    made: Plan,
    output: str,
    code: int,
    *,
    color: bool,
    verbose: bool = False,
    blocks: Sequence[Block] = (),
) -> str:
    """The plan in the wanted format."""
    if output == "json":
        from reconciler.report.machine import dumps, plan_json

        return dumps(plan_json(made, code, blocks=blocks))
    if output == "markdown":
        from reconciler.report.markdown import plan_markdown

        return plan_markdown(made, blocks=blocks)
    from reconciler.report.terminal import plan_text

    return plan_text(made, color=color, verbose=verbose, width=terminal_width(), blocks=blocks)


def terminal_width() -> int | None:
    """The columns of the terminal results go to; None where they go elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
