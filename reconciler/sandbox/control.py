"""Requests to `/_sandbox/` in, the sandbox's own state out: no token, never counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import seeding
from reconciler.sandbox.clock import iso
from reconciler.sandbox.connect import control as connect_control
from reconciler.sandbox.messages import Request, Response, json_response
from reconciler.sandbox.refusals import Refusal, artifactory_error
from reconciler.sandbox.repository_values import parse, parse_object

if TYPE_CHECKING:
    from reconciler.sandbox.app import Sandbox

Json = Any
Handler = Callable[["Sandbox", Request], Any]
PREFIX = "/_sandbox/"


def handle(sandbox: Sandbox, request: Request) -> Response:
    """A control request in, its answer out."""
    name = request.path.removeprefix(PREFIX).strip("/")
    handler = HANDLERS.get((request.method, name)) or of_connect(sandbox, request.method, name)
    if handler is None:
        return artifactory_error(404, f"No such control endpoint: {request.path}")
    try:
        return json_response(handler(sandbox, request))
    except Refusal as refusal:
        return artifactory_error(refusal.status, refusal.message)
    except (ValueError, TypeError, KeyError) as error:
        return artifactory_error(400, str(error))


def of_connect(sandbox: Sandbox, method: str, name: str) -> Handler | None:
    """A method and a name in, what answers it out when JFrog Connect is there and knows it."""
    top, _, rest = name.partition("/")
    if (
        sandbox.connect is None
        or top != "connect"
        or (method, rest) not in connect_control.HANDLERS
    ):
        return None
    connect = sandbox.connect
    return lambda _sandbox, request: connect_control.handle(connect, request, rest)


def get_requests(sandbox: Sandbox, _request: Request) -> Json:
    """Every request counted so far."""
    return {"count": len(sandbox.requests), "requests": list(sandbox.requests)}


def delete_requests(sandbox: Sandbox, _request: Request) -> Json:
    """Start counting again."""
    sandbox.reset_requests()
    return get_requests(sandbox, _request)


def get_faults(sandbox: Sandbox, _request: Request) -> Json:
    """The faults that wait, with what is left of their counts."""
    return {"faults": list(sandbox.faults)}


def post_faults(sandbox: Sandbox, request: Request) -> Json:
    """One fault or a list of them in."""
    sent = parse(request.body)
    for fault in sent if isinstance(sent, list) else [sent]:
        sandbox.add_fault(fault)
    return get_faults(sandbox, request)


def delete_faults(sandbox: Sandbox, _request: Request) -> Json:
    """No more faults."""
    sandbox.clear_faults()
    return get_faults(sandbox, _request)


def get_state(sandbox: Sandbox, _request: Request) -> Json:
    """The whole state."""
    return sandbox.dump()


def put_state(sandbox: Sandbox, request: Request) -> Json:
    """A state in; it replaces the current one."""
    sandbox.load(parse_object(request.body))
    return {"loaded": True}


def get_clock(sandbox: Sandbox, _request: Request) -> Json:
    """The sandbox's time."""
    return {"now": iso(sandbox.clock.now()), "epoch": sandbox.clock.now()}


def post_clock(sandbox: Sandbox, request: Request) -> Json:
    """`{"advance": seconds}` moves the time; `{"freeze": seconds or null}` stops or starts it."""
    sent = parse_object(request.body)
    if "freeze" in sent:
        sandbox.clock.freeze(None if sent["freeze"] is None else float(sent["freeze"]))
    sandbox.clock.advance(float(sent.get("advance", 0)))
    if sandbox.connect is not None:
        sandbox.connect.catch_up()
    return get_clock(sandbox, request)


def get_quirks(sandbox: Sandbox, _request: Request) -> Json:
    """All switches."""
    return dict(sandbox.quirks)


def put_quirks(sandbox: Sandbox, request: Request) -> Json:
    """Some switches in; the others stay."""
    sandbox.set_quirks(parse_object(request.body))
    return dict(sandbox.quirks)


def get_sites(sandbox: Sandbox, _request: Request) -> Json:
    """Which platforms answer, and how long federations take to tell each other something."""
    return {
        "delay": sandbox.mesh.delay,
        "sites": {name: {"down": name in sandbox.mesh.down} for name in sandbox.platforms},
    }


def post_sites(sandbox: Sandbox, request: Request) -> Json:
    """`{"delay": seconds, "sites": {"west": {"down": true}}}`; what is left out stays."""
    sent = parse_object(request.body)
    for name, site in sent.get("sites", {}).items():
        if name not in sandbox.platforms:
            raise ValueError(f"there is no platform '{name}'")
        sandbox.mesh.switch(name, down=bool(site["down"]))
    sandbox.mesh.delay = float(sent.get("delay", sandbox.mesh.delay))
    return get_sites(sandbox, request)


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "requests"): get_requests,
    ("DELETE", "requests"): delete_requests,
    ("GET", "faults"): get_faults,
    ("POST", "faults"): post_faults,
    ("DELETE", "faults"): delete_faults,
    ("GET", "state"): get_state,
    ("PUT", "state"): put_state,
    ("GET", "sites"): get_sites,
    ("POST", "sites"): post_sites,
    ("GET", "clock"): get_clock,
    ("POST", "clock"): post_clock,
    ("GET", "quirks"): get_quirks,
    ("PUT", "quirks"): put_quirks,
    ("GET", "artifacts"): seeding.get_artifacts,
    ("POST", "artifacts"): seeding.post_artifacts,
    ("GET", "bundles"): seeding.get_bundles,
    ("POST", "bundles"): seeding.post_bundles,
    ("PUT", "retention"): seeding.put_retention,
}
