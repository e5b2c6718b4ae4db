"""Many files on two processors: whatever happens, the outcome is that of one file at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest

from reconciler.manifests.yaml import parallel
from reconciler.manifests.yaml.nodes import ReadDocument
from reconciler.manifests.yaml.reader import Text, read, read_all

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")

FILES = [
    b"name: a\nflag: true\nnumbers: [1, 2.5, null]\n",
    b"one: 1\n---\ntwo: {deep: [x, y]}\n",
    b"# nothing but a comment\n",
    "text: \u00fc\u4e16\U0001f600\n".encode(),
    b"twice: 1\ntwice: 2\n",
    b"broken: [1,\n",
    b"anchor: &a 1\nalias: *a\n",
    b"octal: 010\n",
    b"\xff\xfe",
    b"big: 9223372036854775807\nfloat: -0.0\n",
]


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little text is worth a process, and there is a second processor."""
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(parallel, "_may_fork", lambda: True)


def texts(contents: Sequence[bytes]) -> list[Text]:
    """The contents under numbered names."""
    return [Text(f"{number}.yaml", content) for number, content in enumerate(contents)]


@needs_fork
@pytest.mark.usefixtures("two_processes")
@pytest.mark.parametrize("turned", [False, True])
def test_the_outcome_is_that_of_one_file_at_a_time(turned: bool) -> None:
    """Data, places and faults do not depend on which process reads a file."""
    files = texts(FILES[::-1] if turned else FILES)

    assert list(read_all(files)) == [read(text.content, text.file) for text in files]


@needs_fork
@pytest.mark.usefixtures("two_processes")
def test_a_child_that_dies_costs_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child does not deliver is read by the parent."""
    monkeypatch.setattr(parallel, "_answer", lambda *_: os._exit(1))

    assert parallel.read_all_fast([b"a: 1", b"b: 2"]) == [
        [ReadDocument({"a": 1}, 1, 1, 0)],
        [ReadDocument({"b": 2}, 1, 1, 0)],
    ]


@needs_fork
@pytest.mark.usefixtures("two_processes")
def test_the_second_half_is_read_by_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent reads the first half of the text only."""
    here: list[bytes] = []
    reading = parallel._read
    monkeypatch.setattr(parallel, "_read", lambda text: (here.append(text), reading(text))[1])

    parallel.read_all_fast([b"a: 1", b"b: 2", b"c: 3", b"d: 4"])

    assert here == [b"a: 1", b"b: 2"]


def test_little_text_is_read_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is started for thousands of manifests, not for a few, and not without files."""
    monkeypatch.setattr(parallel, "_read_in_halves", None)

    assert list(read_all(texts(FILES))) == [read(t.content, t.file) for t in texts(FILES)]
    assert list(read_all([])) == []
