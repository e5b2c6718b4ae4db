"""The parts of a query, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

Value = str | int | None
"""What a field is compared with; None is the word `null`."""


@dataclass(frozen=True)
class Compare:
    """One field against one value: `{"size": {"$gt": 5}}`."""

    field: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Property:
    """One property against one value: `{"@key": {"$eq": "value"}}`."""

    key: str
    """`*` for any key; empty for one of another domain, which no item has."""

    operator: str
    value: Value


@dataclass(frozen=True)
class Group:
    """Several criteria: `$and`, `$or`, or `$msp` for those one and the same property must meet."""

    operator: str
    criteria: tuple[Criterion, ...]


Criterion = Compare | Property | Group


@dataclass(frozen=True)
class Query:
    """A whole query."""

    text: str
    where: Group
    include: tuple[str, ...] = ()
    transitive: bool = False
    descending: bool = False
    sort: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None
    distinct: bool = True

    @property
    def fields(self) -> frozenset[str]:
        """Every field its criteria mention."""
        return frozenset(inner.field for inner in comparisons(self.where))

    @property
    def repositories(self) -> frozenset[str]:
        """Every repository its criteria name exactly."""
        named = (inner for inner in comparisons(self.where) if inner.field == "repo")
        return frozenset(str(one.value) for one in named if one.operator in ("$eq", "$ne"))


def comparisons(criterion: Criterion) -> list[Compare]:
    """A criterion in, every comparison of a field inside it out."""
    if isinstance(criterion, Group):
        return [found for inner in criterion.criteria for found in comparisons(inner)]
    return [criterion] if isinstance(criterion, Compare) else []
