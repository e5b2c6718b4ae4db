"""What was measured in, what a reviewer must know out; it is no part of a plan's digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import Content
from reconciler.model import Action, Address, Change, JsonValue, Plan


def with_evidence(made: Plan, contents: Mapping[Address, Content | None]) -> Plan:
    """The plan with what was measured; evidence is no part of the digest."""
    return replace(
        made,
        changes=tuple(
            replace(c, evidence={**c.evidence, **evidence(contents[_holder(c)])})
            if _holder(c) in contents
            else c
            for c in made.changes
        ),
    )


def wants_evidence(made: Plan, registry: Registry) -> list[Address]:
    """Objects whose content a reviewer must know: those that only a replacement could change."""
    return [
        _holder(c)
        for c in made.changes
        if c.action is Action.REPLACE
        and "artifacts" not in c.evidence
        and registry[_holder(c).kind].rest.holds_content
    ]


def _holder(change: Change) -> Address:
    """What is live: of another class perhaps than what is declared."""
    return change.previous or change.address


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
