"""A query's text in: its tree, and everything wrong or odd about it, with places."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.kinds.policies.aql.meaning import faults, remarks
from reconciler.kinds.policies.aql.parsing import parse
from reconciler.kinds.policies.aql.tokens import AqlError, AqlFault
from reconciler.kinds.policies.aql.tree import Query


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query says, or None; what the server would refuse; what is only remarkable."""

    query: Query | None
    faults: tuple[AqlFault, ...] = ()
    remarks: tuple[AqlFault, ...] = ()


def read(text: str) -> Reading:
    """Understand a query; raises nothing."""
    try:
        query = parse(text)
    except AqlError as error:
        return Reading(None, (error.fault,))
    return Reading(query, tuple(faults(query)), tuple(remarks(query)))
