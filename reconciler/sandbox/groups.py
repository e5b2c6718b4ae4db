"""Group requests of the platform's own API in, groups and their members out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.sandbox.directory import Group
from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.paging import page
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import all_text, coerce, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.versions import at_least

Json = Any

LONGEST = 64
MOST_LISTED = 99999
FIELDS = {"description": str, "auto_join": bool, "admin_privileges": bool, "external_id": str}
ROLES = (
    "reports_manager",
    "watch_manager",
    "policy_manager",
    "policy_viewer",
    "manage_resources",
    "manage_webhook",
)
"""Flags that came with 7.128.0."""


def get_groups(call: Call) -> Response:
    """A limit and a cursor in, one page of names and the next cursor out."""
    names, cursor = page(call.request, call.platform.store.directory.groups, MOST_LISTED)
    base = call.platform.base_url
    lines = [{"group_name": name, "uri": f"{base}{GROUPS}/{name}"} for name in names]
    return json_response({"cursor": cursor, "groups": lines})


def get_group(call: Call) -> Response:
    """A name in, the group with its members out. The reference says 201; clients see 200."""
    return json_response(look(call, group(call)))


def create_group(call: Call) -> Response:
    """A body in, the group exists afterwards, with the members the body names."""
    sent = parse_object(call.request.body)
    name = checked_name(sent.get("name"))
    directory = call.platform.store.directory
    if name in directory.groups:
        raise Refusal(409, f"Group '{name}' already exists")
    made = changed(call, Group(name), sent)
    directory.join(made, known_users(call, sent.get("members")))
    directory.groups[name] = made
    return json_response(look(call, made), 201)


def update_group(call: Call) -> Response:
    """A partial body in, the changed group out. Members are not changed here; nothing is fine."""
    stored = group(call)
    sent = parse_object(call.request.body or b"{}")
    made = changed(call, stored, sent)
    call.platform.store.directory.groups[stored.name] = made
    return json_response(look(call, made))


def delete_group(call: Call) -> Response:
    """A name in; the group is gone."""
    del call.platform.store.directory.groups[group(call).name]
    return empty_response()


def update_members(call: Call) -> Response:
    """Names to add and to remove in, all members out."""
    stored = group(call)
    add, remove = additions_and_removals(call)
    directory = call.platform.store.directory
    joining, leaving = known_users(call, add), known_users(call, remove)
    directory.leave(stored, leaving)
    directory.join(stored, joining)
    return json_response({"members": stored.members})


def additions_and_removals(call: Call) -> tuple[Json, Json]:
    """A body in, what to add and what to remove out: something, and nothing of it in both."""
    sent = parse_object(call.request.body)
    add, remove = sent.get("add") or [], sent.get("remove") or []
    if not all_text(add) or not all_text(remove):
        raise Refusal(400, "add and remove must be lists of names")
    if not add and not remove:
        raise Refusal(400, "Both the add list and the remove list are empty")
    if set(add) & set(remove):
        raise Refusal(400, "The same name is in the add list and in the remove list")
    return add, remove


def group(call: Call) -> Group:
    """A call with a name in, the group out."""
    found = call.platform.store.directory.groups.get(call.params["name"])
    if found is None:
        raise Refusal(404, f"Could not find group '{call.params['name']}'")
    return found


def checked_name(name: Json) -> str:
    """A new group's name in, the same out."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST:
        raise Refusal(400, f"Invalid group name '{name}'")
    return name


def known_users(call: Call, names: Json) -> list[str]:
    """User names in, the same out; all of them must exist."""
    if names is None:
        return []
    if not all_text(names):
        raise Refusal(400, "members must be a list of names")
    if any(name not in call.platform.store.directory.users for name in names):
        raise Refusal(400, "Could not fetch all requested users")
    return list(names)


def changed(call: Call, stored: Group, sent: dict[str, Json]) -> Group:
    """A group and a body in, the group with what was sent out; realm is the server's business."""
    fields = {
        name: coerce(name, sent[name], kind)
        for name, kind in FIELDS.items()
        if sent.get(name) is not None
    }
    made = replace(stored, **fields, roles={**stored.roles})
    if has_roles(call):
        given = (name for name in ROLES if sent.get(name) is not None)
        made.roles.update({name: coerce(name, sent[name], bool) for name in given})
    check_privileges(made)
    return made


def check_privileges(made: Group) -> None:
    """Nobody becomes an administrator by merely arriving; who manages policies sees them."""
    if made.auto_join and made.admin_privileges:
        raise Refusal(400, "A group with admin privileges cannot be joined automatically")
    if made.roles.get("policy_manager"):
        made.roles["policy_viewer"] = True


def has_roles(call: Call) -> bool:
    """Whether this version has role flags on groups."""
    return at_least(call.platform.version, "7.128.0")


def look(call: Call, found: Group) -> dict[str, Json]:
    """A group in, what clients see of it out. A description of nothing is null."""
    return {
        "name": found.name,
        "description": found.description or None,
        "auto_join": found.auto_join,
        "admin_privileges": found.admin_privileges,
        "realm": found.realm,
        "realm_attributes": found.realm_attributes,
        "external_id": found.external_id or None,
        **({name: found.roles.get(name, False) for name in ROLES} if has_roles(call) else {}),
        "members": found.members,
    }


GROUPS = "/access/api/v2/groups"
ONE = f"{GROUPS}/{{name}}"
SINCE = "7.49.3"

ROUTES = (
    Route("GET", GROUPS, get_groups, needs="whole", since=SINCE),
    Route("POST", GROUPS, create_group, needs="admin", since=SINCE),
    Route("PATCH", f"{ONE}/members", update_members, needs="admin", since=SINCE),
    Route("GET", ONE, get_group, needs="whole", since=SINCE),
    Route("PATCH", ONE, update_group, needs="admin", since=SINCE),
    Route("DELETE", ONE, delete_group, needs="admin", since=SINCE),
)
