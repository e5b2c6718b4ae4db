"""Group requests of Artifactory's old security API in, the same groups in their old look out.

PUT replaces a group and its members; POST merges and can only add members. A member nobody knows
is left out without a word.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.directory import Group
from reconciler.sandbox.groups import check_privileges, checked_name
from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import coerce, parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any

FIELDS: dict[str, tuple[str, type]] = {
    "description": ("description", str),
    "autoJoin": ("auto_join", bool),
    "adminPrivileges": ("admin_privileges", bool),
    "realm": ("realm", str),
    "realmAttributes": ("realm_attributes", str),
    "externalId": ("external_id", str),
}
ROLES = {
    "watchManager": "watch_manager",
    "policyManager": "policy_manager",
    "reportsManager": "reports_manager",
}


def get_groups(call: Call) -> Response:
    """All groups, by name and address."""
    base = call.platform.base_url
    names = sorted(call.platform.store.directory.groups)
    return json_response([{"name": name, "uri": f"{base}{GROUPS}/{name}"} for name in names])


def get_group(call: Call) -> Response:
    """A name in, the group out; its members only when asked for."""
    found = group(call)
    fields = {old: getattr(found, new) for old, (new, _) in FIELDS.items()}
    shown = {
        "name": found.name,
        **{old: value for old, value in fields.items() if value is not None},
    }
    shown.update({old: found.roles.get(new, False) for old, new in ROLES.items()})
    if call.request.flag("includeUsers"):
        shown["userNames"] = found.members
    return json_response(shown)


def replace_group(call: Call) -> Response:
    """A body in; the group is what the body says and nothing else."""
    made = Group(checked_name(name_of(call)))
    take(call, made, parse_object(call.request.body))
    call.platform.store.directory.groups[made.name] = made
    return Response(201)


def merge_group(call: Call) -> Response:
    """A partial body in; what it says is changed, and the members it names are added."""
    stored = group(call)
    made = Group(**vars(stored))
    made.roles = dict(stored.roles)
    take(call, made, parse_object(call.request.body))
    call.platform.store.directory.groups[made.name] = made
    return Response(200)


def delete_group(call: Call) -> Response:
    """A name in; the group is gone."""
    name = group(call).name
    del call.platform.store.directory.groups[name]
    return text_response(f"Group '{name}' has been removed successfully.")


def take(call: Call, made: Group, sent: dict[str, Json]) -> None:
    """A group and a body in; what was sent stands in the group afterwards."""
    for old, (new, kind) in FIELDS.items():
        if sent.get(old) is not None:
            setattr(made, new, coerce(old, sent[old], kind))
    for old, new in ROLES.items():
        if sent.get(old) is not None:
            made.roles[new] = coerce(old, sent[old], bool)
    check_privileges(made)
    directory = call.platform.store.directory
    named = coerce("userNames", sent.get("userNames") or [], list)
    directory.join(made, [name for name in named if name in directory.users])


def group(call: Call) -> Group:
    """A call with a name in, the group out."""
    found = call.platform.store.directory.groups.get(name_of(call))
    if found is None:
        raise Refusal(404, f"Could not find group '{name_of(call)}'")
    return found


def name_of(call: Call) -> str:
    """A call in, the name in its path out: a plus means a space here."""
    return call.params["name"].replace("+", " ")


GROUPS = "/artifactory/api/security/groups"
ONE = f"{GROUPS}/{{name}}"

ROUTES = (
    Route("GET", GROUPS, get_groups, needs="whole"),
    Route("GET", ONE, get_group, needs="whole"),
    Route("PUT", ONE, replace_group, needs="admin"),
    Route("POST", ONE, merge_group, needs="admin"),
    Route("DELETE", ONE, delete_group, needs="admin"),
)
