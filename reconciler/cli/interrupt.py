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

HANGUP = getattr(signal, "SIGHUP", None)
"""A terminal or a connection is gone; not known to every system."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([HANGUP] if HANGUP else []))


@contextmanager
def impatient() -> Iterator[None]:
    """The first signal unwinds the run, and waits for reads in flight; the second does not."""

    def unwind(*_: object) -> None:
        for number in _listened():
            signal.signal(number, lambda *_: _leave(Exit.INVALID))
        raise KeyboardInterrupt

    with _handled(unwind):
        yield


@contextmanager
def stoppable(last_words: Callable[[], None]) -> Iterator[threading.Event]:
    """An event that a signal sets; a second one ends the process where it is.

    `last_words` may then still write a result. Whether a write was in flight nobody knows: the
    exit code is that of an apply in part. A lost terminal is often told twice, by the system and by
    the shell, which is no second wish.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, _: object) -> None:
        if stop.is_set() and number == HANGUP:
            return
        if stop.is_set():
            with suppress(Exception):
                last_words()
            _leave(Exit.PARTIAL)
        stop.set()
        note("stopping after the request in flight; once more to stop at once")

    with _handled(ask_to_stop):
        yield stop


def _listened() -> list[signal.Signals]:
    """The signals to listen to: not a hang-up that is ignored, as under `nohup`."""
    return [n for n in SIGNALS if n != HANGUP or signal.getsignal(n) is not signal.SIG_IGN]


@contextmanager
def _handled(handler: Callable[..., None]) -> Iterator[None]:
    """Signals handled for a while; only the main thread may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _listened()}
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
