"""Exchanges with a server in, an end to those that take too long: whatever the server drips.

The time-outs of the HTTP client count from one byte to the next. A server that sends a byte of a
header now and then would hold us for ever; so the connection is cut when the time is over.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

_OPENED = (".connect_tcp.complete", ".connect_unix_socket.complete", ".start_tls.complete")


class Exchange:
    """One request and its answer, with the connection they take, once that is known."""

    def __init__(self, until: float, connection: socket.socket | None) -> None:
        self.until, self.connection = until, connection
        self.is_cut = False
        self.own: socket.socket | None = None

    def cut(self) -> None:
        """End the connection; whoever reads from it learns of it at once."""
        self.is_cut = True
        with suppress(OSError, ValueError):
            if self.own is not None:
                self.own.shutdown(socket.SHUT_RDWR)
            elif self.connection is not None:
                with _copy(self.connection) as copy:
                    copy.shutdown(socket.SHUT_RDWR)


class Watch:
    """Cuts exchanges that are late. Thread-safe; each thread has one exchange at a time."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._news = threading.Condition()
        self._running: set[Exchange] = set()
        self._is_watching = self._is_over = False

    def close(self) -> None:
        """Watch no more."""
        with self._news:
            self._is_over = True
            self._news.notify()

    @contextmanager
    def exchange(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Have one exchange end in time; gives the extensions its request needs.

        Raises httpx.ReadTimeout when it was cut.
        """
        held: socket.socket | None = getattr(self._local, "connection", None)
        mine = Exchange(time.monotonic() + seconds, held)

        def trace(event: str, info: dict[str, Any]) -> None:
            if event.endswith(_OPENED):
                self._opened(mine, info["return_value"])

        self._add(mine)
        try:
            yield {"trace": trace}
        except httpx.TransportError:
            if mine.is_cut:
                raise httpx.ReadTimeout("the answer did not come in time") from None
            raise
        finally:
            with self._news:
                self._running.discard(mine)
            if mine.own is not None:
                mine.own.close()

    def _opened(self, mine: Exchange, stream: Any) -> None:
        """A connection is there; while it is secured, its first socket cannot be reached."""
        found = stream.get_extra_info("socket")
        if not isinstance(found, socket.socket):
            return
        self._local.connection = mine.connection = found
        if mine.own is None:
            with suppress(OSError):
                mine.own = _copy(found)
        if not self._is_watching:
            self._is_watching = True
            threading.Thread(target=self._look, name="watch", daemon=True).start()

    def _add(self, mine: Exchange) -> None:
        with self._news:
            self._running.add(mine)
            if len(self._running) == 1:
                self._news.notify()

    def _look(self) -> None:
        while not self._is_over:
            with self._news:
                late = [one for one in self._running if one.until <= time.monotonic()]
                self._running.difference_update(late)
                if not late and not self._is_over:
                    ends = min((one.until for one in self._running), default=None)
                    self._news.wait(None if ends is None else max(0.0, ends - time.monotonic()))
            for one in late:
                one.cut()


def _copy(connection: socket.socket) -> socket.socket:
    return socket.socket(fileno=os.dup(connection.fileno()))
