"""A platform name and a request in, a response out: the front door of the sandbox.

Order of things: control endpoints, faults that answer instead of the server, token, route, version,
rights, handler, faults that spoil the answer, record.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.sandbox import (
    aql_search,
    auth,
    control,
    environments,
    faults,
    federation,
    federation_service,
    groups,
    key_pairs,
    legacy_groups,
    legacy_users,
    oidc,
    oidc_exchange,
    project_repositories,
    projects,
    repositories,
    storage,
    storage_summary,
    system,
    system_configuration,
    tokens,
    users,
)
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.connect.service import NAME as CONNECT
from reconciler.sandbox.connect.service import Connect
from reconciler.sandbox.mesh import Mesh
from reconciler.sandbox.messages import ConnectionReset, Request, Response
from reconciler.sandbox.policies import (
    archive,
    bundle_retention,
    cleanup,
    cleanup_runs,
    cold_storage,
    runs,
)
from reconciler.sandbox.quirks import with_defaults
from reconciler.sandbox.refusals import Refusal, refuse
from reconciler.sandbox.repository_rules import Rules
from reconciler.sandbox.repository_views import Views
from reconciler.sandbox.routing import Call, Route, Router
from reconciler.sandbox.store import Store
from reconciler.sandbox.versions import at_least

Json = Any

# More special paths come first; storage ends with the paths that match nearly everything.
ROUTES: tuple[Route, ...] = (
    *system.ROUTES,
    *system_configuration.ROUTES,
    *project_repositories.ROUTES,
    *environments.ROUTES,
    *projects.ROUTES,
    *groups.ROUTES,
    *users.ROUTES,
    *tokens.ROUTES,
    *legacy_groups.ROUTES,
    *legacy_users.ROUTES,
    *key_pairs.ROUTES,
    *oidc_exchange.ROUTES,
    *oidc.ROUTES,
    *federation.ROUTES,
    *aql_search.ROUTES,
    *storage_summary.ROUTES,
    *cleanup_runs.ROUTES,
    *cleanup.ROUTES,
    *archive.ROUTES,
    *cold_storage.ROUTES,
    *bundle_retention.ROUTES,
    *federation_service.ROUTES,
    *repositories.ROUTES,
    *storage.ROUTES,
)
OVERLAP_SECONDS = 0.02
"""How long a configuration write takes when `strict_conflicts` is on, so that two can overlap."""


class Platform:
    """One JFrog platform in memory."""

    def __init__(self, name: str, sandbox: Sandbox) -> None:
        self.name = name
        self.sandbox = sandbox
        self.tokens = auth.token_names(name)
        self.users_of_tokens = {"admin": "admin"}
        self.store = Store()
        self.views = Views(sandbox.quirks, sandbox.version, sandbox.seed)
        self.writing = threading.Lock()
        self._url = f"http://{name}.sandbox.example"

    @property
    def url(self) -> str:
        """The address clients reach it at; the server sets it once it listens."""
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.store.forget_views()

    @property
    def base_url(self) -> str:
        """The address it gives as its own: the configured one, else where it is reached."""
        return self.store.base_url or self._url

    def caller(self, request: Request) -> str:
        """A request in, who sent it out; strangers are refused."""
        right = auth.issued_right(request, self.store.issued, self.sandbox.clock.now())
        return right or auth.caller(request, self.name, self.tokens, self.store.projects)

    def user_of(self, caller: str) -> str:
        """Who sent a request in, the user its token is for out: most tokens are for no real one."""
        return self.users_of_tokens.get(caller, caller.replace(":", "-"))

    @property
    def version(self) -> str:
        """The Artifactory version it plays."""
        return self.sandbox.version

    @property
    def rules(self) -> Rules:
        """The rules its repositories are written by."""
        return Rules(self.store, self.version, self.sandbox.quirks["undefined_environments"])

    def handle(self, request: Request) -> Response:
        """A request in, the response out; raises ConnectionReset when a fault says so."""
        return self.sandbox.handle(self.name, request)


Service = Platform | Connect
"""Who has an address of its own."""


class Sandbox:
    """Platforms, and Connect if wanted, that share a clock, a list of faults and one state."""

    def __init__(
        self,
        platforms: Sequence[str] = ("default",),
        version: str = "7.146.17",
        quirks: Mapping[str, bool] | None = None,
        seed: int = 0,
        connect: bool = False,
    ) -> None:
        self.version = version
        self.seed = seed
        self.clock = Clock()
        self.mesh = Mesh(self)
        self.quirks = with_defaults(quirks)
        self.faults: list[faults.Fault] = []
        self.requests: list[dict[str, Json]] = []
        self.serials = itertools.count(1)
        self.lock = threading.RLock()
        self.router = Router(ROUTES)
        self.platforms = {name: Platform(name, self) for name in platforms}
        self.connect = Connect(self) if connect else None
        if connect and CONNECT in self.platforms:
            raise ValueError(f"with Connect no platform can be called '{CONNECT}'")

    def handle(self, service: str, request: Request) -> Response:
        """A name and a request in, the response out. Safe to call from many threads.

        The name is a platform's, or `connect`.
        """
        if request.path.startswith(control.PREFIX):
            with self.lock:
                return finished(control.handle(self, request), None)
        here = self.service(service)
        try:
            self.mesh.meet(service)
            response = self.with_faults(here, request)
        except ConnectionReset:
            self.record(service, request, 0)
            raise
        self.record(service, request, response.status)
        response = finished(response, here)
        return without_body(response) if request.method == "HEAD" else response

    def service(self, name: str) -> Service:
        """A name in, who has it out."""
        if self.connect is not None and name == CONNECT:
            return self.connect
        return self.platforms[name]

    def with_faults(self, service: Service, request: Request) -> Response:
        """A request in, the answer as faults let it through out."""
        with self.lock:
            hits = faults.take(self.faults, service.name, request)
        for fault in hits:
            answer = faults.before(fault, request)
            if answer is not None:
                return answer
        response = finished(self.answer(service, request), service)
        for fault in hits:
            response = faults.after(fault, response)
        return response

    def answer(self, service: Service, request: Request) -> Response:
        """A request in, what the service itself says out."""
        if isinstance(service, Connect):
            with self.lock:
                return service.answer(request)
        try:
            route, call = self.admit(service, request)
        except Refusal as refusal:
            return refuse(request.path, refusal.status, refusal.message)
        if not (route.configures and self.quirks["strict_conflicts"]):
            with self.lock:
                return run(route, call)
        with alone(service) as first:
            if not first:
                return faults.merge_conflict()
            time.sleep(OVERLAP_SECONDS)
            with self.lock:
                return run(route, call)

    def admit(self, platform: Platform, request: Request) -> tuple[Route, Call]:
        """A request in, its route out when path, version, token and right allow it."""
        found = self.router.find(request.method, request.path)
        route = found[0] if found else None
        open_to_all = route is not None and route.needs == "nothing"
        caller = "" if open_to_all else platform.caller(request)
        absent = route is not None and (
            not at_least(self.version, route.since) or self.quirks.get(route.unless, False)
        )
        if found is None or route is None or absent:
            known = self.router.methods(request.path) if found is None else []
            raise Refusal(405, "Method Not Allowed") if known else Refusal(404, "Not Found")
        if not auth.allowed(route.needs, caller):
            raise Refusal(403, "Forbidden")
        return route, Call(platform, request, found[1], caller)

    def record(self, service: str, request: Request, status: int) -> None:
        """A finished request in; it is counted. Status 0: the connection was reset."""
        with self.lock:
            self.requests.append(
                {
                    "platform": service,
                    "method": request.method,
                    "path": request.path,
                    "query": request.query_text,
                    "status": status,
                }
            )

    def reset_requests(self) -> None:
        """Forget every request counted so far."""
        with self.lock:
            self.requests.clear()

    def add_fault(self, fault: faults.Fault) -> None:
        """A fault in; it waits for requests that match."""
        with self.lock:
            self.faults.append(faults.checked(fault))

    def clear_faults(self) -> None:
        """Drop every fault."""
        with self.lock:
            self.faults.clear()

    def set_quirks(self, changes: Mapping[str, bool]) -> None:
        """Some switches in; the others stay as they are."""
        with self.lock:
            self.quirks.update(with_defaults({**self.quirks, **changes}))
            for platform in self.platforms.values():
                platform.store.forget_views()

    def dump(self) -> dict[str, Json]:
        """The whole state as JSON, a copy that later writes do not touch."""
        with self.lock:
            return copied(
                {
                    "format": "sandbox.state/v1",
                    "version": self.version,
                    "seed": self.seed,
                    "quirks": dict(self.quirks),
                    "clock": {"offset": self.clock.offset, "frozen": self.clock.frozen},
                    "faults": [dict(fault) for fault in self.faults],
                    "platforms": {
                        name: {"tokens": platform.tokens, **platform.store.dump()}
                        for name, platform in self.platforms.items()
                    },
                    **({"mesh": self.mesh.dump()} if self.mesh.is_used else {}),
                    **({"connect": self.connect.dump()} if self.connect else {}),
                }
            )

    def load(self, state: dict[str, Json]) -> None:
        """What `dump` gave in; it replaces the state. Platforms it does not name become empty."""
        state = copied(state)
        with self.lock:
            self.version = state.get("version", self.version)
            self.seed = state.get("seed", self.seed)
            self.quirks.update(with_defaults(state.get("quirks")))
            self.clock.offset = state.get("clock", {}).get("offset", 0.0)
            self.clock.frozen = state.get("clock", {}).get("frozen")
            self.faults[:] = [faults.checked(fault) for fault in state.get("faults", [])]
            held = state.get("platforms", {})
            for name in held:
                self.platforms.setdefault(name, Platform(name, self))
            for name, platform in self.platforms.items():
                platform.tokens.update(held.get(name, {}).get("tokens", {}))
                platform.store.load(held.get(name, {}))
                platform.views = Views(self.quirks, self.version, self.seed)
            self.mesh.load(state.get("mesh", {}))
            self.load_connect(state.get("connect"))

    def load_connect(self, state: dict[str, Json] | None) -> None:
        """What `dump` said of Connect in; without that it begins anew, if there is one."""
        before = self.connect
        if before is None and state is None:
            return
        self.connect = Connect(self)
        if before is not None:
            self.connect.url = before.url
        if state is not None:
            self.connect.load(state)


def copied(state: dict[str, Json]) -> dict[str, Json]:
    """A state in, an independent one out; whatever is not JSON fails here and not in a file."""
    copy: dict[str, Json] = json.loads(json.dumps(state))
    return copy


def run(route: Route, call: Call) -> Response:
    """An admitted call in, its handler's answer out, once what was due has happened."""
    runs.settle(call.platform)
    bundle_retention.settle(call.platform)
    try:
        return route.handler(call)
    except Refusal as refusal:
        return refuse(call.request.path, refusal.status, refusal.message)


@contextmanager
def alone(platform: Platform) -> Iterator[bool]:
    """Whether no other configuration write is under way while this one is."""
    first = platform.writing.acquire(blocking=False)
    try:
        yield first
    finally:
        if first:
            platform.writing.release()


def finished(response: Response, service: Service | None) -> Response:
    """A response in, the same with the headers every answer carries out."""
    headers = response.headers
    if response.status != 204:
        headers.setdefault("Content-Length", str(len(response.body)))
    if isinstance(service, Platform) and "X-Request-Id" not in headers:
        headers.update(identity(service))
    if isinstance(service, Connect):
        headers.setdefault("Date", service.sandbox.clock.http_date())
    return response


def without_body(response: Response) -> Response:
    """A response in, the same as HEAD gets it out: all headers and nothing else."""
    return Response(response.status, response.headers)


def identity(platform: Platform) -> dict[str, str]:
    """A platform in, the headers that tell who answered out."""
    revision = system.revision(platform.version)
    serial = f"{platform.sandbox.seed}:{next(platform.sandbox.serials)}"
    digest = hashlib.sha256(serial.encode()).hexdigest()
    return {
        "Date": platform.sandbox.clock.http_date(),
        "X-Jfrog-Version": f"Artifactory/{platform.version} {revision}",
        "X-Artifactory-Id": hashlib.sha1(platform.name.encode(), usedforsecurity=False).hexdigest(),
        "X-Artifactory-Node-Id": f"{platform.name}-node-1",
        "X-Request-Id": digest[:16],
    }
