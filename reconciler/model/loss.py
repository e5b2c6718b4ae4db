"""What a change takes away from people, from the run itself, or from what the run lives on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RightsLost:
    """Users lose rights that `group` gives them, or without one those they have by themselves.

    With `everyone` the group gives them to nobody any more: `users` are those in it, and a token
    that names the group loses them too. `admin` says that an administrator's are among them,
    `stay` who is in the group after the very same change.
    """

    group: str
    users: frozenset[str]
    everyone: bool = False
    admin: bool = False
    stay: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountLost:
    """Users cannot sign in any more, with whatever token."""

    users: frozenset[str]


@dataclass(frozen=True, slots=True)
class SignInLost:
    """Nobody signs in by this OIDC provider any more, or by this mapping of it."""

    provider: str
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class StoreLost:
    """What a repository holds gets out of reach.

    `how` says why, as in "it is deleted". With `patterns` (those that include paths, those that
    exclude them) only the paths they do not let through are.
    """

    repository: str
    how: str
    patterns: tuple[str, str] | None = None


Loss = RightsLost | AccountLost | SignInLost | StoreLost
