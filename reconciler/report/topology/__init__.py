"""The members of a federation and what is between them, as pictures."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Plan, Topology
from reconciler.report.figures import TOPOLOGY


def topologies(plan: Plan) -> Iterator[Topology]:
    """The federations a plan changes, in its order."""
    for change in plan.changes:
        raw = change.evidence.get(TOPOLOGY)
        if isinstance(raw, dict):
            yield Topology.of_json(raw)
