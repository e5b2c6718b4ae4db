"""A verdict in, a check run on the head commit out; its title has the counts.

Only apps can write check runs, so the digest one carries was put there by a workflow. That makes it
the place to ask which digest people saw when they approved (`approvals.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.github.api import GitHub
from reconciler.report.sanitise import shorten, visible

AT_ONCE = 50
"""Annotations of one request."""

MOST = 200
"""Annotations of a check run that anybody reads."""

_LEVELS = {"error": "failure", "warning": "warning", "info": "notice"}


def name_of(environment: str, path: str, command: str = "plan") -> str:
    """The check's name: what branch protection asks for, and approvals are judged by."""
    where = ", ".join(filter(None, (environment, path.rstrip("/"))))
    name = f"reconciler {command}"
    return f"{name} ({shorten(visible(where), 80)})" if where else name


def tell(
    github: GitHub,
    name: str,
    commit: str,
    *,
    title: str,
    summary: str,
    conclusion: str,
    digest: str = "",
    run_url: str = "",
    found: Sequence[Diagnostic] = (),
    root: str = "",
) -> Mapping[str, Any]:
    """Make the check run of a commit. `root` is the workspace's folder in the repository.

    Raises GitHubError.
    """
    notes = [_annotation(d, root) for d in found if d.file][:MOST]
    output = {"title": title, "summary": summary}
    body = {
        "name": name,
        "head_sha": commit,
        "status": "completed",
        "conclusion": conclusion,
        "output": {**output, "annotations": notes[:AT_ONCE]},
        **({"external_id": digest} if digest else {}),
        **({"details_url": run_url} if run_url else {}),
    }
    made: Mapping[str, Any] = github.post("check-runs", body)
    for start in range(AT_ONCE, len(notes), AT_ONCE):
        part = {**output, "annotations": notes[start : start + AT_ONCE]}
        github.patch(f"check-runs/{made['id']}", {"output": part})
    return made


def _annotation(finding: Diagnostic, root: str) -> dict[str, Any]:
    file = f"{root}/{finding.file}" if root else finding.file
    line = finding.line or 1
    parts = [finding.summary, *finding.detail.splitlines()]
    parts += [f"help: {finding.hint}"] if finding.hint else []
    return {
        "path": file,
        "start_line": line,
        "end_line": line,
        "annotation_level": _LEVELS[finding.severity],
        "title": visible(finding.rule),
        "message": shorten("\n".join(map(visible, parts)), 4000),
    }
