"""Something that lasts in, one issue about it out: opened, updated, closed, reopened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.github.api import GitHub
from reconciler.github.marker import Marker, author_of, read_marker

LABEL = "reconciler"
"""By which the issues are listed; taking it off an issue takes the issue out of our hands."""


def keep(github: GitHub, marker: Marker, title: str, text: str) -> Mapping[str, Any]:
    """The issue is open and shows the text; people may have renamed it. Raises GitHubError."""
    body = marker.line() + text
    found = _find(github, marker)
    if found is None:
        made: Mapping[str, Any] = github.post(
            "issues", {"title": title, "body": body, "labels": [LABEL]}
        )
        return made
    changed: Mapping[str, Any] = github.patch(
        f"issues/{found['number']}", {"body": body, "state": "open"}
    )
    return changed


def close(github: GitHub, marker: Marker, words: str) -> Mapping[str, Any] | None:
    """The issue is closed, with a last comment; None where none is open. Raises GitHubError."""
    found = _find(github, marker)
    if found is None or found.get("state") != "open":
        return None
    github.post(f"issues/{found['number']}/comments", {"body": words})
    closed: Mapping[str, Any] = github.patch(
        f"issues/{found['number']}", {"state": "closed", "state_reason": "completed"}
    )
    return closed


def _find(github: GitHub, marker: Marker) -> Mapping[str, Any] | None:
    """Our issue, an open one first, else the newest."""
    author = author_of(github)
    listed = github.pages("issues", state="all", labels=LABEL, sort="created", direction="desc")
    found = [
        item
        for item in listed
        if "pull_request" not in item
        and marker.is_like(read_marker(item.get("body")))
        and author.wrote(item)
    ]
    return next(
        (item for item in found if item.get("state") == "open"), found[0] if found else None
    )
