"""What the sites of a federation are to be and what they are, as one picture of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from reconciler.kinds.federation._rest import state_of, statuses
from reconciler.kinds.kind import SiteView
from reconciler.kinds.repositories._rest import member_url
from reconciler.model import Place, Planned, Tie, Topology

WORST_FIRST = (
    "ERROR",
    "NOT_AVAILABLE",
    "PENDING_FS",
    "FULL_SYNC_RUNNING",
    "DELAYED",
    "DISABLED",
    "HEALTHY",
    "",
)
"""The states of 2.11.10.3; one nobody knows comes first."""


def topology(name: str, sites: Sequence[SiteView], url_of: Callable[[str], str]) -> Topology:
    """The members wanted and live, each once, and who exchanges content with whom."""
    own = {_own_url(site, url_of): index for index, site in enumerate(sites)}
    places = [_place(site, name) for site in sites]
    index = dict(own)
    for site in sites:
        for url in (*_wanted(site), *_found(site)):
            if url not in index:
                index[url] = len(places)
                places.append(Place(_elsewhere(url), _key(url, name), ours=False))
    ties: dict[tuple[int, int], Tie] = {}
    for url, here in own.items():
        site = sites[here]
        for other in (*_wanted(site), *_found(site)):
            if other != url:
                one, two = sorted((here, index[other]))
                state, lag = _state(site, other)
                made = Tie(one, two, state, _planned(site, other), lag)
                ties[one, two] = _joined(ties.get((one, two)), made)
    return Topology(name, tuple(places), tuple(ties[pair] for pair in sorted(ties)))


def _place(site: SiteView, name: str) -> Place:
    key = site.address.name
    return Place(
        site.address.platform,
        "" if key == name else key,
        change=site.change,
        reachable=site.reachable,
    )


def _own_url(site: SiteView, url_of: Callable[[str], str]) -> str:
    """Under which address the others know a site: what it says itself, else where it is reached."""
    for member in _members(site.live):
        if member.get("own"):
            return member_url(str(member.get("url", "")))
    return member_url(
        f"{url_of(site.address.platform).rstrip('/')}/artifactory/{site.address.name}"
    )


def _members(raw: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    listed = (raw or {}).get("members")
    return [m for m in listed if isinstance(m, Mapping)] if isinstance(listed, list) else []


def _by_url(members: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Whether each member takes part."""
    return {
        member_url(str(m.get("url", ""))): str(m.get("enabled", True)).lower() != "false"
        for m in members
        if not m.get("own")
    }


def _wanted(site: SiteView) -> dict[str, bool]:
    return _by_url(_members(site.spec))


def _found(site: SiteView) -> dict[str, bool]:
    return _by_url(_members(site.live))


def _state(site: SiteView, url: str) -> tuple[str, int]:
    """The state of a connection and its lag in seconds; where nobody was asked, that of the member
    as a whole."""
    for connection in site.connections:
        if member_url(str(connection.get("url", ""))) == url:
            lag = connection.get("lagInMs")
            return str(connection.get("status") or ""), int(lag / 1000) if lag else 0
    return dict(statuses(state_of(site.live or {}) or {})).get(url, ""), 0


def _planned(site: SiteView, url: str) -> Planned:
    wanted, found = _wanted(site), _found(site)
    if not site.reachable or "blocked" in site.change:
        return "kept"  # nothing is planned for it, or nothing will be done
    if url not in wanted:
        return "removed"
    if url not in found:
        return "added"
    return "kept" if wanted[url] else "disabled"


def _joined(one: Tie | None, other: Tie) -> Tie:
    """Both directions as one tie."""
    if one is None:
        return other
    state = min(one.state, other.state, key=_badness)
    planned: Planned = one.planned if one.planned != "kept" else other.planned
    return Tie(one.one, one.other, state, planned, max(one.lag, other.lag))


def _badness(state: str) -> int:
    return WORST_FIRST.index(state) if state in WORST_FIRST else -1


def _key(url: str, name: str) -> str:
    """The repository's key there, where it is not the federation's name."""
    key = url.rpartition("/")[2]
    return "" if key == name else key


def _elsewhere(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or url
