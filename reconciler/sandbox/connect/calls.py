"""A method and a path in, the endpoint of Connect that answers it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from reconciler.sandbox.connect.model import Device, Fleet
from reconciler.sandbox.connect.world import World
from reconciler.sandbox.messages import Request, Response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import compile_path

Json = Any


@dataclass(frozen=True)
class Call:
    """One request on its way to a handler."""

    world: World
    request: Request
    params: dict[str, str]
    user: str
    """Who is calling."""

    @property
    def fleet(self) -> Fleet:
        """The fleet of the path."""
        return self.world.fleet(self.params["project_key"])

    @property
    def device(self) -> Device:
        """The device of the path."""
        found = self.fleet.devices.get(self.params["device_uuid"])
        if found is None:
            raise Refusal(404, "Device not found")
        return found

    def body(self) -> dict[str, Json]:
        """The JSON object that was sent."""
        return parse_object(self.request.body)


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """One request Connect knows."""

    method: str
    path: str
    handler: Handler
    writes: bool = False
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path))

    def match(self, path: str) -> dict[str, str] | None:
        """A path in, the named parts of it out, None when it is another endpoint."""
        found = self.pattern.fullmatch(path)
        return found and {name: unquote(value) for name, value in found.groupdict().items()}


def find(endpoints: Iterable[Endpoint], method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """A method and a path in, the endpoint and its parameters out; refused if there is none."""
    known = False
    for endpoint in endpoints:
        params = endpoint.match(path)
        known = known or params is not None
        if params is not None and endpoint.method == ("GET" if method == "HEAD" else method):
            return endpoint, params
    raise Refusal(405, "Method Not Allowed") if known else Refusal(404, "Not Found")
