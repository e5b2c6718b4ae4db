"""The members of a federation as a manifest writes them: as platforms, or by their addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.kind import UrlOf
from reconciler.kinds.repositories._rest import member_url

Member = dict[str, Any]


def members_of(spec: Mapping[str, Any]) -> list[Member]:
    """The members of a federation, from either way of writing them."""
    if "members" in spec:
        return [dict(m) for m in spec["members"] if isinstance(m, Mapping)]
    return [{"platform": name} for name in spec.get("platforms") or ()]


def outside(
    spec: Mapping[str, Any],
    live: Mapping[str, Any],
    sites: Sequence[Mapping[str, Any]],
    ours: Sequence[str],
) -> list[str]:
    """The members that take part and are no platform of the workspace, listed or wanted: each of
    ours is missing from its own list, so that what all of them list is none of them."""
    reached = tuple(f"{member_url(base)}/artifactory/" for base in ours)
    wanted = [_by_url(site) for site in sites]
    everybody = {url for listed in wanted for url in listed}
    elsewhere = everybody.intersection(*wanted)
    theirs = [m for m in live.get("members") or () if isinstance(m, Mapping) and not m.get("own")]
    found = _by_url({"members": theirs})
    strange = {url for url in found if url not in everybody and not url.startswith(reached)}
    here = _by_url(spec)
    return sorted(
        url for url in elsewhere | strange if found.get(url, True) and here.get(url, True)
    )


def _by_url(spec: Mapping[str, Any]) -> dict[str, bool]:
    return {
        member_url(str(m.get("url", ""))): m.get("enabled") is not False for m in members_of(spec)
    }


def member_address(member: Mapping[str, Any], name: str, url_of: UrlOf) -> str:
    """A member's URL: as it is given, or on its platform, under the federation's name or its own
    key."""
    if "url" in member:
        return str(member["url"])
    key = member.get("repository", name)
    return f"{url_of(member['platform']).rstrip('/')}/artifactory/{key}"
