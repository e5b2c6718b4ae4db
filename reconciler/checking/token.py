"""A token in, what it says of itself out, without anything one could sign in with."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model import Check

SHOWN = ("iss", "aud", "scp", "iat", "exp", "sub", "repository", "ref", "environment")
"""Claims that are shown; the ones that name a person or a machine only in part."""

SOON = 3600
"""Seconds before its end from which on a token is said to end soon."""


def claims(token: str) -> Mapping[str, Any] | None:
    """What a token says, unverified; None for one that says nothing."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None


def redacted(found: Mapping[str, Any]) -> dict[str, Any]:
    """The claims that explain a sign-in; of the subject its beginning, of others that they are."""
    told: dict[str, Any] = {name: found[name] for name in SHOWN if name in found}
    if isinstance(told.get("sub"), str):
        told["sub"] = told["sub"][:12] + ("…" if len(told["sub"]) > 12 else "")
    others = sorted(set(found) - set(SHOWN))
    return told | ({"others": others} if others else {})


def token_check(platform: str, token: str, now: datetime) -> Check:
    """Whether the token says who it is, and how long it lasts."""
    found = claims(token)
    if found is None:
        told = "the token says nothing of itself; what it may do shows when it is used"
        return Check("token", "skipped", told, platform=platform)
    words = json.dumps(redacted(found), ensure_ascii=False, sort_keys=True)
    ends = found.get("exp")
    if isinstance(ends, int | float):
        left = ends - now.timestamp()
        day = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if left <= 0:
            hint = "get a new one"
            return Check("token", "failed", f"it ended at {day}: {words}", hint, platform)
        if left < SOON:
            hint = "an apply that takes longer ends in the middle"
            return Check("token", "warning", f"it ends at {day}: {words}", hint, platform)
    return Check("token", "ok", words, platform=platform)


def is_administrator(token: str) -> bool | None:
    """Whether the token says that it may do everything; None where it does not say."""
    scope = (claims(token) or {}).get("scp")
    if not isinstance(scope, str):
        return None
    return any(part.endswith((":admin", "/admin")) or part == "*" for part in scope.split())
