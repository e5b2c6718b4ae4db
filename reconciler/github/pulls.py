"""A commit of a protected branch in, the pull request it came from out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.github.api import GitHub
from reconciler.github.context import Context, Pull


def merged_pull(github: GitHub, context: Context) -> Pull | None:
    """The merged pull request of the run's commit: squashed and rebased ones too, by one call.

    Raises GitHubError.
    """
    branch = context.ref.removeprefix("refs/heads/")
    for item in github.get(f"commits/{context.sha}/pulls"):
        if _is_merged_into(item, branch):
            return Pull(int(item["number"]), item["head"]["sha"], item["base"]["sha"])
    return None


def _is_merged_into(item: Mapping[str, Any], branch: str) -> bool:
    return bool(item.get("merged_at")) and item["base"]["ref"] == branch
