"""What users see of the lease: `apply --lock-timeout`, its refusal, and `unlock` (M31)."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.holder import Holder
from tests.cli.support import COMMAND, Desk, local
from tests.cli.test_streams import validator

RUN = Holder("https://github.com/acme/infra/actions/runs/42", 7, "2026-01-02T03:04:05Z")


def store(desk: Desk) -> FileStore:
    """The inventory of the desk's workspace."""
    return FileStore(Path(desk.root) / ".reconciler" / "inventory.json")


def test_an_apply_beside_another(desk: Desk) -> None:
    """Ends 3 before any write, with the link of the other run and the way out; plans go on."""
    desk.declare(local("a"))
    with store(desk).lease(RUN) as lease:
        desk.sandbox.reset_requests()
        seen = desk("apply", "--yes")
        planned = desk("plan", "--detailed-exitcode")

    assert seen.code == 3
    assert seen.err == (
        f"error[lease-held]: {RUN.name} (process 7) is applying with the inventory "
        f"{desk.root}/.reconciler/inventory.json since 2026-01-02T03:04:05Z (lease {lease.id})\n"
        "  help: wait for it with --lock-timeout 10m; if that run is gone: reconciler unlock "
        f"{lease.id}\n\n1 error\n"
    )
    assert desk.writes() == []
    assert planned.code == 2
    assert desk("apply", "--yes").code == 0


def test_the_refusal_as_json(desk: Desk) -> None:
    """One document with the rule's id."""
    desk.declare(local("a"))
    with store(desk).lease(RUN):
        seen = desk("apply", "--yes", "--output", "json")

    assert seen.code == seen.document["exitCode"] == 3
    assert seen.document["error"]["rule"] == "lease-held"


def test_waiting_for_another_apply(desk: Desk) -> None:
    """For the time that was given; whom it waits for is told on stderr."""
    desk.declare(local("a"))
    with store(desk).lease(RUN):
        began = time.monotonic()
        seen = desk("apply", "--yes", "--lock-timeout", "1s")

    assert 1 <= time.monotonic() - began < 5
    assert seen.code == 3
    assert f"waiting for {RUN.name} (process 7), which is applying since" in seen.err
    assert "after 1 seconds of waiting" in seen.err


@pytest.mark.parametrize("value", ["10", "-1s", "1w", "", "1.5h", "٣s"])
def test_what_is_no_length_of_time(desk: Desk, value: str) -> None:
    """Is refused with the form it has."""
    seen = desk("apply", f"--lock-timeout={value}")

    assert seen.code == 1
    assert "is no length of time; write 90s, 10m, 2h or 1d" in seen.err


def test_unlock(desk: Desk) -> None:
    """Ends the lease whose id is given, and no other."""
    desk.declare(local("a"))
    with store(desk).lease(RUN) as lease:
        wrong = desk("unlock", "000000000000")
        right = desk("unlock", lease.id)
        after = desk("apply", "--yes")
    again = desk("unlock", lease.id, "--output", "json")

    assert wrong.code == 1
    assert "there is no lease 000000000000" in wrong.err
    assert RUN.name in wrong.err
    assert (right.code, right.out) == (0, f"ended lease {lease.id}\n")
    assert RUN.name in right.err
    assert after.code == 0, after.both
    assert again.code == again.document["exitCode"] == 1


def test_unlock_as_json(desk: Desk) -> None:
    """One document."""
    with store(desk).lease(RUN) as lease:
        seen = desk("unlock", lease.id, "--output", "json")

    validator("unlock").validate(seen.document)
    assert seen.document == {
        "format": "reconciler.unlock/v1",
        "exitCode": 0,
        "diagnostics": [],
        "lease": lease.id,
        "holder": RUN.name,
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_apply_leaves_no_lease(desk: Desk, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and even kill -9: the next apply begins at once."""
    desk.declare(*(local(f"r{i}") for i in range(6)))
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    desk.fault("latency", ms=150, match={"method": "PUT"})
    process = subprocess.Popen(
        [*COMMAND, "apply", "--yes"],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 15
    while "PUT /artifactory/api/repositories/r0" not in desk.writes():
        assert time.monotonic() < until
        time.sleep(0.01)
    lease = Path(desk.root) / ".reconciler" / "inventory.lease"
    holder = json.loads(lease.read_text())["holder"]
    process.send_signal(number)
    process.communicate(timeout=20)
    desk.sandbox.clear_faults()

    assert holder["process"] == process.pid
    assert lease.exists() is (number == signal.SIGKILL)
    assert desk("apply", "--yes").code == 0
    assert not lease.exists()
