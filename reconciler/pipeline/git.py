"""Where a workspace lies in its Git repository, read from Git's files."""

from __future__ import annotations

from pathlib import Path


def repository_of(root: Path) -> Path | None:
    """The folder of the Git repository a workspace lies in; None outside Git."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def place_in_repository(root: Path) -> str:
    """Where the workspace lies in its Git repository, with `/`; empty at the top or outside."""
    top = repository_of(root)
    place = root.relative_to(top).as_posix() if top else "."
    return "" if place == "." else place


def is_tracked(file: Path) -> bool:
    """Whether Git tracks a file: its path is in the index, as plain bytes."""
    top = repository_of(file.parent.resolve())
    if top is None:
        return False
    place = file.resolve().relative_to(top).as_posix().encode()
    try:
        return place + b"\0" in (_git_folder(top) / "index").read_bytes()
    except OSError:  # nothing was ever added
        return False


def _git_folder(top: Path) -> Path:
    """Git's own folder; in a worktree, the file `.git` names it. Raises OSError."""
    named = top / ".git"
    if named.is_dir():
        return named
    return top / named.read_text(encoding="utf-8").removeprefix("gitdir:").strip()


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
