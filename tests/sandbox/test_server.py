"""The same platform over real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.server import Server, announcement, write_atomically
from tests.sandbox.support import REPOSITORIES

VERSION = "/artifactory/api/system/version"


@pytest.fixture
def server() -> Iterator[Server]:
    """Two platforms, listening."""
    with Server(Sandbox(platforms=("east", "west"))) as running:
        yield running


@pytest.fixture
def east(server: Server) -> Iterator[httpx.Client]:
    """The administrator's connection to the first platform."""
    headers = {"Authorization": f"Bearer {server.sandbox.platforms['east'].tokens['admin']}"}
    with httpx.Client(base_url=server.urls["east"], headers=headers, timeout=5) as client:
        yield client


def test_one_address_per_platform(server: Server, east: httpx.Client) -> None:
    """Each platform listens on its own port and gives that address as its own."""
    east.put(f"{REPOSITORIES}/libs", json={"rclass": "local"}).raise_for_status()

    assert len(set(server.urls.values())) == 2
    assert east.get(REPOSITORIES).json()[0]["url"] == f"{server.urls['east']}/artifactory/libs"


def test_answers_are_the_same_over_the_wire(east: httpx.Client) -> None:
    """Status, headers and bodies arrive as the platform gave them."""
    created = east.put(f"{REPOSITORIES}/libs", json={"rclass": "local"})
    missing = east.get(f"{REPOSITORIES}/nope")

    assert created.text == "Successfully created repository 'libs'"
    assert created.headers["content-type"] == "text/plain"
    assert created.headers["x-jfrog-version"].startswith("Artifactory/7.146.17")
    assert (missing.status_code, missing.json()["errors"][0]["status"]) == (400, 400)
    head = east.head(f"{REPOSITORIES}/libs")
    assert (head.status_code, head.content) == (200, b"")
    query = {"names": ["libs", "x"]}
    assert list(east.get("/artifactory/api/v2/repositories/batch", params=query).json()) == ["libs"]


def test_bodies_in_chunks(east: httpx.Client) -> None:
    """A body without a length is read too."""
    east.put(f"{REPOSITORIES}/libs", json={"rclass": "local"})
    uploaded = east.put("/artifactory/libs/one", content=iter([b"hel", b"lo"]))

    assert uploaded.json()["size"] == "5"
    assert east.get("/artifactory/libs/one").content == b"hello"
    assert east.delete("/artifactory/libs/one").status_code == 204


def test_kept_connections_are_quick(east: httpx.Client) -> None:
    """No 40 ms of waiting for an acknowledgement: a hundred requests take well under a second."""
    east.get(VERSION)
    start = time.monotonic()
    for _ in range(100):
        east.get(VERSION)

    assert time.monotonic() - start < 2


def test_resets_are_real(server: Server, east: httpx.Client) -> None:
    """The socket dies; before the write nothing is there, after it everything is."""
    for action, there in (("reset-before", 400), ("reset-after", 200)):
        server.sandbox.add_fault({"match": {"method": "PUT"}, "action": action})
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)):
            east.put(f"{REPOSITORIES}/libs", json={"rclass": "local"})

        assert east.get(f"{REPOSITORIES}/libs").status_code == there


def test_truncation_is_real(server: Server, east: httpx.Client) -> None:
    """The peer closes before the promised length."""
    server.sandbox.add_fault({"action": "truncate"})
    with pytest.raises(httpx.RemoteProtocolError):
        east.get(VERSION)

    assert east.get(VERSION).status_code == 200


def test_control_needs_no_token(server: Server) -> None:
    """Anybody on this machine may ask the sandbox about itself."""
    found = httpx.get(f"{server.urls['west']}/_sandbox/requests").json()

    assert found == {"count": 0, "requests": []}


def test_a_wished_port_is_taken(server: Server) -> None:
    """The first platform listens where it was told to."""
    port = httpx.URL(server.urls["west"]).port
    assert port is not None
    server.close()
    again = Server(Sandbox(), port)

    assert again.urls == {"default": f"http://127.0.0.1:{port}"}
    for listener in again.listeners.values():
        listener.server_close()


def test_announcement(server: Server) -> None:
    """One object tells addresses and tokens."""
    found = announcement(server)["platforms"]["west"]

    assert set(found) == {"url", "token", "readToken", "partialToken"}
    assert found["url"] == server.urls["west"]


def test_state_is_written_whole(tmp_path: Path) -> None:
    """The file is replaced in one step and nothing else is left behind."""
    path = tmp_path / "sub" / "state.json"
    write_atomically(path, "one")
    write_atomically(path, "two")

    assert path.read_text() == "two"
    assert [item.name for item in path.parent.iterdir()] == ["state.json"]


PROGRAM = """
import sys
from pathlib import Path
from reconciler.sandbox import Sandbox
from reconciler.sandbox.server import serve
serve(Sandbox(), 0, Path(sys.argv[1]), sys.stdout)
"""


def run_once(state: Path, work: dict[str, object] | None) -> int:
    """A state file and a repository to make in; served, stopped; the number of repositories out."""
    command = [sys.executable, "-c", PROGRAM, str(state)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())["platforms"]["default"]
    headers = {"Authorization": f"Bearer {found['token']}"}
    with httpx.Client(base_url=found["url"], headers=headers) as client:
        if work is not None:
            client.put(f"{REPOSITORIES}/libs", json=work).raise_for_status()
        count = len(client.get(REPOSITORIES).json())
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    return count


def test_serve_keeps_its_state(tmp_path: Path) -> None:
    """Stopped by SIGTERM it writes its state, and starts with it the next time."""
    state = tmp_path / "state.json"

    assert run_once(state, {"rclass": "local"}) == 1
    assert run_once(state, None) == 1


def test_nothing_is_printed(
    server: Server, east: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Requests leave no lines on the terminal, dropped connections neither."""
    server.sandbox.add_fault({"action": "reset-before"})
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        east.get(VERSION)
    east.get(VERSION)

    assert capfd.readouterr() == ("", "")


def test_closing_ends_kept_connections(server: Server, east: httpx.Client) -> None:
    """A closed platform is gone for those who were connected, too."""
    east.get(VERSION)
    server.close()

    with pytest.raises(httpx.TransportError):
        east.get(VERSION)
