"""How cleanup policies are doing: on or off, what became of the last run, when the next one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.kinds.operations import Surveyed
from reconciler.kinds.policies import _runs
from reconciler.kinds.policies._bundle_evidence import iso, view
from reconciler.kinds.policies._fields import next_runs
from reconciler.kinds.rest import Flow
from reconciler.model import Address, Health

_FINE = (_runs.COMPLETED, "IN_PROGRESS", "RUNNING", "PENDING", "STOPPED")


def packages(asked: Surveyed) -> Flow:
    """The platform tells of a run by its number only: that of the last one started from here."""
    found: dict[Address, Health] = {}
    for address, raw in asked.live.items():
        number = _runs.number_in(asked.runs.get(address, {}))
        if number is None:
            silent = "no run was started from here, and the platform tells of no other"
            found[address] = _health(raw, asked.now, [silent])
            continue
        told = yield from _runs.summary(address.name, number)
        found[address] = _health(raw, asked.now, *_of_number(number, told))
    return found


def _of_number(
    number: int, told: _runs.Summary | None
) -> tuple[list[str], Mapping[str, Any] | None]:
    if told is None:
        return [f"run {number} was started from here; the platform tells no more of it"], None
    dry = "dry run" if told.is_dry else "run"
    words = f"{dry} {number} of {told.started}, the last one started from here: {told.words}"
    return [words], {
        "runId": number,
        "dryRun": told.is_dry,
        "status": told.status,
        "startedAt": told.started,
        "finishedAt": told.finished,
        "totalItems": told.items,
        "bytes": told.bytes,
        "freedBytes": 0 if told.is_dry else told.freed,
    }


def bundles(asked: Surveyed) -> Flow:
    """The list of these policies tells of their last runs."""
    lines = yield from view()
    found: dict[Address, Health] = {}
    for address, raw in asked.live.items():
        run = lines.get(address.name, {}).get("lastRunData")
        found[address] = _health(raw, asked.now, *_listed(run if isinstance(run, dict) else {}))
    return found


def _listed(run: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    if not run:
        return ["never ran"], {}
    began, count = run.get("lastRunTime"), run.get("totalItems")
    when = f" {iso(began)}" if type(began) is int else ""
    dry = "dry run" if run.get("dryRun") else "run"
    items = f", {count:,} item{'s'[: count != 1]}" if isinstance(count, int) else ""
    return [f"last {dry}{when} {run.get('status')}{items}"], run


def _health(
    raw: Mapping[str, Any],
    now: datetime,
    words: Sequence[str],
    run: Mapping[str, Any] | None = None,
) -> Health:
    is_on = raw.get("enabled") is True
    told = ["switched on" if is_on else "switched off", *words]
    details: dict[str, Any] = {"enabled": is_on, "lastRun": dict(run) if run else None}
    following = next_runs(raw.get("cronExp"), now) if is_on and raw.get("cronExp") else None
    if following:
        details["nextRun"] = following[0]
        told.append(f"next run {following[0]} if the platform's time zone is UTC")
    elif is_on:
        told.append("runs by hand only" if not raw.get("cronExp") else "its schedule is over")
    troubled = bool(run) and (run or {}).get("status") not in _FINE
    return Health("degraded" if troubled else "healthy", "; ".join(told), details)
