"""Results in, the published JSON documents out (spec 15; schemas/documents)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.errors import Diagnostic, ReconcilerError
from reconciler.model import (
    Address,
    Block,
    Drift,
    DriftEntry,
    FieldChange,
    Outcome,
    Plan,
    PlatformInfo,
)
from reconciler.report.diagnostics import Counts, block_diagnostic
from reconciler.report.sanitise import safe_url
from reconciler.report.verdict import by_importance, plan_exit, verdict

Document = dict[str, Any]

PLAN = "reconciler.plan/v1"
OUTCOME = "reconciler.outcome/v1"
DRIFT = "reconciler.drift/v1"
VALIDATION = "reconciler.validation/v1"
ERROR = "reconciler.error/v1"


def plan_json(plan: Plan, exit_code: int, *, blocks: Sequence[Block] = ()) -> Document:
    """The plan document. What blocks the plan as a whole is told as diagnostics."""
    return {
        "format": PLAN,
        "exitCode": int(exit_code),
        "digest": plan.digest,
        "tool": plan.tool,
        "created": plan.created,
        "commit": plan.commit,
        "workspace": plan.workspace,
        "scope": plan.scope.as_json(),
        "partial": plan.partial,
        "verdict": [line for line in verdict(plan, blocks) if line],
        "platforms": [_platform(platform) for platform in plan.platforms],
        "summary": plan.summary(),
        "changes": [_data(change.as_json()) for change in by_importance(plan.changes)],
        "byReference": _addresses(plan.by_reference),
        "unmanaged": _addresses(plan.unmanaged),
        "diagnostics": _diagnostics([*plan.diagnostics, *map(block_diagnostic, blocks)]),
    }


def _platform(info: PlatformInfo) -> Document:
    version = info.artifactory_version or None
    return {"name": info.name, "url": safe_url(info.url), "artifactoryVersion": version}


def _addresses(addresses: Iterable[Address]) -> list[str]:
    return [str(address) for address in addresses]


def _diagnostics(found: Iterable[Diagnostic]) -> list[Document]:
    return [diagnostic.as_json() for diagnostic in found]


def outcome_json(
    plan: Plan,
    outcomes: Sequence[Outcome],
    exit_code: int,
    *,
    diagnostics: Sequence[Diagnostic] = (),
) -> Document:
    """What an apply did, with the plan it carried out."""
    return {
        "format": OUTCOME,
        "exitCode": int(exit_code),
        "plan": plan_json(plan, plan_exit(plan)),
        "outcomes": [_data(outcome.as_json()) for outcome in outcomes],
        "diagnostics": _diagnostics([*plan.diagnostics, *diagnostics]),
    }


def validation_json(
    diagnostics: Sequence[Diagnostic], exit_code: int, counts: Counts | Mapping[str, int]
) -> Document:
    """Whether the manifests are valid, and everything found in them.

    `counts` may be plain numbers under `manifests` and `documents`.
    """
    if not isinstance(counts, Counts):
        counts = Counts(counts.get("manifests", 0), counts.get("documents", 0))
    severities = [diagnostic.severity for diagnostic in diagnostics]
    return {
        "format": VALIDATION,
        "exitCode": int(exit_code),
        "valid": "error" not in severities,
        "counts": {
            "manifests": counts.manifests,
            "documents": counts.documents,
            "kinds": dict(counts.kinds),
            "errors": severities.count("error"),
            "warnings": severities.count("warning"),
        },
        "diagnostics": _diagnostics(diagnostics),
    }


def drift_json(drift: Drift, exit_code: int) -> Document:
    """What changed live since the last apply."""
    return {
        "format": DRIFT,
        "exitCode": int(exit_code),
        **({"scope": drift.scope.as_json()} if drift.scope else {}),
        "tracked": drift.tracked,
        "summary": drift.summary(),
        "entries": [_entry(entry) for entry in drift.entries],
        "unmanaged": _addresses(drift.unmanaged),
        "diagnostics": _diagnostics(drift.diagnostics),
    }


def acceptance_json(
    drift: Drift,
    accepted: Mapping[Address, Iterable[FieldChange]],
    files: Iterable[str],
    refused: Iterable[Diagnostic],
    exit_code: int,
) -> Document:
    """The drift that was found, and what of it the manifests say now."""
    document = drift_json(drift, exit_code)
    return {
        **document,
        "diagnostics": [*document["diagnostics"], *_diagnostics(refused)],
        "accepted": [
            {"address": str(address), "fields": [field.path for field in fields]}
            for address, fields in accepted.items()
        ],
        "rewritten": list(files),
    }


def _entry(entry: DriftEntry) -> Document:
    origin = entry.origin
    return {
        "address": str(entry.address),
        "platform": entry.address.platform,
        "kind": entry.address.kind,
        "name": entry.address.name,
        "status": entry.status,
        "reason": entry.reason,
        "fields": _fields(entry.fields),
        "origin": origin.as_json() if origin else None,
    }


def _fields(fields: Iterable[FieldChange]) -> list[Document]:
    return [_data(field.as_json()) for field in fields]


def error_json(error: BaseException, exit_code: int) -> Document:
    """A run that ended before it had a result."""
    found = error.diagnostics if isinstance(error, ReconcilerError) else [_unexpected(error)]
    return {
        "format": ERROR,
        "exitCode": int(exit_code),
        "error": {
            "rule": error.rule if isinstance(error, ReconcilerError) else "unexpected",
            "summary": str(error) or type(error).__name__,
            "detail": error.detail if isinstance(error, ReconcilerError) else "",
            "hint": error.hint if isinstance(error, ReconcilerError) else "",
        },
        "diagnostics": _diagnostics(found),
    }


def _unexpected(error: BaseException) -> Diagnostic:
    return Diagnostic("unexpected", "error", str(error) or type(error).__name__)


def _data(value: Any) -> Any:
    """Values of users and servers in a form that every JSON reader takes.

    Our own documents keep the order they are written in; so do maps of data, except that a map
    that has no order of ours is sorted where it stands below `before`, `after` or `evidence`.
    """
    if isinstance(value, Mapping):
        return {
            str(key): plain(inner) if key in _FREE else _data(inner) for key, inner in value.items()
        }
    return [_data(item) for item in value] if isinstance(value, list | tuple) else value


_FREE = ("before", "after", "evidence")


def plain(value: Any) -> Any:
    """A value of users or servers in a form that every JSON reader takes, maps in fixed order."""
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    known = value is None or isinstance(value, str | int | float)
    return value if known else str(value)


# Terminals obey C1 controls and bidirectional marks in JSON too; escaped, they lose nothing.
_UNSAFE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# A lone surrogate cannot be encoded, and many readers refuse its escape: it is spelt out as text,
# just as in a digest.
_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(document: Document) -> str:
    """The document as text: keys in the order they were written, a line break at its end."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    text = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text) + "\n"
