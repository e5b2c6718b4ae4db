"""A query in, the form in which two queries that mean the same are equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.kinds.policies.aql.parsing import parse
from reconciler.kinds.policies.aql.tokens import AqlError
from reconciler.kinds.policies.aql.tree import Comparison, Compound, Group


def canonical(text: Any) -> Any:
    """The meaning of a query as a text; a query that cannot be read is compared as it is written.

    Quotes around names, blanks, the short form of $eq, nested $and and the order of criteria say
    nothing.
    """
    if not isinstance(text, str):
        return text
    try:
        query = parse(text)
    except AqlError:
        return text.strip()
    parts = sorted({part for group in query.groups for part in _all(group)})
    suffixes = [f".{suffix.name}({' '.join(suffix.words)})" for suffix in query.suffixes]
    return f"items.find({' & '.join(parts)}){''.join(suffixes)}"


def _all(group: Group) -> Iterator[str]:
    """The criteria that all must hold; an $and among them adds its own."""
    for part in group.parts:
        if isinstance(part, Compound) and part.combination == "$and":
            for inner in part.groups:
                yield from _all(inner)
        else:
            yield _part(part)


def _part(part: Comparison | Compound) -> str:
    if isinstance(part, Comparison):
        return repr((part.field, part.operator, part.value))
    if part.combination == "$or":
        alternatives = sorted(set(_alternatives(part)))
        return alternatives[0] if len(alternatives) == 1 else f"({' | '.join(alternatives)})"
    inside = sorted({part for group in part.groups for part in _all(group)})
    return f"{part.combination}({', '.join(inside)})"


def _alternatives(compound: Compound) -> Iterator[str]:
    """What one of must hold. Several criteria in one pair of braces are kept as one alternative:
    the reference does not say plainly how they combine there."""
    for group in compound.groups:
        if len(group.parts) > 1:
            yield f"{{{', '.join(sorted(_part(part) for part in group.parts))}}}"
        elif isinstance(only := group.parts[0], Compound) and only.combination == "$or":
            yield from _alternatives(only)
        elif isinstance(only, Compound) and only.combination == "$and":
            inside = sorted({part for inner in only.groups for part in _all(inner)})
            yield inside[0] if len(inside) == 1 else f"({' & '.join(inside)})"
        else:
            yield _part(only)
