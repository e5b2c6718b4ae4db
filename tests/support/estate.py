"""One workspace and one platform: manifests in, plans and outcomes out; no socket, no waiting."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.exporting import Exported, export
from reconciler.kinds.registry import Registry
from reconciler.model import Drift, Inventory, Outcome, Plan
from reconciler.pipeline.applying import carry_out
from reconciler.pipeline.desiring import Desire, desire
from reconciler.pipeline.drifting import find_drift
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import Session, session
from reconciler.platform.client import Clock
from reconciler.platform.connect import Wire
from reconciler.platform.inventory.file import FileStore
from reconciler.sandbox import Request, Sandbox
from reconciler.sandbox.directory import User
from reconciler.sandbox.messages import Response
from reconciler.settings import Settings
from tests.support.transport import InProcess

REPOSITORIES = "/artifactory/api/repositories"
PROJECTS = "/access/api/v1/projects"
ASKING = ("/search/aql", "/policies/preview", "/policies/convertToAql", "/retention/report")
Manifests = Mapping[str, Any] | Sequence[Mapping[str, Any]] | str


class Time:
    """A clock that only moves when somebody sleeps, which costs nothing."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []
        self.followers: list[Callable[[float], None]] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the test began, as the run sees them."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.seconds += seconds
            self.naps.append(seconds)
            for follow in self.followers:
                follow(seconds)

    @property
    def clock(self) -> Clock:
        """The form the client takes; no jitter, so pauses can be compared."""
        return Clock(self.now, self.sleep, lambda: 1.0)


@dataclass(frozen=True)
class Applied:
    """A plan and what became of it."""

    plan: Plan
    outcomes: list[Outcome] = field(default_factory=list)

    def results(self) -> dict[str, str]:
        """The result of each object."""
        return {str(o.change.address): o.result for o in self.outcomes}

    def rewritten(self) -> dict[str, list[str]]:
        """The paths the server did not keep, for the objects that have some."""
        return {
            str(o.change.address): [f.path for f in o.fields] for o in self.outcomes if o.fields
        }

    def outcome(self, address: str) -> Outcome:
        """The outcome of one object."""
        return next(o for o in self.outcomes if str(o.change.address) == address)


class Estate:
    """A workspace folder, a sandbox platform and the runs between them."""

    def __init__(self, root: Path, sandbox: Sandbox | None = None) -> None:
        self.root = root
        self.sandbox = sandbox or Sandbox()
        self.platform = self.sandbox.platforms["default"]
        self.transport = InProcess(self.platform)
        self.time = Time()
        self.registry: Registry | None = None
        self.environment: dict[str, str] = {
            "JFROG_URL": self.platform.url,
            "JFROG_ACCESS_TOKEN": self.platform.tokens["admin"],
        }
        self.workspace()

    def workspace(self, **spec: Any) -> None:
        """Write the workspace file."""
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "Workspace",
            "metadata": {"name": "acme"},
            "spec": {"manifests": ["manifests"], **spec},
        }
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")

    # --- manifests

    def write(self, files: Mapping[str, Manifests]) -> None:
        """Put files below `manifests/`; JSON is YAML, so a manifest is written as it is."""
        for name, content in files.items():
            file = self.root / "manifests" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text_of(content), encoding="utf-8")

    def declare(self, *manifests: Mapping[str, Any]) -> None:
        """The whole desired state, in one file."""
        self.write({"all.yaml": manifests})

    # --- runs

    def settings(self, **changes: Any) -> Settings:
        """The settings of a run."""
        return Settings(
            environment=dict(self.environment), workspace=self.root / "reconciler.yaml", **changes
        )

    @contextmanager
    def session(self, *, needs_manifests: bool = True, **changes: Any) -> Iterator[Session]:
        """An open run."""
        with session(
            self.settings(**changes),
            self.registry,
            needs_manifests=needs_manifests,
            wire=Wire(self.transport, self.time.clock),
        ) as run:
            yield run

    def desire(self, **changes: Any) -> Desire:
        """The checked manifests."""
        return desire(self.settings(**changes), self.registry)

    def plan(self, *, unmanaged: bool = False, **changes: Any) -> Plan:
        """Read and decide."""
        with self.session(**changes) as run:
            return make_plan(run, unmanaged=unmanaged)

    def apply(
        self,
        *,
        between: Callable[[], Any] | None = None,
        stop: threading.Event | None = None,
        report: Callable[..., Any] = lambda outcome, done, total: None,
        **changes: Any,
    ) -> Applied:
        """Plan and carry out; `between` runs after the plan was made."""
        with self.session(**changes) as run:
            made = make_plan(run)
            if between is not None:
                between()
            return Applied(made, carry_out(run, made, stop or threading.Event(), report))

    def drift(self, **changes: Any) -> Drift:
        """What changed since the last apply."""
        with self.session(needs_manifests=False, **changes) as run:
            return find_drift(run)

    def export(self, path: Path | None = None, *, update: bool = False) -> Exported:
        """Manifests for what is live."""
        with self.session(needs_manifests=False) as run:
            return export(run, path, update=update)

    def inventory(self) -> Inventory:
        """What is recorded as owned."""
        return FileStore(self.root / ".reconciler" / "inventory.json").load()

    # --- the platform

    def put(self, key: str, **body: Any) -> None:
        """Create a repository behind the tool's back."""
        self._send("PUT", f"{REPOSITORIES}/{key}", body)

    def post(self, key: str, **body: Any) -> None:
        """Change a repository behind the tool's back."""
        self._send("POST", f"{REPOSITORIES}/{key}", body)

    def delete(self, key: str) -> None:
        """Delete a repository behind the tool's back."""
        self._send("DELETE", f"{REPOSITORIES}/{key}", None)

    def project(self, *keys: str) -> None:
        """Create projects."""
        for key in keys:
            self._send("POST", PROJECTS, {"project_key": key, "display_name": key})

    def users(self, *names: str) -> None:
        """Create users."""
        for name in names:
            self.platform.store.directory.users[name] = User(name)

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """One request behind the tool's back; the answer as JSON."""
        return self._send(method, path, body).json()

    def tell(self, method: str, path: str, body: Any = None) -> None:
        """One request behind the tool's back that answers nothing of interest."""
        self._send(method, path, body)

    def upload(self, key: str, path: str, content: bytes = b"x") -> None:
        """Put a file into a repository."""
        self._send("PUT", f"/artifactory/{key}/{path}", content)

    def files(self, key: str) -> list[str]:
        """The paths of a repository's files."""
        return sorted(self.platform.store.artifacts.get(key, {}))

    def _send(self, method: str, path: str, body: Any) -> Response:
        known = len(self.sandbox.requests)
        headers = {"authorization": f"Bearer {self.platform.tokens['admin']}"}
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
        answer = self.platform.handle(Request(method, path, (), headers, body))
        assert answer.status < 300, answer.text
        del self.sandbox.requests[known:]
        return answer

    def stored(self, key: str) -> dict[str, Any]:
        """Everything the platform stores of a repository, hidden values included."""
        repository = self.platform.store.repositories[key]
        return {
            "packageType": repository.package_type,
            "rclass": repository.rclass,
            **repository.own,
            **{f"hidden {name}": value for name, value in repository.hidden.items()},
        }

    def keys(self) -> list[str]:
        """The keys of all live repositories."""
        return sorted(self.platform.store.repositories)

    def fault(self, action: str, *, method: str = "*", path: str = "*", **details: Any) -> None:
        """Have something go wrong; see the sandbox's faults."""
        self.sandbox.add_fault(
            {"action": action, "match": {"method": method, "path": path}, **details}
        )

    def quirks(self, **switches: bool) -> None:
        """Switch habits of the server."""
        self.sandbox.set_quirks(switches)

    def token(self, right: str) -> None:
        """Run with another token: admin, read or partial."""
        self.environment["JFROG_ACCESS_TOKEN"] = self.platform.tokens[right]

    # --- requests

    def requests(self) -> list[str]:
        """Every request the platform saw, as `METHOD path`, in order."""
        return [f"{r['method']} {r['path']}" for r in self.sandbox.requests]

    def writes(self) -> list[str]:
        """Those that are no reads; what is posted to ask is one too."""
        return [
            line
            for line in self.requests()
            if not line.startswith(("GET ", "HEAD ")) and not line.endswith(ASKING)
        ]

    def forget_requests(self) -> None:
        """Count from here on."""
        self.sandbox.reset_requests()
        self.transport.bodies.clear()


def text_of(content: Manifests) -> str:
    """Manifests as the text of a file."""
    if isinstance(content, str):
        return content
    documents = [content] if isinstance(content, Mapping) else content
    return "\n---\n".join(json.dumps(d, ensure_ascii=False, indent=1) for d in documents) + "\n"


def manifest(
    kind: str, name: str, spec: Mapping[str, Any] | None = None, **metadata: Any
) -> dict[str, Any]:
    """One manifest."""
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": dict(spec or {}),
    }


def local(name: str, package_type: str = "generic", **spec: Any) -> dict[str, Any]:
    """A LocalRepository."""
    return manifest("LocalRepository", name, {"packageType": package_type, **spec})


def remote(name: str, package_type: str = "npm", **spec: Any) -> dict[str, Any]:
    """A RemoteRepository."""
    base = {"packageType": package_type, "url": "https://registry.example.com/npm"}
    return manifest("RemoteRepository", name, {**base, **spec})


def virtual(name: str, package_type: str = "generic", **spec: Any) -> dict[str, Any]:
    """A VirtualRepository."""
    return manifest("VirtualRepository", name, {"packageType": package_type, **spec})


def lifecycle(document: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The manifest with a `metadata.lifecycle`."""
    return {**document, "metadata": {**document["metadata"], "lifecycle": settings}}
