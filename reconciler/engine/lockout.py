"""A plan and what is known of the run in, what would lock it out (spec 6) out.

A kind tells what a change takes away (`kinds/losses.py`); here it is decided whether that is
something the run needs: its own rights, an administrator, its way to sign in, its inventory. What
another change of the plan gives does not count: it may fail, and the loss come nevertheless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.engine.observation import Observation
from reconciler.engine.sending import sendable
from reconciler.kinds.ant_patterns import admits
from reconciler.kinds.kind import Kind
from reconciler.kinds.losses import Turn
from reconciler.kinds.registry import Registry
from reconciler.kinds.wire import merged
from reconciler.model import (
    UNSET,
    Account,
    AccountLost,
    Action,
    Address,
    Block,
    Change,
    Identity,
    JsonValue,
    Live,
    Loss,
    Manifest,
    Plan,
    RightsLost,
    SignInLost,
    StoreLost,
)

_ADMIN = "applied-permissions/admin"
_USER = "applied-permissions/user"
_GROUPS = ("applied-permissions/groups:", "member-of-groups:")
_NAMES = re.compile(r'"([^"]*)"|([^,]+)')

_SHOWN = 3
"""Addresses a message names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where a platform keeps the inventory; `paths` are some that are read and written there."""

    platform: str
    repository: str
    paths: tuple[str, ...] = ()


def with_losses(
    made: Plan, observation: Observation, manifests: Iterable[Manifest], registry: Registry
) -> Plan:
    """The plan, each change telling what it takes away from what is live."""
    wanted = {m.address: m for m in manifests}
    return replace(
        made,
        changes=tuple(
            replace(change, losses=found)
            if (found := tuple(_losses(change, observation, wanted, registry[change.address.kind])))
            else change
            for change in made.changes
        ),
    )


def _losses(
    change: Change, observation: Observation, wanted: Mapping[Address, Manifest], kind: Kind
) -> Iterable[Loss]:
    if change.is_blocked or not change.action.writes:
        return ()
    where = next(a for a in (change.previous, change.address) if a is not None)
    live = observation.objects.get(where) or observation.objects.get(change.address)
    if not isinstance(live, Live):
        live = observation.objects.get(change.address)  # of another kind, and converted in place
    if not isinstance(live, Live):
        return ()
    values = {n: known.live_value(live.raw, UNSET) for n, known in kind.written_fields.items()}
    before = kind.placed({n: value for n, value in values.items() if value is not UNSET})
    goes = change.action in (Action.DELETE, Action.REPLACE)
    manifest = wanted.get(change.address)
    declared = sendable(kind, manifest, live.raw) if manifest is not None else {}
    after = None if goes else {**before, **_written(change, before, declared)}
    return kind.takes_away(Turn(where.name, change.action, before, after, where.parts[:-1]))


def _written(
    change: Change, before: Mapping[str, JsonValue], declared: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """The fields of the spec that a change writes, as they are afterwards."""
    found: dict[str, JsonValue] = {}
    for field in change.fields:
        place, _, path = field.path.partition(".")
        if place != "spec":
            continue
        name = path.partition(".")[0].partition("[")[0]
        if name in declared:
            value = declared[name]
            found[name] = merged(before.get(name), value) if isinstance(value, dict) else value
        elif name == path:  # of no manifest: what puts an object back
            found[name] = None if field.after is UNSET else field.after
    return found


def to_ask(made: Plan, platform: str) -> list[Loss]:
    """The losses on a platform that only those who know the run there can judge."""
    return [
        loss
        for change in made.pending
        for loss in change.losses
        if change.address.platform == platform and not isinstance(loss, StoreLost)
    ]


def lockouts(
    made: Plan, identities: Mapping[str, Identity], store: Store | None = None
) -> list[Block]:
    """What keeps the whole plan from being applied, for the sake of the run itself.

    `identities` holds who the run is on each platform; where nobody was asked, nothing is judged.
    """
    blocks = list(_inventory(made, store)) if store is not None else []
    for platform, identity in sorted(identities.items()):
        taken = _Taken(made, platform)
        if identity.unknown:
            blocks += _unknown(taken.all, identity.unknown)
            continue
        blocks += _sign_in(taken, identity)
        blocks += _own_rights(taken, identity)
        blocks += _last_admin(taken, identity, platform)
    return blocks


class _Taken:
    """What a plan takes away on one platform, by what it is."""

    def __init__(self, made: Plan, platform: str) -> None:
        found = [
            (change, loss)
            for change in made.pending
            for loss in change.losses
            if change.address.platform == platform
        ]
        self.rights = [(c, loss) for c, loss in found if isinstance(loss, RightsLost)]
        self.accounts = [(c, loss) for c, loss in found if isinstance(loss, AccountLost)]
        self.sign_ins = [(c, loss) for c, loss in found if isinstance(loss, SignInLost)]
        self.all = [c for c, loss in found if not isinstance(loss, StoreLost)]
        self.losses = [loss for _, loss in found]


def _inventory(made: Plan, store: Store) -> Iterator[Block]:
    for change in made.pending:
        for loss in change.losses:
            if isinstance(loss, StoreLost) and _shuts(change, loss, store):
                yield Block(
                    "lockout-inventory",
                    f"{change.address} holds the inventory of this workspace, and {loss.how}",
                    "keep it as it is, or move the inventory first (spec.inventory)",
                )


def _shuts(change: Change, loss: StoreLost, store: Store) -> bool:
    if (change.address.platform, loss.repository) != (store.platform, store.repository):
        return False
    return loss.patterns is None or not all(admits(*loss.patterns, path) for path in store.paths)


def _sign_in(taken: _Taken, identity: Identity) -> Iterator[Block]:
    using = [c for c, loss in taken.sign_ins if loss.provider == identity.provider]
    if using and identity.provider:
        yield Block(
            "lockout-sign-in",
            f"the run signs in by the OIDC provider '{identity.provider}', and {_told(using)} "
            "would end that",
            "give the run another way to sign in first",
        )


def _own_rights(taken: _Taken, identity: Identity) -> Iterator[Block]:
    user = identity.user
    if closed := [c for c, loss in taken.accounts if user in loss.users]:
        yield _rights(user, closed, "could not sign in any more")
    scopes = identity.scopes
    if has_all_rights(scopes):
        return
    named = groups_in(scopes or ())
    if through := [c for c, loss in taken.rights if loss.everyone and loss.group in named]:
        yield _rights(user, through, "would lose what its token gets from a group")
        return
    if not has_rights_of_user(scopes):
        return
    account = identity.account
    ruled = account is not None and rules(account, ())
    hit = [c for c, loss in taken.rights if account is not None and touches(account, loss)]
    if account is not None and ruled:
        if hit and not rules(account, taken.losses):
            yield _rights(user, hit, "would lose an administrator's rights")
    elif scopes is not None:
        if hit:
            yield _rights(user, hit, "would lose rights it has from a group")
    else:  # it may ask what only administrators may, so its token has rights of its own
        maybe = [c for c, loss in taken.rights if loss.everyone and loss.admin]
        yield from _unknown(
            maybe, f"'{user}' is no administrator by itself, and the token does not tell its scope"
        )


def _rights(user: str, changes: Sequence[Change], what: str) -> Block:
    return Block(
        "lockout-rights",
        f"the run signs in as '{user}', and {what} by {_told(changes)}",
        "give it other rights first, in a run of its own; or apply with an identity that keeps its "
        "rights",
    )


def _last_admin(taken: _Taken, identity: Identity, platform: str) -> Iterator[Block]:
    taking = [c for c, loss in taken.rights if loss.admin]
    taking += [c for c, _ in taken.accounts]
    known = [*identity.admins, *([identity.account] if identity.account else [])]
    if taking and not any(rules(account, taken.losses) for account in known):
        yield Block(
            "lockout-last-admin",
            f"no administrator would be left on {platform} after {_told(taking)}",
            "make somebody else an administrator first, in a run of its own",
        )


def _unknown(changes: Sequence[Change], reason: str) -> Iterator[Block]:
    if changes:
        yield Block(
            "lockout-unknown",
            f"whether {_told(changes)} takes the run's own rights cannot be told: {reason}",
            "use an administrator's access token itself, not a reference token: it tells who it "
            "is for, and may ask who else rules",
        )


def groups_in(scopes: Iterable[str]) -> frozenset[str]:
    """The groups whose rights a token with these scopes has."""
    lists = (s.removeprefix(word) for s in scopes for word in _GROUPS if s.startswith(word))
    found = (one for names in lists for one in _NAMES.findall(names))
    return frozenset(quoted or plain.strip() for quoted, plain in found)


def has_all_rights(scopes: Iterable[str] | None) -> bool:
    """Whether a token is an administrator's whoever it is for."""
    return scopes is not None and _ADMIN in scopes


def has_rights_of_user(scopes: Iterable[str] | None) -> bool:
    """Whether a token has, or may have, the rights of the user it is for."""
    return not has_all_rights(scopes) and (scopes is None or _USER in scopes)


def touches(account: Account, loss: Loss) -> bool:
    """Whether a user is among those who lose something."""
    if isinstance(loss, AccountLost):
        return account.name in loss.users
    if not isinstance(loss, RightsLost):
        return False
    if loss.everyone and loss.group:
        return loss.group in account.groups or account.name in loss.users
    return account.name in loss.users


def rules(account: Account, losses: Iterable[Loss]) -> bool:
    """Whether a user is an administrator after all these losses."""
    itself, groups = account.admin, set(account.admin_groups)
    for loss in losses:
        if not touches(account, loss):
            continue
        if isinstance(loss, AccountLost):
            return False
        if isinstance(loss, RightsLost) and loss.group:
            if loss.admin or not loss.everyone:  # who is taken out has nothing of the group
                groups.discard(loss.group)
        elif isinstance(loss, RightsLost) and loss.admin:
            itself = False
    return itself or bool(groups)


def _told(changes: Sequence[Change]) -> str:
    """Addresses for a message, each once."""
    names = list(dict.fromkeys(str(change.address) for change in changes))
    more = len(names) - _SHOWN
    if more > 0:
        return f"{', '.join(names[:_SHOWN])} and {more} more"
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
