"""An exception in, words for the user and an exit code out. A traceback only with --verbose."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from reconciler.cli.output import diagnostics_to_stderr, wants_color
from reconciler.errors import InvalidManifests, ReconcilerError, UsageError
from reconciler.report.machine import dumps, error_json, validation_json


def tell(error: BaseException, args: Sequence[str]) -> int:
    """Tell what went wrong; with `--output json`, stdout gets exactly one document."""
    known = _known(error)
    if _wants_json(args):
        sys.stdout.write(dumps(_document(known)))
    diagnostics_to_stderr(known.diagnostics, color=wants_color("--no-color" not in args))
    if not isinstance(error, ReconcilerError | click.ClickException) and "--verbose" in args:
        traceback.print_exception(error)
    return int(known.exit_code)


def _document(error: ReconcilerError) -> dict[str, Any]:
    if isinstance(error, InvalidManifests):
        return validation_json(error.diagnostics, int(error.exit_code), {})
    return error_json(error, int(error.exit_code))


def _known(error: BaseException) -> ReconcilerError:
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message(), hint=_usage_hint(error))
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return UsageError("interrupted")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return UsageError(f"{where}{error.strerror or error}")
    return ReconcilerError(
        f"this should not have happened: {type(error).__name__}: {error}",
        hint="run again with --verbose and report it with the traceback",
    )


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path} --help`" if context is not None else ""


def _wants_json(args: Sequence[str]) -> bool:
    pairs = zip(args, [*args[1:], ""], strict=True)
    return "--output=json" in args or any(a in ("--output", "-o") and b == "json" for a, b in pairs)
