"""An approved plan and a fresh one in, the points in which they differ out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.engine.digest import canonical, field_meaning, normalised_url
from reconciler.model import Address, Change, Disagreement, FieldChange, Plan, Scope


def disagreements(approved: Plan, fresh: Plan) -> Iterator[Disagreement]:
    """Everything that makes the digests differ, by address and path."""
    yield from _frame(approved, fresh)
    then, now = by_address(approved), by_address(fresh)
    for address in sorted({*then, *now}, key=lambda a: a.full):
        yield from between(then.get(address), now.get(address))


def by_address(plan: Plan) -> dict[Address, Change]:
    """The changes of a plan by their addresses."""
    return {change.address: change for change in plan.changes}


def between(then: Change | None, now: Change | None) -> Iterator[Disagreement]:
    """How what is planned for one object differs from what was approved for it."""
    subject = str((now or then).address) if now or then else ""  # type: ignore[union-attr]
    if then is None or now is None or head(then) != head(now):
        yield Disagreement(subject, then, now)
    if then is None or now is None:
        return
    old, new = fields_of(then), fields_of(now)
    for path in sorted({*old, *new}):
        if not same_field(old.get(path), new.get(path)):
            yield Disagreement(subject, old.get(path), new.get(path), path)


def head(change: Change) -> tuple[str, bool, str]:
    """What is done to the object as a whole."""
    return change.action.value, change.adopting, change.blocked.code if change.blocked else ""


def fields_of(change: Change) -> Mapping[str, FieldChange]:
    """The fields a change writes, by path; secrets that are left alone are none of them."""
    return {f.path: f for f in change.fields if f.secret != "unverifiable"}


def same_field(then: FieldChange | None, now: FieldChange | None) -> bool:
    """Whether two changes of a field have the same values before and after, or reference."""
    if then is None or now is None:
        return then is now
    return canonical(field_meaning(then)) == canonical(field_meaning(now))


def targets(plan: Plan) -> dict[str, str]:
    """The URL of each platform, in one spelling."""
    return {p.name: normalised_url(p.url) for p in plan.platforms}


def _frame(approved: Plan, fresh: Plan) -> Iterator[Disagreement]:
    then, now = targets(approved), targets(fresh)
    if then != now:
        yield Disagreement("target", _targets_told(then), _targets_told(now))
    if _sorted(approved.scope) != _sorted(fresh.scope):
        yield Disagreement("scope", scope_told(approved.scope), scope_told(fresh.scope))


def _sorted(scope: Scope) -> Scope:
    return Scope(tuple(sorted(scope.only)), tuple(sorted(scope.exclude)), scope.shard)


def _targets_told(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} at {url}" for name, url in sorted(found.items())) or "none"


def scope_told(scope: Scope) -> str:
    """A scope as the flags that make it."""
    told = [f"--only {term}" for term in scope.only]
    told += [f"--exclude {term}" for term in scope.exclude]
    told += [f"--shard {scope.shard}"] if scope.shard else []
    return " ".join(told) or "everything"
