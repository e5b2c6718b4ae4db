"""How a federated repository is reached that several platforms keep together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.repositories._rest import (
    RepositoryCollection,
    RepositoryListing,
    elsewhere,
    member_url,
    short_list,
)
from reconciler.kinds.rest import Bulk, Flow, Listing, Write, object_of, segment, send, unusable
from reconciler.model import Address, Live, Observed, Request, Response

FEDERATION = "/artifactory/api/federation"


@dataclass(frozen=True)
class FederationListing(Listing):
    """All repositories, and beside each federated one what the state list says of it."""

    path: str = f"{FEDERATION}/status/stateList"
    provable_since: str = RepositoryListing.provable_since
    extends: Listing | None = field(default_factory=RepositoryListing)

    def read(self) -> Flow:
        """Not asked by itself: see `extended`."""
        assert self.extends is not None
        found = yield from self.extends.read()
        return None if found is None else (yield from self.extended(found))

    def names(self) -> Flow:
        """The keys of all repositories."""
        assert self.extends is not None
        return (yield from self.extends.names())

    def sees_all(self, version: str) -> Flow:
        """What holds for the repositories holds for the federated ones."""
        assert self.extends is not None
        return (yield from self.extends.sees_all(version))

    def extended(self, found: Mapping[str, Mapping[str, Any]]) -> Flow:
        """One read more (2.11.10.2), where there is anything it could be about."""
        if not any(raw.get("rclass") == "federated" for raw in found.values()):
            return found
        states = yield from _states()
        return {key: _with_state(raw, states.get(key)) for key, raw in found.items()}


def own_base(address: Address, live: Mapping[str, Any]) -> str:
    """The base URL a platform gives itself: its repository is a member of its own federation."""
    own = next((m for m in _members(live) if m.get("own")), {})
    return _base_of(own.get("url"), address.name)


def asked_base() -> Flow:
    """Returns the same where no federated repository is; empty where nobody can tell."""
    try:
        listed = yield from short_list(("type", "local"))
    except AnswerError:
        return ""
    bases = (_base_of(raw.get("url"), raw["key"]) for raw in listed)
    return next(filter(None, bases), "")


def _base_of(url: Any, key: str) -> str:
    """In the server's own spelling: others may list it letter by letter."""
    text, end = str(url or "").rstrip("/"), f"/artifactory/{key}"
    return text.removesuffix(end) if text.endswith(end) else ""


def _states() -> Flow:
    """Returns the entries of the state list by key; nothing where the server has no such list."""
    request = Request("GET", f"{FEDERATION}/status/stateList")
    response: Response = yield request
    if response.status in (400, 403, 404):  # before 7.104.2, or another federation service
        return {}
    if not response.ok:
        raise unusable(request, response)
    try:
        raw = response.json()
    except ValueError:
        raise unusable(request, response) from None
    listed = raw.get("federations") if isinstance(raw, dict) else None
    if not isinstance(listed, list):
        raise unusable(request, response)
    states = [state for state in listed if isinstance(state, dict)]
    return {s["localRepoKey"]: s for s in states if isinstance(s.get("localRepoKey"), str)}


def _connections(key: str) -> Flow:
    """Returns the connections from here (2.11.10.1); none where the server does not tell them."""
    request = Request("GET", f"{FEDERATION}/status/connectionStates/{segment(key)}")
    response: Response = yield request
    if response.status in (400, 403, 404):
        return []
    return list(outgoing(object_of(request, response), key))


def _with_state(raw: Mapping[str, Any], state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if state is None:
        return raw
    return {**raw, "priority": state.get("priority"), "federationState": state}


@dataclass(frozen=True)
class FederationCollection(RepositoryCollection):
    """A federated repository on one of its platforms; every write is followed by a sync."""

    listing: Listing | None = field(default_factory=FederationListing)
    bulk: Bulk | None = None

    def parts_of(self, listed: str, parents: tuple[str, ...]) -> tuple[str, ...] | None:
        """A live repository does not say which federation it is meant to be of."""
        return None

    def read(self, address: Address) -> Flow:
        """The repository, its entry of the state list, and what it has yet to tell the others."""
        observed: Observed = yield from super().read(address)
        if isinstance(observed, Live) and observed.raw.get("rclass") == "federated":
            states = yield from _states()
            raw = _with_state(observed.raw, states.get(address.name))
            if elsewhere(raw):
                raw = {**raw, "connections": (yield from _connections(address.name))}
            return self.live(raw)
        return observed

    def create(self, write: Write) -> Flow:
        """The repository, which makes the members too; then the sync and the priority."""
        plain, priority = _apart(write)
        yield from super().create(plain)
        yield from _synchronised(write.name)
        if priority not in (None, "standard"):
            yield from _prioritised(write.name, priority)

    def update(self, write: Write) -> Flow:
        """The changed settings and the sync; the priority is a call of its own."""
        plain, priority = _apart(write)
        if plain.body:
            yield from super().update(plain)
            if plain.body.get("members") != []:  # else nobody is left to hear of it
                yield from _synchronised(write.name)
        if priority is not None:
            yield from _prioritised(write.name, priority)

    def undeletable(self, address: Address, live: Mapping[str, Any]) -> str:
        """Content that is still on its way to another member would be lost with this one."""
        for connection in live.get("connections") or ():
            waiting = connection.get("queuedEvents")
            if waiting and not connection.get("disabled"):
                url = f"{connection.get('remotePlatformUrl')}/{connection.get('remoteRepoKey')}"
                return (
                    f"its content is not yet at every other member: {waiting} events wait for {url}"
                )
        return ""

    @property
    def out_of_service(self) -> Mapping[str, Any]:
        """Out of the federation too: the others would hear of being out of service."""
        return {"members": [], **super().out_of_service}

    def reaches(self, write: Write) -> Iterable[str]:
        """The members, where they are written: all hear of it, but those that are disabled."""
        if "members" not in write.body and write.live.get("rclass") == "federated":
            return ()
        both = (_members(write.live), _members(write.body))
        enabled = {_url(m): m.get("enabled") is not False for listed in both for m in listed}
        return [url for url, is_enabled in enabled.items() if is_enabled]

    def stranding(self, write: Write) -> str:
        """A member is not taken out while content is on its way to or from it."""
        if "members" not in write.body:
            return ""
        kept = {_url(member) for member in _members(write.body)}
        for member in _members(write.live):
            url = _url(member)
            if member.get("own") or url in kept or member.get("enabled") is False:
                continue
            status = _status(write.live, url)
            if status not in SETTLED:
                return f"content of the member {url} is still on its way: it is {status}"
        return ""


SETTLED = ("", "HEALTHY", "DISABLED", "N/A")
"""The states of a member (2.11.10.2) in which nothing waits to be exchanged, or nobody can tell."""


def _members(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The members of a body or an answer, whatever else stands there."""
    listed = raw.get("members")
    return [m for m in listed if isinstance(m, Mapping)] if isinstance(listed, list) else []


def _url(member: Mapping[str, Any]) -> str:
    return member_url(str(member.get("url", "")))


def outgoing(answer: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """The connections from here; the server tells those to here too.

    Those from here come first, and the key at the other end may be the same.
    """
    listed = answer.get("memberConnections")
    connections = [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    here = {c.get("localPlatformUrl") for c in connections[:1]}
    for connection in connections:
        if connection.get("localRepoKey") == key and connection.get("localPlatformUrl") in here:
            yield connection


def state_of(live: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the state list says of a live repository, if it was asked."""
    state = live.get("federationState")
    return state if isinstance(state, Mapping) else None


def statuses(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The members of an entry of the state list: URL and state.

    A member that could tell its state and does not cannot be reached (2.11.10.1).
    """
    listed = state.get("memberInfoList")
    found: list[tuple[str, str]] = []
    for member in listed if isinstance(listed, list) else ():
        if isinstance(member, Mapping):
            place = f"{str(member.get('url', '')).rstrip('/')}/{member.get('repoKey', '')}"
            status = str(member.get("aggregatedStatus") or "")
            is_away = status == "N/A" and bool(member.get("supported"))
            found.append((member_url(place), "NOT_AVAILABLE" if is_away else status))
    return found


def _status(live: Mapping[str, Any], url: str) -> str:
    """The state of one member; empty where nobody tells."""
    return dict(statuses(state_of(live) or {})).get(url, "")


def _apart(write: Write) -> tuple[Write, Any]:
    body = dict(write.body)
    priority = body.pop("priority", None)
    return replace(write, body=body), priority


def _synchronised(key: str) -> Flow:
    """2.11.9: the members hear of the settings; without it they show an inconsistent state."""
    yield from send(Request("POST", f"{FEDERATION}/configSync/{segment(key)}"))


def _prioritised(key: str, priority: str) -> Flow:
    """2.11.10.4"""
    path = f"{FEDERATION}/prioritization/{segment(key)}"
    query = (("priorityLevel", priority),)
    yield from send(Request("PUT", path, query=query, json={}))
