"""Inputs in, what the command found or did out: the stages of the plain commands, kept as values.

One run is shown in a log, a comment, a summary and files, so its result is not text here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from reconciler.accepting import Acceptance, accept
from reconciler.cli.approval import Approval
from reconciler.cli.planning import findings, open_session, surroundings
from reconciler.errors import (
    Diagnostic,
    Exit,
    InvalidManifests,
    ReconcilerError,
    has_errors,
)
from reconciler.model import Block, Comparison, Drift, Outcome, Plan
from reconciler.pipeline.applying import carry_out, plan_to_apply
from reconciler.pipeline.desiring import desire_everywhere, told_together
from reconciler.pipeline.drifting import find_drift
from reconciler.pipeline.git import place_in_repository
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.pipeline.recording import unrecorded
from reconciler.report.html.parts import NOWHERE, Surroundings
from reconciler.report.verdict import apply_exit, drift_exit, plan_exit
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run. `code` is the exit code of the plain command.

    `error` is why it ended early; `plan` is then what was planned before, if anything was.
    """

    command: str
    code: int
    plan: Plan | None = None
    blocks: tuple[Block, ...] = ()
    outcomes: tuple[Outcome, ...] | None = None
    drift: Drift | None = None
    comparison: Comparison | None = None
    found: tuple[Diagnostic, ...] = ()
    error: ReconcilerError | None = None
    root: Path | None = None
    files: tuple[str, ...] = ()
    rewritten: Mapping[str, str] = field(default_factory=dict)
    """Manifests that would say what drifted, by their path in the repository."""
    unrecorded: int = 0
    """Objects of which an apply would record something, though it would change nothing."""
    around: Surroundings = NOWHERE
    seconds: float = 0.0
    note: str = ""
    """Why the run did something else than was asked; our own words."""

    def ended_by(self, error: ReconcilerError) -> Result:
        """The same run, ended early."""
        root = error.root if isinstance(error, InvalidManifests) else None
        return replace(
            self,
            code=int(error.exit_code),
            error=error,
            found=tuple(error.diagnostics),
            root=root or self.root,
        )


def validate(settings: Settings) -> Result:
    """Check the manifests of every environment."""
    desires = desire_everywhere(settings)
    found = told_together(desires)
    code = Exit.INVALID if has_errors(found) else Exit.DONE
    return Result("validate", int(code), found=tuple(found), root=desires[0].workspace.root)


def plan(settings: Settings) -> Result:
    """Read the platforms, and decide what would be done."""
    with open_session(settings) as run:
        made = make_plan(run)
        blocks = tuple(run_blocks(run, made))
        root, around, left = run.workspace.root, surroundings(run), len(unrecorded(run, made))
    code, found = plan_exit(made, blocks), tuple(findings(made, blocks))
    return Result(
        "plan", code, made, blocks, found=found, root=root, around=around, unrecorded=left
    )


def apply(
    settings: Settings,
    approval: Approval,
    stop: threading.Event,
    planned: Callable[[Result], None],
) -> Result:
    """Plan, compare with what was approved, and carry out exactly that.

    `planned` is told the plan before anything is written.
    """
    started = time.monotonic()
    with open_session(settings) as run:
        made = plan_to_apply(run)
        blocks = tuple(run_blocks(run, made))
        code, root = plan_exit(made, blocks), run.workspace.root
        result = Result("apply", code, made, blocks, root=root, around=surroundings(run))
        planned(result)
        try:
            approval.require(made, run.inventory.used_plans)
            outcomes = carry_out(run, made, stop, uses=approval.uses(made))
        except ReconcilerError as error:
            return result.ended_by(error)
        after = tuple(run.aftermath)
    seconds = time.monotonic() - started
    found = (*after, *findings(made, blocks))
    code = apply_exit(made, outcomes, after)
    told = replace(made, diagnostics=(*after, *made.diagnostics))
    return replace(
        result, code=code, plan=told, outcomes=tuple(outcomes), found=found, seconds=seconds
    )


def drift(settings: Settings, *, accepting: bool = False) -> Result:
    """Look what changed since the last apply; `accepting` also how the manifests would say it."""
    with open_session(settings) as run:
        found = find_drift(run)
        root = run.workspace.root
        accepted = accept(run, found) if accepting else Acceptance()
    place = place_in_repository(root)
    return Result(
        "drift",
        drift_exit(found),
        drift=found,
        found=(*found.diagnostics, *accepted.refused),
        root=root,
        rewritten={str(PurePosixPath(place, f.file)): f.after for f in accepted.files},
    )


def snapshot(settings: Settings, file: Path) -> Result:
    """Record what a plan reads, without secrets, for the plans of jobs without credentials."""
    from reconciler.platform.snapshot.file import write_snapshot
    from reconciler.snapshots import take

    with open_session(settings, needs_manifests=False) as run:
        taken = take(run)
        root = run.workspace.root
    file.parent.mkdir(parents=True, exist_ok=True)
    write_snapshot(file, taken.snapshot)
    return Result(
        "snapshot", int(Exit.DONE), found=tuple(taken.findings), root=root, files=(file.name,)
    )


def export(settings: Settings) -> Result:
    """Write manifests for what is live and not declared yet."""
    from reconciler.cli.files import write_atomically
    from reconciler.exporting import export as exported

    with open_session(settings, needs_manifests=False) as run:
        made = exported(run, None)
        root = run.workspace.root
    for file, text in made.created:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text.encode())
    code = Exit.INVALID if has_errors(made.diagnostics) else Exit.DONE
    files = tuple(
        (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()
        for file, _ in made.created
    )
    return Result("export", int(code), found=tuple(made.diagnostics), root=root, files=files)
