"""A plan or outcomes in, a pull request comment out, within a budget of code points.

What must be seen stands first and is never dropped: when it is too much, it loses its details,
then everything but its name. The rest is dropped object by object, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.errors import Diagnostic
from reconciler.model import (
    DRIFT_STATUSES,
    Action,
    Address,
    Block,
    Change,
    Drift,
    DriftEntry,
    Outcome,
    Plan,
)
from reconciler.report.deployment import evidence_lines
from reconciler.report.diagnostics import count_words
from reconciler.report.fence import code, details, fenced
from reconciler.report.figures import counted
from reconciler.report.layout import boxed, spaced
from reconciler.report.rows import Detail, Item, Row, rows
from reconciler.report.sanitise import safe_url, shorten, visible
from reconciler.report.topology import topologies
from reconciler.report.verdict import (
    EXIT_WORDS,
    as_written,
    by_importance,
    drift_words,
    is_quiet,
    is_unfinished,
    must_be_seen,
    next_step,
    no_drift_words,
    nothing_words,
    outcome_words,
    past,
    scope_words,
    shown_fields,
    verdict,
)

LIMIT = 60_000
"""Code points of a comment that every GitHub server takes."""

_DETAIL = Detail(line=160, lines=20, rows=60)
_LONGEST_ADDRESS = 200
_LONGEST_LINE = 400
_MOST_DETAIL = 400

Lines = list[str]
Addresses = frozenset[Address]


@dataclass(frozen=True, slots=True)
class _Section:
    """A titled list of objects; each is shown whole or dropped."""

    title: str
    objects: Sequence[Lines]
    folded: bool = False
    more: str = "_{} more, see the full plan._"

    def text(self, count: int) -> str:
        """The section with its first `count` objects, and how many were dropped."""
        left = len(self.objects) - count
        parts = [fenced(spaced(self.objects[:count]))] if count else []
        parts += [self.more.format(f"{left:,}")] if left else []
        body = "\n\n".join(parts)
        return details(self.title, body) if self.folded else f"#### {self.title}\n\n{body}"


def plan_markdown(plan: Plan, *, limit: int = LIMIT, blocks: Sequence[Block] = ()) -> str:
    """A plan as a comment of at most `limit` code points, outcome and counts first."""
    head = "\n\n".join(_plan_head(plan, blocks))
    foot = f"Digest: {code(shorten(visible(plan.digest), 100))}" if plan.digest else ""
    urgent = [c for c in by_importance(plan.changes) if must_be_seen(c)]
    room = limit - len(head) - len(foot) - 4
    top = _urgent(urgent, frozenset(plan.by_reference), room) if urgent else ""
    rest = _fill(
        [*_change_sections(plan), *_background(plan)], room - len(top) - 4 if top else room - 2
    )
    picture = _topologies(plan, room - sum(len(part) + 2 for part in (top, *rest)))
    return _within(limit, [head, top, *rest, picture, foot])


def _topologies(plan: Plan, room: int) -> str:
    """The federations of a plan as a picture, if there are any and it fits."""
    found = [*topologies(plan)]
    if not found:
        return ""
    from reconciler.report.topology.mermaid import topology_mermaid

    picture = f"```mermaid\n{topology_mermaid(found)}```"
    text = details(counted(len(found), "federation"), picture)
    return text if len(text) + 2 <= min(room, _LARGEST_PICTURE) else ""


_LARGEST_PICTURE = 20_000
"""Code points of Mermaid that sites still draw."""


def _within(limit: int, parts: Sequence[str]) -> str:
    """The parts as one text; where a limit is too small for them, the outcome alone."""
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) <= limit:
        return text
    return parts[0].partition("\n")[0] + "\n\nToo much to show here, see the full plan.\n"


def _plan_head(plan: Plan, blocks: Sequence[Block]) -> Iterator[str]:
    quiet = is_quiet(plan)
    does, stake = verdict(plan, blocks)
    yield f"### {does if quiet else does.removesuffix('.')}"
    if stake:
        yield stake
    if plan.scope:
        yield f"Scope: {code(shorten(scope_words(plan), 300))}"
    if plan.partial:
        yield "**Partial:** not everything could be read, so changes may be missing."
    if blocks:
        yield "**The plan as a whole is blocked:**"
        yield fenced([line for block in blocks[:20] for line in _block_lines(block)])
    if not quiet and plan.platforms:
        yield " · ".join(_target(p.name, p.url, p.artifactory_version) for p in plan.platforms[:20])


def _target(name: str, url: str, version: str) -> str:
    shown = code(shorten(visible(f"{name}: {safe_url(url)}"), 200))
    return f"{shown} (Artifactory {code(shorten(visible(version), 40))})" if version else shown


def _urgent(changes: Sequence[Change], named: Addresses, room: int) -> str:
    """Blocked and destructive changes: in full, else as headlines, else as names."""
    title = _urgent_title(changes)
    whole = _Section(title, [_change(c, named) for c in changes])
    text = whole.text(len(changes))
    if len(text) <= room:
        return text
    # What keeps a change from being carried out is told even when its fields are not.
    short = _Section(title, [[_headline(c, named), *_why(c)] for c in changes])
    text = short.text(len(changes))
    if len(text) <= room:
        return text
    names = _Section(title, [[_headline(c, named)] for c in changes], more=_TOO_MANY)
    return names.text(_most(names, room))


_TOO_MANY = "**{} more of these do not fit here. Read the full plan before you approve it.**"


def _urgent_title(changes: Sequence[Change]) -> str:
    blocked = sum(1 for change in changes if change.is_blocked)
    parts = [f"{blocked:,} blocked"] if blocked else []
    parts += [f"{len(changes) - blocked:,} destructive"] if len(changes) > blocked else []
    return ", ".join(parts)


def _most(section: _Section, room: int) -> int:
    """How many objects of a section fit; found by halving, as the text only grows."""
    low, high = 0, len(section.objects)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(section.text(middle)) <= room else (low, middle - 1)
    return low


_RESERVE = 120
"""Code points a section takes when all of its objects are dropped."""


def _fill(sections: Sequence[_Section], room: int) -> list[str]:
    """The sections in order, each as full as what the ones after it need to be named allows."""
    texts: list[str] = []
    for index, section in enumerate(sections):
        later = _RESERVE * (len(sections) - index - 1)
        text = section.text(_most(section, room - later))
        if len(text) + 2 <= room:
            texts.append(text)
            room -= len(text) + 2
    return texts


def _change_sections(plan: Plan) -> Iterator[_Section]:
    named = frozenset(plan.by_reference)
    rest = [c for c in by_importance(plan.changes) if not must_be_seen(c)]
    edits = (Action.CONVERT, Action.UPDATE, Action.DEPLOY)
    risky = [c for c in rest if c.action in edits and c.risk != "safe"]
    yield from _section("to change", risky, named, folded=False)
    safe = [c for c in rest if c.action in edits and c.risk == "safe"]
    yield from _section("safe update" if len(safe) == 1 else "safe updates", safe, named)
    for action in (Action.CREATE, Action.ADOPT, Action.RELEASE):
        yield from _section(f"to {action.value}", [c for c in rest if c.action is action], named)


def _section(
    words: str, changes: Sequence[Change], named: Addresses, folded: bool = True
) -> Iterator[_Section]:
    if changes:
        objects = [_change(c, named) for c in changes]
        yield _Section(f"{len(changes):,} {words}", objects, folded)


def _background(plan: Plan) -> Iterator[_Section]:
    if plan.unmanaged:
        title = f"{counted(len(plan.unmanaged), 'object')} that no manifest declares"
        yield _Section(title, [[_address(a)] for a in plan.unmanaged], folded=True)
    if plan.diagnostics:
        yield _diagnostic_section(plan.diagnostics)


def _diagnostic_section(found: Sequence[Diagnostic]) -> _Section:
    order = ("error", "warning", "info")
    told = sorted(found, key=lambda d: order.index(d.severity))
    return _Section(count_words(found), [_diagnostic(d) for d in told], folded=True)


def _diagnostic(finding: Diagnostic) -> Lines:
    place = f"{visible(finding.place)} " if finding.place else ""
    sign = "! " if finding.severity == "error" else "  "
    told = f"{place}{finding.severity}[{visible(finding.rule)}]: {visible(finding.summary)}"
    lines = boxed(sign, told)
    return lines + (boxed("    ", f"help: {visible(finding.hint)}") if finding.hint else [])


def _address(address: Address) -> str:
    return shorten(visible(str(address)), _LONGEST_ADDRESS)


def failure_markdown(
    title: str, found: Sequence[Diagnostic], *, limit: int = LIMIT, after: str = ""
) -> str:
    """Why there is no result, as a comment; the title is our own words, as is what comes after."""
    head = f"### {title}"
    details = [line for d in found for line in d.detail.splitlines()][:_MOST_DETAIL]
    listing = [shorten(visible(line), _LONGEST_LINE) for line in details]
    room = limit - len(head) - len(after) - 8
    texts = _fill([replace(_diagnostic_section(found), folded=False)] if found else [], room)
    room -= sum(map(len, texts)) + 20
    while listing and len(fenced(listing, "")) > room:
        listing = listing[: len(listing) // 2]
    return _within(limit, [head, *texts, fenced(listing, "") if listing else "", after])


_SYMBOLS = {
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.CONVERT: "!",
    Action.UPDATE: "!",
    Action.DEPLOY: "!",
    Action.CREATE: "+",
    Action.ADOPT: "=",
    Action.RELEASE: "<",
}


def _headline(change: Change, named: Addresses) -> str:
    symbol = "!" if change.blocked else _SYMBOLS[change.action]
    notes = [change.action.value, *(["blocked"] if change.blocked else [])]
    if change.risk in ("disruptive", "destructive"):
        notes.append(change.risk)
    if change.adopting and change.action is not Action.ADOPT:
        notes.append("adopting")
    if change.address in named:
        notes.append("by reference")
    place = f"  {shorten(visible(str(change.origin)), 120)}" if change.origin else ""
    return f"{symbol} {_address(change.address)} ({', '.join(notes)}){place}"


def _why(change: Change) -> Lines:
    lines = _block_lines(change.blocked) if change.blocked else []
    for label, words in evidence_lines(change.evidence):
        lines += boxed("!     ", f"{label}: {words}")
    return lines


def _block_lines(block: Block) -> Lines:
    lines = boxed("!     ", f"{visible(block.code)}: {visible(block.message)}")
    return lines + (
        boxed("!     ", f"override: {visible(block.override)}") if block.override else []
    )


def _change(change: Change, named: Addresses) -> Lines:
    return [_headline(change, named), *_why(change), *_rows(rows(shown_fields(change), _DETAIL))]


def _rows(made: Iterable[Row]) -> Lines:
    return [line for row in made for line in _row(row)]


def _row(row: Row) -> Iterator[str]:
    path = row.path
    if row.items:
        yield f"      {path}"
        yield from map(_item, row.items)
    elif row.before is None:
        yield f"+     {path}: {row.after}{f'  {row.note}' if row.note else ''}"
    else:
        yield f"-     {path}: {row.before}"
        yield f"+     {path}: {row.after}"


def _item(item: Item) -> str:
    sign = "!" if item.sign == "~" else item.sign
    return f"{sign}       {shorten(item.text, _LONGEST_LINE)}"


_RESULTS: tuple[tuple[str, str, bool], ...] = (
    ("failed", "failed", False),
    ("blocked", "blocked", False),
    ("not-attempted", "not attempted", False),
    ("done", "done", True),
)


def outcome_markdown(
    plan: Plan, outcomes: Sequence[Outcome], exit_code: int, *, limit: int = LIMIT
) -> str:
    """What an apply did, as a comment: what went wrong first, what is done folded away."""
    head = "\n\n".join(_outcome_head(plan, outcomes, exit_code))
    sections = [
        _Section(f"{len(members):,} {words}", [_outcome(o) for o in members], folded)
        for result, words, folded in _RESULTS
        if (members := [o for o in outcomes if o.result == result])
    ]
    foot = f"Digest: {code(shorten(visible(plan.digest), 100))}" if plan.digest else ""
    texts = _fill(sections, limit - len(head) - len(foot) - 6)
    return _within(limit, [head, *texts, foot])


def _outcome_head(plan: Plan, outcomes: Sequence[Outcome], exit_code: int) -> Iterator[str]:
    if not outcomes:
        yield f"### {nothing_words(plan)}" if is_quiet(plan) else "### Nothing was applied"
    else:
        yield f"### {'Applied' if exit_code == 0 else 'Apply'}: {outcome_words(outcomes)}"
    if exit_code:
        yield f"Exit code {int(exit_code)}: {EXIT_WORDS.get(exit_code, 'it failed')}."
    if is_unfinished(outcomes):
        yield next_step(outcomes)


def _outcome(outcome: Outcome) -> Lines:
    done = outcome.result == "done"
    action = outcome.change.action
    sign = "+" if done else "-" if outcome.result == "failed" else "!"
    verb = past(action) if done else f"{action.value} {outcome.result.replace('-', ' ')}"
    lines = [f"{sign} {_address(outcome.change.address)} {verb}"]
    if outcome.reason:
        lines += boxed("!     ", visible(outcome.reason))
    return [*lines, *_rows(rows(as_written(outcome), _DETAIL))]


def drift_markdown(drift: Drift, *, limit: int = LIMIT) -> str:
    """What changed live since the last apply, as an issue or a summary."""
    head = f"### {_drift_head(drift)}"
    sections = [
        _Section(
            f"{len(members):,} {status.replace('-', ' ')}",
            [_drifted(e) for e in members],
            folded=status == "not-tracked",
        )
        for status in DRIFT_STATUSES
        if (members := [e for e in drift.entries if e.status == status])
    ]
    if drift.unmanaged:
        title = f"{counted(len(drift.unmanaged), 'object')} that no manifest declares"
        sections.append(_Section(title, [[_address(a)] for a in drift.unmanaged], folded=True))
    if drift.diagnostics:
        sections.append(_diagnostic_section(drift.diagnostics))
    return _within(limit, [head, *_fill(sections, limit - len(head) - 4)])


def _drift_head(drift: Drift) -> str:
    words = f"Drift: {drift_words(drift)}" if drift.drifted else no_drift_words(drift)
    return words.rstrip(".")


def _drifted(entry: DriftEntry) -> Lines:
    sign = "-" if entry.status == "deleted" else "!"
    place = f"  {shorten(visible(str(entry.origin)), 120)}" if entry.origin else ""
    lines = [f"{sign} {_address(entry.address)} ({entry.status.replace('-', ' ')}){place}"]
    if entry.reason:
        lines.append(shorten(f"!     {visible(entry.reason)}", _LONGEST_LINE))
    return [*lines, *_rows(rows(entry.fields, _DETAIL))]
