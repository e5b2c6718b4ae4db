"""Patterns that match nothing declared in, those that match nothing live either out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from reconciler.engine.resolve import Missing
from reconciler.kinds.patterns import is_pattern, matches
from reconciler.model import Finding

LiveNames = Callable[[str, tuple[str, ...]], frozenset[str] | None]
"""The names of the live objects of some kinds on a platform; None where nobody can tell."""


def unmatched_findings(gaps: Iterable[Missing], live_names: LiveNames) -> Iterator[Finding]:
    """A warning for each name or pattern that matches nothing, declared or live."""
    known: dict[tuple[str, tuple[str, ...]], frozenset[str] | None] = {}
    for gap in gaps:
        group = (gap.manifest.address.platform, gap.kinds)
        if group not in known:
            known[group] = live_names(*group)
        live = known[group]
        if live is not None and not any(matches(gap.reference.name, name) for name in live):
            yield _nothing_matches(gap, live)


def _nothing_matches(gap: Missing, live: frozenset[str]) -> Finding:
    name = gap.reference.name
    kinds = gap.kinds or gap.reference.kinds
    what = f"{', '.join(kinds[:-1])} or {kinds[-1]}" if len(kinds) > 1 else kinds[0]
    does = "matches no" if is_pattern(name) else "names no"
    near = gap.nearest or next(iter(get_close_matches(name, sorted(live), 1, 0.75)), "")
    return Finding(
        gap.manifest.origin,
        gap.manifest.index,
        gap.reference.path,
        "nothing-matches",
        f"'{name}' {does} {what}, declared or live",
        f"did you mean '{near}'?"
        if near
        else "correct it, or take it out; the token may also not see what it matches",
        "warning",
        address=str(gap.manifest.address),
        offset=gap.reference.offset,
    )
