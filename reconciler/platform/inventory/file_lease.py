"""The leases of a file inventory: files beside it, held by locks of the operating system.

The system frees a lock when its process dies, so on one machine nothing has to expire. For another
machine that shares the folder, a lease expires by the clock that stamps the files.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.errors import LeaseLostError
from reconciler.platform.inventory.holder import UNKNOWN, Holder
from reconciler.platform.inventory.lease import LIFETIME, Held, in_the_way, no_lease

FORMAT = "reconciler.lease/v1"


@dataclass(frozen=True, slots=True)
class _Written:
    """What a lease file says; `part` is the shard the run is about, empty for everything."""

    id: str = ""
    holder: Holder = UNKNOWN
    machine: str = ""
    part: str = ""


class FileLeases:
    """The lease files beside an inventory file. Raises OSError where they cannot be written.

    Who takes, ends or gives back a lease holds the lock of the inventory meanwhile.
    """

    def __init__(self, inventory: Path, lifetime: float = LIFETIME) -> None:
        self.inventory, self.lifetime = inventory, lifetime

    def take(self, holder: Holder, part: str) -> FileClaim | Held:
        """Take the lease of a part, or tell who has one that is in the way."""
        with self._alone():
            for file in self._files():
                found = self._alive(file)
                if found is not None and in_the_way(found[0].part, part):
                    return self._held(*found)
            return self._claim(holder, part)

    def end(self, lease_id: str) -> Held:
        """Remove the lease with this id. Raises UsageError when there is no such lease."""
        with self._alone():
            others: list[Held] = []
            for file in self._files():
                found = self._alive(file)
                if found is None:
                    continue
                held = self._held(*found)
                if held.id == lease_id:
                    file.unlink(missing_ok=True)
                    return held
                others.append(held)
        raise no_lease(lease_id, others)

    def held(self) -> list[Held]:
        """Every lease whose run is alive."""
        with self._alone():
            found = [self._alive(file) for file in self._files()]
        return [self._held(*one) for one in found if one is not None]

    def _files(self) -> Iterator[Path]:
        name = re.compile(re.escape(self.inventory.stem) + r"(\.\d+-of-\d+)?\.lease")
        for file in sorted(self.inventory.parent.iterdir()):
            if name.fullmatch(file.name):
                yield file

    def _alive(self, file: Path) -> tuple[_Written, float] | None:
        """What a lease file says and when it was stamped; None for one whose run is gone.

        On this machine a free lock proves that.
        """
        handle = os.open(file, os.O_RDWR)
        try:
            locked = _lock(handle)
            written, stamped = _read(handle), os.fstat(handle).st_mtime
        finally:
            os.close(handle)
        if locked is False:
            return written, stamped
        if (locked and written.machine == machine()) or not written.id:
            return None
        return (written, stamped) if self._now() - stamped < self.lifetime else None

    def _now(self) -> float:
        """The time by the clock that stamps the files, which may be that of a file server."""
        fresh = self.inventory.with_suffix(f".{os.getpid()}.tmp")
        fresh.touch()
        try:
            return fresh.stat().st_mtime
        finally:
            fresh.unlink()

    def _claim(self, holder: Holder, part: str) -> FileClaim:
        shard = f".{part.replace('/', '-of-')}" if part else ""
        file = self.inventory.with_suffix(f"{shard}.lease")
        file.unlink(missing_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(handle)
        lease_id = secrets.token_hex(6)
        document = {
            "format": FORMAT,
            "id": lease_id,
            "holder": holder.as_json(),
            "machine": machine(),
            "part": part,
        }
        os.write(handle, json.dumps(document, ensure_ascii=False).encode() + b"\n")
        return FileClaim(lease_id, file, handle, self)

    def _held(self, written: _Written, stamped: float) -> Held:
        until = "" if written.machine == machine() else _iso(stamped + self.lifetime)
        return Held(written.id, written.holder, written.holder.started, until)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locked(self.inventory.with_suffix(".lock")):
            yield

    def remove(self, claim: FileClaim) -> None:
        """Take a claim's file away, unless it is another run's by now."""
        with self._alone():
            if claim.is_there():
                claim.file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FileClaim:
    """A lease file, locked by us."""

    id: str
    file: Path
    handle: int
    leases: FileLeases

    def is_there(self) -> bool:
        """Whether the file we locked is still the one beside the inventory."""
        try:
            return os.path.samestat(os.fstat(self.handle), self.file.stat())
        except FileNotFoundError:
            return False

    def look(self) -> None:
        """Raises LeaseLostError when the file is another one."""
        if not self.is_there():
            raise LeaseLostError("somebody ended it")

    def renew(self) -> None:
        """Stamp the file. Raises LeaseLostError when it is another one."""
        self.look()
        with suppress(OSError):  # it is told by the next write if it matters
            os.utime(self.file)

    def release(self) -> None:
        """Remove the file; others may take the lease at once."""
        with suppress(OSError):
            self.leases.remove(self)
        os.close(self.handle)


def machine() -> str:
    """What tells a machine apart, and one start of it from the next."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return platform.node()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock file; released by the system should the process die."""
    with file.open("w") as handle:
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        except ImportError:  # pragma: no cover - Windows has no advisory locks in the library
            pass
        yield


def _lock(handle: int) -> bool | None:
    """Whether the lock is ours now; None where the system has no such locks."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(handle: int) -> _Written:
    """What the file says; nothing for one that was cut short by a crash."""
    try:
        raw: Any = json.loads(os.read(handle, 65536))
        holder = Holder.of_json(raw["holder"])
        return _Written(str(raw["id"]), holder, str(raw["machine"]), str(raw["part"]))
    except (ValueError, LookupError, TypeError):
        return _Written()


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
