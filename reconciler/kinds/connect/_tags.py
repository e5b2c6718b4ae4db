"""A device's tags: the requests that add and remove some of them.

Nobody says whether `add` keeps what is there, nor whether `remove` takes one of many: what the
server answers is looked at, and the whole set is written where it did not do what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.errors import AnswerError, OutcomeUnknownError, ReconcilerError
from reconciler.kinds.connect._facts import tags_of
from reconciler.kinds.connect._paging import base, json_of
from reconciler.kinds.rest import Flow, segment, unusable
from reconciler.model import Request, Response, Together

TYPES = ("application/json-patch+json", "application/json")
"""The documented content type, and the one the sample sends."""

AT_ONCE = 200
"""Devices whose tags are written before the answers are looked at."""

HINT = "writing tags needs the right to modify devices"


def patch(fleet: str, uuid: str, operations: Sequence[Mapping[str, Any]], kind: str) -> Request:
    """One PATCH."""
    path = f"{base(fleet)}/devices/{segment(uuid)}"
    body = {"operations": list(operations)}
    return Request("PATCH", path, json=body, headers={"content-type": kind})


def operations(add: Iterable[str], remove: Iterable[str]) -> list[dict[str, Any]]:
    """Single tags, not the whole set: somebody else may add one at the same moment."""
    wanted = (("add", sorted(add)), ("remove", sorted(remove)))
    return [{"op": op, "path": "tags", "value": names} for op, names in wanted if names]


def write_tags(
    fleet: str, changes: Mapping[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]
) -> Flow:
    """Write the tags of many devices: by uuid what is there, what to add, what to remove.

    Returns the number of requests. Raises AnswerError when one of them cannot be written.
    """
    todo, sent, kind = list(changes), 0, TYPES[0]
    while todo:
        part, todo = todo[:AT_ONCE], todo[AT_ONCE:]
        requests = tuple(
            patch(fleet, uuid, operations(changes[uuid][1], changes[uuid][2]), kind)
            for uuid in part
        )
        answers: list[Response | ReconcilerError] = yield Together(requests)
        sent += len(requests)
        if kind == TYPES[0] and any(isinstance(a, Response) and a.status == 415 for a in answers):
            kind = TYPES[1]
            todo = part + todo
            continue
        for uuid, request, answer in zip(part, requests, answers, strict=True):
            have, add, remove = changes[uuid]
            wanted = (have | add) - remove
            if not _is_done(request, answer, wanted, have | add):
                yield from _whole(fleet, uuid, wanted, kind)
                sent += 1
    return sent


def _is_done(
    request: Request,
    answer: Response | ReconcilerError,
    wanted: frozenset[str],
    may: frozenset[str],
) -> bool:
    """Whether the answer shows the wanted tags, and none that was to go. A lost answer says
    nothing: the whole set is written then, which may be done twice."""
    if isinstance(answer, OutcomeUnknownError):
        return False
    if isinstance(answer, ReconcilerError):
        raise answer
    if not answer.ok:
        error = unusable(request, answer)
        raise AnswerError(error.summary, status=answer.status, hint=HINT)
    told = _member(request, answer)
    if told is None:
        return True  # the answer does not show them; whoever relies on them looks again
    now, _ = tags_of(told)
    return wanted <= now and not (now & may) - wanted


def _member(request: Request, answer: Response) -> Any:
    body = json_of(request, answer)
    return body.get("tags") if isinstance(body, dict) else None


def _whole(fleet: str, uuid: str, wanted: frozenset[str], kind: str) -> Flow:
    """Write the whole set, and look that it is there."""
    request = patch(fleet, uuid, [{"op": "replace", "path": "tags", "value": sorted(wanted)}], kind)
    answers: list[Response | ReconcilerError] = yield Together((request,))
    (answer,) = answers
    if isinstance(answer, ReconcilerError):
        raise answer
    if not answer.ok:
        raise AnswerError(unusable(request, answer).summary, status=answer.status, hint=HINT)
    if not wanted <= tags_of(_member(request, answer))[0]:
        raise AnswerError(f"{uuid} does not keep the tags it is given")
