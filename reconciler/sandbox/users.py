"""User requests in, as much of users as groups need out: make, read, list, change, delete."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from reconciler.sandbox.directory import Group, User
from reconciler.sandbox.groups import additions_and_removals
from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.paging import page
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import all_text, coerce, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.versions import at_least

Json = Any

FIELDS = {
    "email": str,
    "admin": bool,
    "profile_updatable": bool,
    "disable_ui_access": bool,
    "internal_password_disabled": bool,
}
NOT_A_MEMBER = "Cant remove group that are not associated to the user"


def get_users(call: Call) -> Response:
    """Filters, a limit and a cursor in, one page of short lines and the next cursor out."""
    known, asked = call.platform.store.directory.users, call.request
    name, status, admins = asked.value("username"), asked.value("status"), asked.flag("onlyAdmins")
    wanted = [
        user.username
        for user in known.values()
        if (not name or user.username == name)
        and (not status or user.status == status)
        and (not admins or user.admin)
    ]
    names, cursor = page(asked, wanted)
    return json_response(
        {"users": [short(call, known[found]) for found in names], "cursor": cursor}
    )


def get_user(call: Call) -> Response:
    """A name in, the user out. The reference says 201; clients see 200."""
    return json_response(look(call, user(call)))


def create_user(call: Call) -> Response:
    """A body in, the user exists afterwards, in the groups named and those that take everyone."""
    sent = parse_object(call.request.body)
    name = checked_name(call, sent.get("username"))
    directory = call.platform.store.directory
    if name in directory.users:
        raise Refusal(409, f"User '{name}' already exists")
    given = (field for field in FIELDS if sent.get(field) is not None)
    made = User(name, **{field: coerce(field, sent[field], FIELDS[field]) for field in given})
    if not made.internal_password_disabled:
        check_password(sent.get("password"))
    joined = known_groups(call, sent.get("groups"))
    directory.users[name] = made
    for group in (*joined, *directory.groups.values()):
        if group in joined or group.auto_join:
            directory.join(group, [name])
    return json_response(look(call, made), 201)


def update_user(call: Call) -> Response:
    """A partial body in, the changed user out. Groups have a request of their own.

    A password must come along when its use is switched on again, and may come at any time.
    """
    stored, sent = user(call), parse_object(call.request.body)
    changed = User(**vars(stored))
    for field, kind in FIELDS.items():
        if sent.get(field) is not None:
            setattr(changed, field, coerce(field, sent[field], kind))
    usable = stored.internal_password_disabled and not changed.internal_password_disabled
    if usable or sent.get("password"):
        check_password(sent.get("password"))
    call.platform.store.directory.users[stored.username] = changed
    return json_response(look(call, changed))


def delete_user(call: Call) -> Response:
    """A name in; the user is gone, from every group too."""
    name = user(call).username
    directory = call.platform.store.directory
    del directory.users[name]
    for group in directory.groups.values():
        directory.leave(group, [name])
    return empty_response()


def update_groups(call: Call) -> Response:
    """Groups to join and to leave in, all groups of the user out."""
    name = user(call).username
    add, remove = additions_and_removals(call)
    joining, leaving = known_groups(call, add), known_groups(call, remove)
    directory = call.platform.store.directory
    if any(name not in group.members for group in leaving):
        raise Refusal(400, NOT_A_MEMBER)
    for group in leaving:
        directory.leave(group, [name])
    for group in joining:
        directory.join(group, [name])
    return json_response({"groups": [group.name for group in directory.groups_of(name)]})


def user(call: Call) -> User:
    """A call with a name in, the user out."""
    found = call.platform.store.directory.users.get(call.params["name"])
    if found is None:
        raise Refusal(404, f"Could not find user '{call.params['name']}'")
    return found


def checked_name(call: Call, name: Json) -> str:
    """A new user's name in, the same out: small letters, digits, few signs, a plus in the cloud."""
    plus = "+" if call.platform.sandbox.quirks["cloud"] else ""
    if not isinstance(name, str) or re.fullmatch(rf"[a-z0-9._@{plus}-]+", name) is None:
        raise Refusal(400, f"Invalid user name '{name}'")
    return name


def check_password(password: Json) -> None:
    """The usual policy: eight characters, a small and a capital letter, a digit."""
    text = password if isinstance(password, str) else ""
    if len(text) < 8 or not all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]")):
        raise Refusal(400, "The password does not follow the password policy")


def known_groups(call: Call, names: Json) -> list[Group]:
    """Group names in, the groups out; all of them must exist."""
    if names is not None and not all_text(names):
        raise Refusal(400, "groups must be a list of names")
    known = call.platform.store.directory.groups
    if any(name not in known for name in names or []):
        raise Refusal(400, "Could not fetch all requested groups")
    return [known[name] for name in names or []]


def look(call: Call, found: User) -> dict[str, Json]:
    """A user in, what clients see of it out; without groups, the field is absent."""
    groups = call.platform.store.directory.groups_of(found.username)
    shown = asdict(found)
    del shown["roles"]
    if at_least(call.platform.version, "7.66.0"):
        shown["effective_admin"] = found.admin or any(group.admin_privileges for group in groups)
    if groups:
        shown["groups"] = [group.name for group in groups]
    return shown


def short(call: Call, found: User) -> dict[str, Json]:
    """A user in, its line in the list out."""
    return {
        "username": found.username,
        "uri": f"{call.platform.base_url}{USERS}/{found.username}",
        "realm": found.realm,
        "status": found.status,
    }


USERS = "/access/api/v2/users"
ONE = f"{USERS}/{{name}}"
SINCE = "7.49.3"

ROUTES = (
    Route("GET", USERS, get_users, needs="whole", since=SINCE),
    Route("POST", USERS, create_user, needs="admin", since=SINCE),
    Route("PATCH", f"{ONE}/groups", update_groups, needs="admin", since=SINCE),
    Route("GET", ONE, get_user, needs="whole", since=SINCE),
    Route("PATCH", ONE, update_user, needs="admin", since=SINCE),
    Route("DELETE", ONE, delete_user, needs="admin", since=SINCE),
)
