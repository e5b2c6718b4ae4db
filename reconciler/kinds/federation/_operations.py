"""How a federated repository is doing, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.federation._rest import FEDERATION, outgoing, state_of, statuses
from reconciler.kinds.operations import Asked, Operation, Surveyed
from reconciler.kinds.rest import Flow, is_error_document, object_of, segment, send, unusable
from reconciler.kinds.values import without_credentials
from reconciler.model import Address, Health, Request, Response, Standing

WORKING = ("HEALTHY", "SYNC", "SYNCING", "DISABLED", "N/A")
"""States of a member that nobody has to look after."""


def survey(asked: Surveyed) -> Flow:
    """Members, lag and queues of each repository, and whether its settings are everywhere the same.

    2.11.10.1 tells of the connections, 2.11.4 of the settings; servers before 7.104.2 are asked by
    2.11.11.1.
    """
    inconsistent = yield from _inconsistent()
    is_quiet = yield from _nobody_waits()
    found: dict[Address, Health] = {}
    for address, raw in asked.live.items():
        members = yield from _connections(address, raw, is_quiet=is_quiet)
        found[address] = _health(members, address.name in inconsistent)
    return found


def _inconsistent() -> Flow:
    """Returns the keys that 2.11.4 lists; nothing where the server has no such list."""
    request = Request("GET", f"{FEDERATION}/inconsistentRepos")
    response: Response = yield request
    if response.status in (400, 403, 404):  # before 7.108.3
        return ()
    try:
        keys = response.json()
    except ValueError:
        keys = None
    if not response.ok or not isinstance(keys, list):
        raise unusable(request, response)
    return keys


def _nobody_waits() -> Flow:
    """Returns whether all federations of the platform are healthy or disabled (2.11.10.3)."""
    response: Response = yield Request("GET", f"{FEDERATION}/status/stateSummary")
    try:
        counts = response.json()["federationStates"] if response.ok else None
        return counts is not None and all(
            not count or state in ("HEALTHY", "DISABLED") for state, count in counts.items()
        )
    except (ValueError, KeyError, TypeError, AttributeError):  # then each one is asked
        return False


def _connections(address: Address, raw: Mapping[str, Any], *, is_quiet: bool) -> Flow:
    """Returns the other members, each with its state, lag in ms and number of waiting events."""
    state = state_of(raw)
    if state is None:
        return (yield from _legacy(address))
    if is_quiet:
        return [{"url": url, "status": status} for url, status in statuses(state)]
    request = Request("GET", f"{FEDERATION}/status/connectionStates/{segment(address.name)}")
    answer = object_of(request, (yield from send(request)))
    return [
        {
            "url": f"{connection.get('remotePlatformUrl')}/{connection.get('remoteRepoKey')}",
            "status": _reached(connection),
            "lagInMs": connection.get("lagInMs"),
            "queuedEvents": connection.get("queuedEvents"),
        }
        for connection in outgoing(answer, address.name)
    ]


def is_troubled(raw: Mapping[str, Any]) -> bool:
    """Whether the state list says that a member has trouble with any other one. It tells the worst
    of each member, not with whom."""
    state = state_of(raw)
    return state is not None and any(status not in WORKING for _, status in statuses(state))


def connections(address: Address, raw: Mapping[str, Any]) -> Flow:
    """Returns the connections from here, one by one."""
    return (yield from _connections(address, raw, is_quiet=False))


def _reached(connection: Mapping[str, Any]) -> Any:
    """A member that could tell its state and does not cannot be reached (2.11.10.1)."""
    is_away = connection.get("status") == "N/A" and connection.get("supported")
    return "NOT_AVAILABLE" if is_away else connection.get("status")


def _legacy(address: Address) -> Flow:
    request = Request("GET", f"{FEDERATION}/status/repo/{segment(address.name)}")
    response: Response = yield request
    if response.status in (400, 404) and is_error_document(response):
        return None
    mirrors = object_of(request, response).get("mirrorEventsStatusInfo")
    if not response.ok or not isinstance(mirrors, list):
        raise unusable(request, response)
    kinds = ("createEvents", "updateEvents", "deleteEvents", "propsEvents")
    return [
        {
            "url": f"{str(mirror.get('remoteUrl', '')).rstrip('/')}/{mirror.get('remoteRepoKey')}",
            "status": mirror.get("status"),
            "lagInMs": mirror.get("lagInMS"),
            "queuedEvents": sum(int(mirror.get(kind) or 0) for kind in kinds),
        }
        for mirror in mirrors
        if isinstance(mirror, dict)
    ]


def _health(members: Sequence[Mapping[str, Any]] | None, is_inconsistent: bool) -> Health:
    if members is None:
        return Health("unknown", "the server does not tell how it is doing")
    shown = [without_credentials({n: v for n, v in m.items() if v is not None}) for m in members]
    troubled = [m for m in shown if m.get("status") not in WORKING]
    parts = [_words(member) for member in troubled]
    if is_inconsistent:
        parts.append("its settings differ from those of a member: config-sync makes them the same")
    details = {"members": shown, "inconsistent": is_inconsistent}
    if parts:
        return Health("degraded", "; ".join(parts), details)
    count = len(shown)
    return Health("healthy", f"in step with {count} member{'' if count == 1 else 's'}", details)


def _words(member: Mapping[str, Any]) -> str:
    waiting = member.get("queuedEvents")
    queue = f", {waiting:,} events waiting" if isinstance(waiting, int) and waiting else ""
    lag = member.get("lagInMs")
    late = f", {lag / 1000:,.0f} s late" if isinstance(lag, int) and lag >= 1000 else ""
    return f"{member['url']} is {member.get('status')}{queue}{late}"


def _full_sync(asked: Asked) -> Flow:
    """2.11.7"""
    path = f"{FEDERATION}/fullSync/{segment(asked.name)}"
    response = yield from send(Request("POST", path))
    return response.text


def _compared(asked: Asked) -> Flow:
    """2.11.7 with isDry: only compares."""
    path = f"{FEDERATION}/fullSync/{segment(asked.name)}"
    request = Request("POST", path, query=(("isDry", "true"),))
    answer = object_of(request, (yield from send(request)))
    paths = answer.get("resultPaths")
    listed = ", ".join(map(str, paths)) if isinstance(paths, list) else ""
    return f"{answer.get('message', '')} {listed}".strip()


def _synced(asked: Asked) -> Flow:
    """2.11.10.2: a full sync is over when no member waits for it or is at it."""
    request = Request("GET", f"{FEDERATION}/status/stateList")
    answer = object_of(request, (yield from send(request)))
    listed = answer.get("federations")
    for state in listed if isinstance(listed, list) else ():
        if isinstance(state, dict) and state.get("localRepoKey") == asked.name:
            found = [status for _, status in statuses(state)]
            busy = [s for s in found if s in ("PENDING_FS", "FULL_SYNC_RUNNING", "DELAYED")]
            failed = "ERROR" in found
            words = ", ".join(f"{found.count(s)} {s}" for s in dict.fromkeys(found)) or "no members"
            return Standing(words, is_over=not busy, has_failed=failed and not busy)
    return Standing("the server does not list it", is_over=True, has_failed=True)


def _config_sync(asked: Asked) -> Flow:
    """2.11.9"""
    path = f"{FEDERATION}/configSync/{segment(asked.name)}"
    response = yield from send(Request("POST", path))
    return response.text


def _configured(asked: Asked) -> Flow:
    keys = yield from _inconsistent()
    if asked.name in keys:
        return Standing("its settings still differ from those of a member")
    return Standing("its settings are the same everywhere", is_over=True)


OPERATIONS = (
    Operation(
        "full-sync",
        "tell every member of all files again; content is added, nothing is deleted",
        _full_sync,
        _synced,
    ),
    Operation(
        "dry-run",
        "list the files that members lack, without telling them anything",
        _compared,
        since="7.104.2",
    ),
    Operation(
        "config-sync",
        "give every member the settings of this one",
        _config_sync,
        _configured,
        since="7.27.6",
    ),
)
