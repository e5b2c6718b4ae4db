"""A way to sign in without a stored token in, what the CI system says of the job out, in part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.model import Check
from reconciler.platform.keyless import CLAIMS, Keyless
from reconciler.report.sanitise import visible

MAPPED = ("repository_id", "environment", "event_name", "project_id", "ref_protected")
"""The claims that an identity mapping is best written on; the first that are there."""


def oidc_checks(platform: str, token: Any) -> Iterator[Check]:
    """The claims of the job as they are received, where the platform is signed in to by them."""
    if not isinstance(token, Keyless):
        return
    try:
        found = token.claims()
    except ReconcilerError as error:
        yield Check("oidc", "failed", str(error), error.hint, platform)
        return
    yield Check("oidc", "ok", f"the job's claims: {in_words(found)}", platform=platform)


def in_words(found: Mapping[str, Any]) -> str:
    """The claims that mappings are written on; of the others that they are."""
    shown = [f"{name}={_short(found[name])}" for name in CLAIMS if name in found]
    others = sorted(visible(name) for name in set(found) - set(CLAIMS))
    return ", ".join(shown) + (f"; not shown: {', '.join(others)}" if others else "")


def _short(value: Any) -> str:
    return visible(value if isinstance(value, str) else json.dumps(value))[:200]


def mapping_hint(token: Any) -> str:
    """What to paste into an identity mapping; empty where nothing is known of the job."""
    if not isinstance(token, Keyless):
        return ""
    try:
        found = token.claims()
    except ReconcilerError:
        return ""
    chosen = {name: found[name] for name in MAPPED if isinstance(found.get(name), str)}
    if not chosen and isinstance(found.get("sub"), str):
        chosen = {"sub": found["sub"]}
    return f"; claims for an identity mapping: {json.dumps(chosen)}" if chosen else ""
