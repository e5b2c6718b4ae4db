"""Texts in, the right stream out: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from reconciler.errors import Diagnostic, ReconcilerError


class OutputError(ReconcilerError):
    """The result is there, and cannot be written."""

    rule = "output"


def wants_color(allowed: bool = True, *, stderr: bool = True) -> bool:
    """Whether to write colours: not when told not to, and only to a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if not allowed or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def result(text: str) -> None:
    """Write a command's result."""
    _write(sys.stdout, text if text.endswith("\n") or not text else text + "\n")


def note(text: str) -> None:
    """Write something beside the result."""
    _write(sys.stderr, text if text.endswith("\n") else text + "\n")


def _write(stream: TextIO, text: str) -> None:
    """Write and flush; what nobody reads any more (`| head -1`) must not end an apply half-way."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError as error:
        silence(stream)  # or the same error comes again, when the stream is closed
        if stream is sys.stdout:
            raise OutputError(
                f"the result could not be written to standard output: {error.strerror or error}",
                hint="is the disk full? `reconciler plan` tells what an apply has left to do",
            ) from None


def silence(stream: TextIO) -> None:
    """Let a stream that nobody reads swallow the rest, so that nothing complains about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def diagnostics_to_stderr(
    diagnostics: Iterable[Diagnostic],
    *,
    color: bool,
    source: Callable[[str, int], str | None] | None = None,
) -> None:
    """Write findings for a person."""
    found = list(diagnostics)
    if found:
        from reconciler.report.terminal import diagnostics_text

        note(diagnostics_text(found, color=color, source=source))


def source_line(root: Path) -> Callable[[str, int], str | None]:
    """A function that finds one line of a file of the workspace, for showing a finding in it."""

    @lru_cache(maxsize=1)  # findings come sorted by file
    def lines(file: str) -> list[str]:
        try:
            text = (root / file).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return []
        return [] if text.startswith("\ufffd") else text.split("\n")  # UTF-16, or no text at all

    def line(file: str, number: int) -> str | None:
        found = lines(file)
        return found[number - 1] if number <= len(found) else None

    return line
