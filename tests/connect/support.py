"""A workspace, a fleet and the runs between them: manifests in, plans, outcomes and time out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model import Change, Plan
from reconciler.sandbox import Sandbox
from tests.sandbox.connect.support import START, ConnectApi
from tests.support.estate import Applied, Estate, Time, manifest
from tests.support.transport import InProcess

PORT = 8082
APP = "default_app"


class Killed(BaseException):
    """The process died here."""


class FleetTime(Time):
    """A clock of the run that takes the fleet's clock along when somebody waits."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox

    def sleep(self, seconds: float) -> None:
        """Let time pass for both."""
        super().sleep(seconds)
        self.sandbox.clock.advance(seconds)


class Fleet(Estate):
    """An estate beside which JFrog Connect is served; the fleet is `demo`, empty at first.

    With `beside`, it is another workspace that looks at the same fleet.
    """

    def __init__(self, root: Path, beside: Fleet | None = None) -> None:
        sandbox = beside.sandbox if beside else Sandbox(connect=True)
        if beside is None:
            sandbox.clock.freeze(START)
        super().__init__(root, sandbox)
        self.api = ConnectApi(sandbox)
        if beside is None:
            self.api.clear()
        self.connect = self.api.connect
        self.connect.url = f"http://127.0.0.1:{PORT}"
        self.transport.others[PORT] = self.connect
        self.time = FleetTime(sandbox)
        self.environment["CONNECT_TOKEN"] = self.connect.tokens["write"]
        self.files: list[dict[str, Any]] = []

    def workspace(self, **spec: Any) -> None:
        """Write the workspace file, with Connect in it."""
        given = {"url": f"http://127.0.0.1:{PORT}", "token": {"env": "CONNECT_TOKEN"}}
        super().workspace(**{"connect": given, **spec})

    # --- devices

    def add(self, count: int, **values: Any) -> list[str]:
        """So many new devices in the group Production."""
        return self.api.add(count, **{"group": "Production", **values})

    def uuids(self) -> set[str]:
        """The devices there are."""
        return set(self.connect.world.fleets["demo"].devices)

    def versions(self) -> Counter[str]:
        """How many devices have which version."""
        devices = self.connect.world.fleets["demo"].devices.values()
        return Counter(str(d.apps.get(APP)) for d in devices)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.api.advance(seconds)

    # --- manifests

    def deploy(self, version: str = "2.0", **spec: Any) -> dict[str, Any]:
        """Declare the flow and one deployment of it; returns the deployment."""
        made = deployment(version, **spec)
        self.declare(flow(), made)
        return made

    # --- runs

    def step(self, **changes: Any) -> Applied:
        """One apply."""
        return self.apply(**changes)

    def roll(self, most: int = 40, seconds: float = 120, **changes: Any) -> list[Applied]:
        """Apply again and again, with time between, until there is nothing left to do."""
        done: list[Applied] = []
        for _ in range(most):
            made = self.apply(**changes)
            done.append(made)
            if not made.plan.pending and not self.is_moving(made.plan):
                return done
            self.later(seconds)
        raise AssertionError(f"it never ends: {standing(done[-1].plan)}")

    def roll_halted(self) -> None:
        """Apply until nothing but a halted rollout is left."""
        for _ in range(10):
            made = self.apply()
            if all(c.blocked for c in made.plan.changes) and not self.is_moving(made.plan):
                return
            self.later(60)
        raise AssertionError("it never ends")

    @staticmethod
    def is_moving(plan: Plan) -> bool:
        """Whether a deployment goes on by itself."""
        return any(word in standing(plan) for word in ("Progressing", "RollingBack"))

    def kill(self, at: int, *, landed: bool = False) -> None:
        """Let the process die at one of its requests, counted from now: before it, or after it
        landed and before its answer. Nothing is sent afterwards."""
        lock, count = threading.Lock(), iter(range(1_000_000))
        carry = InProcess.handle_request

        def carried(request: Any) -> Any:
            with lock:
                number = next(count)
            if number > at or (number == at and not landed):
                raise Killed
            answer = carry(self.transport, request)
            if number == at:
                raise Killed
            return answer

        self.transport.handle_request = carried  # type: ignore[method-assign]

    def revive(self) -> None:
        """The next process."""
        self.transport.__dict__.pop("handle_request", None)

    # --- what the server knows

    def sent(self) -> list[dict[str, Any]]:
        """Every deployment of the fleet, with what the API never tells."""
        found = self.api.control("GET", "connect/deployments", fleet="demo")
        listed: list[dict[str, Any]] = found["deployments"]
        return listed

    def received(self) -> Counter[str]:
        """How many deployments each device got; those aborted before they began not counted."""
        found: Counter[str] = Counter()
        for one in self.sent():
            for uuid, entry in one["entries"].items():
                found[uuid] += entry["started"] is not None or entry["status"] != "aborted"
        return found

    def posts(self) -> list[str]:
        """Requests that deployed something."""
        return [w for w in self.writes() if w == "POST /api/v2/demo/deployments"]

    def tags(self) -> set[str]:
        """Every reserved tag on a device."""
        devices = self.connect.world.fleets["demo"].devices.values()
        return {tag for d in devices for tag in d.tags if tag.startswith("rec-")}

    def as_other(self, method: str, path: str, body: Any = None) -> Any:
        """A request by another person."""
        return ConnectApi(self.sandbox, "other").send(method, path, body)


RUN = "install ${{ inputs.image }}"


def flow(name: str = "camera-fw", run: str = RUN, **spec: Any) -> dict[str, Any]:
    """An UpdateFlow with one step and one input."""
    steps = [{"name": "install", "run": run}]
    inputs = ["image"] if "image" in run else []
    return manifest("UpdateFlow", name, {"steps": steps, "inputs": inputs, **spec}, fleet="demo")


def deployment(version: str = "2.0", name: str = "camera", **spec: Any) -> dict[str, Any]:
    """A Deployment to the group Production."""
    desired = {
        "app": {"name": APP, "version": version},
        "flow": {"name": "camera-fw"},
        "parameters": {"image": f"fw-{version}"},
        **spec.pop("desired", {}),
    }
    select = {"groups": ["Production"], **spec.pop("select", {})}
    whole = {"desired": desired, "select": select, **spec}
    return manifest("Deployment", name, whole, fleet="demo")


def change_of(plan: Plan, address: str = "Deployment/demo/camera") -> Change:
    """The change of one object."""
    return next(c for c in plan.changes if str(c.address) == address)


def standing(plan: Plan) -> str:
    """How the deployments stand, as the plan tells; a step by its status."""
    told = [d.summary for d in plan.diagnostics if d.rule == "deployment-standing"]
    told += [str(c.evidence.get("status")) for c in plan.changes if "status" in c.evidence]
    return "; ".join(told)


def classes(plan: Plan) -> Mapping[str, int]:
    """How many devices are in each class that has some."""
    found = change_of(plan).evidence["classes"]
    assert isinstance(found, dict)
    return {kind: count for kind, count in found.items() if count}
