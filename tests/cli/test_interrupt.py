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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
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


def test_a_lost_connection_told_twice(desk: Desk) -> None:
    """The system and the shell both send it; the request in flight is finished all the same."""
    estate(desk)
    process = running(desk)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=10)

    assert process.returncode == 5, out + err
    assert "Running apply again is safe" in out


def test_without_hang_ups(desk: Desk) -> None:
    """Under `nohup` the run goes on when the connection is gone."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        estate(desk, 3)
        process = running(desk)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=10)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert process.returncode == 0, out + err
    assert "3 created" in out


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


# --- other moments -------------------------------------------------------------------------------


def started(desk: Desk, *args: str) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, *args],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(desk: Desk, path: str, count: int = 1) -> None:
    """Until the platform was asked so often."""
    until = time.monotonic() + 15
    while sum(r["path"].endswith(path) for r in desk.sandbox.requests) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_planning(desk: Desk, number: signal.Signals) -> None:
    """Reads that fail are not repeated; the end is told in one document, with 1."""
    desk.declare(*(local(f"r{i}") for i in range(20)))
    desk.fault("status", status=404, match={"path": "*/configurations"})
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    desk.fault("status", status=503, match={"path": "*/repositories/r*"})
    process = started(desk, "plan", "--output", "json")
    wait_for(desk, "/r0", 2)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert time.monotonic() - began < 4
    assert process.returncode == 1, err
    assert json.loads(out)["error"]["rule"] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_waiting_for_a_retry(desk: Desk, number: signal.Signals) -> None:
    """A server that is busy for ever does not hold the run: 5, and it may have landed."""
    estate(desk)
    desk.fault("status", status=503, match={"method": "PUT", "path": "*/r0"})
    process = running(desk, "--output", "json")
    time.sleep(0.6)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    results = [o["result"] for o in json.loads(out)["outcomes"]]

    assert time.monotonic() - began < 4
    assert process.returncode == 5, out + err
    assert results.count("failed") == 1
    assert results.count("not-attempted") == 7
    desk.sandbox.clear_faults()
    assert desk("apply", "--yes").code == 0


def test_while_a_batch_is_written(desk: Desk) -> None:
    """The batch ends, is read back, recorded and told."""
    desk.declare(*(local(f"r{i}") for i in range(8)))
    desk.fault("latency", ms=600, match={"method": "PUT"})
    process = started(desk, "apply", "--yes", "--output", "json")
    until = time.monotonic() + 15
    while not desk.platform.store.repositories and time.monotonic() < until:
        if any(r["path"].endswith("configurations") for r in desk.sandbox.requests):
            time.sleep(0.3)
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    made = {name for name in (f"r{i}" for i in range(8)) if desk.exists(name)}

    assert process.returncode in (0, 1, 5), out + err
    assert json.loads(out)["exitCode"] == process.returncode
    assert "Traceback" not in err
    recorded = {key.rpartition("/")[2] for key in desk.inventory()} if made else set()
    assert recorded == made


def test_while_the_summary_is_told(desk: Desk) -> None:
    """A signal that comes last changes nothing: the summary is whole, the exit code that of it."""
    from reconciler.report import terminal

    desk.declare(local("a"))
    told = terminal.outcome_text

    def interrupted(*args: object, **more: object) -> str:
        signal.raise_signal(signal.SIGINT)
        return told(*args, **more)  # type: ignore[arg-type]

    desk.patch.setattr(terminal, "outcome_text", interrupted)
    seen = desk("apply", "--yes")

    assert seen.code == 0, seen.both
    assert "Apply: 1 created" in seen.out
