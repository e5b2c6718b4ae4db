"""A repository and a project in; the one belongs to the other, or is shared with it.

The status comes from Access, which knows at once; the repository's own configuration comes from
Artifactory, which may lag. That is why both are asked on real servers.
"""

from __future__ import annotations

from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.projects import PROJECTS, project
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.store import PendingAttach, Repository, Share
from reconciler.sandbox.versions import at_least

SLOW_READS = 3
"""How many reads an assignment stays invisible when the quirk `slow_attach` is on."""

SLOW_DELETIONS = 2
"""How many deletions a left project refuses when the quirk `slow_detach` is on."""

SHAREABLE = ("local", "remote")


def get_status(call: Call) -> Response:
    """A repository in, who owns it and who shares it out."""
    found = repository(call)
    owner = owner_of(call, found)
    share = call.platform.store.shares.get(found.key, Share())
    return json_response(
        {
            "resource_name": found.key,
            "environments": found.get("environments") or (["DEV"] if owner else []),
            **({"assigned_to": owner} if owner else {}),
            "shared_with_projects": share.projects,
            "shared_with_all_projects": share.everyone,
            "shared_read_only": share.read_only,
        }
    )


def owner_of(call: Call, found: Repository) -> str | None:
    """A repository in, the project it belongs to or is on its way to out."""
    pending = call.platform.store.pending.get(found.key)
    return pending.project if pending else found.project


# --- belonging ------------------------------------------------------------------------------------


def attach(call: Call) -> Response:
    """A repository and a project in; it belongs there afterwards, at once or some reads later."""
    found, target = repository(call), project(call)["project_key"]
    owner = owner_of(call, found)
    if owner not in (None, target) and not call.request.flag("force"):
        raise Refusal(409, f"Repository '{found.key}' is assigned to project '{owner}'")
    if owner != target:
        note_leaving(call, owner)
        move(call, found.key, target)
        unlist(call, found.key, target)
    return empty_response()


def detach(call: Call) -> Response:
    """A repository in; it belongs to no project afterwards, and stays shared."""
    found = repository(call)
    owner = owner_of(call, found)
    if owner != call.params.get("project", owner) or owner is None:
        raise unknown(found.key)
    note_leaving(call, owner)
    call.platform.store.pending.pop(found.key, None)
    call.platform.store.assign(found.key, None)
    return empty_response()


def move(call: Call, key: str, target: str) -> None:
    """A key and a project in; the assignment is made or, being slow, queued."""
    store = call.platform.store
    store.pending.pop(key, None)
    if call.platform.sandbox.quirks["slow_attach"]:
        store.pending[key] = PendingAttach(target, SLOW_READS)
    else:
        store.assign(key, target)


def note_leaving(call: Call, owner: str | None) -> None:
    """A project that loses a repository in; being slow, it is not empty for a while."""
    if owner is not None and call.platform.sandbox.quirks["slow_detach"]:
        call.platform.store.leaving[owner] = SLOW_DELETIONS


# --- sharing --------------------------------------------------------------------------------------


def share_with_one(call: Call) -> Response:
    """A repository and a project in; its members may use it afterwards."""
    found, target = shareable(call), project(call)["project_key"]
    if owner_of(call, found) == target:
        raise Refusal(400, f"Repository '{found.key}' belongs to project '{target}' already")
    share = sharing(call, found.key)
    share.projects = sorted({*share.projects, target})
    return empty_response()


def share_with_all(call: Call) -> Response:
    """A repository in; the members of every project may use it afterwards."""
    sharing(call, shareable(call).key).everyone = True
    return empty_response()


def unshare_with_one(call: Call) -> Response:
    """A repository and a project in; the project has no part in it any more."""
    found, target = repository(call), project(call)["project_key"]
    share = call.platform.store.shares.get(found.key, Share())
    if target not in share.projects:
        raise unknown(found.key)
    unlist(call, found.key, target)
    return empty_response()


def unshare_with_all(call: Call) -> Response:
    """A repository in; only its owner and those it is shared with by name have it afterwards."""
    found = repository(call)
    share = call.platform.store.shares.get(found.key, Share())
    if not share.everyone:
        raise unknown(found.key)
    share.everyone = False
    forget_empty(call, found.key)
    return empty_response()


def sharing(call: Call, key: str) -> Share:
    """A key in, how it is shared out, with the flag of this request: the last one counts for all.

    Read-only shares came with 7.94.0; before, the flag does nothing.
    """
    share = call.platform.store.shares.setdefault(key, Share())
    flag = call.request.flag("readOnly")
    share.read_only = flag and at_least(call.platform.version, "7.94.0")
    return share


def unlist(call: Call, key: str, target: str) -> None:
    """A key and a project in; the repository is not shared with it by name."""
    share = call.platform.store.shares.get(key)
    if share is not None:
        share.projects = [name for name in share.projects if name != target]
        forget_empty(call, key)


def forget_empty(call: Call, key: str) -> None:
    """A key in; when nobody is left it is shared with, no flag is left either."""
    share = call.platform.store.shares[key]
    if not share.projects and not share.everyone:
        del call.platform.store.shares[key]


# --- repositories ---------------------------------------------------------------------------------


def repository(call: Call) -> Repository:
    """A call with a repository key in, the repository out; a missing one is 404 here."""
    found = call.platform.store.repository(call.params["key"])
    if found is None:
        raise unknown(call.params["key"])
    return found


def shareable(call: Call) -> Repository:
    """The same for sharing, which is described for local and remote repositories only."""
    found = repository(call)
    if found.rclass not in SHAREABLE:
        raise Refusal(400, f"A {found.rclass} repository cannot be shared: '{found.key}'")
    return found


def unknown(key: str) -> Refusal:
    """A key in, the refusal for a repository that projects know nothing of out."""
    return Refusal(404, f"Could not find resource `{key}`; type `repo` in Projects configuration")


ATTACH = f"{PROJECTS}/_/attach/repositories/{{key}}"
SHARE = f"{PROJECTS}/_/share/repositories/{{key}}"
SHARED = "7.15.3"

ROUTES = (
    Route("GET", f"{PROJECTS}/_/repositories/{{key}}", get_status, needs="whole", since="7.90.1"),
    Route("PUT", f"{ATTACH}/{{project}}", attach, needs="admin", since="7.17.4"),
    Route("DELETE", ATTACH, detach, needs="admin", since="7.17.1"),
    Route("DELETE", f"{ATTACH}/{{project}}", detach, needs="admin", since="7.17.1"),
    Route("PUT", SHARE, share_with_all, needs="admin", since=SHARED),
    Route("DELETE", SHARE, unshare_with_all, needs="admin", since=SHARED),
    Route("PUT", f"{SHARE}/{{project}}", share_with_one, needs="admin", since=SHARED),
    Route("DELETE", f"{SHARE}/{{project}}", unshare_with_one, needs="admin", since=SHARED),
)
