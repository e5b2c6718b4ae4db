"""A generic repository on a sandbox platform, and inventories in it; no socket, no waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.platform.client import Client, Clock, Endpoint, HttpOptions
from reconciler.platform.inventory.claims import Claims
from reconciler.platform.inventory.folder import Folder
from reconciler.platform.inventory.remote import PlatformStore
from reconciler.sandbox import Request, Sandbox
from tests.support.estate import Time
from tests.support.transport import InProcess

REPOSITORY = "reconciler-state"


class Shelf:
    """One platform with the repository; each store is a run of its own."""

    def __init__(self, *, made: bool = True, **sandbox: Any) -> None:
        self.sandbox = Sandbox(**sandbox)
        self.platform = self.sandbox.platforms["default"]
        self.transport = InProcess(self.platform)
        self.told: list[str] = []
        if made:
            self.make(REPOSITORY)

    def make(self, key: str) -> None:
        """Create a generic repository."""
        headers = {"authorization": f"Bearer {self.platform.tokens['admin']}"}
        path = f"/artifactory/api/repositories/{key}"
        body = b'{"rclass": "local", "packageType": "generic"}'
        assert self.platform.handle(Request("PUT", path, (), headers, body)).status == 200
        self.sandbox.reset_requests()

    def folder(
        self, token: str = "admin", name: str = "acme", repository: str = REPOSITORY
    ) -> Folder:
        """A folder, as a run with this token sees it."""
        clock = Time().clock
        endpoint = Endpoint("east", self.platform.url, lambda: self.platform.tokens[token])
        client = Client(endpoint, HttpOptions(deadline=20), transport=self.transport, clock=clock)
        return Folder(client, repository, name, clock)

    def store(self, token: str = "admin", clock: Clock | None = None, **more: str) -> PlatformStore:
        """An inventory, as a run with this token sees it."""
        return PlatformStore(self.folder(token, **more), clock or Time().clock, self.told.append)

    def claims(self, settle: float = 1.0, sleep: Callable[[float], None] | None = None) -> Claims:
        """Its leases."""
        clock = Clock(sleep=sleep) if sleep else Time().clock
        return Claims(self.folder().below("leases"), clock, settle=settle)

    @property
    def files(self) -> list[str]:
        """The paths of everything in the repository."""
        return sorted(self.platform.store.artifacts.get(REPOSITORY, {}))

    def later(self, seconds: float) -> None:
        """Time goes by at the server."""
        self.sandbox.clock.advance(seconds)

    def requests(self) -> list[str]:
        """What was asked since the last time, as `METHOD path`."""
        found = [f"{r['method']} {r['path']}" for r in self.sandbox.requests]
        self.sandbox.reset_requests()
        return found
