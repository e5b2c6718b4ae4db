"""The inventory file: nothing is lost, whoever writes beside us and whatever dies (M11, M19)."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.model import Entry, Inventory
from reconciler.platform.inventory.entries import MOST_PLANS
from reconciler.platform.inventory.file import FORMAT, FileStore
from reconciler.platform.inventory.undo import MOST_RECORDS
from tests.support.estate import Estate, local

ENTRY = Entry(
    "acme",
    {"spec.description": "ü", "spec.part.size": 1, "spec.names": ["b", "a"], "spec.notes": None},
    {"spec.password": "hmac-sha256:00"},
    {"spec.text": ("ours", None)},
)


def kept(file: Path, entries: Mapping[str, Entry | None]) -> None:
    """Changes recorded by a run that ended in order."""
    store = FileStore(file)
    store.change(entries)
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".reconciler" / "inventory.json"


def test_no_file_is_an_empty_inventory(file: Path) -> None:
    """A first run owns nothing; reading creates nothing."""
    assert FileStore(file).load() == Inventory()
    assert not file.parent.exists()


def test_what_is_recorded_is_read_again(file: Path) -> None:
    """Every part of an entry survives the file; None removes an entry."""
    store = FileStore(file)
    store.change({"default:Widget/a": ENTRY, "default:Widget/b": Entry("acme")})
    assert FileStore(file).load().entries == {
        "default:Widget/a": ENTRY,
        "default:Widget/b": Entry("acme"),
    }
    store.change({"default:Widget/a": None})
    assert list(store.load().entries) == ["default:Widget/b"]
    store.close()
    assert list(FileStore(file).load().entries) == ["default:Widget/b"]


def test_no_change_touches_no_file(file: Path) -> None:
    """An apply without outcomes leaves the file as it is, byte for byte."""
    kept(file, {"default:Widget/a": ENTRY})
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    kept(file, {})
    assert sorted(f.name for f in file.parent.iterdir()) == ["inventory.json", "inventory.lock"]
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_the_file_is_the_same_whatever_the_order(file: Path, tmp_path: Path) -> None:
    """Entries are sorted, so a tracked inventory has small diffs."""
    one, other = FileStore(file), FileStore(tmp_path / "other.json")
    for name in "abc":
        one.change({f"default:Widget/{name}": ENTRY})
    other.change({f"default:Widget/{name}": ENTRY for name in "cba"})
    one.close()
    other.close()
    assert file.read_bytes() == (tmp_path / "other.json").read_bytes()


def test_two_threads_lose_nothing(file: Path) -> None:
    """Each writer merges into what the file holds at that moment."""

    def write(writer: int) -> None:
        store = FileStore(file)
        for number in range(15):
            store.change({f"default:Widget/{writer}-{number}": Entry("acme")})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FileStore(file).load().entries) == 4 * 15


WRITER = """
import sys
from pathlib import Path
from reconciler.model import Entry
from reconciler.platform.inventory.file import FileStore
store = FileStore(Path(sys.argv[1]))
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
    assert len(FileStore(file).load().entries) == 3 * 25


def test_a_killed_writer_leaves_a_whole_file_and_no_lock(file: Path) -> None:
    """Kill -9 at any moment: the file is the old one or the new one, and the next run can write."""
    FileStore(file).change({"default:Widget/first": ENTRY})
    for delay in (0.0, 0.01, 0.03):
        process = writer(file, "killed", 10_000)
        while process.poll() is None and len(FileStore(file).load().entries) < 3:
            pass
        threading.Event().wait(delay)
        process.kill()
        process.wait(60)
        assert FileStore(file).load().entries["default:Widget/first"] == ENTRY
        FileStore(file).change({k: None for k in FileStore(file).load().entries if "killed" in k})
    assert list(FileStore(file).load().entries) == ["default:Widget/first"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_crash_before_the_swap_keeps_the_old_file(
    file: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a crash between writing and swapping loses nothing: the journal has it."""
    kept(file, {"default:Widget/a": ENTRY})
    store = FileStore(file)
    store.change({"default:Widget/b": ENTRY})
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync" if moment == "fsync" else "pathlib.Path.replace", fail)
        with pytest.raises(UsageError, match=r"inventory\.json cannot be written: no space"):
            store.close()
    assert file.read_bytes() == before
    assert len(FileStore(file).load().entries) == 2
    store.close()
    assert len(FileStore(file).load().entries) == 2


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
    "a field of a newer version": json.dumps(
        {"format": FORMAT, "entries": {"default:A/x": {"owner": "a", "guard": True}}}
    ),
    "a part of a newer version": json.dumps({"format": FORMAT, "entries": {}, "sealed": {}}),
    "a field of another type": json.dumps(
        {"format": FORMAT, "entries": {"default:A/x": {"owner": "a", "applied": ["x"]}}}
    ),
    "a used plan without time": json.dumps(
        {"format": FORMAT, "entries": {}, "usedPlans": {"sha256:00": 7}}
    ),
    "half a rewritten pair": json.dumps(
        {"format": FORMAT, "entries": {"default:A/x": {"owner": "a", "rewritten": {"p": []}}}}
    ),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_stops_the_run(file: Path, text: str) -> None:
    """It is told with its path and what to do, never overwritten and never read as empty."""
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    store = FileStore(file)
    with pytest.raises(UsageError, match=r"inventory\.json cannot be used"):
        store.load()
    with pytest.raises(UsageError):
        store.change({"default:Widget/a": ENTRY})
    assert file.read_text(encoding="utf-8") == text


def test_what_a_newer_version_wrote_is_refused(file: Path) -> None:
    """To leave out what is not understood would lose it at the next write: such as a protection."""
    file.parent.mkdir()
    file.write_text(DAMAGED["a field of a newer version"], encoding="utf-8")
    with pytest.raises(UsageError, match="an entry has 'guard', which this version") as caught:
        FileStore(file).load()
    assert "newer version of reconciler" in caught.value.hint


# --- the journal


def test_a_change_writes_only_itself(file: Path) -> None:
    """Recording batch after batch costs what the batches hold, not what the inventory holds."""
    kept(file, {f"default:Widget/{n}": ENTRY for n in range(500)})
    written = file.stat().st_mtime_ns
    store = FileStore(file)
    for number in range(20):
        store.change({f"default:Widget/new-{number}": Entry("acme")})
    journal = file.with_suffix(".journal")
    assert file.stat().st_mtime_ns == written
    assert journal.stat().st_size < file.stat().st_size / 20
    assert len(FileStore(file).load().entries) == 520
    store.close()
    assert not journal.exists()
    assert len(FileStore(file).load().entries) == 520


def test_a_long_journal_is_folded_on_the_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a run is, the journal never becomes much larger than the file."""
    monkeypatch.setattr("reconciler.platform.inventory.file.LONG_JOURNAL", 2000)
    store = FileStore(file)
    for number in range(60):
        store.change({f"default:Widget/{number}": ENTRY})
    assert file.with_suffix(".journal").stat().st_size < 2 * file.stat().st_size
    assert len(FileStore(file).load().entries) == 60


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_line_a_crash_cut_short_was_never_recorded(file: Path, cut: int) -> None:
    """What was recorded before it stays, and the next change follows the last whole line."""
    store = FileStore(file)
    store.change({"default:Widget/a": ENTRY})
    journal = file.with_suffix(".journal")
    whole = journal.read_bytes()
    store.change({"default:Widget/b": ENTRY})
    line = journal.read_bytes()[len(whole) :]
    journal.write_bytes(whole + line[:cut])
    assert list(FileStore(file).load().entries) == ["default:Widget/a"]
    FileStore(file).change({"default:Widget/c": ENTRY})
    assert list(FileStore(file).load().entries) == ["default:Widget/a", "default:Widget/c"]


def test_a_crash_after_the_fold_repeats_nothing(file: Path) -> None:
    """The journal that was left behind belongs to the old file: it undoes nothing of later runs."""
    store = FileStore(file)
    store.change({"default:Widget/a": ENTRY, "default:Widget/b": ENTRY})
    left = file.with_suffix(".journal").read_bytes()
    store.close()
    kept(file, {"default:Widget/a": None})
    file.with_suffix(".journal").write_bytes(left)
    assert list(FileStore(file).load().entries) == ["default:Widget/b"]
    kept(file, {"default:Widget/c": ENTRY})
    assert list(FileStore(file).load().entries) == ["default:Widget/b", "default:Widget/c"]


def test_a_damaged_journal_stops_the_run(file: Path) -> None:
    """A line that is not as it was written is told, not skipped."""
    store = FileStore(file)
    store.change({"default:Widget/a": ENTRY})
    with file.with_suffix(".journal").open("ab") as journal:
        journal.write(b"<<<<\n")
    with pytest.raises(UsageError, match="is damaged"):
        FileStore(file).load()
    with pytest.raises(UsageError, match="is damaged"):
        FileStore(file).change({"default:Widget/b": ENTRY})


# --- used plans


def test_used_plans_are_remembered(file: Path) -> None:
    """With the time of their first use; a change of entries leaves them alone."""
    store = FileStore(file)
    store.note_plan("sha256:aa")
    store.change({"default:Widget/a": ENTRY})
    store.close()
    (first,) = FileStore(file).load().used_plans.items()
    again = FileStore(file)
    again.note_plan("sha256:aa")
    again.note_plan("sha256:bb")
    again.close()
    found = FileStore(file).load()
    assert first[0] == "sha256:aa"
    assert first[1].endswith("Z")
    assert set(found.used_plans) == {"sha256:aa", "sha256:bb"}
    assert found.used_plans["sha256:aa"] == first[1]
    assert list(found.entries) == ["default:Widget/a"]


def test_old_plans_are_forgotten(file: Path) -> None:
    """The newest ones are kept, a bounded number of them."""
    plans = {f"sha256:{n}": f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z" for n in range(300)}
    file.parent.mkdir()
    document = {"format": FORMAT, "entries": {}, "usedPlans": plans}
    file.write_text(json.dumps(document), encoding="utf-8")
    store = FileStore(file)
    store.note_plan("sha256:new")
    store.close()
    written = json.loads(file.read_text(encoding="utf-8"))["usedPlans"]
    assert len(written) == MOST_PLANS
    assert list(written)[-2:] == ["sha256:299", "sha256:new"]


def test_bytes_that_are_no_text_stop_the_run(file: Path) -> None:
    """A file of another encoding is damaged, too."""
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(UsageError):
        FileStore(file).load()


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_the_mode_of_the_file_is_kept_readable(file: Path) -> None:
    """The inventory holds no secret; it stays readable like any other file of the workspace."""
    kept(file, {"default:Widget/a": ENTRY})
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


def test_the_last_record_is_the_one_that_was_kept_last(file: Path) -> None:
    """A clock that jumps back does not make the last apply the oldest, or forget it."""
    store, ids = FileStore(file), [f"2026{9000 - n:04}T-x" for n in range(MOST_RECORDS + 2)]
    for record in ids:
        store.keep({"id": record})
    assert [one["id"] for one in store.kept()] == ids[2:]
