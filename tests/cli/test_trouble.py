"""A full disk, a closed pipe, a fault of ours: what was done is told, what is left can be done."""

from __future__ import annotations

import errno
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.platform.inventory.file import FileStore
from tests.cli.support import COMMAND, Desk, local, manifest

FULL = Path("/dev/full")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")


def alone(desk: Desk) -> None:
    """Let repositories be written one by one."""
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})


# --- disks ---------------------------------------------------------------------------------------


@NEEDS_FULL
def test_a_trace_on_a_full_disk(desk: Desk) -> None:
    """The trace ends, told once; the apply goes on."""
    desk.declare(local("a"), local("b"))
    seen = desk("apply", "--yes", "--trace", str(FULL))

    assert seen.code == 0, seen.both
    assert seen.err.count("the trace ends here: No space left on device") == 1
    assert desk.exists("a")


def test_a_trace_that_cannot_be_opened(desk: Desk) -> None:
    """Told before anything is asked."""
    desk.declare(local("a"))
    seen = desk("apply", "--yes", "--trace", "nowhere/trace.jsonl")

    assert seen.code == 1
    assert "nowhere/trace.jsonl" in seen.err
    assert desk.sandbox.requests == []


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_are_closed(desk: Desk, closed: str) -> None:
    """As some service managers start a program: it is done, and nobody is told."""
    desk.declare(local("a"))
    line = f'"$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND, "apply", "--yes"], cwd=desk.root, capture_output=True
    )

    assert done.returncode == 0, done.stderr
    assert desk.exists("a")
    assert b"unexpected" not in done.stdout + done.stderr


@NEEDS_FULL
def test_a_plan_on_a_full_disk(desk: Desk) -> None:
    """Told in words; with JSON in one document."""
    desk.declare(local("a"))
    seen = desk("plan", "--out", str(FULL), "--output", "json")

    assert seen.code == 1
    assert "No space left on device" in seen.document["error"]["summary"]


def test_a_plan_is_replaced_whole(desk: Desk) -> None:
    """A plan that cannot be written leaves the old one as it was."""
    desk.declare(local("a"))
    desk("plan", "--out", "plan.json")
    before = (desk.root / "plan.json").read_bytes()
    desk.declare(local("b"))
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        write(self, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    desk.patch.setattr(Path, "write_bytes", full)
    seen = desk("plan", "--out", "plan.json")

    assert seen.code == 1
    assert (desk.root / "plan.json").read_bytes() == before
    assert not list(desk.root.glob(".*.tmp"))


def breaking(desk: Desk, after: int) -> None:
    """The inventory can be written so many times, and then no more."""
    change, count = FileStore.change, [0]

    def full(self: FileStore, entries: Any) -> None:
        count[0] += 1
        if count[0] > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        change(self, entries)

    desk.patch.setattr(FileStore, "change", full)
    desk.patch.setattr("reconciler.platform.ledger.SAVE_EVERY", 0.0)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_an_inventory_on_a_full_disk(desk: Desk, after: int) -> None:
    """What cannot be recorded is told, nothing more is begun, and the next run completes."""
    alone(desk)
    desk.fault("latency", ms=100, match={"method": "PUT"})
    desk.declare(*(local(f"r{i}") for i in range(8)))
    with desk.patch.context() as patch:
        inner = Desk.__new__(Desk)
        inner.__dict__ = {**desk.__dict__, "patch": patch}
        breaking(inner, after)
        seen = desk("apply", "--yes", "--output", "json")
    made = {name for name in (f"r{i}" for i in range(8)) if desk.exists(name)}
    desk.sandbox.clear_faults()
    again = desk("apply", "--yes")
    told = {o["address"]: o["result"] for o in seen.document["outcomes"]}
    reasons = {o["reason"] for o in seen.document["outcomes"] if o["result"] != "done"}

    assert seen.code == 5, seen.both
    assert len(made) < 8, "nothing is begun that cannot be recorded"
    assert {f"LocalRepository/{name}" for name in made} == {
        address for address, result in told.items() if result in ("done", "failed")
    }
    assert all("No space left on device" in reason for reason in reasons)
    assert again.code == 0, again.both
    assert desk("plan", "--detailed-exitcode").code == 0


def test_an_approval_that_cannot_be_noted(desk: Desk) -> None:
    """Before the first write it stops the run; after the last it is told, with the summary."""
    desk.declare(local("a"))
    assert desk("plan", "--out", "plan.json").code == 0
    desk.sandbox.reset_requests()

    def full(self: FileStore, key: str) -> None:
        if key.startswith(broken):
            raise OSError(errno.ENOSPC, "No space left on device")

    desk.patch.setattr(FileStore, "note_plan", full)
    broken = "begun"
    before = desk("apply", "--plan", "plan.json")
    writes = desk.writes()
    broken = "completed"
    after = desk("apply", "--plan", "plan.json", "--output", "json")

    assert before.code == 1, before.both
    assert writes == []
    assert after.code == 5, after.both
    assert [o["result"] for o in after.document["outcomes"]] == ["done"]
    assert "inventory-unwritten" in {d["rule"] for d in after.document["diagnostics"]}


# --- pipes ---------------------------------------------------------------------------------------


def test_nobody_reads_the_summary(desk: Desk) -> None:
    """`apply | head -1`: whoever reads goes away, and the apply still does its work."""
    alone(desk)
    desk.fault("latency", ms=50, match={"method": "PUT"})
    desk.declare(*(local(f"r{i}") for i in range(6)))
    process = subprocess.Popen(
        [*COMMAND, "apply", "--yes"],
        cwd=desk.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stream:
        err = stream.read()

    assert process.wait(timeout=20) == 0, err
    assert "Traceback" not in err
    assert all(desk.exists(f"r{i}") for i in range(6))
    assert len(desk.inventory()) == 6


@NEEDS_FULL
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_summary_on_a_full_disk(desk: Desk, output: str) -> None:
    """`apply > file`: it cannot be told, and it is done and recorded all the same."""
    desk.declare(local("a"))
    with FULL.open("w") as full:
        done = subprocess.run(
            [*COMMAND, "apply", "--yes", "--output", output],
            cwd=desk.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=20,
        )

    assert done.returncode == 1, done.stderr
    assert "could not be written to standard output" in done.stderr
    assert "Traceback" not in done.stderr


# --- faults of ours ------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [False, True], ids=["alone", "batch"])
def test_a_crash_of_one_object(desk: Desk, together: bool) -> None:
    """It fails with its dependants; the others go on, the summary says so, and 5."""
    from reconciler.platform.carrying import Carrying

    if not together:
        alone(desk)
    desk.declare(
        *(local(name, "npm") for name in "abc"),
        manifest("VirtualRepository", "v", packageType="npm", repositories=["b"]),
        manifest("Group", "g", description="x"),
    )
    intent = Carrying.intent

    def crash(self: Carrying, observed: Any) -> Any:
        if self.change.address.name == "b":
            raise KeyError("boom")
        return intent(self, observed)

    with desk.patch.context() as patch:
        patch.setattr(Carrying, "intent", crash)
        seen = desk("apply", "--yes", "--output", "json", "--verbose")
    told = {o["address"].partition("/")[2]: o for o in seen.document["outcomes"]}

    assert seen.code == 5, seen.both
    assert told["b"]["result"] == "failed"
    assert "this should not have happened: KeyError: 'boom'" in told["b"]["reason"]
    assert told["v"]["result"] == "not-attempted"
    assert told["g"]["result"] == "done"
    assert told["a"]["result"] == told["c"]["result"] == "done"
    assert "Traceback" in seen.err
    assert desk("apply", "--yes").code == 0
    assert desk("plan", "--detailed-exitcode").code == 0


def test_json_is_one_document_whatever_happens(desk: Desk) -> None:
    """Done, failed and not attempted side by side, with reasons."""
    alone(desk)
    desk.fault("status", status=500, message="kaputt", match={"method": "PUT", "path": "*/b"})
    desk.declare(
        local("a", "npm"),
        local("b", "npm"),
        manifest("VirtualRepository", "v", packageType="npm", repositories=["b"]),
    )
    seen = desk("apply", "--yes", "--output", "json")
    told = {o["address"]: (o["result"], o["reason"]) for o in json.loads(seen.out)["outcomes"]}

    assert seen.code == 5
    assert told["LocalRepository/a"] == ("done", "")
    assert told["LocalRepository/b"][0] == "failed"
    assert "kaputt" in told["LocalRepository/b"][1]
    assert told["VirtualRepository/v"] == (
        "not-attempted",
        "it names LocalRepository/b, which was not done",
    )
