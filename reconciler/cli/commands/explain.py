"""`reconciler explain`: a kind, a field, an object or a code in, what is to be known of it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    FILE,
    output_option,
    settings,
    snapshot_option,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, result, wants_color
from reconciler.errors import Exit, UsageError
from reconciler.kinds.registry import builtin
from reconciler.settings import Settings

WIDTH = 96


@click.command()
@click.argument("target")
@click.argument("paths", nargs=-1, type=FILE)
@output_option("text", "json")
@click.option("--offline", is_flag=True, help="Ask no platform: only manifests and inventory.")
@click.option("--plan", "plan_file", type=FILE, help="Explain by a saved plan; asks no platform.")
@snapshot_option
@workspace_options
@wire_options
def command(
    target: str,
    paths: tuple[Path, ...],
    output: str,
    offline: bool,
    plan_file: Path | None,
    **flags: Any,
) -> int:
    """Explain TARGET: a kind (`LocalRepository`), a field (`LocalRepository.xrayIndex`), an object.

    Workspace, Environment, ManifestSet, Tombstone, Guardrail, GuardrailTest, Waiver and metadata
    are explained like kinds; and so is every code that a run prints: of a reason, a block, a rule,
    a guardrail of the package, an action, a risk, or the exit code.

    An object is named by its address, such as `LocalRepository/npm-local`: why it is in the plan,
    which line says what, what is live, what was last applied, who names whom. PATHs are the
    manifests, as in `plan`.

    Exit codes: 0 explained, 6 a platform cannot be reached (what is known without it is told),
    1 no such object, or it could not be read.
    """
    if "/" in target:
        given = settings(paths=paths, output=output, **flags)
        return _object(given, target, ask=not offline, plan_file=plan_file)
    from reconciler.cli.definitions import definition

    lines = list(definition(builtin(), target))
    if output == "json":
        name = target.partition(".")[0]
        raise UsageError(
            "--output json explains an object, not a kind or a code",
            hint=f"`reconciler schema {name}` prints a kind as JSON Schema",
        )
    result("\n".join(lines))
    return 0


def _object(given: Settings, target: str, *, ask: bool, plan_file: Path | None) -> int:
    from reconciler.cli.planning import told_progress
    from reconciler.cli.saved_plan import read
    from reconciler.explaining import explain
    from reconciler.pipeline.desiring import desire

    wanted = desire(given, dangling=False).checked()
    saved = read(plan_file).plan if plan_file else None
    with told_progress(given) as progress:
        told, error = explain(given, wanted, target, ask=ask, saved=saved, progress=progress)
    code = error.exit_code if error else Exit.DONE
    if told.live == "unreadable":
        code = Exit.INVALID
    color = wants_color(given.color, stderr=False)
    diagnostics_to_stderr(told.diagnostics, color=wants_color(given.color))
    if given.output == "json":
        from reconciler.report.explanation import explanation_json
        from reconciler.report.machine import dumps

        result(dumps(explanation_json(told, int(code))))
    else:
        from reconciler.cli.planning import terminal_width
        from reconciler.report.explanation import explanation_text

        width = max(60, min(terminal_width() or WIDTH, 120))
        result(explanation_text(told, color=color, verbose=given.verbose, width=width))
    return int(code)
