"""User requests of Artifactory's old security API in, the same users in their old look out.

PUT replaces a user; POST changes what it names. A list of groups is the whole list in both; without
one, a new user joins the groups that take everyone and an old one stays where it is.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.directory import User
from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import coerce, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.users import check_password, checked_name, known_groups

Json = Any

FIELDS: dict[str, tuple[str, type]] = {
    "email": ("email", str),
    "admin": ("admin", bool),
    "profileUpdatable": ("profile_updatable", bool),
    "disableUIAccess": ("disable_ui_access", bool),
    "internalPasswordDisabled": ("internal_password_disabled", bool),
}
ROLES = ("watchManager", "policyManager", "reportsManager")


def get_users(call: Call) -> Response:
    """All users, by name, address and realm."""
    base = call.platform.base_url
    known = call.platform.store.directory.users
    return json_response(
        [
            {"name": name, "uri": f"{base}{USERS}/{name}", "realm": found.realm}
            for name, found in sorted(known.items())
        ]
    )


def get_user(call: Call) -> Response:
    """A name in, the user out; without groups, the field is absent."""
    found = user(call)
    groups = call.platform.store.directory.groups_of(found.username)
    return json_response(
        {
            "name": found.username,
            **{old: getattr(found, new) for old, (new, _) in FIELDS.items()},
            "realm": found.realm,
            **({"groups": [group.name for group in groups]} if groups else {}),
            **{role: role in found.roles for role in ROLES},
            "shouldInvite": False,
        }
    )


def replace_user(call: Call) -> Response:
    """A body in; the user is what the body says, and everything else is at its default."""
    name = checked_name(call, name_of(call))
    new = name not in call.platform.store.directory.users
    sent = parse_object(call.request.body)
    made = changed(User(name), sent)
    if not made.email:
        raise Refusal(400, "Bad request: email is mandatory")
    if not made.internal_password_disabled:
        check_password(sent.get("password"))
    save(call, made, sent, new)
    return Response(201)


def merge_user(call: Call) -> Response:
    """A partial body in; what it says is changed. A password is checked when there is one."""
    stored, sent = user(call), parse_object(call.request.body)
    if sent.get("password"):
        check_password(sent["password"])
    save(call, changed(User(**vars(stored)), sent), sent, new=False)
    return Response(200)


def delete_user(call: Call) -> Response:
    """A name in; the user is gone, from every group too."""
    name = user(call).username
    directory = call.platform.store.directory
    del directory.users[name]
    for group in directory.groups.values():
        directory.leave(group, [name])
    return text_response(f"User '{name}' has been removed successfully.")


def changed(found: User, sent: dict[str, Json]) -> User:
    """A user and a body in, the user with what was sent out."""
    for old, (new, kind) in FIELDS.items():
        if sent.get(old) is not None:
            setattr(found, new, coerce(old, sent[old], kind))
    given = {role: coerce(role, sent[role], bool) for role in ROLES if sent.get(role) is not None}
    found.roles = sorted({*found.roles} - given.keys() | {role for role in given if given[role]})
    return found


def save(call: Call, made: User, sent: dict[str, Json], new: bool) -> None:
    """A user in; it is stored, and in the groups the body names."""
    directory = call.platform.store.directory
    named = sent.get("groups")
    joined = known_groups(call, named)
    directory.users[made.username] = made
    for group in directory.groups.values():
        if group in joined or (new and group.auto_join):
            directory.join(group, [made.username])
        elif named is not None:
            directory.leave(group, [made.username])


def user(call: Call) -> User:
    """A call with a name in, the user out."""
    found = call.platform.store.directory.users.get(name_of(call))
    if found is None:
        raise Refusal(404, f"Could not find user '{name_of(call)}'")
    return found


def name_of(call: Call) -> str:
    """A call in, the name in its path out: a plus means a space here, and capitals are lowered."""
    return call.params["name"].replace("+", " ").lower()


USERS = "/artifactory/api/security/users"
ONE = f"{USERS}/{{name}}"

ROUTES = (
    Route("GET", USERS, get_users, needs="whole"),
    Route("GET", ONE, get_user, needs="whole"),
    Route("PUT", ONE, replace_user, needs="admin"),
    Route("POST", ONE, merge_user, needs="admin"),
    Route("DELETE", ONE, delete_user, needs="admin"),
)
