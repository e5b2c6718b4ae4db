"""A result in, the text of the log out: what the plain command would have printed."""

from __future__ import annotations

from reconciler.cli.output import source_line
from reconciler.cli.planning import rendered
from reconciler.github.outcome import title
from reconciler.github.work import Result
from reconciler.report.terminal import diagnostics_text, drift_text, outcome_text


def log_text(result: Result) -> str:
    """The text, with an empty end where there is nothing to tell."""
    source = source_line(result.root) if result.root else None
    if result.error is not None:
        return diagnostics_text(result.error.diagnostics, color=False, source=source)
    if result.plan is not None and result.outcomes is not None:
        told = (result.plan, result.outcomes)
        return outcome_text(*told, exit_code=result.code, seconds=result.seconds, color=False)
    if result.plan is not None:
        made = rendered(
            result.plan, "text", result.code, color=False, blocks=result.blocks, source=source
        )
        return f"{result.note}\n\n{made}" if result.note else made
    if result.drift is not None:
        return drift_text(result.drift, color=False)
    found = diagnostics_text(result.found, color=False, source=source)
    files = "".join(f"created {file}\n" for file in result.files)
    return "\n".join(filter(None, (found, files, result.note, f"{title(result)}.")))
