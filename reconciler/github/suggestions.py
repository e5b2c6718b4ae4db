"""Findings that know what to write instead in, suggestions of a review out (D5).

GitHub takes them for lines of the pull request's difference only, and its author applies one with
a click. One that was made already is not made again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.github.api import GitHub
from reconciler.github.context import Pull
from reconciler.github.marker import author_of
from reconciler.report.fence import code, fenced
from reconciler.report.patch import fixable, fixed
from reconciler.report.sanitise import shorten, visible

MARKER = "<!-- reconciler suggestion -->\n"
MOST = 20
"""Suggestions of one run; what is more is annotated like everything else."""

_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def suggest(
    github: GitHub, pull: Pull, found: Iterable[Diagnostic], top: Path, root: str = ""
) -> int:
    """Suggest what is not suggested yet; how many that are. Raises GitHubError.

    `top` is the workspace's folder, `root` its place in the repository.
    """
    wanted = list(_suggestions(found, top, root))
    if not wanted or not pull.head:
        return 0
    lines = _lines(github, pull.number)
    author = author_of(github)
    made = {
        (item["path"], item["body"])
        for item in github.pages(f"pulls/{pull.number}/comments")
        if author.wrote(item)
    }
    fresh = [
        one
        for one in wanted
        if one["line"] in lines[one["path"]] and (one["path"], one["body"]) not in made
    ][:MOST]
    if fresh:
        review = {"commit_id": pull.head, "event": "COMMENT", "comments": fresh}
        github.post(f"pulls/{pull.number}/reviews", review)
    return len(fresh)


def _suggestions(found: Iterable[Diagnostic], top: Path, root: str) -> Iterator[dict[str, Any]]:
    """One comment for each line that findings would have otherwise."""
    for file, text, known in fixable(found, lambda name: _text(top / name)):
        by_line: dict[int, list[Diagnostic]] = defaultdict(list)
        for finding in known:
            by_line[finding.line or 0].append(finding)
        for number, group in sorted(by_line.items()):
            before, after = (t.split("\n")[number - 1 :][:1] for t in (text, fixed(text, group)))
            # A line that cannot be shown as it is cannot be suggested either.
            if number and before != after and visible(after[0]) == after[0]:
                yield _suggestion(f"{root}/{file}" if root else file, number, after[0], group)


def _suggestion(path: str, line: int, text: str, group: list[Diagnostic]) -> dict[str, Any]:
    why = "\n".join(code(shorten(visible(one.summary), 200)) for one in group)
    body = f"{MARKER}{why}\n\n{fenced([text], 'suggestion')}"
    return {"path": path, "line": line, "side": "RIGHT", "body": body}


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _lines(github: GitHub, number: int) -> dict[str, set[int]]:
    """The lines of each file, as it is now, that the pull request's difference shows."""
    shown: dict[str, set[int]] = defaultdict(set)
    for item in github.pages(f"pulls/{number}/files"):
        line = 0
        for text in str(item.get("patch") or "").split("\n"):
            if start := _HUNK.match(text):
                line = int(start[1])
            elif text[:1] in ("+", " "):
                shown[item["filename"]].add(line)
                line += 1
    return shown
