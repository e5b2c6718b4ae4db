"""A saved plan and a fresh one in; refuses unless they are the same plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconciler.errors import StalePlanError, UsageError
from reconciler.model import Plan

FORMAT = "reconciler.plan/v1"


def compare(file: Path, fresh: Plan) -> None:
    """Raises UsageError for a file that is no plan, StalePlanError for another plan."""
    saved = read(file)
    if saved["digest"] == fresh.digest:
        return
    raise StalePlanError(
        f"{file} is not the plan a fresh look gives",
        detail="\n".join(_differences(saved, fresh)) or "target or scope differ",
        hint="plan again and have the new plan approved",
    )


def read(file: Path) -> dict[str, Any]:
    """A saved plan document. Raises UsageError."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise UsageError(f"the plan {file} cannot be read: {reason}") from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT or not isinstance(document.get("digest"), str):
        raise UsageError(
            f"{file} is no saved plan of format {FORMAT}",
            hint="`reconciler plan --out FILE` saves one",
        )
    saved: dict[str, Any] = document
    return saved


def _differences(saved: dict[str, Any], fresh: Plan) -> list[str]:
    then = {c["address"]: c for c in saved.get("changes", [])}
    now = {str(c.address): c.as_json() for c in fresh.changes}
    lines: list[str] = []
    for address in sorted({*then, *now}):
        before, after = then.get(address), now.get(address)
        if before is None and after is not None:
            lines.append(f"{address}: not in the plan then, now {after['action']}")
        elif after is None and before is not None:
            lines.append(f"{address}: {before['action']} then, nothing to do now")
        elif before and after and _told(before) != _told(after):
            lines.append(f"{address}: then {_told(before)}, now {_told(after)}")
    return lines


def _told(change: dict[str, Any]) -> str:
    fields = ", ".join(
        f"{f['path']} {json.dumps(f.get('before'))} -> {json.dumps(f.get('after'))}"
        for f in change["fields"]
    )
    return f"{change['action']} {fields}".strip()
