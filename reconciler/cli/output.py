"""Texts in, the right stream out: results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from reconciler.errors import Diagnostic


def wants_color(allowed: bool = True, *, stderr: bool = True) -> bool:
    """Whether to write colours: not when told not to, and only to a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if not allowed or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def result(text: str) -> None:
    """Write a command's result."""
    sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Write something beside the result."""
    sys.stderr.write(text if text.endswith("\n") else text + "\n")


def diagnostics_to_stderr(
    diagnostics: Iterable[Diagnostic],
    *,
    color: bool,
    source: Callable[[str, int], str | None] | None = None,
) -> None:
    """Write findings for a person."""
    from reconciler.report.terminal import diagnostics_text

    found = list(diagnostics)
    if found:
        note(diagnostics_text(found, color=color, source=source))


def source_line(root: Path) -> Callable[[str, int], str | None]:
    """A function that finds one line of a file of the workspace, for showing a finding in it."""

    def line(file: str, number: int) -> str | None:
        try:
            with (root / file).open(encoding="utf-8", newline=None) as text:
                for count, content in enumerate(text, 1):
                    if count == number:
                        return content.rstrip("\n")[:400]
        except (OSError, UnicodeDecodeError):
            pass
        return None

    return line
