"""A virtual repository in, the ways out in which strangers could answer for one's own packages.

Whoever asks a virtual repository gets what any of its members has, and lists of versions are those
of all members together; only a member with priority ends the search where it has the package. So a
member that fetches from elsewhere may answer for a path of one's own unless its patterns, or those
on the way to it, refuse the path, or every own member that admits it has priority.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.engine.guardrails.patterns import Filter, lists_of, passes, witness

DEEPEST = 12
"""Levels of virtual repositories in each other that are followed."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way from a virtual repository to a member: the filters on it, and what the member is."""

    name: str
    filters: tuple[Filter, ...]
    is_foreign: bool
    has_priority: bool


def routes(
    spec: Mapping[str, Any],
    members: Sequence[Mapping[str, Any]],
    foreign: Sequence[str],
    above: tuple[Filter, ...] = (),
    depth: int = 0,
) -> Iterator[Route]:
    """The ways to all members, those of members included; `foreign` are kinds that fetch."""
    here = (*above, filter_of(spec))
    for member in members:
        inner = member.get("spec") or {}
        below = (member.get("references") or {}).get("repositories") or []
        if below and depth < DEEPEST:
            yield from routes(inner, below, foreign, here, depth + 1)
        else:
            yield Route(
                str(member.get("name")),
                (*here, filter_of(inner)),
                member.get("kind") in foreign,
                inner.get("priorityResolution") is True,
            )


def filter_of(spec: Mapping[str, Any]) -> Filter:
    """The include and exclude patterns of a repository."""
    return str(spec.get("includesPattern") or ""), str(spec.get("excludesPattern") or "")


def confusable(found: Sequence[Route], namespace: str) -> Iterator[tuple[str, str]]:
    """The members that may answer for a path of a namespace, each with such a path."""
    own = [route for route in found if not route.is_foreign]
    for route in found:
        if route.is_foreign and (path := _answered(route, own, namespace)) is not None:
            yield route.name, path


def _answered(foreign: Route, own: Sequence[Route], namespace: str) -> str | None:
    lists = [namespace, *lists_of(foreign.filters)]
    ends = [len(lists)]
    for route in own:
        lists += lists_of(route.filters)
        ends.append(len(lists))

    def wanted(told: Sequence[bool]) -> bool:
        if not told[0] or not passes(foreign.filters, told[1 : ends[0]]):
            return False
        holding = [
            route
            for route, begin, end in zip(own, ends, ends[1:], strict=False)
            if passes(route.filters, told[begin:end])
        ]
        return not holding or not all(route.has_priority for route in holding)

    return witness(lists, wanted)
