"""What plan and apply share: opening a run, the exit code, the rendering."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli.options import FINDINGS
from reconciler.errors import Diagnostic
from reconciler.model import Block, Change, Plan
from reconciler.pipeline.desiring import Desire
from reconciler.pipeline.session import Session, session
from reconciler.report.diagnostics import block_diagnostic
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.report.html.parts import Surroundings
    from reconciler.report.progress import Progress


@contextmanager
def open_session(
    given: Settings,
    *,
    needs_manifests: bool = True,
    wanted: Desire | None = None,
    whole: bool = False,
) -> Iterator[Session]:
    """A run with progress on stderr when that is a terminal; see `session`."""
    from reconciler.report.progress import teller

    with (
        told_progress(given) as told,
        session(
            given,
            progress=told,
            wanted=wanted,
            needs_manifests=needs_manifests,
            whole=whole,
            tell=teller(told, sys.stderr),
        ) as run,
    ):
        yield run


@contextmanager
def told_progress(given: Settings) -> Iterator[Progress]:
    """What tells how far a run is: on stderr when that is a terminal, else nothing."""
    from reconciler.report.progress import progress

    with progress(
        sys.stderr, sys.stderr.isatty() and given.output not in ("json", *FINDINGS)
    ) as told:
        yield told


def findings(made: Plan, blocks: Sequence[Block] = ()) -> list[Diagnostic]:
    """What is wrong with a plan, blocks first: those of the run, then those of objects."""
    return [
        *map(block_diagnostic, blocks),
        *(_blocked(change) for change in made.blocked),
        *made.diagnostics,
    ]


def _blocked(change: Change) -> Diagnostic:
    block, origin = change.blocked or Block("", ""), change.origin
    return Diagnostic(
        block.code,
        "error",
        f"{change.address}: {block.message}",
        hint=block.override or "",
        file=origin.file if origin else None,
        line=origin.line if origin else None,
        column=origin.column if origin else None,
        address=str(change.address),
    )


def findings_text(
    output: str,
    diagnostics: Iterable[Diagnostic],
    root: str,
    code: int,
    *,
    completed: bool = True,
) -> str:
    """The findings of a run in one of these formats.

    `root` is the workspace's folder in the Git repository, to which places relate. `completed` is
    False where the run ended before it had looked at everything.
    """
    if output == "junit":
        from reconciler.report.junit import junit

        return junit(diagnostics, exit_code=code, root=root)
    from reconciler.report.machine import dumps
    from reconciler.report.sarif import sarif

    return dumps(
        sarif(diagnostics, version=__version__, exit_code=code, root=root, completed=completed)
    )


def rendered(
    made: Plan,
    output: str,
    code: int,
    *,
    color: bool,
    verbose: bool = False,
    blocks: Sequence[Block] = (),
    source: Callable[[str, int], str | None] | None = None,
    around: Surroundings | None = None,
) -> str:
    """The plan in the wanted format; `source` finds the lines of findings, `around` is for HTML."""
    if output == "json":
        from reconciler.report.machine import dumps, plan_json

        return dumps(plan_json(made, code, blocks=blocks))
    if output == "markdown":
        from reconciler.report.markdown import plan_markdown

        return plan_markdown(made, blocks=blocks)
    if output == "html":
        from reconciler.report.html.parts import NOWHERE
        from reconciler.report.html.plan import plan_html

        return plan_html(made, blocks=blocks, surroundings=around or NOWHERE)
    from reconciler.report.terminal import plan_text

    return plan_text(
        made, color=color, verbose=verbose, width=terminal_width(), blocks=blocks, source=source
    )


def surroundings(run: Session) -> Surroundings:
    """What an HTML page tells of the workspace beside its subject."""
    from reconciler.engine.graph import graph
    from reconciler.report.html.parts import Surroundings

    return Surroundings(
        run.workspace.name,
        {m.address: m.labels for m in run.chosen if m.labels},
        graph(run.desire.resolved, run.registry, run.chosen, run.by_reference),
    )


def terminal_width() -> int | None:
    """The columns of the terminal results go to; None where they go elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
