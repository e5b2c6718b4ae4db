"""The members of a federation as a manifest writes them: as platforms, or by their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.kind import UrlOf

Member = dict[str, Any]


def members_of(spec: Mapping[str, Any]) -> list[Member]:
    """The members of a federation, from either way of writing them."""
    if "members" in spec:
        return [dict(m) for m in spec["members"] if isinstance(m, Mapping)]
    return [{"platform": name} for name in spec.get("platforms") or ()]


def member_address(member: Mapping[str, Any], name: str, url_of: UrlOf) -> str:
    """A member's URL: as it is given, or on its platform, under the federation's name or its own
    key."""
    if "url" in member:
        return str(member["url"])
    key = member.get("repository", name)
    return f"{url_of(member['platform']).rstrip('/')}/artifactory/{key}"
