"""An update that must hold the whole object: its secrets in, or what is missing of them out.

The server answers no secret. Where an update replaces the object, one that is not sent is lost, or
becomes the mask the server shows in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.engine.diff import Difference
from reconciler.engine.sending import sendable
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.wire import secrets_in
from reconciler.model import Block, FieldChange, Live, Manifest, reference_name


def sent_along(kind: Kind, manifest: Manifest, found: Difference) -> tuple[FieldChange, ...]:
    """The secrets that an update sends although nothing shows that they changed."""
    if not kind.rest.replaces or found.is_empty:
        return found.unverifiable
    known = {field.path for field in found.changes}
    sent = secrets_in(kind.secret_fields, sendable(kind, manifest))
    named = {".".join(str(part) for part in path[:2]): reference for path, reference in sent}
    return tuple(
        FieldChange(path, secret="set", reference=reference_name(reference))
        for path, reference in named.items()
        if path not in known
    )


def secret_needed(kind: Kind, manifest: Manifest, live: Live, found: Difference) -> Block | None:
    """A block where an update would lose a secret that no manifest refers to."""
    if not kind.rest.replaces or found.is_empty:
        return None
    spec = sendable(kind, manifest)
    lacking = list(_lacking(kind.secret_fields, spec, live.raw, "spec"))
    if not lacking:
        return None
    return Block(
        "secret-needed",
        f"an update sends the whole object, and the platform does not tell {' and '.join(lacking)}",
        "refer to it in the manifest ({env: NAME} or {file: PATH}); null where there is none",
    )


def _lacking(
    fields: FieldTable, spec: Mapping[str, Any], raw: Mapping[str, Any], at: str
) -> Iterator[str]:
    for name, field in fields.items():
        declared, live = spec.get(name), field.live_value(raw, None)
        if name not in spec:
            if field.shape == "secret" or live:
                yield from _secrets(field, f"{at}.{name}")
        elif field.shape == "object" and isinstance(declared, dict):
            inner = live if isinstance(live, dict) else {}
            yield from _lacking(_with_secrets(field.fields), declared, inner, f"{at}.{name}")


def _with_secrets(fields: FieldTable) -> FieldTable:
    return {name: field for name, field in fields.items() if field.has_part(_is_secret)}


def _is_secret(part: Field) -> bool:
    return part.shape == "secret"


def _secrets(field: Field, path: str) -> Iterator[str]:
    if field.has_part(_is_secret):
        yield path
