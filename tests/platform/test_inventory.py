"""The inventory file: nothing is lost, whoever writes beside us and whatever dies (M11, M19)."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.model import Entry, Inventory
from reconciler.platform.inventory import FORMAT, FileInventory
from tests.support.estate import Estate, local

ENTRY = Entry(
    "acme",
    {"spec.description": "ü", "spec.part.size": 1, "spec.names": ["b", "a"], "spec.notes": None},
    {"spec.password": "hmac-sha256:00"},
    {"spec.text": ("ours", None)},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "inventory.json"


def test_no_file_is_an_empty_inventory(file: Path) -> None:
    """A first run owns nothing; reading creates nothing."""
    assert FileInventory(file).load() == Inventory()
    assert not file.parent.exists()


def test_what_is_recorded_is_read_again(file: Path) -> None:
    """Every part of an entry survives the file; None removes an entry."""
    store = FileInventory(file)
    store.change({"default:Widget/a": ENTRY, "default:Widget/b": Entry("acme")})
    assert FileInventory(file).load().entries == {
        "default:Widget/a": ENTRY,
        "default:Widget/b": Entry("acme"),
    }
    assert list(store.change({"default:Widget/a": None}).entries) == ["default:Widget/b"]
    assert list(store.load().entries) == ["default:Widget/b"]


def test_no_change_touches_no_file(file: Path) -> None:
    """An apply without outcomes leaves the file as it is, byte for byte."""
    FileInventory(file).change({"default:Widget/a": ENTRY})
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    FileInventory(file).change({})
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_the_file_is_the_same_whatever_the_order(file: Path, tmp_path: Path) -> None:
    """Entries are sorted, so a tracked inventory has small diffs."""
    one, other = FileInventory(file), FileInventory(tmp_path / "other.json")
    for name in "abc":
        one.change({f"default:Widget/{name}": ENTRY})
    other.change({f"default:Widget/{name}": ENTRY for name in "cba"})
    assert file.read_bytes() == (tmp_path / "other.json").read_bytes()


def test_two_threads_lose_nothing(file: Path) -> None:
    """Each writer merges into what the file holds at that moment."""

    def write(writer: int) -> None:
        store = FileInventory(file)
        for number in range(15):
            store.change({f"default:Widget/{writer}-{number}": Entry("acme")})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FileInventory(file).load().entries) == 4 * 15


WRITER = """
import sys
from pathlib import Path
from reconciler.model import Entry
from reconciler.platform.inventory import FileInventory
store = FileInventory(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    entry = Entry("acme", {"spec.text": "x" * 2000})
    store.change({f"default:Widget/{sys.argv[2]}-{number}": entry})
"""


def writer(file: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), name, str(count)],
        env={**os.environ, "PYTHONPATH": root},
    )


def test_two_processes_lose_nothing(file: Path) -> None:
    """Two runs of two workspaces share one file."""
    running = [writer(file, str(n), 25) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(FileInventory(file).load().entries) == 3 * 25


def test_a_killed_writer_leaves_a_whole_file_and_no_lock(file: Path) -> None:
    """Kill -9 at any moment: the file is the old one or the new one, and the next run can write."""
    FileInventory(file).change({"default:Widget/first": ENTRY})
    for delay in (0.0, 0.01, 0.03):
        process = writer(file, "killed", 10_000)
        while process.poll() is None and len(FileInventory(file).load().entries) < 3:
            pass
        threading.Event().wait(delay)
        process.kill()
        process.wait(60)
        assert FileInventory(file).load().entries["default:Widget/first"] == ENTRY
        FileInventory(file).change(
            {k: None for k in FileInventory(file).load().entries if "killed" in k}
        )
    assert list(FileInventory(file).load().entries) == ["default:Widget/first"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_crash_before_the_swap_keeps_the_old_file(
    file: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a crash between writing and swapping loses the change, not the inventory."""
    store = FileInventory(file)
    store.change({"default:Widget/a": ENTRY})
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync" if moment == "fsync" else "pathlib.Path.replace", fail)
        with pytest.raises(UsageError, match=r"inventory\.json cannot be written: no space"):
            store.change({"default:Widget/b": ENTRY})
    assert file.read_bytes() == before
    store.change({"default:Widget/b": ENTRY})
    assert len(store.load().entries) == 2


DAMAGED = {
    "cut": '{"format": "reconciler.inventory/v1", "entries": {"defa',
    "empty": "",
    "no JSON": "<<<<<<< HEAD",
    "another format": '{"format": "reconciler.inventory/v9", "entries": {}}',
    "no format": '{"entries": {}}',
    "a list": "[]",
    "no entries": json.dumps({"format": FORMAT}),
    "entries of another shape": json.dumps({"format": FORMAT, "entries": ["x"]}),
    "an entry without owner": json.dumps({"format": FORMAT, "entries": {"default:A/x": {}}}),
    "an entry that is text": json.dumps({"format": FORMAT, "entries": {"default:A/x": "y"}}),
    "a key that is no address": json.dumps({"format": FORMAT, "entries": {"x": {"owner": "a"}}}),
    "half a rewritten pair": json.dumps(
        {"format": FORMAT, "entries": {"default:A/x": {"owner": "a", "rewritten": {"p": []}}}}
    ),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_stops_the_run(file: Path, text: str) -> None:
    """It is told with its path and what to do, never overwritten and never read as empty."""
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    store = FileInventory(file)
    with pytest.raises(UsageError, match=r"inventory\.json cannot be used"):
        store.load()
    with pytest.raises(UsageError):
        store.change({"default:Widget/a": ENTRY})
    assert file.read_text(encoding="utf-8") == text


def test_bytes_that_are_no_text_stop_the_run(file: Path) -> None:
    """A file of another encoding is damaged, too."""
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(UsageError):
        FileInventory(file).load()


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_the_mode_of_the_file_is_kept_readable(file: Path) -> None:
    """The inventory holds no secret; it stays readable like any other file of the workspace."""
    FileInventory(file).change({"default:Widget/a": ENTRY})
    assert stat.S_IMODE(file.stat().st_mode) & stat.S_IRUSR


def test_losing_the_inventory_leads_to_adoption(estate: Estate) -> None:
    """Without it objects are unowned, adopted again, and nothing is written or deleted."""
    estate.declare(local("a", "npm", description="x"), local("b", "npm"))
    estate.apply()
    (estate.root / ".reconciler" / "inventory.json").unlink()
    estate.declare(local("a", "npm", description="x"))
    plan = estate.plan()
    assert plan.is_empty
    assert plan.summary()["adopt"] == 1
    estate.forget_requests()
    estate.apply()
    assert estate.writes() == []
    assert estate.keys() == ["a", "b"]


def test_an_interrupted_apply_records_what_was_done(estate: Estate) -> None:
    """Even an error nobody foresaw leaves the finished objects recorded."""
    estate.declare(local("a", "npm"), local("b", "npm"))

    def explode(outcome: object, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estate.apply(report=explode)
    assert len(estate.inventory().entries) >= 1
    assert estate.apply().results().keys() <= {"LocalRepository/a", "LocalRepository/b"}
    assert estate.plan().changes == ()
