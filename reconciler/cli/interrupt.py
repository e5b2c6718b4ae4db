"""Ctrl-C in, an orderly end out; asked twice, an immediate one."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from reconciler.cli.output import note
from reconciler.errors import Exit

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def impatient() -> Iterator[None]:
    """The first Ctrl-C, or SIGTERM, unwinds the run, and waits for reads in flight; the second
    does not.
    """

    def unwind(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, lambda *_: _leave(Exit.INVALID))
        raise KeyboardInterrupt

    with _handled(SIGNALS, unwind):
        yield


@contextmanager
def stoppable(last_words: Callable[[], None]) -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second signal ends the process where it is.

    `last_words` may then still write a result. Whether a write was in flight nobody knows: the
    exit code is that of an apply in part.
    """
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        if stop.is_set():
            with suppress(Exception):
                last_words()
            _leave(Exit.PARTIAL)
        stop.set()
        note("stopping after the request in flight; once more to stop at once")

    with _handled(SIGNALS, ask_to_stop):
        yield stop


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: Callable[..., None]) -> Iterator[None]:
    """Signals handled for a while; only the main thread may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _leave(code: Exit) -> NoReturn:
    """End the process; requests in flight, and whoever waits for them, are left behind."""
    with suppress(Exception):
        note("stopped at once")
        sys.stdout.flush()
    os._exit(int(code))
