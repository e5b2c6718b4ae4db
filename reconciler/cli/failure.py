"""An exception in, words for the user and an exit code out. A traceback only with --verbose."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from reconciler.cli.options import FINDINGS
from reconciler.cli.output import diagnostics_to_stderr, result, source_line, wants_color
from reconciler.errors import InvalidManifests, ReconcilerError, UsageError
from reconciler.report.diagnostics import Counts
from reconciler.report.machine import dumps, error_json, validation_json


class InterruptError(ReconcilerError):
    """Ctrl-C before anything was sent."""

    rule = "interrupted"


def tell(error: BaseException, args: Sequence[str]) -> int:
    """Tell what went wrong; with `--output json`, stdout gets exactly one document."""
    known = _known(error, args)
    if wants(args, "json"):
        result(dumps(_document(known)))
    elif output := next((o for o in FINDINGS if wants(args, o)), ""):
        from reconciler.cli.planning import findings_text

        code = int(known.exit_code)
        result(findings_text(output, known.diagnostics, "", code, completed=False))
    root = known.root if isinstance(known, InvalidManifests) else None
    diagnostics_to_stderr(
        known.diagnostics,
        color=wants_color("--no-color" not in args),
        source=source_line(root) if root else None,
    )
    if not isinstance(error, ReconcilerError | click.ClickException) and "--verbose" in args:
        traceback.print_exception(error)
    return int(known.exit_code)


def _document(error: ReconcilerError) -> dict[str, Any]:
    if isinstance(error, InvalidManifests):
        return validation_json(error.diagnostics, int(error.exit_code), Counts())
    return error_json(error, int(error.exit_code))


def _known(error: BaseException, args: Sequence[str]) -> ReconcilerError:
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, click.NoSuchOption):
        offered = _offered(error)
        error = click.NoSuchOption(error.option_name, possibilities=offered, ctx=error.ctx)
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message(), hint=_usage_hint(error, args))
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return InterruptError("interrupted", hint="nothing is left half-done; run it again")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        text = f"{where}{error.strerror or error}"
        return UsageError(text, hint="is the path right, and may this user read and write there?")
    return ReconcilerError(
        f"this should not have happened: {type(error).__name__}: {error}",
        hint="run again with --verbose and report it with the traceback",
    )


def _offered(error: click.NoSuchOption) -> list[str]:
    """The flags to suggest; a hidden one is there only to be refused in good words."""
    params = error.ctx.command.params if error.ctx else []
    hidden = {o for p in params if isinstance(p, click.Option) and p.hidden for o in p.opts}
    return [name for name in error.possibilities or () if name not in hidden]


def _usage_hint(error: click.ClickException, args: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else " ".join(["reconciler", *args[:1]])
    return f"see `{command} --help`"


def wants(args: Sequence[str], output: str) -> bool:
    """Whether a command line asks for a form of output, be it otherwise right or wrong."""
    pairs = pairwise([*args, ""])
    return any(a in (f"--output={output}", f"-o{output}") for a in args) or any(
        a in ("--output", "-o") and b == output for a, b in pairs
    )
