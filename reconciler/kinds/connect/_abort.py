"""`reconciler run Deployment/... abort`: stop what waits or runs, on all devices or on some."""

from __future__ import annotations

from reconciler.deployments.facts import OPEN, Run, uuid_of
from reconciler.deployments.history import Abort
from reconciler.deployments.marker import owner_of, rollback_owner_of
from reconciler.kinds.connect._look import entries_of, listed_runs
from reconciler.kinds.connect._paging import Pages
from reconciler.kinds.connect._take import stop
from reconciler.kinds.operations import Asked, Input, Operation
from reconciler.kinds.rest import Flow
from reconciler.model import Address, Standing


def abort(asked: Asked) -> Flow:
    """Stop a deployment, whatever its payload, on the devices that are named; on all without any.

    Returns what was stopped.
    """
    fleet, _ = asked.address.parts
    wanted = _named(asked)
    stopped: set[str] = set()
    open_: list[tuple[Run, list[str]]] = yield from _open(asked.address)
    for run, uuids in open_:
        concerned = [uuid for uuid in uuids if not wanted or uuid in wanted]
        if concerned and not wanted:
            yield from stop(fleet, Abort(run.uuid, "", "", tuple(concerned)))
        for uuid in concerned if wanted else ():
            yield from stop(fleet, Abort(run.uuid, uuid, "", (uuid,)))
        stopped |= set(concerned)
    idle = ", ".join(sorted(wanted - stopped)[:5])
    count = f"{len(stopped)} device{'s' if len(stopped) != 1 else ''}"
    told = [f"stopped on {count}"] if stopped else []
    if idle or not stopped:
        told.append(f"nothing waits or runs on {idle}" if idle else "nothing waits or runs")
    return "; ".join(told)


def _named(asked: Asked) -> set[str]:
    """The devices that are named; none for all."""
    names = (name.strip() for name in asked.given.get("device", "").split(","))
    return {uuid_of(name) for name in names if name}


def follow(asked: Asked) -> Flow:
    """Returns how far it is: devices that run already are only asked to stop."""
    wanted = _named(asked)
    open_: list[tuple[Run, list[str]]] = yield from _open(asked.address)
    count = sum(not wanted or uuid in wanted for _, uuids in open_ for uuid in uuids)
    return Standing(f"{count} devices still wait or run", is_over=not count)


def _open(address: Address) -> Flow:
    """Returns the deployments of a manifest that are not over, with the devices concerned."""
    fleet, name = address.parts
    pages: Pages = yield from listed_runs(fleet)
    found: list[tuple[Run, list[str]]] = []
    runs: list[Run] = list(pages.found.values())
    for run in runs:
        owners = (owner_of(fleet, name), rollback_owner_of(fleet, name))
        if run.marker is None or run.marker.owner not in owners:
            continue
        entries: Pages = yield from entries_of(fleet, run.uuid)
        uuids = [uuid for uuid, entry in entries.found.items() if entry.status in OPEN]
        if uuids:
            found.append((run, uuids))
    return found


OPERATIONS = (
    Operation(
        "abort",
        "Stop what waits for devices, and ask those that run already to stop",
        abort,
        follow,
        asks="the rollout stays halted afterwards, until its payload changes",
        inputs=(Input("device", "Only on these devices: their uuids, with commas between"),),
    ),
)
