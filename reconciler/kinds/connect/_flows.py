"""The update flows of a fleet: listed, found by name and content, created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import AnswerError, ReconcilerError
from reconciler.kinds.connect._facts import flows
from reconciler.kinds.connect._flow_text import (
    content_in,
    content_name,
    content_of,
    document,
    read_text,
)
from reconciler.kinds.connect._paging import Pages, all_pages, base, fleet_error
from reconciler.kinds.rest import Flow, unusable
from reconciler.kinds.steering import Wanted
from reconciler.model import Once, Pause, Request, Response

SETTLE, STEP = 60.0, 5.0
"""Seconds in which something that was created has to show, and between two looks."""

ATTEMPTS = 3
"""Requests for one thing, the answers of which all got lost."""


@dataclass(frozen=True, slots=True)
class Found:
    """A flow on the server; `problem` says why it cannot be used."""

    uuid: str = ""
    inputs: tuple[str, ...] = ()
    problem: str = ""


def listed(fleet: str, memory: dict[Any, Any]) -> Flow:
    """Returns the flows of a fleet by uuid; read once for a memory."""
    key = ("flows", fleet)
    if key not in memory:
        try:
            pages: Pages = yield from all_pages(f"{base(fleet)}/update-flows", flows)
        except AnswerError as error:
            raise fleet_error(fleet, error) from None
        memory[key] = pages.found
        memory["reads"] = memory.get("reads", 0) + pages.reads
    return memory[key]


def found(fleet: str, name: str, spec: Mapping[str, Any], wanted: Wanted) -> Flow:
    """Returns the flow that means what a manifest says, as `Found`; None where there is none.

    Twins of the same content are one flow: the first by time, then by uuid, counts.
    """
    known: Mapping[str, Any] = yield from listed(fleet, wanted.memory)
    whole = content_name(name, spec)
    same = [raw for raw in known.values() if raw.get("name") == whole]
    problem = ""
    for raw in sorted(same, key=lambda raw: (str(raw.get("created_time")), raw["uuid"])):
        text = yield from _text_of(fleet, raw["uuid"], wanted.memory)
        if text is None:
            problem = f"the flow {whole} ({raw['uuid']}) has no definition: it was drawn in the UI"
        elif _content(text, whole, wanted) != content_of(spec):
            problem = f"the flow {whole} ({raw['uuid']}) does something else than the manifest says"
        else:
            return _usable(raw, whole, spec)
    return Found(problem=problem) if problem else None


def _text_of(fleet: str, uuid: str, memory: dict[Any, Any]) -> Flow:
    """Returns the definition of a flow, which never changes; read once for a memory."""
    key = ("flow text", uuid)
    if key not in memory:
        memory[key] = yield from read_text(base(fleet), uuid)
        memory["reads"] = memory.get("reads", 0) + 1
    return memory[key]


def _content(text: str, name: str, wanted: Wanted) -> Any:
    try:
        return content_in(wanted.read_yaml(text), name)
    except ValueError:
        return None


def _usable(raw: Mapping[str, Any], name: str, spec: Mapping[str, Any]) -> Found:
    """A flow whose inputs arrived; a placeholder that got lost would send devices an empty text."""
    told = inputs_of(raw)
    missing = sorted(set(spec.get("inputs") or ()) - set(told)) if told is not None else []
    if missing:
        return Found(problem=f"the server did not take the inputs {missing} of the flow {name}")
    return Found(raw["uuid"], told or tuple(spec.get("inputs") or ()))


def inputs_of(raw: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The inputs of a flow as the server understood them; None where it does not tell."""
    told = raw.get("update_parameters")
    return tuple(map(str, told)) if isinstance(told, list) else None


def create(fleet: str, name: str, spec: Mapping[str, Any], wanted: Wanted) -> Flow:
    """Create a flow, once: an answer that got lost is looked for before anything is repeated.

    Returns what was found. Raises AnswerError.
    """
    text = document(content_name(name, spec), spec)
    path = f"{base(fleet)}/update-flows"
    request = Request("POST", path, text=text, headers={"content-type": "application/yaml"})
    for _ in range(ATTEMPTS):
        answer: Response | ReconcilerError = yield Once(request)
        is_lost = isinstance(answer, ReconcilerError) or answer.status in MAYBE
        if isinstance(answer, Response) and not answer.ok and not is_lost:
            raise unusable(request, answer)
        made = yield from _looked_for(fleet, name, spec, wanted, SETTLE if is_lost else STEP)
        if made is not None:
            return made
    raise AnswerError(f"{request} was sent {ATTEMPTS} times, and the flow does not show")


MAYBE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 530)})
"""Statuses after which nobody can tell whether something was created."""


def _looked_for(
    fleet: str, name: str, spec: Mapping[str, Any], wanted: Wanted, patience: float
) -> Flow:
    waited = 0.0
    while True:
        wanted.memory.pop(("flows", fleet), None)
        made: Found | None = yield from found(fleet, name, spec, wanted)
        if made is not None or waited >= patience:
            return made
        yield Pause(STEP)
        waited += STEP
