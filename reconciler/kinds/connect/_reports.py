"""Devices on which an update failed in, what the step that failed said there out.

Nothing that a secret was given to is shown: of a step that takes a secret parameter, and of those
after it, only the name is told. Devices print what they like, so it is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.deployments.decide import Decision
from reconciler.deployments.intent import Intent
from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.kinds.connect._flow_text import inputs_in
from reconciler.kinds.connect._paging import base
from reconciler.kinds.rest import Flow, segment
from reconciler.model import Request, Response, Together

MOST = 10
"""Devices that are asked."""

LINES, WIDTH = 3, 200
"""Lines of an output that are kept, the last ones, and characters of each."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an update on one device: the step that failed, its exit code (None where none
    is told) and the last lines it wrote, unless they are hidden because of a secret."""

    device: str
    run: str
    step: str
    exit_code: int | None = None
    said: tuple[str, ...] = ()
    is_hidden: bool = False

    def as_json(self) -> dict[str, Any]:
        """The form in a plan's evidence."""
        return {
            "deployment": self.run,
            "step": self.step,
            "exitCode": self.exit_code,
            "said": list(self.said),
            "hidden": self.is_hidden,
        }


def failures(made: Decision) -> list[tuple[str, str]]:
    """The devices on which this payload failed and did not succeed since, each with the deployment;
    those that are left alone first."""
    found = [
        (one.kind != "quarantined", uuid, one.failed_in)
        for uuid, one in made.judged.items()
        if one.failed_in
    ]
    return [(uuid, run) for _, uuid, run in sorted(found)]


def reports(
    intent: Intent,
    wanted: Iterable[tuple[str, str]],
    steps: Sequence[Mapping[str, Any]] | None,
    hidden: Callable[[str], str],
    memory: dict[Any, Any],
) -> Flow:
    """Returns the reports by device; one that cannot be read is left out. `steps` are those of the
    flow, None for one whose steps nobody knows."""
    some = list(wanted)[:MOST]
    unread = [one for one in some if ("report", *one) not in memory]
    requests = tuple(
        Request(
            "GET",
            f"{base(intent.fleet)}/deployments/{segment(run)}/devices/{segment(uuid)}",
        )
        for uuid, run in unread
    )
    answers: list[Response | ReconcilerError] = []
    if requests:
        answers = yield Together(requests)
        memory["reads"] = memory.get("reads", 0) + len(requests)
    safe = _safe_steps(intent, steps or ())
    for (uuid, run), answer in zip(unread, answers, strict=True):
        if isinstance(answer, UnreachableError):
            raise answer
        memory["report", uuid, run] = _report(uuid, run, answer, safe, hidden)
    found = ((uuid, memory["report", uuid, run]) for uuid, run in some)
    return {uuid: report for uuid, report in found if report is not None}


def _safe_steps(intent: Intent, steps: Sequence[Mapping[str, Any]]) -> frozenset[str] | None:
    """The names of the steps that cannot know a secret, being before any that is given one; None
    where there is no secret."""
    if not intent.secrets:
        return None
    names = [_text(step.get("name")) for step in steps]
    first = next((n for n, step in enumerate(steps) if inputs_in(step) & intent.secrets.keys()), 0)
    return frozenset(names[:first]) - frozenset(names[first:])


def _report(
    uuid: str,
    run: str,
    answer: Response | ReconcilerError,
    safe: frozenset[str] | None,
    hidden: Callable[[str], str],
) -> Report | None:
    try:
        raw = answer.json() if isinstance(answer, Response) and answer.ok else None
    except ValueError:
        return None
    steps = raw.get("steps") if isinstance(raw, dict) else None
    found = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    if not found:
        return None
    number = next((n for n, one in enumerate(found) if _code(one)), len(found) - 1)
    step = found[number]
    name = hidden(_text(step.get("name")))[:WIDTH]
    if safe is not None and _text(step.get("name")) not in safe:
        return Report(uuid, run, name, _code(step), is_hidden=True)
    told = _tail(hidden(_text(step.get("stderr")))) or _tail(hidden(_text(step.get("stdout"))))
    return Report(uuid, run, name, _code(step), told)


def _code(step: Mapping[str, Any]) -> int | None:
    """The exit code; None where there is none. Zero proves nothing: failed steps have it too."""
    code = step.get("exit_code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _tail(text: str) -> tuple[str, ...]:
    """The last lines with anything in them, each cut off where it gets long."""
    lines = [line.strip() for line in text[-LINES * 4096 :].splitlines()]
    return tuple(line[:WIDTH] for line in lines if line)[-LINES:]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
