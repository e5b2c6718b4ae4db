"""A plan file in, the plan it holds out, and whether it is as it was saved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.engine.codes import BLOCKS
from reconciler.engine.digest import digest
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
    PlatformInfo,
    Scope,
    Shard,
)

FAMILY = "reconciler.plan/"
FORMAT = f"{FAMILY}v1"
PLAN_AGAIN = "plan again and have the new plan approved"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan and the file it was read from."""

    file: Path
    plan: Plan
    is_whole: bool
    """Whether the changes are those that the digest is of."""

    def require_whole(self) -> None:
        """Raises StalePlanError for a file that somebody changed."""
        if not self.is_whole:
            raise StalePlanError(
                f"{self.file} was changed after it was saved: its digest is not of its content",
                hint=PLAN_AGAIN,
            )


def read(file: Path) -> SavedPlan:
    """A saved plan.

    Raises UsageError for a file that is none, StalePlanError for one of another format.
    """
    document = _document(file)
    try:
        plan = _plan(document)
        return SavedPlan(file, plan, digest(plan) == plan.digest)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unusable(f"the plan {file} is damaged{_fault(document)}") from None


def _document(file: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise _unusable(f"the plan {file} cannot be read: {reason}") from None
    form = document.get("format") if isinstance(document, dict) else None
    if form == "reconciler.snapshot/v1":
        raise UsageError(
            f"{file} is a snapshot, and no plan: an apply always looks at the platforms themselves",
            hint=f"`reconciler plan --snapshot {file} --out FILE` makes a plan of it",
        )
    if not isinstance(form, str) or not form.startswith(FAMILY):
        raise _unusable(f"{file} is no saved plan of format {FORMAT}")
    if form != FORMAT:
        raise StalePlanError(
            f"{file} is of the format {form}; this version understands {FORMAT}",
            hint="plan again with the version that applies",
        )
    return dict(document)


def _unusable(summary: str) -> UsageError:
    return UsageError(summary, hint="`reconciler plan --out FILE` saves one")


def _fault(document: dict[str, Any]) -> str:
    """Where a plan from outside breaks the published schema; empty if nowhere.

    Asked only of a plan that cannot be used: for a large one it takes long.
    """
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


def _plan(document: dict[str, Any]) -> Plan:
    """The plan as far as it is approved, shown or compared. Raises what indexing raises."""
    return Plan(
        changes=tuple(map(_change, document["changes"])),
        platforms=tuple(PlatformInfo(p["name"], p["url"]) for p in document["platforms"]),
        scope=_scope(document["scope"]),
        digest=document["digest"],
        tool=document["tool"],
        created=document["created"],
        commit=document["commit"],
        workspace=document["workspace"],
        partial=document["partial"],
        guards=tuple(map(_guard, filter(_stops, document["diagnostics"]))),
    )


def _stops(diagnostic: dict[str, Any]) -> bool:
    """Whether a diagnostic is what stopped the plan as a whole."""
    return diagnostic["severity"] == "error" and diagnostic["rule"] in BLOCKS


def _guard(diagnostic: dict[str, Any]) -> Block:
    hint, address = diagnostic.get("hint"), diagnostic.get("address")
    return Block(diagnostic["rule"], diagnostic["summary"], hint or None, address=address)


def _scope(document: dict[str, Any]) -> Scope:
    shard = None
    if "shard" in document:
        index, _, total = document["shard"].partition("/")
        shard = Shard(int(index), int(total))
    return Scope(tuple(document["only"]), tuple(document["exclude"]), shard)


def _change(document: dict[str, Any]) -> Change:
    block, text = document["blocked"], document["address"]
    plain = Address.parse(text, document["platform"])
    references = document.get("secrets", {})
    return Change(
        Address(plain.kind, plain.parts, plain.platform, qualified=text != plain.unqualified),
        Action(document["action"]),
        document["reason"],
        tuple(_field(field, references) for field in document["fields"]),
        adopting=document["adopting"],
        risk=document["risk"],
        blocked=Block(block["code"], block["message"], block["override"]) if block else None,
        requests=tuple(PlannedRequest(r["method"], r["path"]) for r in document["requests"]),
    )


def _field(document: dict[str, Any], references: dict[str, str]) -> FieldChange:
    path = document["path"]
    return FieldChange(
        path,
        document.get("before", UNSET),
        document.get("after", UNSET),
        document["state"] if document.get("secret") else None,
        reference=references.get(path, "") if document.get("secret") else "",
    )
