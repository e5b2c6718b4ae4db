"""Questions and orders about federations in, their states, queues and synchronisations out.

From 7.104.2 on the standalone federation service answers; before, the endpoints of 2.11.11 do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.federation import FEDERATION, LOCAL_TO_A_SITE, same_url
from reconciler.sandbox.mesh import Link, Mesh
from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.routing import Call, Handler, Route
from reconciler.sandbox.store import Repository
from reconciler.sandbox.versions import at_least

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform

Json = Any
SERVICE = "7.104.2"
MOST_HIGH = 10
STATES = (
    "HEALTHY",
    "NOT_AVAILABLE",
    "DELAYED",
    "PENDING_FS",
    "FULL_SYNC_RUNNING",
    "ERROR",
    "DISABLED",
)
WORST_FIRST = (
    "ERROR",
    "NOT_AVAILABLE",
    "FULL_SYNC_RUNNING",
    "PENDING_FS",
    "DELAYED",
    "DISABLED",
    "HEALTHY",
)


def mesh_of(call: Call) -> Mesh:
    """What is on its way, once everything due has arrived."""
    mesh = call.platform.sandbox.mesh
    mesh.deliver()
    return mesh


def known(call: Call) -> Repository:
    """The federated repository a call names."""
    repository = call.platform.store.repository(call.params["key"])
    if repository is None or repository.rclass != "federated":
        raise Refusal(404, f"Could not find federated repository '{call.params['key']}'")
    return repository


def base_of(link: Link) -> str:
    """A member's platform as these answers print it, with `/artifactory` at its end."""
    return link.url.rpartition("/")[0]


# --- the standalone service (2.11.10) -------------------------------------------------------------


def state_list(call: Call) -> Response:
    """Every federation of the platform with its other members and its priority (2.11.10.2)."""
    mesh, platform = mesh_of(call), call.platform
    federations = [
        {
            "localRepoKey": repository.key,
            "memberInfoList": [
                _member(mesh, call, repository, link) for link in mesh.links(platform, repository)
            ],
            "priority": "HIGH" if (platform.name, repository.key) in mesh.high else "STANDARD",
        }
        for repository in mesh.federated(platform)
    ]
    return json_response({"federations": federations})


def _member(mesh: Mesh, call: Call, repository: Repository, link: Link) -> Json:
    status = _aggregated(mesh, call, repository, link)
    return {
        "url": base_of(link),
        "repoKey": link.key,
        "aggregatedStatus": "N/A" if status == "NOT_AVAILABLE" else status,
        "supported": True,
        "disabled": not link.enabled,
        "inLag": status == "DELAYED",
    }


def _aggregated(mesh: Mesh, call: Call, repository: Repository, link: Link) -> str:
    """A member's state: the worst of its own connections, if it can be reached to be asked.

    So a member is late when it is late in telling others, not when others are in telling it.
    """
    here = mesh.status(call.platform, repository, link)
    if here in ("DISABLED", "NOT_AVAILABLE", "ERROR") or link.platform is None:
        return here
    assert link.repository is not None
    return _worst(mesh, link.platform, link.repository)


def _worst(mesh: Mesh, platform: Platform, repository: Repository) -> str:
    """The worst state of what a repository has to tell its members."""
    states = (mesh.status(platform, repository, link) for link in mesh.links(platform, repository))
    return min(states, key=WORST_FIRST.index, default="HEALTHY")


def state_summary(call: Call) -> Response:
    """How many federations are in which state (2.11.10.3)."""
    mesh, platform = mesh_of(call), call.platform
    counts = Counter(
        min(
            (
                _worst(mesh, platform, repository),
                *(
                    _aggregated(mesh, call, repository, link)
                    for link in mesh.links(platform, repository)
                ),
            ),
            key=WORST_FIRST.index,
        )
        for repository in mesh.federated(platform)
    )
    return json_response({"federationStates": {state: counts[state] for state in STATES}})


def connection_states(call: Call) -> Response:
    """The connections of one repository, in both directions (2.11.10.1)."""
    mesh, repository = mesh_of(call), known(call)
    here = f"{call.platform.base_url}/artifactory"
    connections: list[Json] = []
    for link in mesh.links(call.platform, repository):
        status = mesh.status(call.platform, repository, link)
        connections.append(
            {
                "localRepoKey": repository.key,
                "localPlatformUrl": here,
                "remoteRepoKey": link.key,
                "remotePlatformUrl": base_of(link),
                "status": "N/A" if status == "NOT_AVAILABLE" else status,
                "lagInMs": mesh.lag(call.platform, repository, link),
                "queuedEvents": len(mesh.waiting(call.platform, repository, link)),
                "disabled": not link.enabled,
                "supported": True,
            }
        )
        if link.platform is not None and link.repository is not None and mesh.is_up(link):
            connections += _back(mesh, call, repository, link)
    return json_response({"memberConnections": connections})


def _back(mesh: Mesh, call: Call, repository: Repository, link: Link) -> list[Json]:
    """The connection in the other direction, as the member itself tells it."""
    there, mirror = link.platform, link.repository
    assert there is not None
    assert mirror is not None
    for back in mesh.links(there, mirror):
        if back.platform is call.platform and back.key == repository.key:
            return [
                {
                    "localRepoKey": link.key,
                    "localPlatformUrl": base_of(link),
                    "remoteRepoKey": repository.key,
                    "remotePlatformUrl": f"{call.platform.base_url}/artifactory",
                    "status": mesh.status(there, mirror, back),
                    "lagInMs": mesh.lag(there, mirror, back),
                    "queuedEvents": len(mesh.waiting(there, mirror, back)),
                    "disabled": not back.enabled,
                    "supported": True,
                }
            ]
    return []


def prioritize(call: Call) -> Response:
    """A repository goes before the others, or no more; ten of a platform can (2.11.10.4)."""
    repository, level = known(call), call.request.value("priorityLevel") or "standard"
    if level not in ("high", "standard"):
        raise Refusal(400, f"Invalid priority level '{level}'")
    high, entry = call.platform.sandbox.mesh.high, (call.platform.name, repository.key)
    if level == "standard":
        high.discard(entry)
    elif entry not in high and sum(p == entry[0] for p, _ in high) >= MOST_HIGH:
        raise Refusal(400, f"Only {MOST_HIGH} repositories can have high priority")
    else:
        high.add(entry)
    return text_response("The repository priority has been changed to %s.")


# --- synchronisation (2.11.4 to 2.11.8) -----------------------------------------------------------


def inconsistent(call: Call) -> Response:
    """The keys of repositories whose settings are not those of a member (2.11.4)."""
    mesh = mesh_of(call)
    return json_response(
        [
            repository.key
            for repository in mesh.federated(call.platform)
            if any(
                _differs(mesh, repository, link) for link in mesh.links(call.platform, repository)
            )
        ]
    )


def _differs(mesh: Mesh, repository: Repository, link: Link) -> bool:
    if not mesh.is_up(link):
        return False
    return link.repository is None or _settings(repository) != _settings(link.repository)


def _settings(repository: Repository) -> Json:
    settings = {n: v for n, v in repository.own.items() if n not in LOCAL_TO_A_SITE}
    members = settings.pop("members", ())
    return settings, sorted((m["url"], m.get("enabled", True)) for m in members)


def full_sync(call: Call) -> Response:
    """All files are told again, to one member or to all; a dry run only compares (2.11.7)."""
    mesh, repository = mesh_of(call), known(call)
    mirror = call.request.value("mirror")
    links = [
        link
        for link in mesh.links(call.platform, repository)
        if mirror is None or same_url(link.url, mirror)
    ]
    if mirror is not None and not links:
        raise Refusal(400, f"'{mirror}' is no member of '{repository.key}'")
    if call.request.flag("isDry"):
        if not at_least(call.platform.version, SERVICE):
            raise Refusal(400, "The comparison needs the Artifactory Federation Service")
        day = call.platform.sandbox.clock.http_date()[5:16].replace(" ", "-")
        paths = [
            f"jfrog-full-sync-info/comparison-results/{link.key}-comparison-{day}.json"
            for link in links
        ]
        return json_response(
            {"message": "Dry full sync completed successfully.", "resultPaths": paths}
        )
    for link in links:
        if link.platform is not None:
            route = (call.platform.name, repository.key, link.platform.name, link.key)
            mesh.told.pop(route, None)
    mesh.running.add((call.platform.name, repository.key))
    return text_response("Full sync triggered successfully")


def recovery(call: Call) -> Response:
    """Queues that gave up try again (2.11.5)."""
    mesh_of(call)
    return text_response("Recovery triggered successfully")


# --- the legacy service (2.11.11) -----------------------------------------------------------------


def legacy(handler: Handler) -> Handler:
    """An endpoint that the standalone service does not have any more."""

    def answer(call: Call) -> Response:
        if at_least(call.platform.version, SERVICE):
            raise Refusal(404, "Not supported by the Artifactory Federation Service")
        return handler(call)

    return answer


def repository_status(word: Callable[[str], str]) -> Handler:
    """The queues of one repository (2.11.11.1, 2.11.11.2); `word` says how a state is called."""

    def answer(call: Call) -> Response:
        mesh, repository = mesh_of(call), known(call)
        mirrors = [
            {
                "remoteUrl": base_of(link),
                "remoteRepoKey": link.key,
                "status": word(mesh.status(call.platform, repository, link)),
                "createEvents": len(mesh.waiting(call.platform, repository, link)),
                "updateEvents": 0,
                "deleteEvents": 0,
                "propsEvents": 0,
                "errorEvents": 0,
                "lagInMS": mesh.lag(call.platform, repository, link),
                "eventRegistrationTimeStamp": 0,
            }
            for link in mesh.links(call.platform, repository)
        ]
        files = len(call.platform.store.artifacts.get(repository.key, {}))
        return json_response(
            {
                "localKey": repository.key,
                "binariesTasksInfo": {"inProgressTasks": 0, "failingTasks": 0},
                "mirrorEventsStatusInfo": mirrors,
                "federatedArtifactStatus": {
                    "countFullyReplicateArtifacts": files,
                    "countArtificiallyReplicatedArtifacts": 0,
                },
            }
        )

    return answer


def mirrors_lag(call: Call) -> Response:
    """How long the oldest news of each member has been waiting (2.11.11.4)."""
    mesh = mesh_of(call)
    threshold = int(call.request.value("thresholdTimeInMs") or 0)
    lags: list[dict[str, Json]] = [
        {
            "localRepoKey": repository.key,
            "remoteUrl": f"{base_of(link)}/",
            "remoteRepoKey": link.key,
            "lagInMS": mesh.lag(call.platform, repository, link),
            "eventRegistrationTimeStamp": 0,
        }
        for repository in mesh.federated(call.platform)
        for link in mesh.links(call.platform, repository)
    ]
    return json_response([lag for lag in lags if lag["lagInMS"] > threshold])


def unavailable_mirrors(call: Call) -> Response:
    """The members that are not in step (2.11.11.5)."""
    mesh = mesh_of(call)
    return json_response(
        [
            {
                "localRepoKey": repository.key,
                "remoteUrl": f"{base_of(link)}/",
                "remoteRepoKey": link.key,
                "status": "OUT_OF_SYNC",
            }
            for repository in mesh.federated(call.platform)
            for link in mesh.links(call.platform, repository)
            if mesh.status(call.platform, repository, link) in ("NOT_AVAILABLE", "ERROR")
        ]
    )


def _legacy_word(state: str) -> str:
    return "SYNC" if state in ("HEALTHY", "DELAYED") else "OUT_OF_SYNC"


ROUTES = (
    Route("GET", f"{FEDERATION}/status/stateList", state_list, needs="admin", since=SERVICE),
    Route("GET", f"{FEDERATION}/status/stateSummary", state_summary, needs="admin", since=SERVICE),
    Route(
        "GET",
        f"{FEDERATION}/status/connectionStates/{{key}}",
        connection_states,
        needs="admin",
        since=SERVICE,
    ),
    Route("PUT", f"{FEDERATION}/prioritization/{{key}}", prioritize, needs="admin", since=SERVICE),
    Route("GET", f"{FEDERATION}/inconsistentRepos", inconsistent, needs="admin", since="7.108.3"),
    Route("POST", f"{FEDERATION}/fullSync/{{key}}", full_sync, needs="admin", since="7.18.3"),
    Route("POST", f"{FEDERATION}/forceFullSync/{{key}}", full_sync, needs="admin", since="7.80.0"),
    Route("POST", f"{FEDERATION}/recovery", recovery, needs="admin", since="7.71.1"),
    Route(
        "GET",
        f"{FEDERATION}/status/repo/{{key}}",
        legacy(repository_status(_legacy_word)),
        needs="admin",
        since="7.49.3",
    ),
    Route(
        "GET",
        "/artifactory/api/v2/federation/status/repo/{key}",
        legacy(repository_status(str)),
        needs="admin",
        since="7.82.2",
    ),
    Route(
        "GET",
        f"{FEDERATION}/status/mirrorsLag",
        legacy(mirrors_lag),
        needs="admin",
        since="7.49.3",
    ),
    Route(
        "GET",
        f"{FEDERATION}/status/unavailableMirrors",
        legacy(unavailable_mirrors),
        needs="admin",
        since="7.49.3",
    ),
)
