"""A folder, a platform behind a real socket and the command line in; what a user sees out."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.sandbox import Request, Response, Sandbox
from reconciler.sandbox.server import Server

REPOSITORIES = "/artifactory/api/repositories"
SECRET_NAMES = ("JFROG_", "JF_", "RECONCILER_", "GITHUB_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
COMMAND = [sys.executable, "-m", "reconciler"]


class Listening(Sandbox):
    """A sandbox that also remembers the headers of every request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers: list[tuple[str, Mapping[str, str]]] = []

    def handle(self, platform: str, request: Request) -> Response:
        """As the sandbox does."""
        self.headers.append((platform, dict(request.headers)))
        return super().handle(platform, request)


@dataclass(frozen=True)
class Seen:
    """What one command left behind: its exit code and its streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def both(self) -> str:
        """Everything written."""
        return self.out + self.err


class Stream(io.TextIOWrapper):
    """A captured stream; `terminal` makes it say that it is one."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        """What it was made to say."""
        return self.terminal

    @property
    def text(self) -> str:
        """Everything written so far."""
        self.flush()
        buffer: Any = self.buffer
        return str(buffer.getvalue().decode("utf-8"))


class Typed(io.StringIO):
    """What somebody types; `terminal` makes it say that it comes from one."""

    def __init__(self, text: str, terminal: bool) -> None:
        super().__init__(text)
        self.terminal = terminal

    def isatty(self) -> bool:
        """What it was made to say."""
        return self.terminal


class Desk:
    """A user's desk: a workspace folder, a platform, a shell."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, urls: Mapping[str, str]
    ) -> None:
        self.root, self.patch, self.sandbox, self.urls = root, monkeypatch, sandbox, urls
        first = next(iter(urls))
        self.platform = sandbox.platforms[first]
        for platform in sandbox.platforms.values():
            platform.store.directory.groups.clear()  # only what a test puts there
        for name in list(os.environ):
            if name.upper().startswith(SECRET_NAMES) or name in ("CI", "NO_COLOR", "FORCE_COLOR"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("RECONCILER_CACHE", "off")
        monkeypatch.setenv("JFROG_URL", urls[first])
        monkeypatch.setenv("JFROG_ACCESS_TOKEN", self.platform.tokens["admin"])
        monkeypatch.chdir(root)

    # --- files

    def write(self, name: str, content: Any) -> Path:
        """A file of the workspace; anything but text is written as JSON, which is YAML."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_bytes(text.encode())
        return file

    def workspace(self, name: str = "reconciler.yaml", owner: str = "acme", **spec: Any) -> Path:
        """The workspace file."""
        head = {"apiVersion": "reconciler/v1", "kind": "Workspace", "metadata": {"name": owner}}
        return self.write(name, {**head, "spec": {"manifests": ["manifests"], **spec}})

    def declare(self, *manifests: Mapping[str, Any], file: str = "manifests/all.yaml") -> Path:
        """The manifests of one file."""
        return self.write(file, "---\n".join(json.dumps(m) + "\n" for m in manifests))

    def converged(self, *manifests: Mapping[str, Any]) -> None:
        """Manifests, applied."""
        self.declare(*manifests)
        done = self("apply", "--yes")
        assert done.code == 0, done.both
        self.sandbox.reset_requests()

    # --- commands

    def __call__(self, *args: str, terminal: bool = False, stdin: str = "") -> Seen:
        """Run one command line in this process."""
        out, err = Stream(terminal), Stream(terminal)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", Typed(stdin, terminal and bool(stdin)))
            code = run(list(args))
        return Seen(code, out.text, err.text)

    # --- the platform

    def live(self, key: str) -> dict[str, Any]:
        """A repository as the platform answers it."""
        answer = self.send("GET", f"{REPOSITORIES}/{key}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def exists(self, key: str) -> bool:
        """Whether the platform has a repository."""
        return self.send("GET", f"{REPOSITORIES}/{key}").status == 200

    def make(self, key: str, rclass: str = "local", type_: str = "generic", **spec: Any) -> None:
        """Create a repository behind everybody's back."""
        body = {"rclass": rclass, "packageType": type_, **spec}
        if rclass == "remote":
            body.setdefault("url", "https://upstream.example.com")
        answer = self.send("PUT", f"{REPOSITORIES}/{key}", body)
        assert answer.status == 200, answer.text

    def meddle(self, key: str, **spec: Any) -> None:
        """Change a repository behind everybody's back."""
        answer = self.send("POST", f"{REPOSITORIES}/{key}", spec)
        assert answer.status == 200, answer.text

    def send(self, method: str, path: str, body: Any = None) -> Response:
        """One request that is not counted."""
        data = b"" if body is None else json.dumps(body).encode()
        token = self.platform.tokens["admin"]
        headers = {"authorization": f"Bearer {token}"}
        faults, self.sandbox.faults[:] = list(self.sandbox.faults), []
        answer = self.platform.handle(Request(method, path, (), headers, data))
        self.sandbox.faults[:] = faults
        self.sandbox.requests.pop()
        return answer

    def fault(self, action: str, times: int | None = None, **more: Any) -> None:
        """Something goes wrong from now on."""
        self.sandbox.add_fault({"action": action, "times": times, **more})

    def writes(self) -> list[str]:
        """The requests that were not reads."""
        return [f"{r['method']} {r['path']}" for r in self.sandbox.requests if r["method"] != "GET"]

    def inventory(self) -> dict[str, Any]:
        """The entries of the default inventory."""
        file = self.root / ".reconciler" / "inventory.json"
        entries: dict[str, Any] = json.loads(file.read_text())["entries"]
        return entries


def local(name: str, type_: str = "generic", **more: Any) -> dict[str, Any]:
    """A LocalRepository; `metadata` and `lifecycle` go where they belong, the rest is spec."""
    return manifest("LocalRepository", name, packageType=type_, **more)


def manifest(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A manifest of any kind."""
    metadata = {"name": name, **more.pop("metadata", {})}
    if "lifecycle" in more:
        metadata["lifecycle"] = more.pop("lifecycle")
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, "spec": more}


def remote(name: str, **more: Any) -> dict[str, Any]:
    """A RemoteRepository."""
    spec = {"packageType": "npm", "url": "https://registry.example.com", **more}
    return manifest("RemoteRepository", name, **spec)


def served(*names: str, version: str = "7.146.17") -> Server:
    """A server of some platforms, not yet started; odd orders and suffixes are left to others."""
    quirks = {"reorder_sets": False, "cache_suffix": False}
    return Server(Listening(names or ("default",), version=version, quirks=quirks))


def environment(extra: Mapping[str, str], drop: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a subprocess."""
    return {k: v for k, v in {**os.environ, **extra}.items() if k not in drop}
