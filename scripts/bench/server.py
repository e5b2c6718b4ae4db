"""A sandbox in a process of its own on the loopback interface; gone when the measuring is done."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scripts.bench.process import ROOT, TOKEN, reconciler

BATCH = "/artifactory/api/v2/repositories/batch"


@dataclass(frozen=True, slots=True)
class Server:
    """A running sandbox."""

    url: str
    token: str

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a run against it, without a cache from an earlier one."""
        return {TOKEN: self.token, "JFROG_URL": self.url, "RECONCILER_CACHE": "off"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the answer as JSON where it is some."""
        request = urllib.request.Request(  # noqa: S310 - the loopback interface
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text.startswith((b"{", b"[")) else text

    def create(self, repositories: Sequence[dict[str, Any]]) -> None:
        """Create repositories in one request."""
        self.ask("PUT", BATCH, list(repositories))

    def forget_requests(self) -> None:
        """Count from here on."""
        self.ask("DELETE", "/_sandbox/requests")

    @property
    def requests(self) -> int:
        """How many requests it saw since then."""
        return int(self.ask("GET", "/_sandbox/requests")["count"])

    @contextmanager
    def latency(self, milliseconds: int) -> Iterator[None]:
        """Every answer comes so much later."""
        fault = {"action": "latency", "ms": milliseconds, "times": None}
        self.ask("POST", "/_sandbox/faults", fault)
        try:
            yield
        finally:
            self.ask("DELETE", "/_sandbox/faults")


@contextmanager
def sandbox() -> Iterator[Server]:
    """Serve one empty platform."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        reconciler("sandbox"),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())["platforms"]["default"]
        yield Server(told["url"], told["token"])
    finally:
        process.terminate()
        process.wait()
