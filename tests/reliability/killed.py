"""A real process applies the mix over loopback and is killed; what is left, and the apply after it.

The platforms run in this process and survive. SIGKILL comes from here, when a request arrives or
when it has been carried out, or from the process itself right before a step of its inventory.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from reconciler.sandbox import ConnectionReset, Request, Response
from reconciler.sandbox.server import Server
from tests.reliability.disturbed import LEASE, Verdict, attempt, calm, end_of
from tests.reliability.forks import Forks
from tests.reliability.judge import doubled, unannounced
from tests.reliability.mixed import REMOTE, SITES, Mixed, ground
from tests.reliability.trouble import KEPT, Point, Sent, numbered, parsed

When = Literal["before", "after", "inventory", "torn"]
PATIENCE = 30.0
"""Seconds a process may take to end; usual is a quarter of one."""


@dataclass(frozen=True)
class Kill:
    """Where a process is killed: at a request, before or after it landed; right before a step of
    its inventory; or at the syncing of a file whose end never came to the disk (torn)."""

    version: str
    when: When
    point: Point | None = None
    step: int = 0

    def __str__(self) -> str:
        if self.point is not None:
            return f"killed {self.when} {self.point} on {self.version}"
        how = "with a torn file at" if self.when == "torn" else "before"
        return f"killed {how} step {self.step} of the inventory on {self.version}"


@dataclass
class Watch:
    """Sees every request that arrives at the platforms, and kills at one of them."""

    estate: Mixed
    kill: Kill | None = None
    pid: int = 0
    sent: list[Sent] = field(default_factory=list)
    struck: bool = False

    def __post_init__(self) -> None:
        self._handle, self._seen = self.estate.made.handle, numbered()
        self._lock, self._ready = threading.Lock(), threading.Event()
        self._busy = 0
        self.estate.made.handle = self.handle  # type: ignore[method-assign]

    def started(self, pid: int) -> None:
        """The process to kill is known."""
        self.pid = pid
        self._ready.set()

    def handle(self, platform: str, request: Request) -> Response:
        """One request to its platform and back."""
        self._ready.wait(PATIENCE)
        with self._lock:
            point = self._seen(platform, request.method, request.path)
            self._busy += 1
        landed, status = False, 0
        try:
            self._strike("before", point)
            answer = self._handle(platform, request)
            landed, status = answer.status < 400, answer.status
            self._strike("after", point)
            return answer
        finally:
            with self._lock:
                if len(request.body) == int(request.headers.get("content-length", 0)):
                    self.sent.append(Sent(point, parsed(request.body), status, landed))
                self._busy -= 1  # half a request, cut off by a kill, asks for nothing

    def _strike(self, when: When, point: Point) -> None:
        kill = self.kill
        if kill is not None and (kill.when, kill.point) == (when, point):
            self.struck = True
            os.kill(self.pid, signal.SIGKILL)
            raise ConnectionReset(landed=when == "after")

    def settle(self) -> None:
        """Wait until nothing is under way any more; see nothing from here on."""
        until = time.monotonic() + PATIENCE
        while self._busy and time.monotonic() < until:
            time.sleep(0.002)
        self.estate.made.handle = self._handle  # type: ignore[method-assign]


@cache
def forks() -> Forks:
    """The process that forks; it ends with this one, whose pipe it reads."""
    return Forks()


def environment(estate: Mixed, server: Server) -> dict[str, str]:
    """What the process is given: the platforms at their loopback addresses, and no proxy."""
    pins = "\n".join(f"{name}={server.urls[name]}" for name in SITES)
    tokens = {f"{n.upper()}_TOKEN": estate.made.platforms[n].tokens["admin"] for n in SITES}
    return {**estate.environment, **tokens, "RECONCILER_PLATFORMS": pins, "NO_PROXY": "*"}


def run(estate: Mixed, kill: Kill | None) -> tuple[int, Watch]:
    """One apply by a process of its own; how it ended, and what arrived at the platforms."""
    watch = Watch(estate, kill)
    die_at = kill.step if kill is not None and kill.point is None else None
    torn = kill is not None and kill.when == "torn"
    with Server(estate.made) as server:
        env = environment(estate, server)
        command = forks().start(estate.root, "apply", "--yes", die_at=die_at, torn=torn, **env)
        watch.started(command)
        code = forks().end()
        watch.settle()
    return code, watch


@cache
def steps(version: str) -> tuple[str, ...]:
    """The steps of the inventory of an undisturbed apply."""
    with tempfile.TemporaryDirectory() as folder:
        estate = ground(version).fresh(Path(folder))
        code, _ = run(estate, None)
        assert code == 0, (estate.root / ".output").read_text()
        assert not list(end_of(version, estate))
        return tuple((estate.root / ".steps").read_text().splitlines())


def kills(version: str) -> Iterator[Kill]:
    """Every moment at which the apply is killed; only at the inventory's where that is remote."""
    for point in calm(version).points:
        if version == REMOTE and KEPT not in point.path:
            continue
        yield Kill(version, "before", point)
        yield Kill(version, "after", point)
    if version == REMOTE:
        return
    for number, name in enumerate(steps(version)):
        yield Kill(version, "inventory", step=number)
        if name == "sync":
            yield Kill(version, "torn", step=number)


def killed(kill: Kill) -> Verdict:
    """Play one kill: the process dies, the next apply finishes."""
    with tempfile.TemporaryDirectory() as folder:
        estate = ground(kill.version).fresh(Path(folder))
        approved = calm(kill.version).approved
        code, watch = run(estate, kill)
        faults: list[str] = []
        if code != -signal.SIGKILL:
            output = (estate.root / ".output").read_text()[-300:]
            faults.append(f"it was not killed, but ended with {code}: {output}")
        faults += unannounced(approved, watch.sent)
        estate.wire.spoil(None, None)
        estate.made.clock.advance(LEASE)
        applied, how, code = attempt(estate)
        if code != 0 or applied is None:
            faults.append(f"the apply after it ended {code}: {how}")
        faults += unannounced(approved, estate.wire.sent)
        faults += doubled([*watch.sent, *estate.wire.sent])
        faults += end_of(kill.version, estate)
        if applied is not None and applied.outcomes:
            faults += _rubbish(estate)
    return Verdict(str(kill), f"killed; then {how}", tuple(faults), 2)


def _rubbish(estate: Mixed) -> Iterator[str]:
    """What the killed process left lying about, and the next one did not take away."""
    kept: set[Any] = {"inventory.json", "inventory.lock", "inventory.journal", ".gitignore"}
    kept.add("inventory.undo")
    for file in (estate.root / ".reconciler").glob("*"):
        if file.name not in kept:
            yield f"{file.name} is left in .reconciler"
