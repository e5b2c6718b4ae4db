"""Many files in, the documents of each out: the fast pass, on two processors where that pays.

Parsing takes half of the time that checking thousands of manifests takes, and the files do not
depend on each other. So a forked child parses the second half of the text and sends plain data
back. The outcome is the same as without it, always: what the child does not deliver is parsed here.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import threading
from collections.abc import Sequence
from itertools import accumulate

from reconciler.manifests.yaml.events import YAMLError
from reconciler.manifests.yaml.fast import UnusualError, read_fast
from reconciler.manifests.yaml.limits import MAX_BYTES
from reconciler.manifests.yaml.nodes import ReadDocument

Read = list[ReadDocument] | None
"""The documents of one file; None for one that only the careful pass understands."""

WORTH_A_PROCESS = 1 << 20
"""Bytes of text, some 2,500 manifests: for fewer, a process costs about what it saves."""


def read_all_fast(contents: Sequence[bytes]) -> list[Read]:
    """The documents of each file, in the same order."""
    ends = list(accumulate(map(len, contents)))
    if not ends or ends[-1] < WORTH_A_PROCESS or not _may_fork():
        return list(map(_read, contents))
    middle = sum(end <= ends[-1] // 2 for end in ends)
    return _read_in_halves(contents[:middle], contents[middle:])


def _read(content: bytes) -> Read:
    if len(content) > MAX_BYTES:
        return None
    try:
        return read_fast(content)
    except (UnusualError, YAMLError, ValueError):  # UnicodeDecodeError is a ValueError
        return None


def _may_fork() -> bool:
    """Whether a forked child can do its work, on a processor of its own.

    A lock that another thread holds would stay locked in the child for ever. Outside of Linux,
    libraries of the system start threads unasked.
    """
    if sys.platform != "linux":
        return False
    return threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


def _read_in_halves(first: Sequence[bytes], second: Sequence[bytes]) -> list[Read]:
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)  # else it would wait for itself to read, should the parent be killed
        _answer(second, sink)
    os.close(sink)
    try:
        with open(source, "rb") as stream:
            here = list(map(_read, first))
            answer = stream.read()
    finally:
        _, status = os.waitpid(child, 0)
    if status != 0:
        return here + list(map(_read, second))
    # Nobody else can write to this pipe, so marshal may be trusted with what comes out of it.
    for found in marshal.loads(answer):  # noqa: S302
        here.append(None if found is None else [ReadDocument(*document) for document in found])
    return here


def _answer(contents: Sequence[bytes], sink: int) -> None:
    """What the child does; it never returns into the work of its parent, whatever happens."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # the parent's handlers have a word to say
        found = [_plain(_read(content)) for content in contents]
        with open(sink, "wb") as stream:
            marshal.dump(found, stream)
        status = 0
    finally:
        os._exit(status)


def _plain(read: Read) -> list[tuple[object, ...]] | None:
    return None if read is None else [(d.data, d.line, d.column, d.index) for d in read]
