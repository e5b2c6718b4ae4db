"""Findings that know what to write instead in, a patch for `git apply` out.

Nothing is made visible or shortened here: a patch is for a program, and holds lines of the files as
they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from io import StringIO

from reconciler.errors import POINTS_AT_SECRET, Diagnostic
from reconciler.report.diagnostics import may_hold_secret


def patch(
    diagnostics: Iterable[Diagnostic], read: Callable[[str], str | None], root: str = ""
) -> str:
    """The patch; empty where no finding knows better.

    `read` gives a file's text by its name in the workspace, `root` is the workspace's folder
    relative to the Git repository.
    """
    return "".join(
        _difference(f"{root}/{file}" if root else file, before, fixed(before, found))
        for file, before, found in fixable(diagnostics, read)
    )


def fixable(
    diagnostics: Iterable[Diagnostic], read: Callable[[str], str | None]
) -> Iterator[tuple[str, str, list[Diagnostic]]]:
    """Files with their text and the findings that know better.

    None of a file that may hold a secret: a patch shows lines as they are, and those beside them.
    """
    found = list(diagnostics)
    secret = {finding.file for finding in found if finding.rule in POINTS_AT_SECRET}
    by_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for finding in sorted(found, key=lambda one: one.file or ""):
        if finding.fix is not None and finding.file and finding.file not in secret:
            by_file[finding.file].append(finding)
    for file, known in by_file.items():
        text = read(file)
        if text is None:
            continue
        about = [finding for finding in found if finding.file == file]
        lines = text.split("\n")
        if not any(may_hold_secret(line, finding) for finding in about for line in lines):
            yield file, text, known


def fixed(text: str, findings: Iterable[Diagnostic]) -> str:
    """A text with what findings would have instead; what is not there any more is left alone."""
    lines = text.split("\n")
    places = {(f.line or 0, f.column or 0): f.fix for f in findings if f.fix is not None}
    for (line, column), fix in sorted(places.items(), reverse=True):
        if not 0 < line <= len(lines) or fix is None:
            continue
        start, written = column - 1, lines[line - 1]
        if start >= 0 and written[start:].startswith(fix.old):
            lines[line - 1] = written[:start] + fix.new + written[start + len(fix.old) :]
    return "\n".join(lines)


def _difference(file: str, before: str, after: str) -> str:
    one, other = (list(StringIO(text, newline="\n")) for text in (before, after))
    told = unified_diff(one, other, f"a/{file}", f"b/{file}")
    end = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + end for line in told)
