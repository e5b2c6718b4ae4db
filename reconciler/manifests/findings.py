"""Faults by path in, diagnostics with file, line and column out.

The fast reader keeps no positions. Only a file that has a fault is parsed again, with positions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.errors import POINTS_AT_SECRET, Diagnostic, Fix
from reconciler.manifests.yaml.nodes import Positions
from reconciler.manifests.yaml.reader import positions
from reconciler.model import Finding, Origin, Path
from reconciler.report.figures import counted


def locate(findings: Iterable[Finding], read: Callable[[str], bytes]) -> list[Diagnostic]:
    """Findings as diagnostics; `read` gives a file's bytes by its name in the workspace."""
    by_file: dict[str, list[_Placed]] = defaultdict(list)
    for placed in _once_a_set(findings):
        by_file[placed.origin.file].append(placed)
    located: list[Diagnostic] = []
    for file, group in by_file.items():
        documents = _positions(read, file)
        located += [_diagnostic(placed, documents) for placed in group]
    return located


@dataclass(frozen=True, slots=True)
class _Placed:
    """A finding at the place its value was written, with what is to be said of a set."""

    finding: Finding
    origin: Origin
    path: Path
    index: int
    remark: str = ""

    @classmethod
    def of(cls, finding: Finding) -> _Placed:
        origin, path, index = finding.origin.at(finding.path)
        return cls(finding, origin, path, finding.index if index is None else index)

    @property
    def fault(self) -> tuple[object, ...]:
        """Equal for what all manifests of a set have in common."""
        return self.origin.file, self.index, self.path, self.finding.rule, self.finding.summary


def _once_a_set(findings: Iterable[Finding]) -> Iterator[_Placed]:
    """The findings at their places; a fault of many manifests of a set comes once.

    What the matrix filled in is told, unless a secret is among it.
    """
    of_sets: dict[tuple[object, ...], list[_Placed]] = defaultdict(list)
    secret: set[tuple[str, int]] = set()
    for placed in map(_Placed.of, findings):
        if not placed.finding.origin.combination:
            yield placed
            continue
        of_sets[placed.fault].append(placed)
        if placed.finding.rule in POINTS_AT_SECRET:
            secret.add((placed.finding.origin.file, placed.finding.index))
    for group in of_sets.values():
        first = group[0]
        combinations = list(dict.fromkeys(p.finding.origin.combination for p in group))
        if (first.finding.origin.file, first.finding.index) in secret:
            yield first
        else:
            others = len(combinations) - 1
            more = f" and {counted(others, 'other combination')}" if others else ""
            yield replace(first, remark=f"with {combinations[0]}{more}")


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
    POINTS_AT_SECRET,  # what else is said would repeat the value
    ("environment-needed", "expansion-limit"),
    ("placeholder-key", "placeholder-type", "placeholder-undefined"),
    ("alias-limit", "leading-zero", "not-finite", "tag", "wrong-number", "yaml-syntax"),
)
_FAINT = ("dangling-reference",)


def _positions(read: Callable[[str], bytes], file: str) -> list[Positions]:
    try:
        return positions(read(file))
    except OSError:
        return []


def _diagnostic(placed: _Placed, documents: list[Positions]) -> Diagnostic:
    finding, origin = placed.finding, placed.origin
    line, column, hint = origin.line, origin.column, finding.hint
    fix: Fix | None = None
    if placed.index < len(documents):
        where = documents[placed.index]
        line, column = _place(placed, where)
        if finding.quote and (source := where.source(placed.path)) is not None:
            hint = f'if text is meant, write it in quotes: "{source}"'
            fix = Fix(source, f'"{source}"')
        elif finding.instead and finding.at == "key" and not origin.combination:
            fix = Fix(str(placed.path[-1]), finding.instead)
    return Diagnostic(
        finding.rule,
        finding.severity,
        finding.summary,
        "; ".join(part for part in (finding.detail, placed.remark) if part),
        hint,
        origin.file,
        line,
        column,
        finding.address,
        fix,
    )


def _place(placed: _Placed, where: Positions) -> tuple[int, int]:
    if not placed.finding.path:
        return placed.origin.line, placed.origin.column
    offset = placed.finding.offset
    if offset is not None and not placed.finding.origin.is_derived:
        inside = where.inside(placed.path, offset)
        if inside is not None:
            return inside
    is_key = placed.finding.at == "key"
    exact = where.key(placed.path) if is_key else where.value(placed.path)
    return exact or where.nearest(placed.path)
