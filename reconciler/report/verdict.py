"""A plan in, its order of importance and the sentences that sum it up out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.errors import Exit, has_errors
from reconciler.model import Action, Block, Change, Drift, FieldChange, Outcome, Plan, Scope
from reconciler.report.figures import counted, human_bytes
from reconciler.report.sanitise import visible

_RANKS = {
    Action.DELETE: 1,
    Action.REPLACE: 2,
    Action.CONVERT: 4,
    Action.UPDATE: 5,
    Action.DEPLOY: 6,
    Action.CREATE: 7,
    Action.ADOPT: 8,
    Action.RELEASE: 9,
}
RISKS = ("destructive", "disruptive", "notable", "safe")
"""From the worst on."""

SUMMARY_ORDER = ("create", "update", "replace", "convert", "delete", "deploy", "adopt", "release")


def rank(change: Change) -> tuple[int, int]:
    """What a reviewer must see first has the lowest rank."""
    if change.is_blocked:
        place = 0
    elif change.risk == "destructive":
        place = min(_RANKS[change.action], 3)
    else:
        place = _RANKS[change.action]
    return place, RISKS.index(change.risk)


def by_importance(changes: Iterable[Change]) -> list[Change]:
    """Blocked and destructive first, then updates, creates, adopts and releases."""
    return sorted(changes, key=rank)


def must_be_seen(change: Change) -> bool:
    """Blocked, deleting or destructive: no rendering may leave it out."""
    return rank(change)[0] <= 3


def summary_words(plan: Plan) -> str:
    """`1 to create, 2 to update, 1 blocked, 7 unchanged`."""
    counts = plan.summary()
    parts = [f"{counts[name]:,} to {name}" for name in SUMMARY_ORDER if counts[name]]
    parts += [f"{counts[name]:,} {name}" for name in ("blocked", "unchanged") if counts[name]]
    return ", ".join(parts) or "nothing to do"


def is_quiet(plan: Plan) -> bool:
    """Whether there is no change at all to list, not even of the inventory."""
    return not plan.changes


def nothing_words(plan: Plan) -> str:
    """The one line of a plan without changes."""
    verb = "object is" if plan.unchanged == 1 else "objects are"
    kept = f"{plan.unchanged:,} {verb} as declared"
    if not plan.partial:
        return f"No changes. {kept}."
    unread = sum(1 for d in plan.diagnostics if d.rule == "unreadable")
    if unread and not plan.unchanged:
        return f"Nothing could be compared: {counted(unread, 'object')} could not be read."
    what = f"{counted(unread, 'object')} could" if unread else "not everything could"
    limit = "as far as it could be read"
    return f"No changes found, but {what} {'not ' if unread else ''}be read. {kept}, {limit}."


def no_drift_words(drift: Drift) -> str:
    """The one line of a comparison that found nothing, or could not look."""
    counts = drift.summary()
    unread = counts["unreadable"]
    compared = f"{counted(drift.tracked - unread, 'object')} compared"
    if unread and unread == drift.tracked:
        return f"Nothing could be compared: {counted(unread, 'object')} could not be read."
    told = f" ({counts['not-tracked']:,} not tracked)" if counts["not-tracked"] else ""
    if unread:
        words = f"{counted(unread, 'object')} could not be read"
        return f"No drift found, but {words}. {compared}{told}."
    return f"No drift. {compared}{told}."


def drift_words(drift: Drift) -> str:
    """`1 deleted, 2 changed; 7 objects compared`."""
    counts = drift.summary()
    told = ", ".join(f"{n:,} {s.replace('-', ' ')}" for s, n in counts.items() if n)
    return f"{told}; {counted(drift.tracked - counts['unreadable'], 'object')} compared"


def scope_words(plan: Plan) -> str:
    """What was looked at, when that is not everything; data is made visible."""
    words = selection_words(plan.scope)
    if plan.by_reference:
        words += f" (and {counted(len(plan.by_reference), 'object')} by reference)"
    return words


def selection_words(scope: Scope) -> str:
    """The flags that left something out, in words; empty when nothing did."""
    shard = (f"{scope.shard.index} of {scope.shard.total}",) if scope.shard else ()
    named = (("only", scope.only), ("without", scope.exclude), ("shard", shard))
    return "; ".join(f"{word} {', '.join(map(visible, terms))}" for word, terms in named if terms)


def verdict(plan: Plan, blocks: Sequence[Block] = ()) -> tuple[str, str]:
    """The two lines above everything else: what the plan does, and what is at stake.

    The second one is empty where nothing is. `blocks` are those of the plan as a whole.
    """
    quiet = is_quiet(plan)
    does = nothing_words(plan) if quiet else f"Plan: {summary_words(plan)}."
    parts = ["Blocked as a whole"] if blocks else []
    stake = risk_words(plan)
    parts += [stake] if stake else []
    final = sum(1 for change in plan.pending if change.irreversible)
    parts += [f"{final:,} cannot be undone wholly"] if final else []
    return does, f"{'; '.join(parts)}." if parts else ""


def risk_words(plan: Plan) -> str:
    """What is at stake: `2 repositories would lose 1.2 TB; 1 disruptive edit; 14 safe edits`."""
    loss = loss_words(plan)
    parts = [loss] if loss else []
    rest = [c for c in plan.pending if c.action not in _LOSING]
    for risk in RISKS:
        count = sum(1 for change in rest if change.risk == risk)
        parts += [counted(count, f"{risk} change")] if count else []
    return "; ".join(parts)


def loss_words(plan: Plan) -> str:
    """`2 repositories would lose 1.2 TB`, or nothing."""
    losing = [c for c in plan.pending if c.action in _LOSING]
    return _loss(losing) if losing else ""


_LOSING = (Action.DELETE, Action.REPLACE)


def _loss(losing: Sequence[Change]) -> str:
    repositories = all(c.address.kind.endswith("Repository") for c in losing)
    who = counted(len(losing), *(("repository", "repositories") if repositories else ("object",)))
    sizes = [c.evidence.get("bytes") for c in losing]
    known = sum(size for size in sizes if isinstance(size, int))
    if any(size == "unknown" for size in sizes):
        return f"{who} would lose content that could not be measured"
    return f"{who} would lose {human_bytes(known)}" if known else f"{who} would be deleted"


_PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.CONVERT: "converted",
    Action.DELETE: "deleted",
    Action.DEPLOY: "deployed",
    Action.ADOPT: "adopted",
    Action.RELEASE: "released",
}


def past(action: Action) -> str:
    """`created` for create, and so on."""
    return _PAST[action]


def outcome_words(outcomes: Sequence[Outcome]) -> str:
    """`2 created, 1 updated, 1 failed, 3 not attempted`."""
    done = [o.change.action for o in outcomes if o.result == "done"]
    parts = [
        f"{done.count(action):,} {past(action)}"
        for name in SUMMARY_ORDER
        if (action := Action(name)) in done
    ]
    for result, words in (
        ("failed", "failed"),
        ("blocked", "blocked"),
        ("not-attempted", "not attempted"),
    ):
        count = sum(1 for o in outcomes if o.result == result)
        parts += [f"{count:,} {words}"] if count else []
    return ", ".join(parts) or "nothing to do"


def is_unfinished(outcomes: Iterable[Outcome]) -> bool:
    """Whether running again would have something to do."""
    return any(o.result in ("failed", "not-attempted") for o in outcomes)


def as_written(outcome: Outcome) -> tuple[FieldChange, ...]:
    """The fields of an outcome as a reader expects them: what was written -> what is there now."""
    if outcome.result != "done":
        return outcome.fields
    return tuple(replace(f, before=f.after, after=f.before) for f in outcome.fields)


def plan_exit(made: Plan, blocks: Sequence[Block] = (), *, detailed: bool = False) -> int:
    """The exit code of a plan.

    6 a platform did not answer, 1 unreadable objects, 3 blocked, 2 pending if asked for, else 0.
    `blocks` are those of the whole run.
    """
    if any(d.rule == "platform-unreachable" for d in made.diagnostics):
        return int(Exit.UNREACHABLE)
    if has_errors(made.diagnostics):
        return int(Exit.INVALID)
    if made.blocked or blocks:
        return int(Exit.BLOCKED)
    return int(Exit.PENDING if detailed and made.pending else Exit.DONE)


def apply_exit(made: Plan, outcomes: Sequence[Outcome], aftermath: Sequence[object] = ()) -> int:
    """The exit code of an apply: 1 unreadable, 5 failed or unverified, 3 blocked, else 0.

    With a platform that does not answer it is 6, or 5 once something was written elsewhere.
    `aftermath` is what went wrong after the last write.
    """
    if aftermath or any(o.result == "failed" or o.fields for o in outcomes):
        return int(Exit.PARTIAL)
    interrupted = [o for o in outcomes if o.result == "not-attempted"]
    if interrupted:
        return int(Exit.PARTIAL if any(o.wrote for o in outcomes) else Exit.INVALID)
    code = plan_exit(made)
    is_partial = code == Exit.UNREACHABLE and any(o.wrote for o in outcomes)
    return int(Exit.PARTIAL) if is_partial else code


def drift_exit(found: Drift) -> int:
    """The exit code of a look for drift: an outage, then what could not be read, then drift."""
    if any(d.rule == "platform-unreachable" for d in found.diagnostics):
        return int(Exit.UNREACHABLE)
    if found.is_incomplete:
        return int(Exit.INVALID)
    return int(Exit.PENDING if found.drifted else Exit.DONE)


EXIT_WORDS = {
    1: "something was not as expected",
    2: "changes are pending",
    3: "some changes are blocked",
    4: "the plan is not the approved one any more",
    5: "applied in part",
    6: "a platform is unreachable or refuses the token",
}
"""What an exit code other than 0 means for an apply (M7)."""

RUN_AGAIN = "Running apply again is safe: it continues with what is left."

_FORBIDDEN = (401, 403)


def next_step(outcomes: Iterable[Outcome]) -> str:
    """What to do about an apply that is not finished."""
    failed = [o for o in outcomes if o.result == "failed"]
    forbidden = [o for o in failed if o.status in _FORBIDDEN]
    if not forbidden:
        return RUN_AGAIN
    words = f"The token may not write {counted(len(forbidden), 'object')} of this plan"
    again = "apply again with one that may: it continues with what is left."
    return f"{words}; {again}"


def shown_fields(change: Change) -> tuple[FieldChange, ...]:
    """The fields worth showing: clearing what does not exist yet is none."""
    if change.action is not Action.CREATE:
        return change.fields
    return tuple(f for f in change.fields if f.secret or f.after is not None)
