"""A verdict in, exactly one of our labels on the pull request out."""

from __future__ import annotations

from urllib.parse import quote

from reconciler.github.api import GitHub

PREFIX = "plan: "
LABELS = tuple(PREFIX + word for word in ("no-op", "safe", "disruptive", "destructive", "blocked"))


def set_label(github: GitHub, number: int, word: str) -> None:
    """The label of this word, and none of the others. Raises GitHubError."""
    wanted = PREFIX + word
    present = {item["name"] for item in github.pages(f"issues/{number}/labels")}
    if wanted not in present:
        github.post(f"issues/{number}/labels", {"labels": [wanted]})
    for name in present.intersection(LABELS) - {wanted}:
        github.delete(f"issues/{number}/labels/{quote(name, safe='')}")
