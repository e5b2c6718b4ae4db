"""Servers that keep us waiting in every way there is, and clocks that jump: every command ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from reconciler.errors import ReconcilerError
from tests.reliability.answers import COMMANDS, Ended, command
from tests.reliability.disturbed import calm, end_of
from tests.reliability.mixed import TOGETHER, ground
from tests.support.estate import local, text_of

TIMEOUT = 0.1
LONGEST = 3.0
"""Seconds a command may take on a busy machine: two attempts, pauses, start and end."""

PAUSE = 0.01
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"

Way = Callable[[socket.socket], None]


def silent(connection: socket.socket) -> None:
    """Accepts, reads, and says nothing."""
    time.sleep(2 * LONGEST)


def dripping(head: bytes, drop: bytes) -> Way:
    """Sends something, then a little more again and again, each time before patience ends."""

    def way(connection: socket.socket) -> None:
        connection.sendall(head)
        until = time.monotonic() + 2 * LONGEST
        while time.monotonic() < until:
            connection.sendall(drop)
            time.sleep(PAUSE)

    return way


WAYS: dict[str, Way] = {
    "silent": silent,
    "one byte of a header at a time": dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers without end": dripping(HEAD, b"X-More: x\r\n"),
    "continue, continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "one byte of the body at a time": dripping(HEAD + b"\r\n[", b" "),
    "chunks without end": dripping(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"
    ),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Way], None]]:
    """A workspace whose platform is a server of the worst kind."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "a.yaml").write_text(text_of(local("a")), encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Workspace\nmetadata: {name: acme}\n"
        "spec: {manifests: [manifests]}\n"
    )
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(way: Way) -> None:
        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.recv(65536)
                way(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JFROG_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.setenv("JFROG_ACCESS_TOKEN", "x")
    monkeypatch.setenv("NO_PROXY", "*")
    yield serve
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def ends(*words: str) -> Ended:
    """A command ends in time and says that nobody answers."""
    ended = command(*words, "--timeout", str(TIMEOUT))
    assert ended.seconds < LONGEST, ended
    assert ended.code == 6, ended
    assert "no answer in time (--timeout)" in ended.err + ended.out
    return ended


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_ends_in_time(desk: Callable[[Way], None], way: str) -> None:
    """Whatever the server does to keep us, the time-out is the time-out."""
    desk(WAYS[way])

    ends("plan")


@pytest.mark.parametrize("words", COMMANDS[2:], ids=" ".join)
def test_every_command_ends_in_time(desk: Callable[[Way], None], words: tuple[str, ...]) -> None:
    """The same for the others."""
    if words[0] == "drift":
        Path(".reconciler").mkdir()
        entries = '{"default:LocalRepository/a": {"owner": "acme"}}'
        text = f'{{"format": "reconciler.inventory/v1", "entries": {entries}}}'
        Path(".reconciler/inventory.json").write_text(text)
    desk(WAYS["one byte of a header at a time"])

    ends(*words)


# --- clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-86400.0, 86400.0], ids=["back a day", "on a day"])
def test_the_clock_of_this_machine_jumps(jump: float, tmp_path: Path) -> None:
    """Somebody sets the clock during an apply: nothing is decided by the time of day."""
    estate = ground(TOGETHER).fresh(tmp_path)
    estate.wire.spoil(None, None)
    told, jumps = time.time, 0

    def jumping() -> float:
        nonlocal jumps
        jumps += 1
        return told() + jumps * jump

    with patch("time.time", jumping):
        applied = estate.apply()

    assert set(applied.results().values()) == {"done"}
    assert list(end_of(TOGETHER, estate)) == []


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_the_machine_sleeps_for_a_day(part: float, tmp_path: Path) -> None:
    """All patience is over at once in the middle: the run ends, and the next one completes."""
    points = calm(TOGETHER).points
    estate = ground(TOGETHER).fresh(tmp_path)

    def sleeping(forward: Callable[[], object], sleep: Callable[[float], None]) -> object:
        sleep(86400)
        return forward()

    estate.wire.spoil(points[int(len(points) * part)], sleeping)  # type: ignore[arg-type]
    with suppress(ReconcilerError):
        estate.apply()
    assert estate.wire.hit
    estate.wire.spoil(None, None)

    assert set(estate.apply().results().values()) <= {"done"}
    assert list(end_of(TOGETHER, estate)) == []
