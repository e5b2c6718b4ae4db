"""A look in, what the plan shows of it out: action, fields of the approval, evidence, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.deployments import gates
from reconciler.deployments.classes import CLASSES, Judged
from reconciler.deployments.decide import Decision
from reconciler.deployments.intent import Intent
from reconciler.deployments.rollout import Start, WaveView
from reconciler.kinds.connect._look import Looked
from reconciler.kinds.connect._paging import base
from reconciler.kinds.rest import segment
from reconciler.kinds.steering import Note, Stance, Wanted
from reconciler.kinds.wire import is_secret_reference
from reconciler.model import Action, Block, FieldChange, PlannedRequest, Risk, reference_name

OPEN = ("Progressing",)
"""The statuses after which more comes by itself."""


def stance_of(looked: Looked, wanted: Wanted) -> Stance:
    """How a deployment stands, as the engine takes it."""
    if looked.decision is None:
        return _over_budget(looked, wanted, looked.too_many, most=looked.most_writes)
    made = looked.decision
    if looked.back is not None and looked.back.decision is not None:
        return _of_rollback(looked, looked.back, wanted)
    writes = writes_of(made)
    if made.has_step and not made.blocked and looked.reads + writes > wanted.budget:
        return _over_budget(looked, wanted, looked.reads + writes)
    action = Action.DEPLOY if made.has_step or made.blocked else None
    evidence = _evidence(looked, made, writes)
    return Stance(
        made.status,
        action,
        _reason(made),
        tuple(_fields(made)) if action else (),
        _risk(made),
        made.blocked,
        evidence,
        tuple(_requests(made)),
        tuple(_notes(made, bool(action))),
        is_open=made.status in OPEN,
        is_degraded=made.degraded,
        words=_words(made),
        state=looked,
    )


def _of_rollback(looked: Looked, back: Looked, wanted: Wanted) -> Stance:
    """How a deployment stands whose wave failed, while that wave is taken back and afterwards."""
    made, doing = looked.decision, back.decision
    assert made is not None
    assert doing is not None
    writes, told = writes_of(doing), f"rollback to {back.intent.app} {back.intent.version}"
    if doing.has_step and looked.reads + writes > wanted.budget:
        return _over_budget(looked, wanted, looked.reads + writes)
    halted = made.blocked.message if made.blocked else ""
    moves = doing.has_step or doing.status in OPEN
    stuck = doing.blocked.message if doing.blocked and not doing.has_step else ""
    words = f"{told}: {stuck or _words(doing)}"
    block = None if moves and not stuck else Block("halted", f"{halted}; {words}")
    action = Action.DEPLOY if doing.has_step or block else None
    fields = (FieldChange("rollback", after=halted), *_fields(doing)) if doing.has_step else ()
    evidence = _evidence(looked, made, writes) | {
        "rollback": {
            "app": f"{back.intent.app} {back.intent.version}",
            "payload": back.intent.payload,
            "status": doing.status,
            "classes": dict(doing.counts),
            "devices": [_device(one, doing, back) for one in doing.judged.values()],
        }
    }
    standing = () if action else (Note("deployment-standing", "info", f"RollingBack: {words}"),)
    return Stance(
        "RollingBack" if block is None else made.status,
        action,
        _reason(doing) if doing.has_step else "next-step",
        fields or ((FieldChange("payload", after=made.intent.payload),) if action else ()),
        _risk(doing),
        block,
        evidence,
        tuple(_requests(doing)),
        (*_notes(made, has_action=True), *standing),
        is_open=block is None,
        is_degraded=doing.degraded,
        words=f"RollingBack: {words}",
        state=back if doing.has_step else looked,
    )


def _over_budget(looked: Looked, wanted: Wanted, needed: int, most: int = 0) -> Stance:
    """With `most`, so many more the step may take, once it is known."""
    more = f", and up to {most:,} more to take the next step" if most else ""
    block = Block(
        "over-budget",
        f"it takes {needed:,} requests{more}; {wanted.budget:,} are allowed ({wanted.budget_from})",
        f"--budget {needed + most}",
    )
    return Stance(
        "Blocked",
        Action.DEPLOY,
        "next-step",
        (FieldChange("payload", after=looked.intent.payload),),
        "safe",
        block,
    )


def writes_of(made: Decision) -> int:
    """How many requests the step takes that change something."""
    tagged = {*made.leftovers}
    if made.start is not None:
        tagged |= {*made.start.add, *made.start.remove}
    return len(tagged) + len(made.aborts) + (made.start is not None)


def _reason(made: Decision) -> str:
    if made.start is not None or made.blocked is not None:
        return "next-step"
    return "to-abort" if made.aborts else "leftover-tags"


def _risk(made: Decision) -> Risk:
    return "disruptive" if made.start or made.aborts else "safe"


def _fields(made: Decision) -> Iterator[FieldChange]:
    """What a reviewer approves: what is sent to whom, what is stopped, what becomes of tags."""
    intent = made.intent
    yield FieldChange("payload", after=intent.payload)
    if made.start is not None:
        yield from _of_start(intent, made, made.start)
    if made.aborts:
        shown = sorted(f"{a.run}/{a.device}" if a.device else a.run for a in made.aborts)
        yield FieldChange("abort", after=shown)
    if made.leftovers:
        tags = sorted({tag for names in made.leftovers.values() for tag in names})
        yield FieldChange("tags off", after=tags)


def _of_start(intent: Intent, made: Decision, start: Start) -> Iterator[FieldChange]:
    before = sorted({made.judged[uuid].was or "none" for uuid in start.devices})
    if intent.app:
        yield FieldChange("app", ", ".join(before), f"{intent.app} {intent.version}")
    yield FieldChange("flow", after=intent.content_name or intent.flow_uuid)
    if intent.parameters:
        yield FieldChange("parameters", after=dict(sorted(intent.parameters.items())))
    if intent.secrets:
        for name, reference in sorted(intent.secrets.items()):
            assert is_secret_reference(reference)
            yield FieldChange(
                "spec.secretParameters" + f"[{name}]",
                secret="set",
                reference=reference_name(reference),
            )
    yield FieldChange("wave", after=start.wave.name)
    yield FieldChange("gate", after=gates.words(start.wave.gate, _members(made, start)))
    yield FieldChange("marker", after=str(start.marker))
    yield FieldChange("devices", after=sorted(start.devices))
    if intent.live:
        yield FieldChange("targeting", after="live")


def _members(made: Decision, start: Start) -> int:
    return next((len(v.members) for v in made.waves if v.number == start.marker.wave), 0)


def _requests(made: Decision) -> Iterator[PlannedRequest]:
    root = base(made.intent.fleet)
    for abort in made.aborts:
        device = f"/devices/{segment(abort.device)}" if abort.device else ""
        yield PlannedRequest("POST", f"{root}/deployments/{segment(abort.run)}{device}/abort")
    start = made.start
    for uuid in sorted({*(start.add if start else ()), *(start.remove if start else ())}):
        yield PlannedRequest("PATCH", f"{root}/devices/{segment(uuid)}")
    if start is not None:
        yield PlannedRequest("POST", f"{root}/deployments")
    for uuid in sorted(made.leftovers):
        yield PlannedRequest("PATCH", f"{root}/devices/{segment(uuid)}")


def _notes(made: Decision, has_action: bool) -> Iterator[Note]:
    for remark in made.remarks:
        severity: Any = remark.severity
        yield Note(remark.rule, severity, remark.text, remark.hint)
    if not has_action:
        yield Note("deployment-standing", "info", _words(made))


def _words(made: Decision) -> str:
    """`Progressing: wave canary running, 1 of 3 succeeded, 100 % wanted so far`."""
    words = [made.status]
    for view in made.waves:
        if view.state in ("running", "soaking", "approval", "inconclusive"):
            approval = (
                f"; approve payload {made.intent.payload}" if view.state == "approval" else ""
            )
            words.append(f"wave {view.wave.name} {_state(view)}{approval}")
    counts = ", ".join(f"{count} {kind}" for kind, count in made.counts.items() if count)
    return f"{': '.join(words)} ({counts})"


def _state(view: WaveView) -> str:
    state = "waits for an approval" if view.state == "approval" else view.state
    return f"{state}, {view.words}" if view.words else state


def _evidence(looked: Looked, made: Decision, writes: int) -> dict[str, Any]:
    intent = made.intent
    return {
        "status": made.status,
        "fleet": {"key": intent.fleet, "devices": made.fleet, "matched": made.matched},
        "selector": _selector(intent),
        "app": f"{intent.app} {intent.version}".strip(),
        "flow": f"{intent.content_name or intent.flow_uuid}",
        "payload": intent.payload,
        "classes": dict(made.counts),
        "waves": [_wave(view) for view in made.waves],
        "aborts": [
            {"deployment": a.run, "devices": sorted(a.devices), "reason": a.reason}
            for a in made.aborts
        ],
        "devices": [_device(one, made, looked) for one in made.judged.values()],
        "reads": looked.reads,
        "writes": writes,
        "assumptions": list(made.assumptions),
    }


def _selector(intent: Intent) -> str:
    """The selector in words; the whole fleet is said so."""
    groups = "the whole fleet" if intent.all_groups else f"groups {', '.join(intent.groups)}"
    filters = "".join(f" and {one}" for one in intent.filters)
    chosen = f", only {len(intent.devices)} named devices" if intent.devices else ""
    return f"{groups}{filters}{chosen}"


def _wave(view: WaveView) -> dict[str, Any]:
    return {
        "name": view.wave.name,
        "state": view.state,
        "members": len(view.members),
        "of": view.slots,
        "left": sorted(view.left),
        "gate": gates.words(view.wave.gate, len(view.members)),
        "verdict": view.words,
        "success": view.tally.success,
        "failed": view.tally.failed,
    }


def _device(one: Judged, made: Decision, looked: Looked) -> dict[str, Any]:
    report = looked.reports.get(one.device.uuid)
    told = {"report": report.as_json()} if report is not None else {}
    return {
        **told,
        "uuid": one.device.uuid,
        "name": one.device.name,
        "group": one.device.group,
        "from": one.was or None,
        "to": made.intent.version or None,
        "status": one.kind,
        "reason": one.reason or CLASSES[one.kind],
        "evidence": list(one.evidence),
    }
