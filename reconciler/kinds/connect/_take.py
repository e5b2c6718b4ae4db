"""A step in, the requests that take it; never twice what was to happen once.

The order: stop what must stop, write the tags, list all deployments, send the deployment, and
compare its devices with those of the plan. A process that ends anywhere in between leaves what the
next look finds and goes on from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.deployments.facts import OPEN, Run, World, moment, uuid_of
from reconciler.deployments.history import Abort
from reconciler.deployments.rollout import Start
from reconciler.errors import AnswerError, ReconcilerError
from reconciler.kinds.connect._flows import ATTEMPTS, MAYBE, SETTLE, STEP
from reconciler.kinds.connect._look import Looked, entries_of, listed_runs
from reconciler.kinds.connect._paging import Pages, base, json_of
from reconciler.kinds.connect._tags import write_tags
from reconciler.kinds.rest import Flow, segment, send, unusable
from reconciler.kinds.wire import Reveal
from reconciler.model import Once, Pause, Request, Response

MOST_FILTERS = 50
"""Devices that targeting: live can leave out of a filter one by one."""


def take(looked: Looked, reveal: Reveal) -> Flow:
    """Returns what is to be told. Raises AnswerError when the step is not whole."""
    made, intent = looked.decision, looked.intent
    assert made is not None
    for abort in made.aborts:
        yield from stop(intent.fleet, abort)
    told: list[str] = []
    if made.start is not None:
        if not looked.flow_uuid:
            raise AnswerError(f"the update flow {intent.flow} is not there yet")
        told += yield from _send(looked, made.start, reveal)
    if made.leftovers:
        yield from _tag(intent.fleet, looked.world, {}, made.leftovers)
    return "; ".join(told)


def stop(fleet: str, abort: Abort) -> Flow:
    """Abort one device or a whole deployment; one that is over already is no error."""
    path = f"{base(fleet)}/deployments/{segment(abort.run)}"
    device = f"/devices/{segment(abort.device)}" if abort.device else ""
    request = Request("POST", f"{path}{device}/abort")
    answer: Response | ReconcilerError = yield Once(request)
    if isinstance(answer, Response) and answer.ok:
        return
    pages: Pages = yield from entries_of(fleet, abort.run)
    concerned = [abort.device] if abort.device else list(abort.devices)
    left = [
        uuid
        for uuid in concerned
        if (entry := pages.found.get(uuid_of(uuid))) is not None and entry.status == "pending"
    ]
    if left and isinstance(answer, ReconcilerError):
        again: Response | ReconcilerError = yield Once(request)
        answer = again
        left = [] if isinstance(again, Response) and again.ok else left
    if left:
        said = answer.summary if isinstance(answer, ReconcilerError) else unusable(request, answer)
        raise AnswerError(f"{abort.run} could not be aborted on {', '.join(left[:5])}: {said}")


def _tag(
    fleet: str,
    world: World,
    add: Mapping[str, tuple[str, ...]],
    remove: Mapping[str, tuple[str, ...]],
) -> Flow:
    changes = {
        uuid: (world.tags(uuid), frozenset(add.get(uuid, ())), frozenset(remove.get(uuid, ())))
        for uuid in sorted({*add, *remove})
    }
    yield from write_tags(fleet, changes)


def _send(looked: Looked, start: Start, reveal: Reveal) -> Flow:
    """Tag, list, send, verify; returns what is to be told."""
    intent = looked.intent
    if not intent.live:
        yield from _tag(intent.fleet, looked.world, start.add, start.remove)
    run: Run | None = yield from _marked(intent.fleet, start)
    if run is None:
        run = yield from _posted(looked, start, reveal)
        yield from _alone(intent.fleet, start, run)
    return (yield from _verified(looked, start, run))


def _alone(fleet: str, start: Start, run: Run) -> Flow:
    """Look whether another run sent the same at the same time: of deployments with one marker the
    oldest stays, for everybody. Raises AnswerError where there were several."""
    pages: Pages = yield from listed_runs(fleet)
    same: list[Run] = [one for one in pages.found.values() if one.marker == start.marker]
    first, *others = sorted(same, key=lambda one: (one.created or 0.0, one.uuid)) or [run]
    for other in others:
        yield from stop(fleet, Abort(other.uuid, "", "", start.devices))
    if others:
        raise AnswerError(
            f"another run sent the same deployment at the same time: {first.uuid} stays, "
            f"{', '.join(one.uuid for one in others)} was aborted",
            hint="let one run at a time apply: an inventory on a platform, or the CI system's "
            "concurrency group",
        )


def _marked(fleet: str, start: Start) -> Flow:
    """Returns the oldest deployment with the marker, None for none; of a complete list only."""
    pages: Pages = yield from listed_runs(fleet)
    runs: list[Run] = [run for run in pages.found.values() if run.marker == start.marker]
    return min(runs, key=lambda run: (run.created or 0.0, run.uuid), default=None)


def _posted(looked: Looked, start: Start, reveal: Reveal) -> Flow:
    """Send the deployment; returns it. An answer that got lost is looked for by the marker, and
    only then the same request is sent again. Raises AnswerError."""
    fleet = looked.intent.fleet
    request = Request("POST", f"{base(fleet)}/deployments", json=_body(looked, start, reveal))
    for _ in range(ATTEMPTS):
        answer: Response | ReconcilerError = yield Once(request)
        if isinstance(answer, Response) and answer.ok:
            if uuid := _uuid_in(request, answer):
                return Run(uuid, marker=start.marker)
        elif isinstance(answer, Response) and answer.status not in MAYBE:
            run = yield from _marked(fleet, start)
            if run is not None:
                return run
            hint = "the token needs the right to create and deploy updates"
            raise AnswerError(
                unusable(request, answer).summary,
                status=answer.status,
                hint=hint if answer.status == 403 else "",
            )
        run = yield from _settled(fleet, start, _asked_to_wait(answer))
        if run is not None:
            return run
    raise AnswerError(
        f"{request} was sent {ATTEMPTS} times without an answer, and no deployment has the marker "
        f"{start.marker}",
        hint="apply again: it looks for the marker first",
    )


def _settled(fleet: str, start: Start, at_least: float) -> Flow:
    """Look for the marker until a deployment that was accepted must show; None if none does."""
    waited, patience = 0.0, max(SETTLE, at_least)
    while True:
        run: Run | None = yield from _marked(fleet, start)
        if run is not None or waited >= patience:
            return run
        yield Pause(STEP)
        waited += STEP


def _asked_to_wait(answer: Response | ReconcilerError) -> float:
    """The seconds a server asks for, from either form of the header."""
    if not isinstance(answer, Response):
        return 0.0
    headers = {name.lower(): value for name, value in answer.headers.items()}
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    until, now = moment(value), moment(headers.get("date", ""))
    return max(0.0, until - now) if until is not None and now is not None else 0.0


def _uuid_in(request: Request, answer: Response) -> str:
    try:
        raw = json_of(request, answer)
    except AnswerError:
        return ""
    uuid = raw.get("deployment_uuid") if isinstance(raw, dict) else None
    return uuid if isinstance(uuid, str) else ""


def _body(looked: Looked, start: Start, reveal: Reveal) -> dict[str, Any]:
    intent = looked.intent
    configuration: dict[str, Any] = {
        "flow_uuid": looked.flow_uuid,
        "comment": start.marker.comment(intent.name, intent.version),
        "parameters_mapping": {
            **intent.parameters,
            **{name: reveal(reference) for name, reference in intent.secrets.items()},
        },
    }
    if intent.app:
        configuration["app"] = {"name": intent.app, "version": intent.version}
    return {"device_filter": _filter(looked, start), "deployment_configuration": configuration}


def _filter(looked: Looked, start: Start) -> dict[str, Any]:
    """The reserved tag with the groups its devices are in; with targeting: live the manifest's own
    filter, without those that are not to get it. Raises AnswerError where that is too long."""
    intent, devices = looked.intent, looked.world.devices
    if not intent.live:
        groups = sorted({devices[uuid].group for uuid in start.devices})
        filters = [{"type": "tag", "operand": "is", "value": start.marker.tag}]
        return {"groups": [{"name": name} for name in groups], "filters": filters}
    made = looked.decision
    assert made is not None
    leave = sorted(made.judged.keys() - set(start.devices))
    if len(leave) > MOST_FILTERS:
        raise AnswerError(
            f"targeting: live would have to leave out {len(leave)} devices one by one, and at most "
            f"{MOST_FILTERS} are",
            hint="write targeting: pinned",
        )
    unwanted = [{"type": "specific_device", "operand": "is_not", "value": u} for u in leave]
    return {
        "groups": [{"name": name} for name in intent.groups],
        "filters": [*(one.body() for one in intent.filters), *unwanted],
    }


def _verified(looked: Looked, start: Start, run: Run) -> Flow:
    """Compare a deployment with what was meant: its comment and its devices. What goes too far is
    aborted at once. Raises AnswerError."""
    fleet = looked.intent.fleet
    request = Request("GET", f"{base(fleet)}/deployments/{segment(run.uuid)}")
    response: Response = yield from send(request)
    raw = json_of(request, response)
    comment = raw.get("comment") if isinstance(raw, dict) else None
    if not isinstance(comment, str) or str(start.marker) not in comment:
        yield from stop(fleet, Abort(run.uuid, "", "", start.devices))
        raise AnswerError(
            f"{run.uuid} has not the comment it was given: the server keeps {comment!r}, so the "
            "deployment could never be found again; it was aborted",
            hint="a shorter metadata.name may help; without the marker nothing can be deployed",
        )
    pages: Pages = yield from entries_of(fleet, run.uuid)
    extra = sorted(pages.found.keys() - set(start.devices))
    for uuid in extra:
        if pages.found[uuid].status in OPEN:
            yield from stop(fleet, Abort(run.uuid, uuid, "", (uuid,)))
    if extra and not looked.intent.live:
        raise AnswerError(
            f"{run.uuid} went to {len(extra)} devices that were not planned "
            f"({', '.join(extra[:5])}); it was aborted there",
            hint="the server took the filter for another one, or devices changed at that moment",
        )
    missing = sorted(set(start.devices) - pages.found.keys())
    told = [f"{run.uuid} for {len(pages.found) - len(extra)} devices of wave {start.wave.name}"]
    if missing:
        told.append(
            f"{len(missing)} devices did not get it ({', '.join(missing[:5])}): they moved, lost "
            "their tag, or the server leaves blocked ones out"
        )
    return told
