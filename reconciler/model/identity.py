"""Who a run is on a platform, and who else rules there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """A user: whether it is an administrator by itself, its groups, and those of them that make it
    one."""

    name: str
    admin: bool = False
    groups: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of the run on one platform, as far as a plan made it worth asking.

    `scopes` are those of the token, None where it does not tell them. `account` is None where the
    platform has no such user: the token alone has rights then. `admins` holds administrators who
    were looked at until one was found that stays. `provider` is the OIDC provider it signs in by.
    """

    user: str = ""
    scopes: frozenset[str] | None = None
    account: Account | None = None
    admins: tuple[Account, ...] = ()
    provider: str = ""
    unknown: str = ""
    """Why nothing of it could be read; empty where it could."""
