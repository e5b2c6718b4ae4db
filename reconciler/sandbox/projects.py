"""Project requests in, projects out. Their repositories and environments have own files."""

from __future__ import annotations

import re
from typing import Any

from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import boolean, coerce, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.versions import at_least

Json = Any

PRIVILEGES = ("manage_members", "manage_resources", "index_resources")
DEFAULTS: dict[str, Json] = {
    "display_name": "",
    "description": "",
    "admin_privileges": {},
    "storage_quota_bytes": -1,
    "soft_limit": False,
    "storage_quota_email_notification": True,
}
NAME_LENGTH = 128
NOT_EMPTY = "project containing resources can't be removed"


def get_projects(call: Call) -> Response:
    """All projects. Who administers none sees none, and that is no error."""
    found = [] if call.caller == "partial" else list(call.platform.store.projects.values())
    return json_response(found)


def get_project(call: Call) -> Response:
    """A key in, the project out."""
    return json_response(project(call))


def create_project(call: Call) -> Response:
    """A body in, the project exists afterwards."""
    sent = parse_object(call.request.body)
    key = sent.get("project_key")
    check_key(call, key)
    if key in call.platform.store.projects:
        raise Refusal(409, f"Project with key '{key}' already exists")
    made = merged(call, {**DEFAULTS, "project_key": key}, sent)
    call.platform.store.projects[str(key)] = made
    return json_response(made, 201)


def update_project(call: Call) -> Response:
    """A key and a body in, the changed project out. What the body leaves out stays, its key too."""
    stored = project(call)
    changed = merged(call, stored, parse_object(call.request.body))
    call.platform.store.projects[stored["project_key"]] = changed
    return json_response(changed)


def delete_project(call: Call) -> Response:
    """A key in; the project is gone, with its environments, unless something belongs to it."""
    key = project(call)["project_key"]
    store = call.platform.store
    waiting = any(pending.project == key for pending in store.pending.values())
    if waiting or still_counted(call, key) or any(found.project == key for found in store):
        raise Refusal(400, NOT_EMPTY)
    del store.projects[key]
    store.project_environments.pop(key, None)
    for share in store.shares.values():
        share.projects = [name for name in share.projects if name != key]
    return empty_response()


def still_counted(call: Call, key: str) -> bool:
    """Whether the count of a project's repositories lags behind; each refusal brings it closer."""
    leaving = call.platform.store.leaving
    left = leaving.pop(key, 0)
    if left > 1:
        leaving[key] = left - 1
    return left > 0


def project(call: Call) -> dict[str, Json]:
    """A call with a project key in, the project out."""
    key = call.params["project"]
    found: dict[str, Json] | None = call.platform.store.projects.get(key)
    if found is None:
        raise Refusal(404, f"Could not find project with key '{key}'")
    return found


def check_key(call: Call, key: Json) -> None:
    """A project key: small letters, digits, dashes; up to 32 characters since 7.56.2."""
    longest = 31 if at_least(call.platform.version, "7.56.2") else 9
    pattern = rf"[a-z][a-z0-9-]{{1,{longest}}}"
    if not isinstance(key, str) or re.fullmatch(pattern, key) is None:
        raise Refusal(400, f"Invalid project key '{key}'")


def merged(call: Call, stored: dict[str, Json], sent: dict[str, Json]) -> dict[str, Json]:
    """A stored project and a body in, the project with what was sent out."""
    changed = dict(stored)
    for name, default in DEFAULTS.items():
        if sent.get(name) is not None:
            changed[name] = coerce(name, sent[name], type(default))
    if len(changed["display_name"]) > NAME_LENGTH:
        raise Refusal(400, f"display_name exceeds {NAME_LENGTH} characters")
    if changed["storage_quota_bytes"] < -1:
        raise Refusal(400, "storage_quota_bytes must be -1 or more")
    changed["admin_privileges"] = privileges(call, changed["admin_privileges"])
    return changed


def privileges(call: Call, given: dict[str, Json]) -> dict[str, bool]:
    """What administrators of a project may do in, all privileges of this version out.

    A nested object is replaced as a whole: what it leaves out is off.
    """
    newest = ("manage_remote_repository",) if at_least(call.platform.version, "7.134.0") else ()
    return {name: boolean(name, given.get(name) or False) for name in (*PRIVILEGES, *newest)}


SINCE = "7.17.4"
PROJECTS = "/access/api/v1/projects"
ONE = f"{PROJECTS}/{{project}}"

ROUTES = (
    Route("GET", PROJECTS, get_projects, since=SINCE),
    Route("POST", PROJECTS, create_project, needs="admin", since=SINCE),
    Route("GET", ONE, get_project, needs="whole", since=SINCE),
    Route("PUT", ONE, update_project, needs="admin", since=SINCE),
    Route("DELETE", ONE, delete_project, needs="admin", since=SINCE),
)
