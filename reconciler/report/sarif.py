"""Diagnostics in, a SARIF 2.1.0 document out: for code scanning and other readers of findings.

A finding with a file is a result; one without, such as an outage, is a notification of the run,
because readers like GitHub take no result without a place.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from reconciler.errors import Diagnostic, Fix, Severity
from reconciler.report.sanitise import visible
from reconciler.rules import GROUPS, RULES

Document = dict[str, Any]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

MOST_RESULTS = 5000
"""Results of one run that GitHub keeps; it drops the others by severity, so do we."""

MOST_TEXT = 4000
"""Characters of one message."""

_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_PROBLEMS: Mapping[Severity, str] = {
    "error": "error",
    "warning": "warning",
    "info": "recommendation",
}
_TOPICS = {rule_id: topic for topic, rules in GROUPS.items() for rule_id in rules}


def sarif(
    diagnostics: Iterable[Diagnostic],
    *,
    version: str,
    exit_code: int,
    root: str = "",
    completed: bool = True,
) -> Document:
    """The document of one run.

    `root` is the workspace's folder relative to the repository, to which all places relate.
    `completed` is False where the run ended before it had looked at everything.
    """
    found = sorted(diagnostics, key=lambda d: list(_LEVELS).index(d.severity))  # stable
    placed = [d for d in found if d.file]
    shown = placed[:MOST_RESULTS]
    rules = {d.rule: i for i, d in enumerate({d.rule: d for d in found}.values())}
    notices = [_notification(d, rules) for d in found if not d.file]
    if len(placed) > len(shown):
        notices.append(_left_out(len(placed) - len(shown)))
    seen: Counter[str] = Counter()
    run: Document = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "semanticVersion": version,
                "rules": [_rule(rule_id) for rule_id in rules],
            }
        },
        "automationDetails": {"id": f"reconciler/{quote(root)}/" if root else "reconciler/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The top of the Git repository."}}
        },
        "invocations": [
            {
                "executionSuccessful": completed,
                "exitCode": exit_code,
                "toolExecutionNotifications": notices,
            }
        ],
        "results": [_result(d, rules, root, seen) for d in shown],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule_id: str) -> Document:
    described: Document = {"id": rule_id}
    rule = RULES.get(rule_id)
    if rule is not None:
        described |= {
            "shortDescription": {"text": _plain(rule.summary)},
            "help": {
                "text": f"{_plain(rule.summary)}\n\nWhat to do: {_plain(rule.fix)}",
                "markdown": f"{rule.summary}\n\n**What to do:** {rule.fix}",
            },
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": {
                "tags": [_TOPICS[rule_id].lower()],
                "problem.severity": _PROBLEMS[rule.severity],
                "precision": "very-high",
            },
        }
    return described


def _plain(markdown: str) -> str:
    return markdown.replace("`", "")


def _result(
    finding: Diagnostic, rules: Mapping[str, int], root: str, seen: Counter[str]
) -> Document:
    made: Document = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding, root)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, root, seen)},
    }
    if finding.address:
        made["properties"] = {"address": finding.address}
    if finding.fix is not None and finding.line and finding.column:
        made["fixes"] = [_fix(finding, finding.fix, root)]
    return made


def _fix(finding: Diagnostic, fix: Fix, root: str) -> Document:
    start = finding.column or 1
    region = {"startLine": finding.line, "startColumn": start, "endColumn": start + len(fix.old)}
    change = {"deletedRegion": region, "insertedContent": {"text": fix.new}}
    return {
        "description": {"text": _message(finding)},
        "artifactChanges": [
            {"artifactLocation": _artifact(finding, root), "replacements": [change]}
        ],
    }


def _message(finding: Diagnostic) -> str:
    parts = [visible(finding.summary), *map(visible, finding.detail.splitlines())]
    parts += [f"help: {visible(finding.hint)}"] if finding.hint else []
    return "\n".join(parts)[:MOST_TEXT]


def _location(finding: Diagnostic, root: str) -> Document:
    region: Document = {"startLine": finding.line or 1}
    if finding.column:
        region["startColumn"] = finding.column
    physical = {"artifactLocation": _artifact(finding, root), "region": region}
    logical = [{"fullyQualifiedName": finding.address}] if finding.address else []
    return {"physicalLocation": physical, **({"logicalLocations": logical} if logical else {})}


def _artifact(finding: Diagnostic, root: str) -> Document:
    """Where the file is: below the repository, or, for one outside of it, as a whole URI."""
    uri = _uri(finding, root)
    if _is_absolute(finding.file or ""):
        return {"uri": f"file://{uri if uri.startswith('/') else '/' + uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _is_absolute(file: str) -> bool:
    return PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute()


def _uri(finding: Diagnostic, root: str) -> str:
    if _is_absolute(finding.file or ""):
        return quote(str(finding.file).replace("\\", "/").encode("utf-8", "replace"), safe="/:")
    file = f"{root}/{finding.file}" if root else finding.file or ""
    uri = quote(file.encode("utf-8", "replace"))
    return f"./{uri}" if ":" in uri.partition("/")[0] else uri


_LINE_NUMBER = re.compile(r"\b(line|lines) \d+")


def _fingerprint(finding: Diagnostic, root: str, seen: Counter[str]) -> str:
    """What stays the same when lines are put in above: no line number, no value of the file.

    The text of the line is left out on purpose: a hash of a line with a password in it would let
    anybody try passwords. The same fault twice in one file is told apart by its number.
    """
    summary = _LINE_NUMBER.sub(r"\1", finding.summary)
    parts = (finding.rule, _uri(finding, root), finding.address or "", summary)
    text = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
    seen[text] += 1
    return f"{text}:{seen[text]}"


def _notification(finding: Diagnostic, rules: Mapping[str, int]) -> Document:
    return {
        "descriptor": {"id": finding.rule, "index": rules[finding.rule]},
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
    }


def _left_out(count: int) -> Document:
    text = f"{count} more findings are left out; reconciler validate shows all of them"
    return {"level": "warning", "message": {"text": text}}
