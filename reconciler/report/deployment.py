"""What was looked at before a deployment to devices in, the lines a reviewer reads out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model import JsonValue
from reconciler.report.figures import counted, evidence_words
from reconciler.report.sanitise import visible

SHOWN = 10
"""Devices of a wave, and of a class that wants looking at, that are named."""

_STATES = {
    "next": "is next",
    "waiting": "waits for its turn",
    "running": "runs",
    "soaking": "soaks",
    "approval": "waits for an approval",
    "passed": "passed",
    "gone-on": "did not pass, and the rollout goes on",
    "failed": "failed",
    "inconclusive": "is inconclusive",
}

_TO_LOOK_AT = ("unknown", "conflict", "outranked", "quarantined", "blocked", "foreign-pending")
"""Classes whose devices are named with the reason."""

Line = tuple[str, str]
"""A label and words."""


def evidence_lines(evidence: Mapping[str, JsonValue]) -> list[Line]:
    """The evidence of a change, in as many lines as it takes; none without any."""
    if "classes" in evidence and "waves" in evidence:
        return list(_deployment(evidence))
    label, words = evidence_words(evidence)
    return [(label, words)] if words else []


def _deployment(found: Mapping[str, Any]) -> Iterator[Line]:
    fleet = found["fleet"]
    yield (
        "selector",
        f"{visible(found['selector'])}: {fleet['matched']:,} of "
        f"{counted(fleet['devices'], 'device')} of the fleet {visible(fleet['key'])}",
    )
    counts = ", ".join(f"{count:,} {kind}" for kind, count in found["classes"].items() if count)
    yield "devices", counts or "none"
    yield from _reasons(found["devices"])
    yield from _failures(found["devices"])
    by_uuid = {one["uuid"]: one for one in found["devices"]}
    for wave in found["waves"]:
        if wave["state"] != "empty":
            yield from _wave(wave, by_uuid)
    if back := found.get("rollback"):
        counts = ", ".join(f"{count:,} {kind}" for kind, count in back["classes"].items() if count)
        yield "rollback", f"{visible(back['app'])} on {counts}"
        for one in back["devices"][:SHOWN]:
            yield "rollback", f"{_device(one)}: {visible(one['reason'])}"
        if len(back["devices"]) > SHOWN:
            yield "rollback", f"and {len(back['devices']) - SHOWN:,} more"
    for stopped in found["aborts"]:
        devices = counted(len(stopped["devices"]), "device")
        yield "stop", f"{visible(stopped['deployment'])} on {devices}: {visible(stopped['reason'])}"
    yield "requests", f"{found['reads']:,} to look, {found['writes']:,} to write now"


def _reasons(devices: list[Mapping[str, Any]]) -> Iterator[Line]:
    for kind in _TO_LOOK_AT:
        some = [one for one in devices if one["status"] == kind]
        for one in some[:SHOWN]:
            yield kind, f"{_name(one)}: {visible(one['reason'])}"
        if len(some) > SHOWN:
            yield kind, f"and {len(some) - SHOWN:,} more"


def _failures(devices: list[Mapping[str, Any]]) -> Iterator[Line]:
    """What was said on devices where it failed."""
    for one in devices:
        if report := one.get("report"):
            yield "failed", f"{_name(one)} in {visible(report['deployment'])}, {said(report)}"


def said(report: Mapping[str, Any]) -> str:
    """The step that failed and what it wrote: `step install: sh: not found`."""
    code = f" (exit code {report['exitCode']})" if report["exitCode"] else ""
    step = f"step {visible(report['step'])}{code}"
    if report["hidden"]:
        return f"{step}; what it wrote is not shown: it may hold a secret parameter"
    return f"{step}: {' | '.join(map(visible, report['said'])) or 'wrote nothing'}"


def _wave(wave: Mapping[str, Any], by_uuid: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    state = _STATES.get(wave["state"], wave["state"])
    base = f"{wave['members']:,} of {counted(wave['of'], 'device')} need it"
    verdict = f" ({visible(wave['verdict'])})" if wave["verdict"] else ""
    label = f"wave {visible(wave['name'])}"
    yield label, f"{state}{verdict}; {base}; {visible(wave['gate'])}"
    if wave["state"] != "next":
        return
    for uuid in wave["left"][:SHOWN]:
        yield label, _device(by_uuid[uuid])
    if len(wave["left"]) > SHOWN:
        yield label, f"and {len(wave['left']) - SHOWN:,} more"


def _name(one: Mapping[str, Any]) -> str:
    return f"{visible(one['uuid'])} {visible(one['name'])}".strip()


def _device(one: Mapping[str, Any]) -> str:
    versions = f"{visible(one['from'] or 'none')} -> {visible(one['to'] or 'done')}"
    state = " offline" if one["status"] == "offline" else ""
    return f"{_name(one)}  {versions}  {visible(one['group'])}{state}"
