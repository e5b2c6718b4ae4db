"""Where a workspace lies in its Git repository, read from Git's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def repository_of(root: Path) -> Path | None:
    """The folder of the Git repository a workspace lies in; None outside Git."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def place_in_repository(root: Path) -> str:
    """Where the workspace lies in its Git repository, with `/`; empty at the top or outside."""
    top = repository_of(root)
    place = root.relative_to(top).as_posix() if top else "."
    return "" if place == "." else place


def commit(root: Path) -> str | None:
    """The commit the workspace's repository is at, read from Git's files; None where unknown."""
    top = repository_of(root)
    if top is None:
        return None
    try:
        head = (top / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        return (top / ".git" / head[5:]).read_text(encoding="utf-8").strip()
    except OSError:  # a worktree, packed references, no commit yet
        return None
