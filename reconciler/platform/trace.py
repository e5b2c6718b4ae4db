"""Requests and responses in, redacted JSON lines out (`--trace FILE`)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from reconciler.kinds.values import without_credentials
from reconciler.model import UNSET, Request, Response, Secret

SENSITIVE = re.compile(
    r"password|passphrase|secret|token|credential|private|apikey|api_key|authorization|"
    r"customHttpHeaders|cookie|license",
    re.IGNORECASE,
)
HIDDEN = "***"
LARGEST = 32 * 1024
"""Bytes of a body that are still worth a line of a trace."""


class Trace:
    """Writes one line for each attempt; no header and no sensitive value is ever written."""

    def __init__(
        self,
        out: TextIO,
        platform: str,
        hide: Callable[[str], str] = lambda text: text,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._out = out
        self._platform = platform
        self._hide = hide
        self._tell = tell
        self._broken = False
        self._lock = threading.Lock()

    def note(
        self, request: Request, response: Response | None, milliseconds: float, failure: str
    ) -> None:
        """One attempt: what was asked, what was answered or why nothing was."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "platform": self._platform,
            "method": request.method,
            "path": request.path,
            "query": redacted(dict(request.query)),
            "ms": round(milliseconds, 1),
        }
        if request.json is not UNSET:
            line["body"] = redacted(request.json)
        if request.text:
            line["body"] = request.text
        if response is not None:
            line |= {"status": response.status, "answer": self._answer(response)}
        if failure:
            line["failure"] = failure
        with self._lock:
            if not self._broken:
                self._write(json.dumps(line, ensure_ascii=False) + "\n")

    def _write(self, text: str) -> None:
        """Write it; a trace that cannot be written ends, and not the run that is traced."""
        try:
            self._out.write(text)
            self._out.flush()
        except OSError as error:
            self._broken = True
            self._tell(f"the trace ends here: {error.strerror or error}")

    def _answer(self, response: Response) -> Any:
        """The answer; also one that succeeded may repeat what it was sent."""
        if len(response.body) > LARGEST:
            return f"{len(response.body)} bytes"
        try:
            return redacted(response.json(), self._hide)
        except ValueError:
            return redacted(self._hide(response.text))[:500]


def redacted(value: Any, hide: Callable[[str], str] = lambda text: text) -> Any:
    """The value with everything hidden that is secret, or whose name says it might be.

    Of a URL, that is the password before the host.
    """
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            hide(str(key)): HIDDEN if _hides(str(key), inner) else redacted(inner, hide)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [redacted(inner, hide) for inner in value]
    return without_credentials(hide(value)) if isinstance(value, str) else value


def _hides(key: str, value: Any) -> bool:
    return bool(SENSITIVE.search(key)) and not isinstance(value, bool) and value not in (None, "")
