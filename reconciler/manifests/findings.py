"""Faults by path in, diagnostics with file, line and column out.

The fast reader keeps no positions. Only a file that has a fault is parsed again, with positions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.nodes import Positions
from reconciler.manifests.yaml.reader import positions
from reconciler.model import Finding


def locate(findings: Iterable[Finding], read: Callable[[str], bytes]) -> list[Diagnostic]:
    """Findings as diagnostics; `read` gives a file's bytes by its name in the workspace."""
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[finding.origin.file].append(finding)
    located: list[Diagnostic] = []
    for file, group in by_file.items():
        documents = _positions(read, file)
        located += [_diagnostic(finding, documents) for finding in group]
    return located


def without_echoes(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Of several diagnostics about one place, those that say something of their own.

    A fault of the text makes the checks after it complain about the same value; an error says
    enough where a warning would; an object on several platforms has one manifest.
    """
    at: dict[tuple[str, int, int], list[Diagnostic]] = defaultdict(list)
    kept: list[Diagnostic] = []
    for diagnostic in diagnostics:
        if diagnostic.file and diagnostic.line and diagnostic.column:
            at[diagnostic.file, diagnostic.line, diagnostic.column].append(diagnostic)
        else:
            kept.append(diagnostic)
    return [*kept, *(told for group in at.values() for told in _telling(group))]


def _telling(group: list[Diagnostic]) -> list[Diagnostic]:
    unique = list({(d.rule, d.summary): d for d in reversed(group)}.values())[::-1]
    if len(unique) == 1:
        return unique
    for loudest in _LOUDEST:
        if first := [d for d in unique if d.rule in loudest]:
            return first[:1]
    errors = [d for d in unique if d.severity == "error"]
    return [d for d in errors or unique if d.rule not in _FAINT] or unique


_LOUDEST = (
    ("secret-literal", "secret-reference"),  # what else is said would repeat the value
    ("alias-limit", "leading-zero", "not-finite", "tag", "wrong-number", "yaml-syntax"),
)
_FAINT = ("dangling-reference",)


def _positions(read: Callable[[str], bytes], file: str) -> list[Positions]:
    try:
        return positions(read(file))
    except OSError:
        return []


def _diagnostic(finding: Finding, documents: list[Positions]) -> Diagnostic:
    line, column, hint = finding.origin.line, finding.origin.column, finding.hint
    if finding.index < len(documents):
        where = documents[finding.index]
        line, column = _place(finding, where)
        if finding.quote and (source := where.source(finding.path)) is not None:
            hint = f'if text is meant, write it in quotes: "{source}"'
    return Diagnostic(
        finding.rule,
        finding.severity,
        finding.summary,
        finding.detail,
        hint,
        finding.origin.file,
        line,
        column,
        finding.address,
    )


def _place(finding: Finding, where: Positions) -> tuple[int, int]:
    if not finding.path:
        return finding.origin.line, finding.origin.column
    exact = where.key(finding.path) if finding.at == "key" else where.value(finding.path)
    return exact or where.nearest(finding.path)
