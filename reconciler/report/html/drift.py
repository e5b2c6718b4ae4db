"""What is not as it was last applied in, a page about it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model import DRIFT_STATUSES, Drift, DriftEntry
from reconciler.report.html.entries import Entry, Group, facets
from reconciler.report.html.fields import field_table
from reconciler.report.html.markup import Content, element, joined, lines
from reconciler.report.html.page import Page, document
from reconciler.report.html.parts import (
    NOWHERE,
    Section,
    Surroundings,
    facts,
    finding_section,
    unmanaged_section,
)
from reconciler.report.html.references import marks, reference_section
from reconciler.report.verdict import drift_words, no_drift_words, selection_words

_STATUSES = {
    "deleted": ("Deleted", "−"),  # noqa: RUF001 - as wide as the plus
    "changed": ("Changed", "~"),
    "unreadable": ("Unreadable", "?"),
    "not-tracked": ("Not tracked", "·"),
}


def drift_html(drift: Drift, *, surroundings: Surroundings = NOWHERE) -> str:
    """The drift as a page: what was last applied, and what is live."""
    groups = [
        Group(_STATUSES[status][0], [_entry(entry, surroundings) for entry in members])
        for status in DRIFT_STATUSES
        if (members := [e for e in drift.entries if e.status == status])
    ]
    entries = [entry for group in groups for entry in group.entries]
    return document(
        Page(
            command="drift",
            workspace=surroundings.workspace,
            verdict=f"Drift: {drift_words(drift)}" if drift.drifted else no_drift_words(drift),
            stake="Red is what was last applied, green what is live." if drift.drifted else "",
            look="warn" if drift.drifted or drift.is_incomplete else "calm",
            facts=[("Scope", selection_words(drift.scope))],
            noun="objects",
            groups=groups,
            facets=facets({"status": "Status", "kind": "Kind", "platform": "Platform"}, entries),
            sections=[*_sections(drift, surroundings, groups)],
        )
    )


def _sections(
    drift: Drift, surroundings: Surroundings, groups: Iterable[Group]
) -> Iterator[Section]:
    if drift.diagnostics:
        yield finding_section(drift.diagnostics)
    if drift.unmanaged:
        yield unmanaged_section(drift.unmanaged)
    yield from reference_section(surroundings.graph, marks(groups))


def _entry(entry: DriftEntry, surroundings: Surroundings) -> Entry:
    labels = surroundings.labels_of(entry.address)
    return Entry(
        entry.address,
        _STATUSES[entry.status][1],
        entry.status,
        {
            "status": entry.status,
            "kind": entry.address.kind,
            "platform": entry.address.platform,
        },
        notes=[entry.status.replace("-", " ")],
        origin=entry.origin,
        labels=labels,
        body=lines([*_body(entry, labels)]),
        urgent=entry.status in ("deleted", "changed"),
    )


def _body(entry: DriftEntry, labels: list[str]) -> Iterator[Content]:
    if entry.reason:
        yield element("p", entry.reason, class_="reason calm")
    yield field_table(entry.fields)
    yield facts([("Labels", joined(element("code", label) for label in labels))], "facts small")
