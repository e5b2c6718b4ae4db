"""How cleanup policies are doing: on or off, what became of the last run, when the next one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.kinds.policies._bundle_evidence import iso, view
from reconciler.kinds.policies._fields import next_runs
from reconciler.kinds.rest import Flow
from reconciler.model import Address, Health

_FINE = ("COMPLETED", "IN_PROGRESS", "RUNNING", "PENDING", "STOPPED")


def packages(
    addresses: Sequence[Address], live: Mapping[Address, Mapping[str, Any]], now: datetime
) -> Flow:
    """The platform does not tell of the runs of these policies."""
    silent = "the platform does not tell of its runs"
    return {address: _health(live[address], now, [silent]) for address in addresses}
    yield


def bundles(
    addresses: Sequence[Address], live: Mapping[Address, Mapping[str, Any]], now: datetime
) -> Flow:
    """The list of these policies tells of their last runs."""
    lines = yield from view()
    found: dict[Address, Health] = {}
    for address in addresses:
        run = lines.get(address.name, {}).get("lastRunData")
        found[address] = _health(live[address], now, *_told(run if isinstance(run, dict) else {}))
    return found


def _told(run: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    if not run:
        return ["never ran"], {}
    began = run.get("lastRunTime")
    when = f" {iso(began)}" if type(began) is int else ""
    dry = "dry run" if run.get("dryRun") else "run"
    words = f"last {dry}{when} {run.get('status')}, {run.get('totalItems')} items"
    return [words], run


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
