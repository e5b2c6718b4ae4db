"""Plans, outcomes and drift in, text for a terminal out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from reconciler.errors import Diagnostic
from reconciler.model import (
    DRIFT_STATUSES,
    Action,
    Address,
    Block,
    Change,
    Drift,
    DriftEntry,
    DriftStatus,
    Origin,
    Outcome,
    Plan,
)
from reconciler.report.deployment import evidence_lines
from reconciler.report.diagnostics import Source, diagnostics_text, validation_text
from reconciler.report.figures import counted, duration
from reconciler.report.layout import paragraphs, spaced
from reconciler.report.paint import Paint, Style, painter
from reconciler.report.rows import FULL, Detail, Item, Row, rows
from reconciler.report.sanitise import cells, padded, safe_url, shorten, visible
from reconciler.report.verdict import (
    as_written,
    by_importance,
    drift_words,
    is_quiet,
    is_unfinished,
    loss_words,
    next_step,
    no_drift_words,
    nothing_words,
    outcome_words,
    past,
    scope_words,
    selection_words,
    shown_fields,
    verdict,
)

__all__ = ["diagnostics_text", "drift_text", "outcome_text", "plan_text", "validation_text"]

SYMBOLS: dict[Action, tuple[str, Style]] = {
    Action.DELETE: ("-", "red"),
    Action.REPLACE: ("-/+", "red"),
    Action.CONVERT: ("→", "magenta"),
    Action.UPDATE: ("~", "yellow"),
    Action.DEPLOY: ("»", "cyan"),
    Action.CREATE: ("+", "green"),
    Action.ADOPT: ("=", "blue"),
    Action.RELEASE: ("<", "blue"),
}

_BLOCKED: tuple[str, Style] = ("!", "alarm")

_SIGN_STYLES: dict[str, Style] = {"+": "green", "-": "red", "~": "yellow", " ": "dim"}

USUAL_WIDTH = 100
WIDEST_PATH = 32
_INDENT = " " * 6


class _Page:
    """Lays out lines for one terminal: colours, width, and how much is shown."""

    def __init__(
        self,
        color: bool,
        width: int | None,
        verbose: bool = False,
        by_reference: Iterable[Address] = (),
    ) -> None:
        self.paint: Paint = painter(color)
        self.width = max(48, width or USUAL_WIDTH)
        self.verbose = verbose
        self.by_reference = frozenset(by_reference)
        self.detail = FULL if verbose else Detail(line=max(24, self.width - 30))

    def address(self, address: Address) -> str:
        """An address as data of strangers."""
        text = visible(str(address))
        return text if self.verbose else shorten(text, 160)

    def headline(
        self, mark: tuple[str, Style], address: Address, notes: Iterable[str], origin: Origin | None
    ) -> str:
        """`  ~ LocalRepository/a (adopting)  manifests/a.yaml:3`."""
        symbol, style = mark
        told = ", ".join(notes)
        marks = f" ({told})" if told else ""
        place = self.paint("dim", f"  {visible(str(origin))}") if origin else ""
        sign = self.paint(style, f"{symbol:>3}")
        return f"{sign} {self.paint('bold', self.address(address))}{marks}{place}"

    def rows(self, made: Sequence[Row]) -> Iterator[str]:
        """The rows of one object, paths aligned."""
        widths = [cells(row.path) for row in made if not row.items]
        wide = max((width for width in widths if width <= WIDEST_PATH), default=0)
        for row in made:
            yield from self._row(row, wide)

    def _row(self, row: Row, wide: int) -> Iterator[str]:
        if row.items:
            yield _INDENT + row.path
            yield from map(self._item, row.items)
            return
        lead = len(_INDENT) + max(cells(row.path), wide) + 2
        note = self.paint("dim", f"  {row.note}") if row.note else ""
        path, after = padded(row.path, wide), row.after or ""
        if row.before is None:
            yield f"{_INDENT}{path}  {self._lines(after, _new_style(after), lead)}{note}"
            return
        before, new = self.paint("red", row.before), self.paint("green", after)
        arrow = self.paint("dim", "->")
        if len(_INDENT) + cells(path) + cells(row.before) + cells(after) + 6 <= self.width:
            yield f"{_INDENT}{path}  {before} {arrow} {new}{note}"
        else:
            yield f"{_INDENT}{path}  {self._lines(row.before, 'red', lead)}"
            new = self._lines(after, "green", lead)
            yield f"{_INDENT}{' ' * (cells(path) - 1)}{arrow} {new}{note}"

    def _item(self, item: Item) -> str:
        told = self._lines(item.text, _SIGN_STYLES[item.sign], len(_INDENT) + 4, f"{item.sign} ")
        return f"{_INDENT}  {told}"

    def _lines(self, text: str, style: Style, lead: int, sign: str = "") -> str:
        """A value on as many lines as the width asks for, broken where it has blanks only."""
        if lead + cells(text) <= self.width:
            return self.paint(style, sign + text)
        room = max(40, self.width - lead)
        first, *more = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]
        painted = [self.paint(style, line) for line in (sign + first, *more)]
        return ("\n" + " " * lead).join(painted)

    def note(self, label: str, text: str, style: Style = "plain") -> str:
        """A labelled text below a headline, on as many lines as the width asks for."""
        lead = len(_INDENT) + cells(label) + 2
        room = max(40, self.width - lead)
        told = wrap(text, room, break_long_words=False, break_on_hyphens=False)
        lines = [self.paint(style, line) for line in told]
        return f"{_INDENT}{self.paint('dim', label + ':')} " + ("\n" + " " * lead).join(lines)


def _new_style(text: str) -> Style:
    return "yellow" if text == "(secret, changed)" else "dim" if text[:1] == "(" else "plain"


def plan_text(
    plan: Plan,
    *,
    color: bool,
    verbose: bool = False,
    width: int | None = None,
    blocks: Sequence[Block] = (),
    source: Source | None = None,
) -> str:
    """A plan for a terminal; `width` in columns. `blocks` stop the plan as a whole."""
    page = _Page(color, width, verbose, plan.by_reference)
    parts = [
        [*_scope(plan, page), *_verdict(plan, blocks, page)],
        [*_run_block_lines(blocks, page)],
        [*_targets(plan, page)] if plan.changes else [],
        spaced([*_change(change, page)] for change in by_importance(plan.changes)),
        [*_totals(plan, page)],
        [*_unmanaged(plan.unmanaged, page)],
        _diagnostic_lines(plan.diagnostics, color, source),
    ]
    return paragraphs(parts)


def _scope(plan: Plan, page: _Page) -> Iterator[str]:
    if plan.scope:
        yield page.paint("cyan", f"Scope: {scope_words(plan)}")
    if plan.partial:
        words = "Partial: not everything could be read, so changes may be missing."
        yield page.paint("yellow", words)


def _targets(plan: Plan, page: _Page) -> Iterator[str]:
    for platform in plan.platforms:
        version = visible(platform.artifactory_version)
        suffix = f" (Artifactory {version})" if version else ""
        words = f"{visible(platform.name)}: {visible(safe_url(platform.url))}{suffix}"
        yield page.paint("dim", words)


def _change(change: Change, page: _Page) -> Iterator[str]:
    mark = _BLOCKED if change.blocked else SYMBOLS[change.action]
    yield page.headline(mark, change.address, _notes(change, page), change.origin)
    if change.blocked:
        yield from _block(change.blocked, page)
    loses = change.action in (Action.DELETE, Action.REPLACE)
    for label, words in evidence_lines(change.evidence):
        yield page.note(label, words, "alarm" if loses else "plain")
    if change.irreversible:
        yield page.note("undo", visible(change.irreversible), "dim")
    yield from page.rows(rows(shown_fields(change), page.detail))
    if page.verbose:
        yield from _background(change, page)


def _notes(change: Change, page: _Page) -> Iterator[str]:
    if change.blocked:
        yield f"{change.action.value} blocked"  # what it would do beside that is not news
    else:
        if change.action not in (Action.CREATE, Action.UPDATE):  # their symbols are known to all
            yield change.action.value
        if change.risk in ("disruptive", "destructive") and change.action is not Action.DELETE:
            yield change.risk
        if change.adopting and change.action is not Action.ADOPT:
            yield "adopting"
    if change.address in page.by_reference:
        yield "by reference"


def _block(block: Block, page: _Page) -> Iterator[str]:
    yield page.note(visible(block.code), visible(block.message), "red")
    if block.override:
        yield page.note("override", visible(block.override))


def _background(change: Change, page: _Page) -> Iterator[str]:
    yield page.note("why", f"{visible(change.reason)}, {change.risk}", "dim")
    if change.requires:
        yield page.note("after", ", ".join(map(page.address, change.requires)), "dim")
    for request in change.requests:
        yield page.note("sends", f"{visible(request.method)} {visible(request.path)}", "dim")


def _run_block_lines(blocks: Iterable[Block], page: _Page) -> Iterator[str]:
    for block in blocks:
        yield f"{page.paint('alarm', '  ! The plan as a whole is blocked')}"
        yield from _block(block, page)


LONG = 10
"""Changes of a listing below which its sum needs not be said again at the end."""


def _verdict(plan: Plan, blocks: Sequence[Block], page: _Page) -> Iterator[str]:
    """What the plan does, and what is at stake: the two lines on top."""
    does, stake = verdict(plan, blocks)
    yield does if is_quiet(plan) else _painted(does, page)
    if stake:
        alarming = bool(blocks or loss_words(plan))
        yield page.paint("alarm" if alarming else "plain", stake)


def _painted(line: str, page: _Page) -> str:
    word, colon, rest = line.partition(":")
    return f"{page.paint('bold', word + colon)}{rest}"


def _totals(plan: Plan, page: _Page) -> Iterator[str]:
    if is_quiet(plan):
        return
    if len(plan.changes) > LONG:
        yield from _verdict(plan, (), page)
    if plan.digest:
        yield page.paint("dim", visible(plan.digest))


def _unmanaged(addresses: Sequence[Address], page: _Page) -> Iterator[str]:
    if addresses:
        yield f"{counted(len(addresses), 'object')} on the platform that no manifest declares:"
        yield from (f"  {page.address(address)}" for address in addresses)


def _diagnostic_lines(
    found: Sequence[Diagnostic], color: bool, source: Source | None = None
) -> list[str]:
    return [diagnostics_text(found, color=color, source=source).rstrip("\n")] if found else []


_GROUPS: tuple[tuple[str, str, Style], ...] = (
    ("done", "✓", "green"),
    ("failed", "✗", "alarm"),
    ("blocked", "!", "yellow"),
    ("not-attempted", "·", "dim"),
)


def outcome_text(
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    exit_code: int,
    seconds: float | None = None,
    color: bool,
    width: int | None = None,
) -> str:
    """What an apply did: done, failed, blocked and not attempted, each with its reason."""
    page = _Page(color, width)
    groups: list[list[str]] = []
    for result, symbol, style in _GROUPS:
        members = [o for o in outcomes if o.result == result]
        groups.append([line for o in members for line in _outcome(o, (symbol, style), page)])
    return paragraphs([*groups, [*_result(plan, outcomes, exit_code, seconds, page)]])


def _outcome(outcome: Outcome, mark: tuple[str, Style], page: _Page) -> Iterator[str]:
    change = outcome.change
    done = outcome.result == "done"
    verb = past(change.action) if done else f"{change.action.value} {_words(outcome.result)}"
    sign = page.paint(mark[1], f"{mark[0]:>3}")
    yield f"{sign} {page.paint('bold', page.address(change.address))} {verb}"
    if outcome.reason:
        yield page.note(
            "note" if done else "why", visible(outcome.reason), "plain" if done else "red"
        )
    yield from page.rows(rows(as_written(outcome), page.detail))


def _words(result: str) -> str:
    return result.replace("-", " ")


def _result(
    plan: Plan, outcomes: Sequence[Outcome], exit_code: int, seconds: float | None, page: _Page
) -> Iterator[str]:
    if not outcomes:
        yield nothing_words(plan) if is_quiet(plan) else "Nothing was applied."
        return
    took = f" in {duration(seconds)}" if seconds is not None else ""
    label = page.paint("bold" if exit_code == 0 else "alarm", "Apply:")
    unchanged = f", {plan.unchanged:,} unchanged" if plan.unchanged else ""
    yield f"{label} {outcome_words(outcomes)}{unchanged}{took}."
    if is_unfinished(outcomes):
        yield next_step(outcomes)


_DRIFT_MARKS: dict[DriftStatus, tuple[str, Style]] = {
    "deleted": ("-", "red"),
    "changed": ("~", "yellow"),
    "unreadable": ("?", "magenta"),
    "not-tracked": ("·", "dim"),
}


def drift_text(
    drift: Drift, *, color: bool, verbose: bool = False, width: int | None = None
) -> str:
    """What changed live since the last apply: last applied -> live."""
    page = _Page(color, width, verbose)
    entries = sorted(drift.entries, key=lambda e: DRIFT_STATUSES.index(e.status))
    return paragraphs(
        [
            [page.paint("cyan", f"Scope: {selection_words(drift.scope)}")] if drift.scope else [],
            spaced([*_drifted(entry, page)] for entry in entries),
            [_drift_totals(drift, page)],
            [*_unmanaged(drift.unmanaged, page)],
            _diagnostic_lines(drift.diagnostics, color),
        ]
    )


def _drifted(entry: DriftEntry, page: _Page) -> Iterator[str]:
    note = _words(entry.status)
    yield page.headline(_DRIFT_MARKS[entry.status], entry.address, [note], entry.origin)
    if entry.reason:
        yield page.note("why", visible(entry.reason))
    yield from page.rows(rows(entry.fields, page.detail))


def _drift_totals(drift: Drift, page: _Page) -> str:
    if not drift.drifted:
        return no_drift_words(drift)
    return f"{page.paint('bold', 'Drift:')} {drift_words(drift)}."
