"""A plan in, a page for its reviewers out: what must be seen first, everything else to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model import Action, Address, Block, Change, Plan
from reconciler.report.html.devices import device_list
from reconciler.report.html.entries import Entry, Group, facets, numbered
from reconciler.report.html.fields import field_table
from reconciler.report.html.markup import Content, Html, element, joined, lines
from reconciler.report.html.page import Page, document
from reconciler.report.html.parts import (
    NOWHERE,
    Section,
    Surroundings,
    blocked,
    evidence,
    facts,
    finding_section,
    linked,
    platform_words,
    unmanaged_section,
)
from reconciler.report.html.references import marks, reference_section
from reconciler.report.html.topology import topology_section
from reconciler.report.topology import topologies
from reconciler.report.verdict import (
    by_importance,
    is_quiet,
    loss_words,
    must_be_seen,
    scope_words,
    shown_fields,
    verdict,
)

SIGNS = {
    Action.DELETE: "−",  # noqa: RUF001 - as wide as the plus
    Action.REPLACE: "±",
    Action.CONVERT: "→",
    Action.UPDATE: "~",
    Action.DEPLOY: "»",
    Action.CREATE: "+",
    Action.ADOPT: "=",
    Action.RELEASE: "<",
}

FACETS = {"action": "Action", "kind": "Kind", "risk": "Risk", "platform": "Platform"}

_EDITS = (Action.CONVERT, Action.UPDATE, Action.DEPLOY)


def plan_html(
    plan: Plan, *, blocks: Sequence[Block] = (), surroundings: Surroundings = NOWHERE
) -> str:
    """The plan as a page; `blocks` are those of the plan as a whole."""
    does, stake = verdict(plan, blocks)
    members = _members(plan.changes)
    anchors = numbered(c.address for changes in members.values() for c in changes)
    telling = _Telling(frozenset(plan.by_reference), surroundings, anchors)
    groups = [Group(t, [telling.entry(c) for c in changes]) for t, changes in members.items()]
    entries = [entry for group in groups for entry in group.entries]
    return document(
        Page(
            command="plan",
            workspace=plan.workspace or surroundings.workspace,
            verdict=does if is_quiet(plan) else does.removesuffix("."),
            stake=stake.removesuffix("."),
            look=_look(plan, blocks),
            stake_look="alarm" if loss_words(plan) else "calm",
            facts=target_facts(plan),
            notices=[*_notices(plan, blocks)],
            groups=groups,
            facets=facets(FACETS, entries),
            sections=[*sections(plan, surroundings, groups)],
            foot=run_facts(plan),
        )
    )


def _look(plan: Plan, blocks: Sequence[Block]) -> str:
    if blocks or any(map(must_be_seen, plan.changes)):
        return "alarm"
    risky = plan.partial or any(change.risk == "disruptive" for change in plan.changes)
    return "warn" if risky else "calm"


def target_facts(plan: Plan) -> list[tuple[str, Content]]:
    """What the plan is about."""
    return [
        ("Platform", platform_words(plan.platforms)),
        ("Scope", scope_words(plan) if plan.scope else None),
    ]


def run_facts(plan: Plan) -> list[tuple[str, Content]]:
    """When and from what the plan was made."""
    return [
        ("Digest", plan.digest),
        ("Commit", plan.commit),
        ("Planned", plan.created),
        ("reconciler", plan.tool),
    ]


def _notices(plan: Plan, blocks: Sequence[Block]) -> Iterator[Html]:
    if blocks:
        head = element("p", element("b", "The plan as a whole is blocked."))
        yield element("div", head, map(blocked, blocks), class_="notice alarm", role="note")
    if plan.partial:
        words = "Not everything could be read, so changes may be missing."
        yield element("p", element("b", "Partial."), f" {words}", class_="notice warn", role="note")


def sections(plan: Plan, surroundings: Surroundings, groups: Iterable[Group]) -> Iterator[Section]:
    """What stands below the changes."""
    if plan.diagnostics:
        yield finding_section(plan.diagnostics)
    if plan.unmanaged:
        yield unmanaged_section(plan.unmanaged)
    yield from topology_section([*topologies(plan)])
    yield from reference_section(surroundings.graph, marks(groups))


def _mark(change: Change) -> tuple[str, str]:
    """The look of a change, and the sign that says the same without colours."""
    return ("blocked", "!") if change.is_blocked else (change.action.value, SIGNS[change.action])


def _title(change: Change) -> str:
    """The heading a change stands under."""
    if change.is_blocked:
        return "Blocked"
    if must_be_seen(change):
        return "Destructive"
    if change.action in _EDITS:
        return "Safe updates" if change.risk == "safe" else "To change"
    return f"To {change.action.value}"


_ORDER = (
    "Blocked",
    "Destructive",
    "To change",
    "Safe updates",
    "To create",
    "To adopt",
    "To release",
)


def _members(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """The changes under their headings, what must be seen first."""
    members: dict[str, list[Change]] = {title: [] for title in _ORDER}
    for change in by_importance(changes):
        members[_title(change)].append(change)
    return {title: found for title, found in members.items() if found}


class _Telling:
    """What is told of each change of one plan."""

    def __init__(
        self,
        by_reference: frozenset[Address],
        surroundings: Surroundings,
        anchors: Mapping[Address, str],
    ) -> None:
        self.by_reference, self.surroundings, self.anchors = by_reference, surroundings, anchors

    def entry(self, change: Change) -> Entry:
        """A change with everything that is known of it."""
        labels = self.surroundings.labels_of(change.address)
        look, sign = _mark(change)
        return Entry(
            change.address,
            sign,
            look,
            change_facets(change) | {"action": look},
            notes=[*self._notes(change)],
            origin=change.origin,
            labels=labels,
            body=lines([*self._body(change, labels)]),
            urgent=must_be_seen(change),
        )

    def _notes(self, change: Change) -> Iterator[str]:
        yield change.action.value
        if change.is_blocked:
            yield "blocked"
        if change.risk in ("disruptive", "destructive"):
            yield change.risk
        if change.adopting and change.action is not Action.ADOPT:
            yield "adopting"
        if change.address in self.by_reference:
            yield "by reference"

    def _body(self, change: Change, labels: Sequence[str]) -> Iterator[Content]:
        if change.blocked:
            yield blocked(change.blocked)
        losing = change.action in (Action.DELETE, Action.REPLACE)
        yield evidence(change.evidence, alarming=losing)
        yield device_list(change.evidence)
        yield field_table(shown_fields(change))
        yield background(change, labels, self.anchors)


def background(
    change: Change, labels: Sequence[str], anchors: Mapping[Address, str]
) -> Html | None:
    """Why it is in the plan, what has to come before it, what is sent."""
    sent = joined(element("code", f"{r.method} {r.path}") for r in change.requests)
    return facts(
        [
            ("Why", f"{change.reason}, {change.risk}"),
            ("After", linked(change.requires, anchors)),
            ("Sends", sent),
            ("Labels", joined(element("code", label) for label in labels)),
        ],
        "facts small",
    )


def change_facets(change: Change) -> dict[str, str]:
    """What a change can be filtered by, beside what is to be done."""
    return {
        "kind": change.address.kind,
        "risk": change.risk,
        "platform": change.address.platform,
    }
