"""A client and what a plan takes away in, who the run is there and who stays administrator out.

Only what decides is asked: of the run's own user, and of administrators until one is found that
stays. The requests are those of the reference: 4.7.1.4 Get Token by ID (`me`), 4.4.1 and 4.4.2
users, 4.5 groups.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from reconciler.engine.lockout import has_rights_of_user, rules, touches
from reconciler.errors import AnswerError, UnauthorisedError
from reconciler.kinds.rest import Flow, is_error_document, object_of, segment, send, unusable
from reconciler.model import (
    Account,
    AccountLost,
    Identity,
    Loss,
    Request,
    Response,
    RightsLost,
    SignInLost,
)
from reconciler.platform.client import Client

T = TypeVar("T")

_ACCESS = "/access/api"

_SCOPES = re.compile(r'(?:"[^"]*"|\S)+')
"""Scopes are separated by blanks, and names in quotes may have some."""

_ENABLED = "enabled"

MOST_ASKED = 50
"""Users and groups that are looked at one by one before the question counts as unanswered."""


def identity(client: Client, losses: Sequence[Loss], provider: str = "") -> Identity:
    """Who the run is on a platform, as far as these losses make it matter.

    `provider` is the OIDC provider it signs in by. Raises UnreachableError.
    """
    if all(isinstance(loss, SignInLost) for loss in losses):
        return Identity(provider=provider)
    try:
        found: Identity = client.run(_asked(client.endpoint.token(), losses, provider))
    except UnauthorisedError:
        raise
    except AnswerError as error:
        return Identity(provider=provider, unknown=error.summary)
    return found


def _asked(token: str, losses: Sequence[Loss], provider: str) -> Flow:
    user, scopes = told_by(token)
    if not user:
        user = yield from _who_am_i()
    account = None
    if has_rights_of_user(scopes) and _may_touch(user, losses):
        account = yield from _account(user, losses)
    admins: list[Account] = []
    takes_admin = any(isinstance(o, AccountLost) or getattr(o, "admin", False) for o in losses)
    if takes_admin and (account is None or not rules(account, losses)):
        admins = yield from _staying(losses)
    return Identity(user, scopes, account, tuple(admins), provider)


def told_by(token: str) -> tuple[str, frozenset[str] | None]:
    """The user and the scopes an access token tells by itself; "" and None where it does not."""
    parts = token.split(".")
    try:
        text = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_")
        payload = json.loads(text) if len(parts) == 3 else None
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return "", None
    if not isinstance(payload, dict):
        return "", None
    scope = payload.get("scp")
    scopes = frozenset(_SCOPES.findall(scope)) if isinstance(scope, str) else None
    return _user_of(payload.get("sub")), scopes


def _user_of(subject: Any) -> str:
    """The name in a subject: `jfac@01f/users/ann` is `ann`."""
    if not isinstance(subject, str) or "/users/" not in subject:
        return ""
    return subject.partition("/users/")[2]


def _who_am_i() -> Flow:
    request = Request("GET", f"{_ACCESS}/v1/tokens/me")
    response: Response = yield from send(request)
    user = _user_of(object_of(request, response).get("subject"))
    if not user:
        raise AnswerError(f"{request.path} does not name the user of the token")
    return user


def _may_touch(user: str, losses: Iterable[Loss]) -> bool:
    """Whether a loss is one of this user, or of a group that the user may be in."""
    return any(
        isinstance(loss, RightsLost) and (loss.everyone or user in loss.users) for loss in losses
    )


def _account(user: str, losses: Sequence[Loss]) -> Flow:
    """A user, or None where none can sign in; its groups are asked until it is known to stay."""
    request = Request("GET", f"{_ACCESS}/v2/users/{segment(user)}")
    response: Response = yield request
    if response.status == 404 and is_error_document(response):
        return None
    if not response.ok:
        raise unusable(request, response)
    raw = object_of(request, response)
    if raw.get("status", _ENABLED) != _ENABLED:
        return None
    groups = frozenset(name for name in raw.get("groups") or () if isinstance(name, str))
    known = {
        loss.group
        for loss in losses
        if isinstance(loss, RightsLost) and loss.admin and loss.group in groups
    }
    found = Account(user, raw.get("admin") is True, groups, frozenset(known))
    if raw.get("effective_admin") is False:
        return found
    for group in _few(sorted(groups - known)):
        if rules(found, losses):
            break
        if (yield from _makes_administrators(group)):
            found = Account(user, found.admin, groups, found.admin_groups | {group})
    return found


def _makes_administrators(group: str) -> Flow:
    raw = yield from _group(group)
    return raw.get("admin_privileges") is True


def _group(name: str) -> Flow:
    request = Request("GET", f"{_ACCESS}/v2/groups/{segment(name)}")
    return object_of(request, (yield from send(request)))


def _staying(losses: Sequence[Loss]) -> Flow:
    """Administrators, the last of them one that stays if there is one.

    First those who stay in a group that others leave, then those the platform lists, then the
    members of its other groups.
    """
    found: list[Account] = []
    for user, group in _few(sorted(_left_in_groups(losses))):
        account = yield from _account(user, losses)
        if account is not None:
            one = {group}
            member = replace(
                account, groups=account.groups | one, admin_groups=account.admin_groups | one
            )
            found.append(member)
            if rules(member, losses):
                return found
    for user in _few((yield from _administrators(losses))):
        account = yield from _account(user, losses)
        if account is not None:
            found.append(account)
            if rules(account, losses):
                return found
    request = Request("GET", f"{_ACCESS}/v2/groups", query=(("limit", "1000"),))
    lines = object_of(request, (yield from send(request))).get("groups")
    names = [line.get("group_name") for line in lines or () if isinstance(line, dict)]
    for name in _few([n for n in names if isinstance(n, str)]):
        raw: Mapping[str, Any] = yield from _group(name)
        if raw.get("admin_privileges") is True:
            for user in raw.get("members") or ():
                member = Account(
                    str(user), groups=frozenset({name}), admin_groups=frozenset({name})
                )
                if rules(member, losses):
                    return [*found, member]
    return found


def _left_in_groups(losses: Iterable[Loss]) -> set[tuple[str, str]]:
    return {
        (user, loss.group)
        for loss in losses
        if isinstance(loss, RightsLost) and loss.admin
        for user in loss.stay
    }


def _administrators(losses: Sequence[Loss]) -> Flow:
    """Names of enabled administrators: one that loses nothing, else all there are."""
    query = (("onlyAdmins", "true"), ("status", _ENABLED), ("limit", "1000"))
    cursor: Any = None
    names: list[str] = []
    while True:
        after = (("cursor", str(cursor)),) if cursor else ()
        request = Request("GET", f"{_ACCESS}/v2/users", query=(*query, *after))
        raw = object_of(request, (yield from send(request)))
        lines = raw.get("users")
        if not isinstance(lines, list):
            raise AnswerError(f"{request.path} does not list users")
        page = [line.get("username") for line in lines if isinstance(line, dict)]
        names += [name for name in page if isinstance(name, str)]
        for name in names:
            if not any(touches(Account(name), loss) for loss in losses):
                return [name]
        following = raw.get("cursor")
        if not page or not following or following == cursor:
            return names
        cursor = following


def _few(names: Sequence[T]) -> Iterator[T]:
    """Those, as many as may be asked for. Raises AnswerError for more."""
    yield from islice(names, MOST_ASKED)
    if len(names) > MOST_ASKED:
        raise AnswerError(
            f"who stays administrator is not found among {MOST_ASKED} users or groups"
        )
