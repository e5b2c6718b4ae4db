"""A plan in, its digest out: what an approval is bound to (spec 15).

Time, host, file order, evidence, risk, diagnostics and secret values do not count; actions,
addresses, before and after values, targets and scope do. Nor do secrets that are left alone: only
who holds their values and the fingerprints' key can tell that there is nothing to do.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from reconciler.model import Change, FieldChange, Plan
from reconciler.settings import path_prefix


def digest(plan: Plan) -> str:
    """`sha256:` and the hash of the plan's meaning as RFC 8785 canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical(meaning(plan))).hexdigest()


def canonical(value: Any) -> bytes:
    """A value as RFC 8785 canonical JSON: equal bytes exactly for equal values."""
    import rfc8785

    return bytes(rfc8785.dumps(_exact(value)))


def meaning(plan: Plan) -> dict[str, Any]:
    """The part of a plan that an approval is about."""
    return {
        "changes": [
            _change(change) for change in sorted(plan.changes, key=lambda c: c.address.full)
        ],
        "platforms": {p.name: normalised_url(p.url) for p in plan.platforms},
        "scope": replace(
            plan.scope,
            only=tuple(sorted(plan.scope.only)),
            exclude=tuple(sorted(plan.scope.exclude)),
        ).as_json(),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": change.address.full,
        "action": change.action.value,
        "adopting": change.adopting,
        "blocked": change.blocked.code if change.blocked else None,
        "fields": [
            field_meaning(field)
            for field in sorted(change.fields, key=lambda f: f.path)
            if field.secret != "unverifiable"
        ],
    }


def field_meaning(field: FieldChange) -> dict[str, Any]:
    """The part of a changed field that an approval is about; of a secret, what it refers to."""
    if field.secret is not None:
        return {"path": field.path, "reference": field.reference, "state": field.secret}
    return field.as_json()


def _exact(value: Any) -> Any:
    """What RFC 8785 cannot carry becomes text, so that no plan is without a digest: integers
    beyond 2^53, infinities, halves of surrogate pairs (a server or a file name may hold them).
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_exact(str(key)): _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value


def normalised_url(url: str) -> str:
    """A platform's URL as it counts: scheme and host in lower case, no default port."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    port = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    shown = "" if parts.port in (None, port) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{shown}{path_prefix(parts.path)}"
