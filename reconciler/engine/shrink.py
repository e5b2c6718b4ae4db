"""An approved plan and a fresh one in, whatever nobody approved out (`--shrink-only`).

A fresh plan is accepted when nothing is left. It may have fewer targets, a narrower scope and fewer
changes; each change it has must be one of the approved ones, or what one of them left to do:

| approved          | now    | accepted if                                                       |
|-------------------|--------|-------------------------------------------------------------------|
| update, convert   | same   | every field was approved, with the same before and after          |
| create, replace   | same   | the fields are just the approved ones: the object is made of them |
| other actions     | same   | the fields are just the approved ones                             |
| convert           | update | as for an update: the object has its class by now                 |
| create, replace   | update | resumed, and every field ends with the value approved for it      |
| replace           | create | resumed, and the fields end with just the approved values         |
| create, convert, renaming or adopting update | adopt | the object only has to be recorded        |
| replace           | adopt  | resumed                                                           |
| delete            | release | the object is gone, and only has to be forgotten                 |

`resumed` says that the approved plan has been begun: only then can a half-made object be its work.
Becoming ours must have been approved, and so must a block: a blocked change that is free now would
write what nobody said yes to. A value is one thing: a list that moved half-way is another list.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.engine.approval import (
    between,
    by_address,
    fields_of,
    same_field,
    scope_told,
    targets,
)
from reconciler.engine.digest import canonical
from reconciler.model import Action, Change, Disagreement, FieldChange, Plan, Scope

_MAKING = (Action.CREATE, Action.REPLACE)
_MENDING = (Action.UPDATE, Action.CONVERT)
_NAME = "metadata.name"
"""The field that a renaming changes."""


def excess(approved: Plan, fresh: Plan, *, resumed: bool = False) -> list[Disagreement]:
    """What the fresh plan would do beyond the approved one; nothing if it is accepted."""
    return [*_wider(approved, fresh), *_unapproved(approved, fresh, resumed)]


def _wider(approved: Plan, fresh: Plan) -> Iterator[Disagreement]:
    then, now = targets(approved), targets(fresh)
    for name, url in now.items():
        if then.get(name) != url:
            known = f"{name} at {then[name]}" if name in then else None
            yield Disagreement("target", known, f"{name} at {url}")
    if not is_within(fresh.scope, approved.scope):
        yield Disagreement("scope", scope_told(approved.scope), scope_told(fresh.scope))


def is_within(scope: Scope, approved: Scope) -> bool:
    """Whether a scope selects nothing that an approved one leaves out, judged by its terms."""
    only = not approved.only or (bool(scope.only) and {*scope.only} <= {*approved.only})
    shard = approved.shard is None or scope.shard == approved.shard
    return only and shard and {*approved.exclude} <= {*scope.exclude}


def _unapproved(approved: Plan, fresh: Plan, resumed: bool) -> Iterator[Disagreement]:
    known = by_address(approved)
    for change in sorted(fresh.changes, key=lambda c: c.address.full):
        then = known.get(change.address)
        if then is None or not _may_follow(then, change, resumed):
            yield from _told(then, change)
        else:
            yield from _fields(then, change)


def _told(then: Change | None, now: Change) -> Iterator[Disagreement]:
    """The change as a whole; what else differs would only hide it."""
    yield next(iter(between(then, now)), Disagreement(str(now.address), then, now))


def _may_follow(then: Change, now: Change, resumed: bool) -> bool:
    """Whether a change of this action may be what an approved one left to do."""
    if _block(then) != _block(now) or not _may_become_ours(then, now):
        return False
    if then.action is now.action:
        return True
    if then.is_blocked:
        return False
    if now.action is Action.ADOPT:
        return then.action in (Action.CREATE, *_MENDING) or (
            then.action is Action.REPLACE and resumed
        )
    if now.action is Action.RELEASE:
        return then.action is Action.DELETE
    if now.action is Action.UPDATE:
        return then.action is Action.CONVERT or (then.action in _MAKING and resumed)
    return (then.action, now.action) == (Action.REPLACE, Action.CREATE) and resumed


def _block(change: Change) -> str | None:
    return change.blocked.code if change.blocked else None


def _may_become_ours(then: Change, now: Change) -> bool:
    """Whether ownership was approved; what has moved since is ours under its old address only."""
    if not now.adopting or then.adopting or then.action in _MAKING:
        return True
    if then.action is Action.CONVERT:
        return now.action is not Action.CONVERT
    return _NAME in fields_of(then) and _NAME not in fields_of(now)


def _fields(then: Change, now: Change) -> Iterator[Disagreement]:
    """The fields that are not as approved."""
    approved, fresh = fields_of(then), fields_of(now)
    by_end = then.action in _MAKING and then.action is not now.action
    for path, field in fresh.items():
        known = approved.get(path)
        if not (_same_end(known, field) if by_end else same_field(known, field)):
            yield Disagreement(str(now.address), known, field, path)
    may_lack = now.action is Action.ADOPT or now.action in _MENDING
    for path in () if may_lack else approved.keys() - fresh.keys():
        yield Disagreement(str(now.address), approved[path], None, path)


def _same_end(then: FieldChange | None, now: FieldChange) -> bool:
    """Whether a field ends with the value, or the secret, that was approved for it."""
    return then is not None and canonical(_end(then)) == canonical(_end(now))


def _end(field: FieldChange) -> dict[str, object]:
    if field.secret is not None:
        return {"secret": field.reference}
    return {key: value for key, value in field.as_json().items() if key == "after"}
