"""A saved plan in: its changes out; and beside a fresh one, a refusal unless both are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.errors import StalePlanError, UsageError
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Block,
    Change,
    FieldChange,
    Plan,
    PlannedRequest,
)

FORMAT = "reconciler.plan/v1"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a plan file says: enough to recognise the plan and to tell how another one differs."""

    file: Path
    digest: str
    partial: bool
    targets: str
    scope: str
    changes: dict[str, str]


def read(file: Path) -> SavedPlan:
    """A saved plan. Raises UsageError for a file that is none."""
    document = _document(file)
    try:
        return SavedPlan(file, *_parts(document))
    except (KeyError, TypeError, AttributeError):
        raise _unusable(f"the plan {file} is damaged") from None


def changes(file: Path, *, plural: bool) -> list[Change]:
    """The changes of a saved plan; `plural` says that addresses are printed with their platform.

    Raises UsageError for a file that is no saved plan.
    """
    document = _document(file)
    try:
        return [_change(change, plural) for change in document["changes"]]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unusable(f"the plan {file} is damaged") from None


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise _unusable(f"the plan {file} cannot be read: {reason}") from None
    if isinstance(document, dict) and document.get("format") == "reconciler.snapshot/v1":
        raise UsageError(
            f"{file} is a snapshot, and no plan: an apply always looks at the platforms themselves",
            hint=f"`reconciler plan --snapshot {file} --out FILE` makes a plan of it",
        )
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _unusable(f"{file} is no saved plan of format {FORMAT}")
    return document


def _change(document: dict[str, Any], plural: bool) -> Change:
    block = document["blocked"]
    return Change(
        Address.parse(document["address"], document["platform"], qualified=plural),
        Action(document["action"]),
        document["reason"],
        tuple(_field_change(field) for field in document["fields"]),
        adopting=document["adopting"],
        risk=document["risk"],
        blocked=Block(block["code"], block["message"], block["override"]) if block else None,
        requests=tuple(PlannedRequest(r["method"], r["path"]) for r in document["requests"]),
    )


def _field_change(document: dict[str, Any]) -> FieldChange:
    return FieldChange(
        document["path"],
        document.get("before", UNSET),
        document.get("after", UNSET),
        document["state"] if document.get("secret") else None,
    )


def _unusable(summary: str) -> UsageError:
    return UsageError(summary, hint="`reconciler plan --out FILE` saves one")


def _parts(document: dict[str, Any]) -> tuple[str, bool, str, str, dict[str, str]]:
    """Digest, whether it is partial, targets, scope and changes. Raises what indexing raises."""
    targets = ", ".join(f"{p['name']} at {p['url']}" for p in document["platforms"])
    scope = "; ".join(
        f"--{name} {term}" for name in ("only", "exclude") for term in document["scope"][name]
    )
    if shard := document["scope"].get("shard"):
        scope = f"{scope}; --shard {shard}" if scope else f"--shard {shard}"
    changes = {str(c["address"]): _told(c) for c in document["changes"]}
    return str(document["digest"]), bool(document.get("partial")), targets, scope, changes


def compare(saved: SavedPlan, fresh: Plan) -> None:
    """Raises StalePlanError for another plan, or for one that was partial."""
    if saved.partial:
        raise StalePlanError(
            f"{saved.file} is a partial plan: when it was made, something could not be read",
            hint="plan again with a token that sees complete configurations",
        )
    if saved.digest == fresh.digest:
        return
    raise StalePlanError(
        f"{saved.file} is not the plan a fresh look gives",
        detail="\n".join(_differences(saved, fresh)) or "the digests differ",
        hint="plan again and have the new plan approved",
    )


def _fault(document: dict[str, Any]) -> str:
    """Where a plan from outside breaks the published schema; empty if nowhere."""
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    schemas = {
        path.name: Resource.from_contents(json.loads(path.read_text(encoding="utf-8")))
        for path in _schema_folder().glob("*.json")
    }
    registry: Registry[Any] = Registry().with_resources(schemas.items())
    validator = Draft202012Validator(schemas["plan.v1.schema.json"].contents, registry=registry)
    error = next(iter(validator.iter_errors(document)), None)
    return f": {error.json_path}: {error.message[:200]}" if error else ""


def _schema_folder() -> Path:
    """The published schemas: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "schemas" / "documents"
    return installed if installed.is_dir() else package.parent / "schemas" / "documents"


def _differences(saved: SavedPlan, fresh: Plan) -> Iterator[str]:
    from reconciler.report.machine import plan_json

    _, _, targets, scope, now = _parts(plan_json(fresh, 0))
    if saved.targets != targets:
        yield f"target: then {saved.targets or 'none'}, now {targets or 'none'}"
    if saved.scope != scope:
        yield f"scope: then {saved.scope or 'everything'}, now {scope or 'everything'}"
    for address in sorted({*saved.changes, *now}):
        before, after = saved.changes.get(address), now.get(address)
        if before != after:
            yield f"{address}: then {before or 'no change'}, now {after or 'no change'}"


def _told(change: dict[str, Any]) -> str:
    blocked = " (blocked)" if change.get("blocked") else ""
    fields = ", ".join(map(_field, change["fields"]))
    return f"{change['action']}{blocked} {fields}".strip()


def _field(field: dict[str, Any]) -> str:
    if field.get("secret"):
        return f"{field['path']} (secret, {field['state']})"
    values = (json.dumps(field[k], ensure_ascii=False) for k in ("before", "after") if k in field)
    return f"{field['path']} {' -> '.join(values)}"
