"""Requests and responses in, redacted JSON lines out (`--trace FILE`)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Any, TextIO

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

    def __init__(self, out: TextIO, platform: str) -> None:
        self._out = out
        self._platform = platform
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
            "query": dict(request.query),
            "ms": round(milliseconds, 1),
        }
        if request.json is not UNSET:
            line["body"] = redacted(request.json)
        if request.text:
            line["body"] = request.text
        if response is not None:
            line |= {"status": response.status, "answer": _answer(response)}
        if failure:
            line["failure"] = failure
        with self._lock:
            self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._out.flush()


def _answer(response: Response) -> Any:
    if len(response.body) > LARGEST:
        return f"{len(response.body)} bytes"
    try:
        return redacted(response.json())
    except ValueError:
        return response.text[:500]


def redacted(value: Any) -> Any:
    """The value with everything hidden that is secret, or whose name says it might be."""
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _hides(str(key), inner) else redacted(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


def _hides(key: str, value: Any) -> bool:
    return bool(SENSITIVE.search(key)) and not isinstance(value, bool) and value not in (None, "")
