"""A text in, the one comment of a pull request that shows it out.

Found by its marker and its author. What it says is a view for people: nothing is read from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.github.api import GitHub, GitHubError
from reconciler.github.marker import Author, Marker, author_of, read_marker

_HIDE = """
mutation($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { clientMutationId }
}
"""
_IS_HIDDEN = "query($id: ID!) { node(id: $id) { ... on IssueComment { isMinimized } } }"


class Comments:
    """The comments of one pull request that are ours."""

    def __init__(self, github: GitHub, number: int) -> None:
        self._github, self._number = github, number
        self._author: Author | None = None

    def show(
        self, marker: Marker, text: str, *, create: bool = True, anew: bool = False
    ) -> Mapping[str, Any] | None:
        """Edit our open comment, or make one; None where there is none to edit and none is wanted.

        With `anew` the old one is hidden and a new one made. Raises GitHubError.
        """
        body = marker.line() + text
        found = self._open(marker)
        if found and not anew:
            edited: Mapping[str, Any] = self._github.patch(
                f"issues/comments/{found[0]['id']}", {"body": body}
            )
            self._remove(found[1:])
            return edited
        if not create and not found:
            return None
        made = self._create(marker, body)
        for old in found:
            self._hide(old)
        return made

    def _open(self, marker: Marker) -> list[Mapping[str, Any]]:
        """Our comments about the same thing that may be edited, the oldest first."""
        if self._author is None:
            self._author = author_of(self._github)
        return [
            item
            for item in self._github.pages(f"issues/{self._number}/comments")
            if marker.is_like(known := read_marker(item.get("body")))
            and known is not None
            and not known.closed
            and self._author.wrote(item)
            and not self._is_hidden(item)
        ]

    def _create(self, marker: Marker, body: str) -> Mapping[str, Any]:
        """Make a comment, once: an answer may be lost, and another run may make one too."""
        before = {item["id"] for item in self._open(marker)}
        try:
            self._github.post(f"issues/{self._number}/comments", {"body": body})
        except GitHubError as error:
            if not error.may_have_landed:
                raise
            if not self._fresh(marker, before):
                self._github.post(f"issues/{self._number}/comments", {"body": body})
        fresh = self._fresh(marker, before)
        if not fresh:
            raise GitHubError("the comment was made, and is not there")
        kept, *twins = fresh
        self._remove(twins)
        if kept.get("body") != body:  # the twin of another run is older: it shows our text now
            kept = self._github.patch(f"issues/comments/{kept['id']}", {"body": body})
        return kept

    def _fresh(self, marker: Marker, before: set[int]) -> list[Mapping[str, Any]]:
        found = [item for item in self._open(marker) if item["id"] not in before]
        return sorted(found, key=lambda item: int(item["id"]))

    def _remove(self, twins: list[Mapping[str, Any]]) -> None:
        for twin in twins:
            self._github.delete(f"issues/comments/{twin['id']}")

    def _is_hidden(self, item: Mapping[str, Any]) -> bool:
        try:
            node = self._github.graphql(_IS_HIDDEN, id=item["node_id"])["node"]
            return bool(node["isMinimized"])
        except (GitHubError, LookupError, TypeError):
            return False

    def _hide(self, item: Mapping[str, Any]) -> None:
        self._github.graphql(_HIDE, id=item["node_id"])
