"""Ctrl-C during an apply: an orderly end, an honest exit code, and a second run that finishes."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from tests.cli.support import COMMAND, Desk, local, manifest


def estate(desk: Desk, count: int = 8) -> None:
    """Repositories that are written one by one, slowly."""
    desk.declare(*(local(f"r{i}") for i in range(count)))
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    desk.fault("latency", ms=250, match={"method": "PUT"})


def running(desk: Desk, *flags: str) -> subprocess.Popen[str]:
    """An apply, which has sent its first write."""
    process = subprocess.Popen(
        [*COMMAND, "apply", "--yes", *flags],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 15
    while not any(
        r["path"].endswith("/r0") and r["method"] == "PUT" for r in desk.sandbox.requests
    ):
        assert time.monotonic() < until, process.communicate(timeout=1)
        assert process.poll() is None
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal(desk: Desk, number: signal.Signals) -> None:
    """The request in flight is finished, the summary told, the inventory whole; 5; again: done."""
    estate(desk)
    process = running(desk)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    made = {name for name in (f"r{i}" for i in range(8)) if desk.exists(name)}
    recorded = {key.rpartition("/")[2] for key in desk.inventory()}
    desk.sandbox.clear_faults()
    again = desk("apply", "--yes")

    assert process.returncode == 5, out + err
    assert "stopping after the request in flight" in err
    assert "not attempted" in out
    assert "Running apply again is safe" in out
    assert "Traceback" not in err
    assert 0 < len(made) < 8
    assert recorded == made
    assert again.code == 0, again.both
    assert f"{8 - len(made)} created" in again.out
    assert desk("plan", "--detailed-exitcode").code == 0


def test_one_signal_with_json(desk: Desk) -> None:
    """The outcome is still one document."""
    estate(desk)
    process = running(desk, "--output", "json")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    document = json.loads(out)

    assert document["exitCode"] == process.returncode == 5
    assert {o["result"] for o in document["outcomes"]} == {"done", "not-attempted"}


def test_two_signals(desk: Desk) -> None:
    """The second one does not wait for a request that hangs."""
    desk.declare(local("r0"), local("r1"))
    estate_faults = {"status": 404, "match": {"path": "*/v2/repositories/batch"}}
    desk.fault("status", **estate_faults)
    desk.fault("hang", seconds=8, match={"method": "PUT", "path": "*/r1"})
    process = running(desk, "--output", "json")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert time.monotonic() - started < 1
    assert process.returncode == 5, err
    assert json.loads(out)["exitCode"] == 5
    assert "Traceback" not in err


def test_ctrl_c_while_planning(desk: Desk) -> None:
    """A plan that is interrupted ends 1, in words; a read that hangs is left at the second."""
    desk.declare(local("r0"))
    desk.fault("hang", seconds=6, match={"path": "*/configurations"})
    process = subprocess.Popen(
        [*COMMAND, "plan", "--output", "json"],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 10
    while not desk.sandbox.requests and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert time.monotonic() - started < 2
    assert process.returncode == 1, err
    assert json.loads(out)["error"]["rule"] == "interrupted"
    assert "Traceback" not in err


def test_dependants_of_what_was_not_done(desk: Desk) -> None:
    """What names an object that was not made is not attempted, and says why."""
    desk.declare(
        local("a", "npm"),
        manifest("VirtualRepository", "v", packageType="npm", repositories=["a"]),
    )
    desk.fault("status", status=500, match={"method": "PUT", "path": "*/repositories/*"})
    desk.fault("status", status=500, match={"path": "*/v2/repositories/batch"})
    seen = desk("apply", "--yes")

    assert seen.code == 5, seen.both
    assert "1 failed, 1 not attempted" in seen.out
    assert "LocalRepository/a" in seen.out.partition("VirtualRepository/v")[2]
