"""Requests to the Access service in, projects and their repositories out."""

from __future__ import annotations

import re
from typing import Any

from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import coerce, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.store import PendingAttach, Repository
from reconciler.sandbox.versions import at_least

Json = Any

SLOW_READS = 3
"""How many reads an assignment stays invisible when the quirk `slow_attach` is on."""

PRIVILEGES = ("manage_members", "manage_resources", "index_resources")
DEFAULTS: dict[str, Json] = {
    "display_name": "",
    "description": "",
    "admin_privileges": {},
    "storage_quota_bytes": -1,
    "soft_limit": False,
    "storage_quota_email_notification": True,
}


def get_projects(call: Call) -> Response:
    """All projects."""
    return json_response(list(call.platform.store.projects.values()))


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
    made = {**DEFAULTS, "project_key": key}
    merge(call, made, sent)
    call.platform.store.projects[str(key)] = made
    return json_response(made, 201)


def update_project(call: Call) -> Response:
    """A key and a body in, the changed project out."""
    merge(call, project(call), parse_object(call.request.body))
    return json_response(project(call))


def delete_project(call: Call) -> Response:
    """A key in; the project is gone unless something still belongs to it."""
    key = project(call)["project_key"]
    store = call.platform.store
    waiting = any(pending.project == key for pending in store.pending.values())
    if waiting or any(repository.project == key for repository in store):
        raise Refusal(400, "project containing resources can't be removed")
    del store.projects[key]
    return empty_response()


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


def merge(call: Call, stored: dict[str, Json], sent: dict[str, Json]) -> None:
    """A stored project and a body in; what was sent stands in the project afterwards."""
    for name, default in DEFAULTS.items():
        if sent.get(name) is not None:
            stored[name] = coerce(name, sent[name], type(default))
    if len(str(stored["display_name"])) > 128:
        raise Refusal(400, "display_name exceeds 128 characters")
    newest = ("manage_remote_repository",) if at_least(call.platform.version, "7.134.0") else ()
    names = (*PRIVILEGES, *newest)
    given = stored["admin_privileges"]
    stored["admin_privileges"] = {name: bool(given.get(name, False)) for name in names}


# --- repositories of projects ---------------------------------------------------------------------


def get_status(call: Call) -> Response:
    """A repository in, which project owns it out. Access knows at once, Artifactory may lag."""
    found = repository(call)
    owner = found.project
    pending = call.platform.store.pending.get(found.key)
    if pending is not None:
        owner = pending.project
    return json_response(
        {
            "resource_name": found.key,
            "environments": found.get("environments") or (["DEV"] if owner else []),
            **({"assigned_to": owner} if owner else {}),
            "shared_with_projects": [],
            "shared_with_all_projects": False,
            "shared_read_only": False,
        }
    )


def attach(call: Call) -> Response:
    """A repository and a project in; it belongs there afterwards, at once or some reads later."""
    found = repository(call)
    target = project(call)["project_key"]
    if found.project not in (None, target) and not call.request.flag("force"):
        raise Refusal(409, f"Repository '{found.key}' is assigned to project '{found.project}'")
    move(call, found.key, target)
    return empty_response()


def detach(call: Call) -> Response:
    """A repository in; it belongs to no project afterwards."""
    found = repository(call)
    pending = call.platform.store.pending.get(found.key)
    if (pending.project if pending else found.project) is None:
        raise Refusal(404, f"Repository '{found.key}' is not assigned to a project")
    call.platform.store.pending.pop(found.key, None)
    call.platform.store.assign(found.key, None)
    return empty_response()


def move(call: Call, key: str, target: str) -> None:
    """A key and a project in; the assignment is made or, being slow, queued."""
    store = call.platform.store
    if call.platform.sandbox.quirks["slow_attach"]:
        store.pending[key] = PendingAttach(target, SLOW_READS)
    else:
        store.assign(key, target)


def repository(call: Call) -> Repository:
    """A call with a repository key in, the repository out; a missing one is 404 here."""
    found = call.platform.store.repository(call.params["key"])
    if found is None:
        raise Refusal(404, f"Could not find repository '{call.params['key']}'")
    return found


PROJECTS = "/access/api/v1/projects"
ATTACH = f"{PROJECTS}/_/attach/repositories/{{key}}"

ROUTES = (
    Route("GET", f"{PROJECTS}/_/repositories/{{key}}", get_status, since="7.90.1"),
    Route("PUT", f"{ATTACH}/{{project}}", attach, needs="admin", configures=True),
    Route("DELETE", ATTACH, detach, needs="admin", configures=True),
    Route("DELETE", f"{ATTACH}/{{project}}", detach, needs="admin", configures=True),
    Route("GET", PROJECTS, get_projects),
    Route("POST", PROJECTS, create_project, needs="admin"),
    Route("GET", f"{PROJECTS}/{{project}}", get_project),
    Route("PUT", f"{PROJECTS}/{{project}}", update_project, needs="admin"),
    Route("DELETE", f"{PROJECTS}/{{project}}", delete_project, needs="admin"),
)
