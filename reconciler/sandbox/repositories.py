"""Repository requests in, configurations and one-line texts out.

Reads answer JSON; writes answer text/plain. A missing repository is 400, not 404. Rules live in
`repository_rules.py`, looks in `repository_views.py`, defaults in `repository_defaults.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.sandbox import federation, package_types
from reconciler.sandbox.auth import sees
from reconciler.sandbox.messages import Response, encode, json_bytes, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_rules import KEY_TAKEN
from reconciler.sandbox.repository_values import parse, parse_object
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.store import Repository
from reconciler.sandbox.versions import at_least

Json = Any

BATCH_LIMIT = 100
NULL_POINTER = (
    'Cannot invoke "org.artifactory.descriptor.repo.RepoDescriptor.getType()" because the return '
    'value of "org.artifactory.repo.service.InternalRepositoryService.'
    'repoDescriptorByKey(String)" is null'
)

# --- reads ----------------------------------------------------------------------------------------


def get_one(call: Call) -> Response:
    """A key in, its whole configuration out."""
    repository = visible(call)
    return json_bytes(look(call, repository, "full"))


def get_relevant(call: Call) -> Response:
    """A key in, the fields of its package type out."""
    repository = visible(call)
    return json_bytes(look(call, repository, "relevant"))


def get_list(call: Call) -> Response:
    """Filters in, one short line per repository out. An unknown filter value finds nothing."""
    wanted = call.request
    classes = [name.lower() for name in wanted.values("type") if name]
    types = [package_types.stored(name) for name in wanted.values("packageType") if name]
    projects = [name for name in wanted.values("project") if name]
    lines = [
        call.platform.views.short(repository, call.platform.base_url)
        for repository in readable(call)
        if (not classes or repository.rclass in classes)
        and (not types or repository.package_type in types)
        and (not projects or repository.project in projects)
    ]
    return json_bytes(array(lines))


def get_configurations(call: Call) -> Response:
    """Filters in, all configurations by class out; a class without any is missing."""
    classes = [name.lower() for name in call.request.lists("repoType")]
    types = [package_types.stored(name) for name in call.request.lists("packageType")]
    groups: dict[str, list[bytes]] = {}
    for repository in readable(call):
        if classes and repository.rclass not in classes:
            continue
        if types and repository.package_type not in types:
            continue
        groups.setdefault(repository.rclass.upper(), []).append(look(call, repository, "full"))
    ordered = [name.upper() for name in package_types.CLASSES if name.upper() in groups]
    parts = [encode(name) + b":" + array(groups[name]) for name in ordered]
    return json_bytes(b"{" + b",".join(parts) + b"}")


def get_batch(call: Call) -> Response:
    """Names in, configurations by name out; names nobody knows are left out (the reference is
    silent about them)."""
    names = call.request.values("names")
    if not names:
        raise Refusal(400, "Repository keys are missing")
    check_limit(len(names))
    found = [name for name in dict.fromkeys(names) if reachable(call, name)]
    parts = [
        encode(name) + b":" + look(call, call.platform.store.repositories[name], "full")
        for name in found
    ]
    return json_bytes(b"{" + b",".join(parts) + b"}")


def get_existence(call: Call) -> Response:
    """Classes and a project in, whether any such repository exists out."""
    asked = call.request.lists("type") or [*package_types.CLASSES, "releaseBundle"]
    project = call.request.value("projectKey")
    classes = {name.lower() for name in asked}
    exists = any(
        repository.rclass in classes and project in (None, repository.project)
        for repository in call.platform.store
    )
    answer = {"exists": exists, "matchingRepoTypes": [name.upper() for name in asked]}
    return json_response({**answer, **({"projectKey": project} if project else {})})


def visible(call: Call) -> Repository:
    """A call with a key in, the repository out: hidden is 403 or 404, missing 400."""
    key = call.params["key"]
    if not sees(call.caller, key):
        if call.platform.sandbox.quirks["hide_unauthorized"]:
            raise Refusal(404, "Not Found")
        raise Refusal(403, "Forbidden")
    settle(call, key)
    repository = call.platform.store.repository(key)
    if repository is None:
        raise Refusal(400, "Bad Request")
    return repository


def readable(call: Call) -> Iterator[Repository]:
    """The repositories this caller may know of; the others are left out without a word."""
    for key in list(call.platform.store.pending):
        settle(call, key)
    return (repository for repository in call.platform.store if sees(call.caller, repository.key))


def reachable(call: Call, key: str) -> bool:
    """Whether the caller may see a repository and it is there."""
    settle(call, key)
    return sees(call.caller, key) and call.platform.store.repository(key) is not None


def look(call: Call, repository: Repository, view: str) -> bytes:
    """A repository in, its bytes in the fullest view this caller may have out."""
    views = call.platform.views
    if call.caller == "partial":
        return views.partial(repository)
    return views.full(repository) if view == "full" else views.relevant(repository)


def settle(call: Call, key: str) -> None:
    """A read of a key in; an assignment that was slow gets one read closer to showing."""
    pending = call.platform.store.pending.get(key)
    if pending is None:
        return
    pending.reads -= 1
    if pending.reads < 0:
        call.platform.store.settle(key)


def array(parts: Iterable[bytes]) -> bytes:
    """JSON values as bytes in, the JSON array of them out."""
    return b"[" + b",".join(parts) + b"]"


# --- writes ---------------------------------------------------------------------------------------


def create_one(call: Call) -> Response:
    """A key and a body in, the repository exists afterwards."""
    key = call.params["key"]
    sent = parse_object(call.request.body)
    store = call.platform.store
    repository = call.platform.rules.create(key, sent, store.repository)
    federation.save_new(call.platform, repository)
    return text_response(f"Successfully created repository '{key}'")


def update_one(call: Call) -> Response:
    """A key and a partial body in, the merged repository is stored afterwards.

    That a missing one answers 400 is inferred from GET and HEAD.
    """
    key = call.params["key"]
    sent = parse_object(call.request.body)
    store = call.platform.store
    stored = store.repository(key)
    if stored is None:
        raise Refusal(400, f"Repository '{key}' does not exist")
    repository = call.platform.rules.update(stored, sent, store.repository)
    federation.save_changed(call.platform, repository)
    return text_response(f"Successfully updated repository '{key}'")


def delete_one(call: Call) -> Response:
    """A key in; the repository and its content are gone. Missing ones fail, with the text of the
    server's own accident since 7.98."""
    key = call.params["key"]
    store = call.platform.store
    if store.repository(key) is None:
        if at_least(call.platform.version, "7.98.0"):
            raise Refusal(400, NULL_POINTER)
        raise Refusal(404, f"Could not find repository with key '{key}'")
    store.remove(key)
    return text_response(f"Repository '{key}' and all its content have been removed successfully.")


def create_batch(call: Call) -> Response:
    """An array of bodies in, all of them or none exist afterwards.

    An element may refer to one that stands before it in the same request. A taken key is 409 here,
    though the single create says 400.
    """
    store, rules = call.platform.store, call.platform.rules
    made: dict[str, Repository] = {}
    lowered: set[str] = set()
    for sent in batch_items(call):
        key = sent["key"]
        if store.taken(key) or key.lower() in lowered:
            raise Refusal(409, KEY_TAKEN)
        made[key] = rules.create(key, sent, lambda name: made.get(name) or store.repository(name))
        lowered.add(key.lower())
    for repository in made.values():
        federation.save_new(call.platform, repository)
    return text_response("\n".join(f"Successfully created repository '{key}'" for key in made), 201)


def update_batch(call: Call) -> Response:
    """An array of bodies in, all of them or none are merged afterwards."""
    store, rules = call.platform.store, call.platform.rules
    made: dict[str, Repository] = {}
    for sent in batch_items(call):
        key = sent["key"]
        stored = made.get(key) or store.repository(key)
        if stored is None:
            raise Refusal(400, f"Repository '{key}' does not exist")
        made[key] = rules.update(
            stored, sent, lambda name: made.get(name) or store.repository(name)
        )
    for repository in made.values():
        federation.save_changed(call.platform, repository)
    return text_response("Repositories updated successfully")


def batch_items(call: Call) -> list[dict[str, Json]]:
    """A batch request in, its elements out; each must bring its key."""
    items = parse(call.request.body)
    if not isinstance(items, list) or not items:
        raise Refusal(400, "Bad request: an array of repository configurations is expected")
    check_limit(len(items))
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str) or not item["key"]:
            raise Refusal(400, "Bad request: the key of every repository is mandatory")
    return items


def check_limit(count: int) -> None:
    """So many at once and no more."""
    if count > BATCH_LIMIT:
        raise Refusal(400, f"Batch limit exceeded: {count} items, at most {BATCH_LIMIT} allowed")


ONE = "/artifactory/api/repositories/{key}"
BATCH = "/artifactory/api/v2/repositories/batch"

ROUTES = (
    Route("GET", "/artifactory/api/repositories", get_list),
    Route(
        "GET",
        "/artifactory/api/repositories/configurations",
        get_configurations,
        since="7.61.3",
    ),
    Route(
        "GET",
        "/artifactory/api/repositories/existence",
        get_existence,
        needs="admin",
        since="7.103.0",
    ),
    Route("GET", BATCH, get_batch, since="7.84.3"),
    Route("PUT", BATCH, create_batch, needs="admin", since="7.84.3", configures=True),
    Route("POST", BATCH, update_batch, needs="admin", since="7.104.2", configures=True),
    Route("GET", "/artifactory/api/v2/repositories/{key}", get_relevant),
    Route("GET", ONE, get_one),
    Route("PUT", ONE, create_one, needs="admin", configures=True),
    Route("POST", ONE, update_one, needs="admin", configures=True),
    Route("DELETE", ONE, delete_one, needs="admin", configures=True),
)
