"""When what a repository holds gets out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.losses import Turn
from reconciler.kinds.repositories._repository import NO_PROJECT
from reconciler.model import Action, Loss, StoreLost

_GOING = {
    Action.DELETE: "it is deleted",
    Action.REPLACE: "it is deleted and created anew",
    Action.CONVERT: "it is converted",
}


def takes_away(turn: Turn) -> Iterator[Loss]:
    """The content is gone, or refused to whoever asks for it."""
    if turn.action in _GOING:
        yield StoreLost(turn.name, _GOING[turn.action])
    if turn.after is None:
        return
    before, after = turn.before, turn.after
    if after.get("blackedOut") is True and before.get("blackedOut") is not True:
        yield StoreLost(turn.name, "it is blacked out")
    if _project(before) != _project(after):
        yield StoreLost(turn.name, "it moves to another project, where other rights hold")
    if _patterns(before) != _patterns(after):
        yield StoreLost(turn.name, "its patterns let it through no more", _patterns(after))


def _project(spec: Mapping[str, Any]) -> str:
    project = spec.get("projectKey") or ""
    return "" if project == NO_PROJECT else str(project)


def _patterns(spec: Mapping[str, Any]) -> tuple[str, str]:
    return str(spec.get("includesPattern") or ""), str(spec.get("excludesPattern") or "")
