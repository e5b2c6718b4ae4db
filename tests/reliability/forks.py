"""A process that has everything imported and forks one `reconciler` for each line it reads.

Started by `Forks`, which is what tests use. A line of JSON in: {folder, arguments, environment,
die_at, torn}; lines of JSON out: {pid} at once, {status} when that process has ended. `die_at` is
the number of the step of the inventory at which the process kills itself with SIGKILL: every
opening, syncing, renaming and removing of a file in `.reconciler`, counted from 0; null for none.
With `torn`, the end of the file it was to sync is cut off, as if it never came to the disk. The
steps that were passed are left in `.steps` beside the workspace.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ".reconciler"


class Forks:
    """The process, from the side of a test."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.forks"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "RECONCILER_CACHE": "off"},
        )

    def start(
        self,
        folder: Path,
        *arguments: str,
        die_at: int | None = None,
        torn: bool = False,
        **environment: str,
    ) -> int:
        """Start one command; its process id."""
        asked = {
            "folder": str(folder),
            "arguments": arguments,
            "environment": environment,
            "die_at": die_at,
            "torn": torn,
        }
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(asked).encode() + b"\n")
        self._server.stdin.flush()
        return int(self._told("pid"))

    def end(self) -> int:
        """Wait for the command; its exit code, or the negative number of the signal."""
        return os.waitstatus_to_exitcode(self._told("status"))

    def _told(self, what: str) -> int:
        assert self._server.stdout is not None
        found: int = json.loads(self._server.stdout.readline())[what]
        return found

    def close(self) -> None:
        """End the process."""
        self._server.communicate(timeout=10)


def serve() -> None:
    """Fork one command for each line of stdin."""
    _import_everything()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            _child(asked)
        _tell(pid=pid)
        _tell(status=os.waitpid(pid, 0)[1])


def _tell(**what: int) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the protocol


def _import_everything() -> None:
    import httpx  # noqa: F401

    from reconciler.kinds.registry import builtin

    list(builtin())


def _child(asked: dict[str, Any]) -> None:
    """Become the command; the output is beside the workspace."""
    from reconciler.cli.main import main

    os.chdir(asked["folder"])
    out = os.open(".output", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.clear()
    os.environ.update(asked["environment"], RECONCILER_CACHE="off")
    _count_steps(asked["die_at"], torn=asked["torn"])
    try:
        main(asked["arguments"])
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(end.code or 0))
    os._exit(70)


TORN = 9
"""Bytes that are cut off: less than the shortest line."""


def _count_steps(die_at: int | None, *, torn: bool) -> None:
    """Have the process die right before a step of its inventory, as kill -9 would have it."""
    steps = os.open(".steps", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    passed = 0

    def step(name: str) -> None:
        nonlocal passed
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1
        os.write(steps, f"{name}\n".encode())

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event in ("open", "os.rename", "os.remove", "os.mkdir") and KEPT in str(details[0]):
            step(f"{event} {Path(str(details[0])).suffix}")

    def synced(number: int) -> None:
        if torn and passed == die_at:
            os.ftruncate(number, max(0, os.fstat(number).st_size - TORN))
        step("sync")
        sync(number)
        step("synced")

    sync, os.fsync = os.fsync, synced
    sys.addaudithook(hook)


if __name__ == "__main__":
    serve()
