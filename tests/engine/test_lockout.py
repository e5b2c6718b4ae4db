"""What would lock a run out of its own platforms (M14): rights, rulers, sign-in, inventory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.engine.lockout import Store, groups_in, lockouts, rules, to_ask, with_losses
from reconciler.engine.observation import Observation
from reconciler.engine.plan import Desired, plan
from reconciler.engine.resolve import resolve
from reconciler.kinds.losses import Turn
from reconciler.kinds.registry import Registry
from reconciler.model import (
    Account,
    AccountLost,
    Action,
    Block,
    Change,
    Entry,
    Identity,
    Inventory,
    Live,
    Loss,
    Plan,
    RightsLost,
    SignInLost,
    StoreLost,
)
from tests.engine.toys import WIDGET, at, toy

ME = frozenset({"me"})
BOTH = frozenset({"me", "ann"})
ADMIN = frozenset({"applied-permissions/admin"})
USER = frozenset({"applied-permissions/user"})
OPS = frozenset({"ops"})

GONE = RightsLost("ops", BOTH, everyone=True, admin=True)
OUT = RightsLost("ops", ME, admin=True)
PLAIN_GONE = RightsLost("devs", BOTH, everyone=True)
PLAIN_OUT = RightsLost("devs", ME)
FLAG = RightsLost("", ME, admin=True)
CLOSED = AccountLost(ME)

BY_GROUP = Account("me", groups=OPS, admin_groups=OPS)
BY_TWO = Account("me", groups=frozenset({"ops", "top"}), admin_groups=frozenset({"ops", "top"}))
BY_ITSELF = Account("me", admin=True, groups=OPS, admin_groups=OPS)
PLAIN = Account("me", groups=frozenset({"devs", "ops"}))
ROOT = Account("root", admin=True)


def of(*losses: Loss, blocked: bool = False) -> Plan:
    """A plan of one update for each loss."""
    block = Block("immutable", "m") if blocked else None
    return Plan(
        tuple(
            Change(at(f"n{i}"), Action.UPDATE, "x", losses=(loss,), blocked=block)
            for i, loss in enumerate(losses)
        )
    )


def codes(identity: Identity, *losses: Loss) -> list[str]:
    made = of(*losses)
    return [b.code.removeprefix("lockout-") for b in lockouts(made, {"default": identity})]


def known(
    account: Account | None, scopes: Iterable[str] | None = USER, *admins: Account
) -> Identity:
    return Identity("me", None if scopes is None else frozenset(scopes), account, admins or (ROOT,))


@pytest.mark.parametrize(
    "account, scopes, losses, expected",
    [
        (BY_GROUP, USER, [GONE], ["rights"]),
        (BY_GROUP, USER, [OUT], ["rights"]),
        (BY_GROUP, None, [OUT], ["rights"]),
        (BY_GROUP, ADMIN, [OUT], []),
        (BY_GROUP, ADMIN, [GONE], []),
        (BY_GROUP, USER, [PLAIN_GONE], []),
        (BY_TWO, USER, [GONE], []),
        (BY_TWO, USER, [GONE, RightsLost("top", ME, admin=True)], ["rights"]),
        (BY_ITSELF, USER, [GONE], []),
        (BY_ITSELF, USER, [GONE, FLAG], ["rights"]),
        (BY_ITSELF, USER, [FLAG], []),
        (
            replace(BY_ITSELF, groups=frozenset(), admin_groups=frozenset()),
            USER,
            [FLAG],
            ["rights"],
        ),
        (PLAIN, USER, [PLAIN_OUT], ["rights"]),
        (PLAIN, USER, [PLAIN_GONE], ["rights"]),
        (PLAIN, USER, [RightsLost("devs", frozenset({"ann"}))], []),
        (PLAIN, USER, [RightsLost("others", frozenset({"ann"}), everyone=True)], []),
        (PLAIN, None, [PLAIN_OUT], []),
        (PLAIN, None, [RightsLost("top", BOTH, everyone=True, admin=True)], ["unknown"]),
        (None, None, [GONE], ["unknown"]),
        (None, None, [PLAIN_GONE], []),
        (None, None, [RightsLost("ops", frozenset({"ann"}), admin=True)], []),
        (None, USER, [GONE], []),
        (None, {'applied-permissions/groups:"a b","ops"'}, [GONE], ["rights"]),
        (None, {"applied-permissions/groups:ops"}, [OUT], []),
        (PLAIN, {"applied-permissions/groups:other"}, [PLAIN_OUT], []),
        (None, {"member-of-groups:ops"}, [GONE], ["rights"]),
        (BY_ITSELF, ADMIN, [CLOSED], ["rights"]),
        (BY_ITSELF, USER, [AccountLost(frozenset({"ann"}))], []),
    ],
)
def test_own_rights(
    account: Account | None,
    scopes: Iterable[str] | None,
    losses: list[Loss],
    expected: list[str],
) -> None:
    """What counts is whether the run is as powerful after all losses of the plan together."""
    assert codes(known(account, scopes), *losses) == expected


@pytest.mark.parametrize(
    "admins, losses, expected",
    [
        ((), [OUT], ["last-admin"]),
        ((ROOT,), [OUT], []),
        ((BY_GROUP,), [GONE], ["last-admin"]),
        ((BY_TWO,), [GONE], []),
        ((BY_ITSELF,), [GONE, FLAG], ["last-admin"]),
        ((ROOT,), [AccountLost(frozenset({"root"}))], ["last-admin"]),
        ((), [PLAIN_GONE], []),
        ((), [RightsLost("ops", frozenset(), everyone=True)], []),
    ],
)
def test_the_last_administrator(
    admins: tuple[Account, ...], losses: list[Loss], expected: list[str]
) -> None:
    """Somebody must be left who rules the platform, even if the run itself keeps its token."""
    assert codes(Identity("bot", ADMIN, admins=admins), *losses) == expected


@pytest.mark.parametrize(
    "provider, loss, expected",
    [
        ("github", SignInLost("github"), ["sign-in"]),
        ("github", SignInLost("github", "main"), ["sign-in"]),
        ("github", SignInLost("gitlab"), []),
        ("", SignInLost("github"), []),
        ("", SignInLost(""), []),
    ],
)
def test_the_way_to_sign_in(provider: str, loss: Loss, expected: list[str]) -> None:
    """The provider the run signs in by stays, and every mapping of it: which one is used nobody
    tells."""
    assert codes(Identity(provider=provider), loss) == expected


STORE = Store("default", "inv", ("acme/entries/1.json", "acme/leases/1.json"))


@pytest.mark.parametrize(
    "loss, stops",
    [
        (StoreLost("inv", "it is deleted"), True),
        (StoreLost("other", "it is deleted"), False),
        (StoreLost("inv", "patterns", ("**/*", "")), False),
        (StoreLost("inv", "patterns", ("", "")), False),
        (StoreLost("inv", "patterns", ("acme/**", "")), False),
        (StoreLost("inv", "patterns", ("acme/*/*.json, x/**", "**/*.tmp")), False),
        (StoreLost("inv", "patterns", ("acme/entries/*", "")), True),
        (StoreLost("inv", "patterns", ("acme/*", "")), True),
        (StoreLost("inv", "patterns", ("**/*", "**/*.json")), True),
        (StoreLost("inv", "patterns", ("**/*", "acme/**")), True),
        (StoreLost("inv", "patterns", ("com/example/**", "")), True),
    ],
)
def test_the_inventory(loss: Loss, stops: bool) -> None:
    """Its repository stays, and lets the inventory's files through."""
    found = lockouts(of(loss), {}, STORE)
    assert [b.code for b in found] == (["lockout-inventory"] if stops else [])
    assert lockouts(of(loss), {}, replace(STORE, platform="west")) == []
    assert lockouts(of(loss), {}, None) == []


def test_what_cannot_be_asked_is_blocked_as_unknown() -> None:
    """With the reason, and what would help."""
    (block,) = lockouts(of(OUT, GONE, CLOSED), {"default": Identity(unknown="403: Forbidden")})
    assert block.code == "lockout-unknown"
    assert "Widget/n0, Widget/n1 and Widget/n2" in block.message
    assert "403: Forbidden" in block.message
    assert block.override is not None
    assert "administrator's access token" in block.override


def test_what_is_blocked_takes_nothing() -> None:
    """It is not carried out."""
    made = of(GONE, SignInLost("x"), blocked=True)
    assert to_ask(made, "default") == []
    assert lockouts(made, {"default": known(BY_GROUP)}) == []


def test_each_platform_by_itself() -> None:
    """Who is nobody on one platform may rule another."""
    change = Change(at("a", platform="west"), Action.UPDATE, "x", losses=(OUT,))
    identities = {"default": known(BY_GROUP), "west": known(None)}
    assert lockouts(Plan((change,)), identities) == []
    assert to_ask(Plan((change,)), "west") == [OUT]
    assert to_ask(Plan((change,)), "default") == []


def test_many_are_counted() -> None:
    """A message names three."""
    (block,) = lockouts(of(*[OUT] * 5), {"default": known(BY_GROUP)})
    assert "Widget/n0, Widget/n1, Widget/n2 and 2 more" in block.message


@pytest.mark.parametrize(
    "scope, groups",
    [
        ("applied-permissions/groups:a,b", {"a", "b"}),
        ('applied-permissions/groups:"a b","c,d"', {"a b", "c,d"}),
        ("applied-permissions/user", set()),
        ("applied-permissions/groups:*", {"*"}),
    ],
)
def test_groups_of_a_scope(scope: str, groups: set[str]) -> None:
    """As the reference writes them: names in quotes may hold blanks and commas."""
    assert groups_in([scope]) == groups


def test_a_group_without_rights_makes_no_administrator() -> None:
    """Taking a right that is none of an administrator leaves one."""
    assert rules(BY_GROUP, [RightsLost("ops", ME, everyone=True)])
    assert not rules(BY_GROUP, [RightsLost("ops", ME)])


# --- how a kind tells


def taking(turn: Turn) -> Iterable[Loss]:
    """A toy that holds users by `tags`, whose `text` is where they sign in."""
    before = frozenset(turn.before.get("tags") or ())
    after = frozenset((turn.after or {}).get("tags") or ())
    if gone := before - after:
        yield RightsLost(turn.name, gone, everyone=turn.after is None)
    if turn.after is None or turn.before.get("text") != turn.after.get("text"):
        yield SignInLost(str(turn.before.get("text")), turn.name)


TAKING = Registry({}, (replace(WIDGET, takes_away=taking),))


@pytest.mark.parametrize(
    "spec, expected",
    [
        ({"tags": ["a", "b"]}, []),
        ({"tags": ["a"]}, [RightsLost("w", frozenset({"b"}))]),
        ({"text": "y"}, [SignInLost("x", "w")]),
        ({"number": 2}, []),
    ],
)
def test_a_kind_declares_what_it_takes(spec: dict[str, object], expected: list[Loss]) -> None:
    """It gets the live object and what the change leaves of it; fields not declared stay."""
    live = Live({"tags": ["a", "b"], "text": "x", "sort": "widget"})
    manifest = toy("w", **spec)
    observation = Observation({manifest.address: live})
    desired = Desired([manifest], resolve([manifest], TAKING), owner="us")
    inventory = Inventory({"default:Widget/w": Entry("us")})
    made = plan(desired, observation, inventory, TAKING)
    told = with_losses(made, observation, [manifest], TAKING)
    assert [loss for change in told.changes for loss in change.losses] == expected
    assert told.digest == made.digest


def test_what_goes_takes_all() -> None:
    """A delete leaves nothing."""
    live = Live({"tags": ["a"], "text": "x"})
    made = Plan((Change(at("w"), Action.DELETE, "undeclared"),))
    told = with_losses(made, Observation({at("w"): live}), [], TAKING)
    assert told.changes[0].losses == (
        RightsLost("w", frozenset({"a"}), everyone=True),
        SignInLost("x", "w"),
    )
