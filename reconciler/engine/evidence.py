"""What was measured in, what a reviewer must know out; it is no part of a plan's digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.rest import Content
from reconciler.model import Address, JsonValue, Plan


def with_evidence(made: Plan, contents: Mapping[Address, Content | None]) -> Plan:
    """The plan with what was measured; evidence is no part of the digest."""
    return replace(
        made,
        changes=tuple(
            replace(c, evidence={**c.evidence, **evidence(contents[c.address])})
            if c.address in contents
            else c
            for c in made.changes
        ),
    )


def wants_evidence(made: Plan) -> list[Address]:
    """Objects whose content a reviewer must know: those that only a replacement could change."""
    return [c.address for c in made.changes if c.blocked and c.blocked.code == "immutable"]


def evidence(content: Content | None) -> dict[str, JsonValue]:
    """What an object holds, for people; what is not known is not told as nothing."""
    if content is None:
        return {"artifacts": "unknown", "bytes": "unknown"}
    return {
        "artifacts": content.artifacts,
        "bytes": content.bytes,
        "newest": content.newest or None,
        **({} if content.is_empty else {"lastDownload": content.used or "unknown"}),
    }
