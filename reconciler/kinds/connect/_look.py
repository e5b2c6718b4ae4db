"""A Deployment's manifest in, everything that decides about it read; the decision out.

Deployments are read before devices' own records: a version that a device got in between then shows
with its update still running, never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.deployments.classes import Rival, matches
from reconciler.deployments.decide import Decision, decide, group_problem, taken_back
from reconciler.deployments.facts import Detail, Device, Entry, Run, World
from reconciler.deployments.intent import Intent, intent_of
from reconciler.errors import AnswerError, ReconcilerError, UnreachableError
from reconciler.kinds.connect._device_rest import ENRICHED
from reconciler.kinds.connect._facts import detail, devices, entries, run, runs
from reconciler.kinds.connect._flow_text import content_name
from reconciler.kinds.connect._flows import Found, found, inputs_of, listed
from reconciler.kinds.connect._paging import (
    Pages,
    all_pages,
    base,
    fleet_error,
    json_of,
    time_of,
)
from reconciler.kinds.connect._reports import MOST, Report, failures, reports
from reconciler.kinds.rest import Flow, segment, send, unusable
from reconciler.kinds.steering import Wanted
from reconciler.model import Manifest, Request, Response, Together

AT_ONCE = 256
"""Records of devices that are asked for before the answers are looked at."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found: the decision, the flow's uuid (empty before it is created), the world, and
    how many requests it took. `too_many` is the number it would take beyond the budget, and
    `most_writes` what the next step may take at most, where that is not known yet."""

    decision: Decision | None
    intent: Intent
    flow_uuid: str = ""
    world: World = World()
    reads: int = 0
    too_many: int = 0
    most_writes: int = 0
    reports: Mapping[str, Report] = field(default_factory=dict)
    """What was said on devices where it failed; on some of them."""
    back: Looked | None = None
    """The rollback of a wave that failed."""


def intent_for(manifest: Manifest, wanted: Wanted) -> Intent:
    """What a manifest wants; a flow that is named means the UpdateFlow of that name."""
    fleet, name = manifest.address.parts
    back = (manifest.spec.get("onFailure") or {}).get("rollback") or {}
    names = (
        _content_name(fleet, (part.get("flow") or {}).get("name"), wanted)
        for part in (manifest.spec.get("desired") or {}, back)
    )
    return intent_of(fleet, name, manifest.spec, *names)


def _content_name(fleet: str, flow: str | None, wanted: Wanted) -> str:
    """The name on the server of the flow a manifest names."""
    spec = _flow_spec(fleet, flow, wanted) if flow else None
    return content_name(flow, spec) if flow and spec is not None else flow or ""


def _flow_spec(fleet: str, name: str, wanted: Wanted) -> Mapping[str, Any] | None:
    for manifest in wanted.declared("UpdateFlow"):
        if manifest.address.parts == (fleet, name):
            return manifest.spec
    return None


def look(wanted: Wanted) -> Flow:
    """Returns what was `Looked`. Raises AnswerError where nothing can be concluded."""
    intent = intent_for(wanted.manifest, wanted)
    memory = wanted.memory
    before = memory.get("reads", 0)
    fleet: Mapping[str, Device] = yield from _fleet(intent.fleet, memory)
    own: list[Run] = yield from _runs(intent, memory)
    flow_uuid, problem = yield from _flow(intent, wanted)
    world = World(fleet, {}, tuple(own), memory["now"] or wanted.clock())
    rivals = _rivals(wanted)
    survivors = _survivors(intent, world)
    if group_problem(intent, fleet):
        survivors = []
    unread = [uuid for uuid in survivors if ("detail", intent.fleet, uuid) not in memory]
    reads = memory.get("reads", 0) - before
    if reads + len(unread) > wanted.budget:
        needed, writes = reads + len(unread), len(survivors) + 1
        return Looked(None, intent, flow_uuid, world, reads, needed, writes)
    yield from _details(intent.fleet, unread, memory)
    details = {uuid: memory["detail", intent.fleet, uuid] for uuid in survivors}
    gone = {uuid for uuid, one in details.items() if one is GONE}
    world = replace(
        world,
        devices={uuid: one for uuid, one in fleet.items() if uuid not in gone},
        details={uuid: one for uuid, one in details.items() if uuid not in gone},
        reads=memory.get("reads", 0) - before,
    )
    decision = decide(intent, world, rivals, problem, strict=wanted.strict)
    told = yield from _reported(intent, decision, wanted, before)
    back = yield from _back(decision, wanted, world)
    reads = memory.get("reads", 0) - before
    return Looked(decision, intent, flow_uuid, world, reads, reports=told, back=back)


def _back(decision: Decision, wanted: Wanted, world: World) -> Flow:
    """Returns the rollback of a wave that failed, as `Looked`; None where there is none."""
    devices, rollback = taken_back(decision), decision.intent.rollback
    if not devices or rollback is None:
        return None
    intent = replace(rollback, devices=devices)
    flow_uuid, problem = yield from _flow(intent, wanted)
    return Looked(decide(intent, world, (), problem), intent, flow_uuid, world, world.reads)


def _reported(intent: Intent, decision: Decision, wanted: Wanted, before: int) -> Flow:
    """Returns what was said on devices where it failed; nothing where the budget is used up."""
    failed = failures(decision)
    if wanted.memory.get("reads", 0) - before + min(len(failed), MOST) > wanted.budget:
        return {}
    spec = _flow_spec(intent.fleet, intent.flow, wanted) if intent.flow else None
    steps = (spec or {}).get("steps")
    told: dict[str, Report] = yield from reports(
        intent, failed, steps, wanted.hidden, wanted.memory
    )
    return told


GONE = object()
"""What is remembered of a device that left the fleet between the list and its record."""


def _counted(memory: dict[Any, Any], reads: int, now: float) -> None:
    memory["reads"] = memory.get("reads", 0) + reads
    memory["now"] = max(memory.get("now", 0.0), now)


def _fleet(fleet: str, memory: dict[Any, Any]) -> Flow:
    key = ("fleet", fleet)
    if key not in memory:
        path = f"{base(fleet)}/devices"
        try:
            pages: Pages = yield from all_pages(path, devices, ENRICHED)
        except AnswerError as error:
            raise fleet_error(fleet, error) from None
        _counted(memory, pages.reads, pages.now)
        memory[key] = pages.found
    return memory[key]


def listed_runs(fleet: str) -> Flow:
    """Returns all deployments the caller may list, as `Pages`; complete, or AnswerError."""
    pages: Pages = yield from all_pages(f"{base(fleet)}/deployments", runs)
    return pages


def _runs(intent: Intent, memory: dict[Any, Any]) -> Flow:
    """Returns the deployments of this manifest, those its filters name, and those without marker;
    the first two with their devices."""
    key = ("runs", intent.fleet)
    if key not in memory:
        pages: Pages = yield from listed_runs(intent.fleet)
        _counted(memory, pages.reads, pages.now)
        memory[key] = pages.found
    known: Mapping[str, Run] = memory[key]
    named = {one.deployment_id for one in intent.filters if one.deployment_id}
    for uuid in sorted(named - known.keys()):
        memory[key] = known = {**known, uuid: (yield from _one_run(intent.fleet, uuid, memory))}
    result: list[Run] = []
    wanted = [
        one
        for one in known.values()
        if one.uuid in named or (one.marker is not None and one.marker.owner in intent.owners)
    ]
    yield from _entries(intent.fleet, wanted, memory)
    for one in known.values():
        if ("entries", one.uuid) in memory:
            result.append(replace(one, entries=memory["entries", one.uuid]))
        elif one.marker is None and "#r1:" in one.comment:
            result.append(one)
    return result


def _one_run(fleet: str, uuid: str, memory: dict[Any, Any]) -> Flow:
    request = Request("GET", f"{base(fleet)}/deployments/{segment(uuid)}")
    response: Response = yield from send(request)
    _counted(memory, 1, time_of(response))
    raw = json_of(request, response)
    if not isinstance(raw, dict) or not isinstance(raw.get("deployment_uuid"), str):
        raise unusable(request, response)
    return run(raw)


def entries_of(fleet: str, uuid: str) -> Flow:
    """Returns how a deployment stands on all of its devices, as `Pages`."""
    pages: Pages = yield from all_pages(
        f"{base(fleet)}/deployments/{segment(uuid)}/devices", entries
    )
    return pages


def _entries(fleet: str, wanted: Iterable[Run], memory: dict[Any, Any]) -> Flow:
    for one in wanted:
        key = ("entries", one.uuid)
        if key not in memory:
            pages: Pages = yield from entries_of(fleet, one.uuid)
            _counted(memory, pages.reads, pages.now)
            found_entries: Mapping[str, Entry] = pages.found
            memory[key] = found_entries


def _survivors(intent: Intent, world: World) -> list[str]:
    """The devices whose records are needed: those that may match, or may be ours already."""
    may = [u for u, device in world.devices.items() if matches(intent, device, world) is not False]
    ours = {
        uuid
        for one in world.runs
        if one.marker is not None
        and one.marker.owner == intent.owner
        and one.marker.payload == intent.payload
        for uuid in one.entries
        if uuid in world.devices
    }
    return list(dict.fromkeys([*may, *sorted(ours)]))


def _details(fleet: str, uuids: list[str], memory: dict[Any, Any]) -> Flow:
    """Read devices' own records, many side by side."""
    while uuids:
        part, uuids = uuids[:AT_ONCE], uuids[AT_ONCE:]
        requests = tuple(
            Request("GET", f"{base(fleet)}/devices/{segment(uuid)}", ENRICHED) for uuid in part
        )
        answers: list[Response | ReconcilerError] = yield Together(requests)
        for uuid, answer in zip(part, answers, strict=True):
            memory["detail", fleet, uuid] = _detail(answer)
            at = time_of(answer) if isinstance(answer, Response) else 0.0
            _counted(memory, 1, at)


def _detail(answer: Response | ReconcilerError) -> Any:
    """A record; None for one that could not be read, `GONE` for a device that is there no more."""
    if isinstance(answer, UnreachableError):
        raise answer
    if isinstance(answer, ReconcilerError):
        return None
    if answer.status == 404 and not answer.body.lstrip().startswith(b"<"):
        return GONE
    try:
        raw = answer.json() if answer.ok else None
    except ValueError:
        raw = None
    is_whole = isinstance(raw, dict) and isinstance(raw.get("apps"), list)
    found_detail: Detail | None = detail(raw) if is_whole and isinstance(raw, dict) else None
    return found_detail


def _flow(intent: Intent, wanted: Wanted) -> Flow:
    """Returns the uuid of the flow, and why it cannot be used; neither before it is created."""
    spec = _flow_spec(intent.fleet, intent.flow, wanted) if intent.flow else None
    if intent.flow and spec is None:
        return "", f"no manifest declares the UpdateFlow '{intent.flow}'"
    if spec is not None:
        there: Found | None = yield from found(intent.fleet, intent.flow, spec, wanted)
        inputs = tuple(spec.get("inputs") or ())
        if there is not None and there.problem:
            return "", there.problem
        return there.uuid if there else "", _parameters(intent, inputs)
    known: Mapping[str, Any] = yield from listed(intent.fleet, wanted.memory)
    raw = known.get(intent.flow_uuid)
    if raw is None:
        return "", f"there is no update flow {intent.flow_uuid} in the fleet '{intent.fleet}'"
    told = inputs_of(raw)
    return intent.flow_uuid, _parameters(intent, told) if told is not None else ""


def _parameters(intent: Intent, inputs: Iterable[str]) -> str:
    """Why the parameters do not fit the flow; empty if they do."""
    given, asked = {*intent.parameters, *intent.secrets}, set(inputs)
    missing, unknown = sorted(asked - given), sorted(given - asked)
    told = [f"the flow needs {', '.join(missing)}"] if missing else []
    told += [f"it has no {', '.join(unknown)}"] if unknown else []
    return "; ".join(["the parameters do not fit", *told]) if told else ""


def _rivals(wanted: Wanted) -> list[Rival]:
    """The other Deployments of the fleet."""
    fleet = wanted.address.parts[0]
    return [
        Rival(intent_for(m, wanted), str(m.address), f"{m.origin.file}:{m.origin.line}")
        for m in wanted.declared("Deployment")
        if m.address != wanted.address and m.address.parts[0] == fleet
    ]
