"""A request in, what JFrog Connect says out: who is calling, how often, about what.

Order of things: endpoint, token, rate, time moves on, handler.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.connect import (
    deployments,
    devices,
    first_version_deployments,
    flows,
    tunnels,
)
from reconciler.sandbox.connect import first_version_devices as old_devices
from reconciler.sandbox.connect.calls import Call, Endpoint, find
from reconciler.sandbox.connect.errors import OLD, connect_error
from reconciler.sandbox.connect.fleets import example
from reconciler.sandbox.connect.limits import PER_DEVICE, Limits, retry_after
from reconciler.sandbox.connect.simulation import run_until
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.messages import Request, Response
from reconciler.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from reconciler.sandbox.app import Sandbox

Json = Any

NAME = "connect"
"""What the sandbox calls it where platforms have their names."""

ENDPOINTS: tuple[Endpoint, ...] = (
    *devices.ENDPOINTS,
    *flows.ENDPOINTS,
    *deployments.ENDPOINTS,
    *tunnels.ENDPOINTS,
    *old_devices.ENDPOINTS,
    *first_version_deployments.ENDPOINTS,
)

TOKENS = {
    "write": "sandbox-connect-token",
    "other": "sandbox-connect-other-token",
    "read": "sandbox-connect-read-token",
    "user": "sandbox-connect-user-token",
}
"""write and other: two people who may do everything. read: one who changes nothing. user: the
token of v1, which belongs to the first one and is worth nothing in v2."""

USERS = {"write": "owner", "other": "colleague", "read": "auditor", "user": "owner"}


class Connect:
    """JFrog Connect with one fleet."""

    name = NAME

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.tokens = dict(TOKENS)
        self.url = f"http://{NAME}.sandbox.example"
        self.world = World(sandbox.seed)
        self.limits = Limits()
        self.world.now = sandbox.clock.now()
        example(self.world)

    def handle(self, request: Request) -> Response:
        """A request in, the response out; raises ConnectionReset when a fault says so."""
        return self.sandbox.handle(self.name, request)

    def answer(self, request: Request) -> Response:
        """A request in, what Connect itself says out."""
        now = self.sandbox.clock.now()
        try:
            endpoint, params = find(ENDPOINTS, request.method, request.path)
        except Refusal as refusal:
            return connect_error(request.path, refusal.status, refusal.message)
        try:
            right = self.caller(request, endpoint)
            waiting = self.too_often(request, right, now)
            if waiting is not None:
                return waiting
            self.catch_up()
            return endpoint.handler(Call(self.world, request, params, USERS[right]))
        except Refusal as refusal:
            # v1 knows no other status for what it does not like
            status = 400 if request.path.startswith(OLD) else refusal.status
            return connect_error(request.path, status, refusal.message)

    def catch_up(self) -> None:
        """Everything that is due by now happens."""
        run_until(self.world, self.sandbox.clock.now())

    def caller(self, request: Request, endpoint: Endpoint) -> str:
        """Whose token it is: in the body for v1, in a header for v2."""
        if request.path.startswith(OLD):
            if sent(request, "user_token") != self.tokens["user"]:
                raise Refusal(400, "user_token is missing or wrong")
            return "user"
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        for right in ("write", "other", "read"):
            if scheme.lower() == "bearer" and token.strip() == self.tokens[right]:
                if endpoint.writes and right == "read":
                    raise Refusal(403, "Forbidden - Insufficient permissions")
                return right
        raise Refusal(401, "Unauthorized - API key is missing or invalid")

    def too_often(self, request: Request, right: str, now: float) -> Response | None:
        """The refusal for one who asked too often."""
        settings, waits = self.world.settings, []
        if settings.rate_limit:
            waits.append(self.limits.wait(right, settings.rate_limit, now))
        if request.path.startswith("/v1/") and sent(request, "device_token"):
            device = str(sent(request, "device_token"))
            waits.append(self.limits.wait(device, PER_DEVICE, now))
        longest = max((wait for wait in waits if wait is not None), default=None)
        if longest is None:
            return None
        answer = connect_error(request.path, 429, "Too many requests")
        answer.headers.update(retry_after(settings.retry_after, longest, now))
        return answer

    def dump(self) -> dict[str, Json]:
        """The whole state as JSON; the caller copies it."""
        return {"tokens": self.tokens, **self.world.dump()}

    def load(self, state: dict[str, Json]) -> None:
        """What `dump` gave in; it replaces the state."""
        self.tokens.update(state.get("tokens", {}))
        self.limits = Limits()
        self.world.load(state)


def sent(request: Request, name: str) -> Json:
    """A member of the body of a v1 request; v1 has one even for GET and DELETE."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body.get(name) if isinstance(body, dict) else None
