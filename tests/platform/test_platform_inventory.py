"""The inventory in a repository of a platform: nothing is lost, whoever writes or dies (M11)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    UnauthorisedError,
    UsageError,
)
from reconciler.model import Entry
from reconciler.platform.client import Client, Endpoint, HttpOptions
from reconciler.platform.inventory.entries import MOST_PLANS
from reconciler.platform.inventory.fold import compacted, content_of, fold, recorded
from reconciler.platform.inventory.folder import Folder, Listed
from reconciler.platform.inventory.remote import MOST_FILES
from reconciler.platform.inventory.undo import MOST_RECORDS
from reconciler.sandbox import Request
from reconciler.sandbox.server import Server
from tests.support.estate import Time
from tests.support.shelf import REPOSITORY, Shelf

ENTRY = Entry(
    "acme",
    {"spec.description": "ü", "spec.part.size": 1, "spec.names": ["b", "a"], "spec.notes": None},
    {"spec.password": "hmac-sha256:00"},
    {"spec.text": ("ours", None)},
)
AQL = "POST /artifactory/api/search/aql"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def key(name: object) -> str:
    """The full address of an object."""
    return f"default:Widget/{name}"


def owned(shelf: Shelf) -> list[str]:
    """What a fresh run finds recorded."""
    return [k.rpartition("/")[2] for k in shelf.store().load().entries]


# --- reading and writing


def test_an_empty_repository_is_an_empty_inventory(shelf: Shelf) -> None:
    """Reading makes nothing, and looks whether the repository is really there."""
    assert shelf.store().load().entries == {}
    assert shelf.requests() == [AQL, f"GET /artifactory/api/storage/{REPOSITORY}"]
    assert shelf.files == []


def test_what_is_recorded_is_read_again(shelf: Shelf) -> None:
    """Every part of an entry survives; None removes an entry."""
    store = shelf.store()
    store.change({key("a"): ENTRY, key("b"): Entry("acme")})
    assert shelf.store().load().entries == {key("a"): ENTRY, key("b"): Entry("acme")}
    store.change({key("a"): None})
    assert owned(shelf) == ["b"]
    store.close()
    assert owned(shelf) == ["b"]


def test_a_converged_plan_costs_two_requests(shelf: Shelf) -> None:
    """One listing and the one file that everything was folded into."""
    store = shelf.store()
    for number in range(MOST_FILES + 3):
        store.change({key(number): ENTRY})
    store.close()
    shelf.requests()
    assert len(owned(shelf)) == MOST_FILES + 3
    asked = shelf.requests()
    assert len(asked) == 2
    assert asked[0] == AQL
    assert asked[1].startswith(f"GET /artifactory/{REPOSITORY}/acme/entries/")


def test_only_what_is_new_is_read(shelf: Shelf) -> None:
    """Files never change, so one that was read is not read again."""
    store = shelf.store()
    shelf.store().change({key("a"): ENTRY})
    store.load()
    shelf.store().change({key("b"): ENTRY})
    shelf.requests()
    assert len(store.load().entries) == 2
    assert len(shelf.requests()) == 2


def test_no_change_writes_nothing(shelf: Shelf) -> None:
    """Neither does the end of a run that only read."""
    store = shelf.store()
    store.load()
    store.change({})
    store.close()
    assert shelf.files == []


def test_workspaces_and_environments_keep_to_themselves(shelf: Shelf) -> None:
    """Each has a folder of its own in the repository."""
    for name in ("acme", "acme/prod", "other"):
        shelf.store(name=name).change({key(name.replace("/", "-")): ENTRY})
    assert owned(shelf) == ["acme"]
    assert list(shelf.store(name="acme/prod").load().entries) == [key("acme-prod")]


def test_losing_the_folder_loses_ownership_only(shelf: Shelf) -> None:
    """An empty inventory again: objects are adopted, nothing is deleted."""
    shelf.store().change({key("a"): ENTRY})
    shelf.platform.store.artifacts.clear()
    assert shelf.store().load().entries == {}


# --- order


def test_later_words_win_whatever_the_local_clock(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the server's time counts; ours may be years off, in either direction."""
    real = time.time
    for jump, owner in ((9e7, "first"), (-9e7, "second"), (0.0, "third")):
        monkeypatch.setattr(shelf.sandbox.clock, "now", real)
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
        shelf.store().change({key("a"): Entry(owner)})
        time.sleep(0.002)
    assert shelf.store().load().entries[key("a")].owner == "third"


def test_words_of_the_same_moment_follow_each_other(shelf: Shelf) -> None:
    """A run that has seen another one's file names its own so that it sorts behind."""
    shelf.sandbox.clock.freeze(1_767_225_600.0)
    for number in range(12):
        store = shelf.store()
        store.load()
        store.change({key("a"): Entry(str(number))})
        store.change({key("a"): Entry(f"{number} again")})
    assert shelf.store().load().entries[key("a")].owner == "11 again"


def test_any_order_of_reading_gives_the_same() -> None:
    """A fold is a sum: files may be read in any order, and twice."""
    listed = [Listed(100 + n, f"{n:08}-change-x.json") for n in range(4)]
    documents: list[dict[str, Any]] = [
        recorded({key("a"): Entry("one"), key("b"): Entry("one")}),
        recorded({key("a"): None}),
        recorded({key("b"): Entry("two")}, ["sha256:aa"]),
        recorded({key("c"): Entry("one")}, ["sha256:aa"]),
    ]
    files = {
        at: content_of(at, json.dumps(document).encode())
        for at, document in zip(listed, documents, strict=True)
    }
    whole = fold(files)
    assert {k: e.owner for k, e in whole.entries.items()} == {key("b"): "two", key("c"): "one"}
    assert fold(dict(reversed(files.items()))) == whole
    half = Listed(500, "00000009-state-x.json")
    state = json.dumps(compacted({at: files[at] for at in listed[:2]})).encode()
    assert fold({**files, half: content_of(half, state)}) == whole
    assert fold({listed[2]: files[listed[2]], half: content_of(half, state)}).entries.keys() == {
        key("b")
    }


# --- many writers


def test_two_threads_lose_nothing(shelf: Shelf) -> None:
    """While each of them folds what it finds, over and over."""
    failures: list[Exception] = []

    def write(writer: int) -> None:
        try:
            for number in range(6):
                store = shelf.store()
                store.change({key(f"{writer}-{number}"): ENTRY})
                store.close()
        except ReconcilerError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(owned(shelf)) == 4 * 6


WRITER = """
import sys
from reconciler.model import Entry
from reconciler.platform.client import Client, Clock, Endpoint, HttpOptions
from reconciler.platform.inventory.folder import Folder
from reconciler.platform.inventory.remote import PlatformStore
url, token, name = sys.argv[1:]
client = Client(Endpoint("east", url, lambda: token), HttpOptions())
for number in range(6):
    store = PlatformStore(Folder(client, "reconciler-state", "acme", Clock()), Clock())
    store.change({f"default:Widget/{name}-{number}": Entry("acme")})
    store.close()
"""


@pytest.fixture
def served(shelf: Shelf) -> Iterator[str]:
    """The URL of the shelf behind a socket."""
    with Server(shelf.sandbox) as server:
        yield server.urls["default"]


def test_two_processes_lose_nothing(shelf: Shelf, served: str) -> None:
    """On machines of their own, with nothing in common but the platform."""
    token = shelf.platform.tokens["admin"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, served, token, str(n)],
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for n in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(owned(shelf)) == 3 * 6


# --- folding


def filled(shelf: Shelf) -> dict[str, Entry]:
    """A folder with several files of several runs, one entry removed again; what they come to."""
    store = shelf.store()
    for number in range(5):
        store.change({key(number): Entry(f"run {number}"), key("last"): Entry(f"run {number}")})
    store.change({key(0): None})
    store.note_plan("sha256:aa")
    shelf.requests()
    return dict(shelf.store().load().entries)


def steps_of_a_fold() -> list[int]:
    """The number of every request that a fold of such a folder makes."""
    shelf = Shelf()
    filled(shelf)
    store = shelf.store()
    store.change({key("new"): ENTRY})
    shelf.requests()
    store.close()
    return list(range(len(shelf.requests())))


@pytest.mark.parametrize("action", ["reset-before", "reset-after"])
@pytest.mark.parametrize("step", steps_of_a_fold())
def test_a_crash_at_any_request_of_a_fold_loses_nothing(
    shelf: Shelf, step: int, action: str
) -> None:
    """Whatever a run leaves half-done, the next one reads the same, and tidies up."""
    before = filled(shelf)
    store = shelf.store()
    store.change({key("new"): ENTRY})
    asked = -1

    class Death(BaseException):
        """The process is gone."""

    def die(number: int, method: str, path: str) -> None:
        nonlocal asked
        asked += 1
        if asked == step + (action == "reset-after"):
            raise Death

    shelf.transport.before = die
    with suppress(Death):  # after the last request there is nobody left to kill
        store.close()
    shelf.transport.before = None
    assert shelf.store().load().entries == {**before, key("new"): ENTRY}
    again = shelf.store()
    again.change({key("later"): ENTRY})
    again.close()
    assert shelf.store().load().entries == {**before, key("new"): ENTRY, key("later"): ENTRY}
    assert set(shelf.store().load().used_plans) == {"sha256:aa"}
    assert len(shelf.files) <= MOST_FILES + 1


@pytest.mark.parametrize("step", steps_of_a_fold())
def test_two_folds_at_once_lose_nothing(shelf: Shelf, step: int) -> None:
    """One run folds while another one is at any request of its own fold."""
    before = filled(shelf)
    first, second = shelf.store(), shelf.store()
    first.change({key("first"): ENTRY})
    second.change({key("second"): ENTRY})
    second.change({key(1): None})
    asked = 0

    def meanwhile(number: int, method: str, path: str) -> None:
        nonlocal asked
        asked += 1
        if asked == step + 1:
            shelf.transport.before = None
            second.close()

    shelf.transport.before = meanwhile
    first.close()
    wanted = {**before, key("first"): ENTRY, key("second"): ENTRY}
    del wanted[key(1)]
    assert shelf.store().load().entries == wanted
    again = shelf.store()
    again.change({key("later"): ENTRY})
    again.close()
    assert shelf.store().load().entries == {**wanted, key("later"): ENTRY}


@pytest.mark.parametrize("step", range(8))
def test_reading_while_another_run_folds(shelf: Shelf, step: int) -> None:
    """A file that vanished between the listing and its turn was folded: the listing is taken
    again."""
    before = filled(shelf)
    other = shelf.store()
    other.change({key("new"): ENTRY})
    asked = 0

    def meanwhile(number: int, method: str, path: str) -> None:
        nonlocal asked
        asked += 1
        if asked == step + 1:
            shelf.transport.before = None
            other.close()

    shelf.transport.before = meanwhile
    assert shelf.store().load().entries == {**before, key("new"): ENTRY}


def test_a_removed_entry_stays_removed_when_an_old_view_is_folded(shelf: Shelf) -> None:
    """A run that folds what it read long ago does not bring back what was released meanwhile."""
    filled(shelf)
    slow = shelf.store()
    slow.change({key("slow"): ENTRY})
    files = slow._read()
    quick = shelf.store()
    quick.change({key(2): None})
    quick.close()
    slow._fold(files)
    assert key(2) not in shelf.store().load().entries
    assert "slow" in owned(shelf)


def test_what_was_removed_long_ago_is_forgotten(shelf: Shelf) -> None:
    """A removal is remembered for those who have not seen it, not for ever."""
    store = shelf.store()
    store.change({key("a"): ENTRY})
    store.change({key("a"): None})
    for number in range(MOST_FILES):
        store.change({key(number): ENTRY})
    store.close()
    assert '"default:Widget/a":null' in content(shelf)
    shelf.later(40 * 24 * 3600)
    for number in range(MOST_FILES + 1):
        store.change({key(f"x{number}"): ENTRY})
    store.close()
    assert "default:Widget/a" not in content(shelf)


def content(shelf: Shelf) -> str:
    """The one file of the folder."""
    (path,) = shelf.files
    headers = {"authorization": f"Bearer {shelf.platform.tokens['admin']}"}
    return shelf.platform.handle(
        Request("GET", f"/artifactory/{REPOSITORY}/{path}", (), headers)
    ).text


def test_a_token_that_may_not_delete_is_told_once(shelf: Shelf) -> None:
    """The inventory is whole all the same; only the folder is not tidy."""
    before = filled(shelf)
    shelf.sandbox.add_fault(
        {"action": "status", "status": 403, "times": None, "match": {"method": "DELETE"}}
    )
    store = shelf.store()
    store.change({key("new"): ENTRY})
    store.close()
    assert len(shelf.told) == 1
    assert "could not be tidied, which does no harm" in shelf.told[0]
    assert shelf.store().load().entries == {**before, key("new"): ENTRY}


# --- used plans


def test_used_plans_are_remembered(shelf: Shelf) -> None:
    """With the server's time of their first use, and a bounded number of them."""
    shelf.sandbox.clock.freeze(1_767_225_600.0)
    store = shelf.store()
    store.note_plan("sha256:aa")
    shelf.later(60)
    store.note_plan("sha256:aa")
    assert shelf.store().load().used_plans == {"sha256:aa": "2026-01-01T00:00:00Z"}
    for number in range(MOST_PLANS + 5):
        shelf.later(1)
        store.note_plan(f"sha256:{number}")
    store.close()
    found = list(shelf.store().load().used_plans)
    assert len(found) == MOST_PLANS
    assert found[-1] == f"sha256:{MOST_PLANS + 4}"


# --- what goes wrong


def test_a_missing_repository_is_told_with_the_way_out() -> None:
    """For reading, writing and taking the lease alike."""
    shelf = Shelf(made=False)
    for attempt in (
        lambda: shelf.store().load(),
        lambda: shelf.store().change({key("a"): ENTRY}),
        lambda: shelf.store().require_writable(),
        lambda: shelf.store().unlock("x"),
    ):
        with pytest.raises(UsageError, match="east has no repository 'reconciler-state'") as caught:
            attempt()
        assert "PUT /artifactory/api/repositories/reconciler-state" in caught.value.hint
        assert '"packageType": "generic"' in caught.value.hint


def test_a_token_that_sees_nothing_is_no_empty_inventory(shelf: Shelf) -> None:
    """An AQL answer of a weak token is short without saying so; the repository tells."""
    shelf.store().change({key("a"): ENTRY})
    with pytest.raises(UnauthorisedError, match="does not let this token read") as caught:
        shelf.store("partial").load()
    assert caught.value.exit_code == 6
    assert "read, deploy and delete" in caught.value.hint


def test_a_token_that_may_only_read_plans(shelf: Shelf) -> None:
    """It reads; before anything is written it is told that it may not."""
    shelf.store().change({key("a"): ENTRY})
    store = shelf.store("read")
    assert len(store.load().entries) == 1
    with pytest.raises(UnauthorisedError, match="does not let this token write"):
        store.require_writable()
    with pytest.raises(UnauthorisedError, match="does not let this token write"):
        store.change({key("b"): ENTRY})


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "html"])
def test_a_write_of_unknown_outcome_is_looked_at(shelf: Shelf, fault: str) -> None:
    """Repeated only when it did not land: the file is there once."""
    shelf.sandbox.add_fault({"action": fault, "times": 2, "match": {"method": "PUT"}})
    shelf.store().change({key("a"): ENTRY})
    assert len(shelf.files) == 1
    assert owned(shelf) == ["a"]


def test_a_platform_that_never_takes_a_write(shelf: Shelf) -> None:
    """Is told, after a bounded number of attempts."""
    shelf.sandbox.add_fault({"action": "reset-before", "times": None, "match": {"method": "PUT"}})
    with pytest.raises(OutcomeUnknownError):
        shelf.store().change({key("a"): ENTRY})


@pytest.mark.parametrize(
    "body",
    ["<html>", "[]", "{}", '{"results": [{}]}', '{"results": [{"created": "soon", "name": "x"}]}'],
)
def test_an_answer_that_is_no_listing(shelf: Shelf, body: str) -> None:
    """Is an error of the platform, never an empty inventory."""
    shelf.sandbox.add_fault(
        {"action": "status", "status": 200, "body": body, "match": {"path": "*/aql"}}
    )
    with pytest.raises(AnswerError, match="search/aql answered 200"):
        shelf.store().load()


def test_a_trimmed_listing_is_no_listing(shelf: Shelf) -> None:
    """A server that stops at its limit says so, and what it left out may matter."""
    body = {"results": [], "range": {"notification": "AQL query reached the search hard limit"}}
    shelf.sandbox.add_fault(
        {"action": "status", "status": 200, "body": body, "match": {"path": "*/aql"}}
    )
    with pytest.raises(AnswerError, match="does not tell all files"):
        shelf.store().load()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "it is damaged"),
        (b'{"format": "reconciler.inventory-entry/v9"}', "its format is"),
        (b'{"format": "reconciler.inventory-entry/v1", "sealed": 1}', "'sealed', which this"),
        (
            b'{"format": "reconciler.inventory-entry/v1", "entries": {"d:A/x": {"owner": "a",'
            b' "guard": 1}}}',
            "'guard', which this",
        ),
    ],
)
def test_a_file_that_is_not_ours_stops_the_run(shelf: Shelf, text: bytes, told: str) -> None:
    """It is named with what is wrong, never skipped: it may hold what is owned."""
    shelf.store().change({key("a"): ENTRY})
    (path,) = shelf.files
    headers = {"authorization": f"Bearer {shelf.platform.tokens['admin']}"}
    shelf.platform.handle(Request("PUT", f"/artifactory/{REPOSITORY}/{path}", (), headers, text))
    with pytest.raises(UsageError, match=told) as caught:
        shelf.store().load()
    assert f"east:{REPOSITORY}/{path}" in str(caught.value)


# --- records of what was before an apply


def test_the_last_record_is_the_one_that_was_kept_last(shelf: Shelf) -> None:
    """A machine whose clock is hours behind keeps a record like any other (its id is a time)."""
    store, ids = shelf.store(), [f"2026{9000 - n:04}T-x" for n in range(MOST_RECORDS + 2)]
    for record in ids:
        store.keep({"id": record})
        shelf.later(1)
    assert [one["id"] for one in store.kept()] == ids[2:]


@pytest.mark.parametrize("asked", ["write", "remove"])
def test_a_server_that_hangs_at_writes_ends_within_the_patience(shelf: Shelf, asked: str) -> None:
    """Each attempt takes as long as a request may; they are not repeated for minutes."""
    time_, tried = Time(), []

    def hang(_: int, method: str, path: str) -> None:
        if method != "GET":
            tried.append(path)
            time_.seconds += 8
            raise httpx.ReadTimeout("")

    endpoint = Endpoint("east", shelf.platform.url, lambda: shelf.platform.tokens["admin"])
    client = Client(
        endpoint, HttpOptions(deadline=20), transport=shelf.transport, clock=time_.clock
    )
    folder = Folder(client, REPOSITORY, "acme", time_.clock)
    shelf.transport.before = hang
    with pytest.raises(OutcomeUnknownError):
        folder.write("a.json", {}) if asked == "write" else folder.remove("a.json")
    assert len(tried) == 3


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_a_server_whose_clock_is_set_loses_no_word(shelf: Shelf, seconds: float) -> None:
    """Whoever saw the last word has the next one, also where it was created earlier."""
    first = shelf.store()
    first.change({key("a"): ENTRY, key("b"): ENTRY})
    shelf.later(seconds)
    second = shelf.store()
    second.load()
    second.change({key("a"): None})
    assert owned(shelf) == ["b"]
    second.close()
    shelf.later(seconds)
    shelf.store().change({key("b"): None})
    assert owned(shelf) == []
