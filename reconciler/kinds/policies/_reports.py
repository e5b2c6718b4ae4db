"""What an operation found, as a report for programs and as a line for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from reconciler.kinds.operations import Asked
from reconciler.kinds.rest import Flow

SHOWN = 20
"""So many are named in the line; a report has all of them."""


def as_json(ask: Callable[[Asked], Flow]) -> Callable[[Asked], Flow]:
    """A flow that returns rows in, one that returns them as the bytes of a JSON document out."""

    def report(asked: Asked) -> Flow:
        return json.dumps((yield from ask(asked)), indent=2, ensure_ascii=False).encode() + b"\n"

    return report


def listed(noun: str, found: Sequence[str]) -> str:
    """`2 files: a, b`; `nothing` where there is none."""
    if not found:
        return "nothing"
    shown, count = ", ".join(found[:SHOWN]), len(found)
    more = f", and {count - SHOWN:,} more (--out has all)" if count > SHOWN else ""
    return f"{count:,} {noun}{'s'[: count != 1]}: {shown}{more}"
