"""Diagnostics in, the text a person acts on out: place, rule, source line, what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import POINTS_AT_SECRET, Diagnostic, Severity
from reconciler.model import Block, Manifest
from reconciler.report.figures import counted
from reconciler.report.paint import Paint, Style, painter
from reconciler.report.sanitise import cells, visible

Source = Callable[[str, int], str | None]
"""The text of one line of a file of the workspace, or None when nobody can tell it."""


def block_diagnostic(block: Block) -> Diagnostic:
    """What blocks a plan as a whole, as a finding."""
    origin = block.origin
    return Diagnostic(
        block.code,
        "error",
        block.message,
        hint=block.override or "",
        file=origin.file if origin else None,
        line=origin.line if origin else None,
        column=origin.column if origin else None,
        address=block.address,
    )


_STYLES: dict[Severity, Style] = {"error": "alarm", "warning": "yellow", "info": "blue"}

_SECRET_NAMES = r"pas+w|pwd|passphrase|secret|token|credential|api_?key|private_?key"
_MAY_HOLD_SECRET = re.compile(
    rf"""(?i)({_SECRET_NAMES})[\w.-]*["']?\s*:\s*"""
    r"""(?![\s{]|true\b|false\b|null\b)\S|//[^/\s:@]*:[^/\s@]+@"""
)
"""A line that may hold a secret although no rule says so: the field's name is misspelt, or the file
is no YAML."""
_MEANS_SECRET = re.compile(rf"(?i)did you mean '[^']*({_SECRET_NAMES})")
"""What is said of a name that is misspelt beyond recognition."""

_BEFORE_CARET = 60
"""Characters of a long source line that are shown before the place that is meant."""
_LONGEST_LINE = 100


_OF_STATE = (
    "field-released",
    "field-unreadable",
    "no-longer-declared",
    "server-rewrites",
    "unreadable",
)
"""Rules about what is live or recorded: no line of a manifest is to blame, so none is shown."""

_TOGETHER = 3
"""Findings with one rule and one help from which on they are told as one."""
_MOST_TOGETHER = 20
_HANDFUL = 5
"""So many warnings with one rule and one help are shown whole; of more, the first ones."""
_FIRST = 3


def diagnostics_text(
    diagnostics: Sequence[Diagnostic], *, color: bool, source: Source | None = None
) -> str:
    """All findings, then a line that counts them; empty when there are none."""
    if not diagnostics:
        return ""
    paint = painter(color)
    hidden = {(d.file, d.line) for d in diagnostics if d.rule in POINTS_AT_SECRET}
    told: list[str] = []
    counts = Counter(map(_sort, diagnostics))
    seen: Counter[object] = Counter()
    for alike in _alike(diagnostics):
        if len(alike) >= _TOGETHER:
            told.append("\n".join(_together(alike, paint)))
            continue
        for finding in alike:
            sort = _sort(finding)
            seen[sort] += 1
            if finding.severity != "error" and counts[sort] > _HANDFUL and seen[sort] > _FIRST:
                if seen[sort] == _FIRST + 1:
                    more = f"… and {counts[sort] - _FIRST:,} more like it"
                    told.append(f"{more} ({visible(finding.rule)}); --output json lists all")
                continue
            has_line = finding.rule not in _OF_STATE
            is_shown = has_line and (finding.file, finding.line) not in hidden
            told.append("\n".join(_one(finding, paint, source if is_shown else None)))
    gap = "\n\n" if any("\n" in text for text in told) else "\n"
    return gap.join(told) + "\n\n" + count_words(diagnostics) + "\n"


def _sort(finding: Diagnostic) -> object:
    return finding.rule, finding.severity, finding.hint


def _alike(diagnostics: Iterable[Diagnostic]) -> Iterable[list[Diagnostic]]:
    """The findings in their order; those about state with one rule and one help side by side."""
    groups: dict[object, list[Diagnostic]] = {}
    for number, finding in enumerate(diagnostics):
        alone = finding.rule not in _OF_STATE or finding.detail
        key = number if alone else (finding.rule, finding.severity, finding.hint)
        groups.setdefault(key, []).append(finding)
    return groups.values()


def _together(alike: Sequence[Diagnostic], paint: Paint) -> Iterator[str]:
    first = alike[0]
    kind = paint(_STYLES[first.severity], f"{first.severity}[{visible(first.rule)}]")
    yield f"{kind}: {paint('bold', f'{len(alike):,} times:')}"
    for finding in alike[:_MOST_TOGETHER]:
        place = paint("dim", visible(finding.place)) + " " if finding.place else ""
        yield f"  {place}{visible(finding.summary)}"
    if len(alike) > _MOST_TOGETHER:
        yield f"  … and {len(alike) - _MOST_TOGETHER:,} more; --output json lists all"
    if first.hint:
        yield f"  {paint('cyan', 'help')}: {visible(first.hint)}"


def count_words(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    severities = [d.severity for d in diagnostics]
    nouns = (("error", "error"), ("warning", "warning"), ("info", "note"))
    counts = [(severities.count(severity), noun) for severity, noun in nouns]  # type: ignore[arg-type]
    return ", ".join(counted(count, noun) for count, noun in counts if count) or "no findings"


def _one(finding: Diagnostic, paint: Paint, source: Source | None) -> Iterator[str]:
    place = paint("dim", visible(finding.place)) + " " if finding.place else ""
    kind = paint(_STYLES[finding.severity], f"{finding.severity}[{visible(finding.rule)}]")
    yield f"{place}{kind}: {paint('bold', visible(finding.summary))}"
    yield from _source_lines(finding, paint, source)
    for line in finding.detail.splitlines():
        yield f"  {paint('dim', '|')} {visible(line)}"
    if finding.hint:
        yield f"  {paint('cyan', 'help')}: {visible(finding.hint)}"


def may_hold_secret(line: str, finding: Diagnostic) -> bool:
    """Whether a line that a finding is about had better not be shown."""
    return bool(_MAY_HOLD_SECRET.search(line) or _MEANS_SECRET.search(finding.hint))


def _source_lines(finding: Diagnostic, paint: Paint, source: Source | None) -> Iterator[str]:
    if source is None or not finding.file or not finding.line:
        return
    text = source(finding.file, finding.line)
    if text is None or may_hold_secret(text, finding):
        return
    text = text.rstrip("\r\n")
    column = min(max(finding.column or 1, 1), len(text) + 1) - 1
    start = max(0, column - _BEFORE_CARET) if len(text) > _LONGEST_LINE else 0
    shown = text[start : start + _LONGEST_LINE]
    number = str(finding.line)
    bar, empty = paint("blue", f"{number:>5} |"), paint("blue", " " * max(5, len(number)) + " |")
    yield f"{bar} {_cut(start > 0)}{visible(shown)}{_cut(len(text) > start + _LONGEST_LINE)}"
    if finding.column:
        blank = cells(_cut(start > 0) + visible(text[start:column]))
        carets = "^" * _width_of_token(shown, column - start)
        yield f"{empty} {' ' * blank}{paint(_STYLES[finding.severity], carets)}"


def _cut(is_cut: bool) -> str:
    return "…" if is_cut else ""


_TOKEN = re.compile(
    r"""'[^']*'|"[^"]*"|[-?](?=\s)|!\S*|"""
    r"""[^\s:,\[\]{}#'"](?:[^\s:,\[\]{}]|:(?=[^\s,\[\]{}])|\x20+(?=[^\s\#:,\[\]{}]))*"""
)
"""Quoted text, the sign of a list, a tag, or a plain scalar or key: up to `: `, ` #`, or what ends
it in a flow collection."""


def _width_of_token(line: str, column: int) -> int:
    """How many columns the word or quoted text at a column (from 0) takes; at least 1."""
    match = _TOKEN.match(line, column)
    return max(1, cells(visible(match[0]))) if match else 1


@dataclass(frozen=True, slots=True)
class Counts:
    """What a validation looked at; `kinds` counts the manifests of each kind."""

    manifests: int = 0
    documents: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, manifests: Sequence[Manifest], documents: int) -> Counts:
        """Count manifests; `documents` is how many YAML documents they came from."""
        kinds: dict[str, int] = {}
        for manifest in manifests:
            kinds[manifest.address.kind] = kinds.get(manifest.address.kind, 0) + 1
        return cls(len(manifests), documents, dict(sorted(kinds.items())))


def validation_text(
    diagnostics: Sequence[Diagnostic],
    counts: Counts,
    *,
    color: bool,
    source: Source | None = None,
) -> str:
    """The findings, if any, then whether the manifests are valid."""
    told = diagnostics_text(diagnostics, color=color, source=source)
    if any(d.severity == "error" for d in diagnostics):
        return told
    paint = painter(color)
    verb = "manifest is" if counts.manifests == 1 else "manifests are"
    line = f"{counts.manifests:,} {verb} {paint('green', 'valid')}{_from(counts)}."
    return f"{told}{line}\n"


def _from(counts: Counts) -> str:
    kinds = ", ".join(f"{count:,} {visible(kind)}" for kind, count in counts.kinds.items())
    documents = counted(counts.documents, "document")
    if counts.documents == counts.manifests:
        return f": {kinds}" if kinds else ""
    return f", from {documents}" + (f": {kinds}" if kinds else "")
