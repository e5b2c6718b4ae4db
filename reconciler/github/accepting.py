"""Drift as rewritten manifests in, one pull request that has them out (D7).

It lives on a branch of its own, made anew from the commit of the run: nothing is checked out or
pushed from the runner. When nothing drifts any more it is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler.github.api import GitHub, GitHubError
from reconciler.github.marker import Marker, author_of, read_marker

TITLE = "Accept what drifted on the platform"
BRANCH = "reconciler/accept-drift-"
_FILE_MODE = "100644"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request to be: where it starts, and the files as they are to be, by path."""

    marker: Marker
    base: str
    """The branch it is for."""
    commit: str
    """The commit of that branch the files were rewritten at."""
    files: Mapping[str, str]

    @property
    def branch(self) -> str:
        """The branch of environment, path and scope."""
        return BRANCH + self.marker.key


def propose(github: GitHub, proposal: Proposal, text: str) -> Mapping[str, Any]:
    """The pull request is open and has these files. Raises GitHubError.

    Commits of others on the branch are not taken away: then the pull request stays as it is.
    """
    tree = _tree(github, proposal)
    head = _head(github, proposal.branch)
    if head is not None and not _is_ours(head):
        raise GitHubError(f"the branch {proposal.branch} has commits that are not ours")
    if head is None or not _is_same(head, tree, proposal.commit):
        commit = github.post(
            "git/commits", {"message": TITLE, "tree": tree, "parents": [proposal.commit]}
        )
        if head is None:
            ref = f"refs/heads/{proposal.branch}"
            github.post("git/refs", {"ref": ref, "sha": commit["sha"]})
        else:
            where = f"git/refs/heads/{proposal.branch}"
            github.patch(where, {"sha": commit["sha"], "force": True})
    body = proposal.marker.line() + text
    found = _open(github, proposal.marker)
    made: Mapping[str, Any]
    if found is not None:
        made = github.patch(f"pulls/{found['number']}", {"body": body})
    else:
        told = {"title": TITLE, "head": proposal.branch, "base": proposal.base, "body": body}
        made = github.post("pulls", told)
    return made


def withdraw(github: GitHub, marker: Marker, words: str) -> Mapping[str, Any] | None:
    """The pull request is closed, with a last comment, and its branch is gone.

    None where none is open. Raises GitHubError.
    """
    found = _open(github, marker)
    if found is None:
        return None
    github.post(f"issues/{found['number']}/comments", {"body": words})
    closed: Mapping[str, Any] = github.patch(f"pulls/{found['number']}", {"state": "closed"})
    head = _head(github, BRANCH + marker.key)
    if head is not None and _is_ours(head):
        github.delete(f"git/refs/heads/{BRANCH}{marker.key}")
    return closed


def _tree(github: GitHub, proposal: Proposal) -> str:
    """The tree of the run's commit with the files as they are to be."""
    base = github.get(f"git/commits/{quote(proposal.commit, safe='')}")["tree"]["sha"]
    changed = [
        {"path": path, "mode": _FILE_MODE, "type": "blob", "content": text}
        for path, text in sorted(proposal.files.items())
    ]
    return str(github.post("git/trees", {"base_tree": base, "tree": changed})["sha"])


def _head(github: GitHub, branch: str) -> Mapping[str, Any] | None:
    """The commit a branch is at; None where there is no such branch."""
    try:
        sha = github.get(f"git/ref/heads/{branch}")["object"]["sha"]
    except GitHubError as error:
        if error.status == 404:
            return None
        raise
    found: Mapping[str, Any] = github.get(f"git/commits/{sha}")
    return found


def _is_ours(commit: Mapping[str, Any]) -> bool:
    return str(commit["message"]).partition("\n")[0] == TITLE


def _is_same(commit: Mapping[str, Any], tree: str, parent: str) -> bool:
    """Whether a commit says just that, so that nobody's checks run again for nothing."""
    return commit["tree"]["sha"] == tree and [p["sha"] for p in commit["parents"]] == [parent]


def _open(github: GitHub, marker: Marker) -> Mapping[str, Any] | None:
    """Our open pull request, by its branch, its marker and its author."""
    author = author_of(github)
    for item in github.pages("pulls", state="open"):
        is_like = marker.is_like(read_marker(item.get("body")))
        if item["head"]["ref"] == BRANCH + marker.key and is_like and author.wrote(item):
            found: Mapping[str, Any] = item
            return found
    return None
