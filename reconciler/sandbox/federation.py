"""A federated repository in, itself and its mirrors on the other platforms stored out.

A federation is known by its members' URLs, `<base URL>/artifactory/<key>`. The server adds its own
entry when the request has none. Members on platforms of this sandbox are created and updated too;
members elsewhere are only remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox import package_types
from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.store import Repository

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform

Json = Any


def save_new(platform: Platform, repository: Repository) -> None:
    """A new repository in; it is stored, and when federated, on its members too."""
    if repository.rclass == "federated":
        add_own_member(platform, repository)
    platform.store.save(repository)
    if repository.rclass == "federated":
        spread(platform, repository)


def save_changed(platform: Platform, repository: Repository) -> None:
    """A changed repository in; members that are new to a federation hear of it."""
    save_new(platform, repository)


def own_url(platform: Platform, key: str) -> str:
    """A platform and a key in, the member URL of that repository out."""
    return f"{platform.base_url}/artifactory/{key}"


def add_own_member(platform: Platform, repository: Repository) -> None:
    """The server is always a member of its own federation."""
    members = repository.get("members")
    own = own_url(platform, repository.key)
    if all(same_url(member["url"], own) is False for member in members):
        repository.put("members", [*members, {"url": own, "enabled": True}])


def same_url(one: str, other: str) -> bool:
    """Whether two member URLs mean the same place."""
    return one.rstrip("/") == other.rstrip("/")


def spread(platform: Platform, repository: Repository) -> None:
    """A federated repository in; every member platform of this sandbox has it afterwards.

    An existing federated repository there learns the members; anything else under that key is left
    alone (the real server reports the member as failed and keeps the federation).
    """
    for member in repository.get("members"):
        found = locate(platform, member["url"])
        if found is None or found[0] is platform or found[0].name in platform.sandbox.mesh.down:
            continue
        there, key = found
        mirror = there.store.repository(key)
        if mirror is None and not there.store.taken(key):
            there.store.save(mirrored(repository, key))
        elif mirror is not None and mirror.rclass == "federated":
            mirror.put("members", list(repository.get("members")))


def locate(platform: Platform, url: str) -> tuple[Platform, str] | None:
    """A member URL in, the platform of this sandbox and the key it means out."""
    base, mark, key = url.rstrip("/").rpartition("/artifactory/")
    for other in platform.sandbox.platforms.values():
        if mark and base in (other.url, other.base_url):
            return other, key
    return None


def mirrored(repository: Repository, key: str) -> Repository:
    """A federated repository in, its copy for another platform out; projects do not travel."""
    mirror = repository.copy()
    mirror.key = key
    mirror.drop("projectKey")
    mirror.drop("environments")
    return mirror


def sync_configuration(call: Call) -> Response:
    """A key in; every reachable member has the same settings afterwards, projects apart."""
    platform, key = call.platform, call.params["key"]
    repository = platform.store.repository(key)
    if repository is None or repository.rclass != "federated":
        raise Refusal(404, f"Could not find federated repository '{key}'")
    for member in repository.get("members"):
        found = locate(platform, member["url"])
        mirror = found[0].store.repository(found[1]) if found else None
        if found is None or found[0] is platform or mirror is None:
            continue
        if found[0].name in platform.sandbox.mesh.down:
            continue
        if mirror.rclass == "federated":
            copy_settings(repository, mirror)
    return Response(200)


def copy_settings(repository: Repository, mirror: Repository) -> None:
    """A repository and its mirror in; the mirror takes over all settings but its project."""
    kept = {name: mirror.own[name] for name in LOCAL_TO_A_SITE if name in mirror.own}
    settings = {n: value for n, value in repository.own.items() if n not in LOCAL_TO_A_SITE}
    mirror.own = {**settings, **kept}
    mirror.views.clear()


# --- conversions ----------------------------------------------------------------------------------


def migrate(call: Call) -> Response:
    """A local repository's key in; it is federated afterwards, with itself as the only member."""
    platform, key = call.platform, call.params["key"]
    repository = platform.store.repository(key)
    if repository is None:
        raise Refusal(404, f"Could not find repository '{key}'")
    federated = package_types.BY_CLASS["federated"]
    if repository.rclass != "local" or repository.package_type not in federated:
        raise Refusal(400, f"Repository '{key}' cannot be converted to a federated repository")
    repository.rclass = "federated"
    repository.views.clear()
    add_own_member(platform, repository)
    return text_response("Migration finished successfully.")


def convert_to_local(call: Call) -> Response:
    """Keys in; each that has no other members is local afterwards.

    200 as soon as one succeeded: what failed stands in the body only.
    """
    keys = parse(call.request.body)
    if not isinstance(keys, list) or not keys:
        raise Refusal(400, "Bad request: an array of repository keys is expected")
    reasons = {str(key): obstacle(call.platform, str(key)) for key in keys}
    failed = {key: reason for key, reason in reasons.items() if reason is not None}
    done = [key for key in reasons if key not in failed]
    for key in done:
        make_local(call.platform.store.repositories[key])
    if failed:
        answer = {"failedConversionRepositories": failed}
        return json_response(answer, 200 if done else 400)
    names = ", ".join(done)
    return text_response(f"Successfully converted from federated to local repositories: [{names}]")


def obstacle(platform: Platform, key: str) -> str | None:
    """A key in, why it cannot become local out, None when it can."""
    repository = platform.store.repository(key)
    if repository is None or repository.rclass != "federated":
        return f"Repo {key} does not exist or is not of Federated type"
    own = own_url(platform, key)
    if any(not same_url(member["url"], own) for member in repository.get("members")):
        return f"Repo {key} contains remote members"
    return None


def make_local(repository: Repository) -> None:
    """A federated repository without other members in; it is local afterwards."""
    repository.rclass = "local"
    for name in ("members", "proxy", "disableProxy"):
        repository.drop(name)


LOCAL_TO_A_SITE = ("projectKey", "environments", "proxy", "disableProxy")

FEDERATION = "/artifactory/api/federation"

ROUTES = (
    Route(
        "POST",
        f"{FEDERATION}/migrate/{{key}}",
        migrate,
        needs="admin",
        since="7.18.3",
        configures=True,
    ),
    Route(
        "POST",
        f"{FEDERATION}/convertToLocal",
        convert_to_local,
        needs="admin",
        since="7.103.0",
        configures=True,
    ),
    Route(
        "POST",
        f"{FEDERATION}/configSync/{{key}}",
        sync_configuration,
        needs="admin",
        since="7.27.6",
        configures=True,
    ),
)
