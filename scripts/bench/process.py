"""A command in, what its whole process took out: seconds of CPU and wall, largest memory."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "JFROG_ACCESS_TOKEN"
EVERY = 0.02
"""Seconds between two looks at the memory of a tree of processes."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process took: CPU and wall seconds, and its largest resident set in MB."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True, slots=True)
class Side:
    """The shortest wall and CPU seconds of one side of a ratio."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, usages: Sequence[Usage]) -> Side:
        """The best of several runs."""
        return cls(min(usage.wall for usage in usages), min(usage.cpu for usage in usages))

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (CPU {self.cpu:.2f} s)"


@cache
def bytecode() -> str:
    """A folder for the compiled modules of every process of this run, gone at its end."""
    folder = tempfile.TemporaryDirectory(prefix="bench-bytecode-")
    atexit.register(folder.cleanup)
    return folder.name


def reconciler(*arguments: str) -> list[str]:
    """The command line of this checkout's program."""
    return [sys.executable, "-m", "reconciler", *arguments]


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    tree: bool = False,
) -> Usage:
    """Run a command to its end; with `tree`, memory is that of it and of all it starts, together.

    Modules stay compiled from run to run, as installers leave them. Raises CalledProcessError when
    it fails.
    """
    compiled = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode()}
    environment = os.environ | compiled | dict(variables or {})
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    watch = _Watch(process.pid) if tree else None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    together = watch.end() if watch else 0.0
    if process.returncode:
        sys.stderr.write(told.decode(errors="replace"))
        raise subprocess.CalledProcessError(process.returncode, command, stderr=told)
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes elsewhere
    return Usage(used.ru_utime + used.ru_stime, wall, max(together, used.ru_maxrss / scale))


class _Watch:
    """Looks at the resident sets of a process and of all below it until told to end (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most = pid, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """The largest sum seen, in MB."""
        self._over.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self._most = max(self._most, sum(map(_resident, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    """A process and all below it."""
    found, rest = [], [pid]
    while rest:
        found.append(one := rest.pop())
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                rest += map(int, children.read_text().split())
            except OSError:  # it has just ended
                continue
    return found


def _resident(pid: int) -> float:
    """The resident set of one process in MB; 0 for one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
