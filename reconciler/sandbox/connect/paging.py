"""A long list in, one page of it and an opaque cursor out.

The cursor is base64 of `{"cursor": n, "limit": m}`, as in the sample of the reference, and its
limit wins over the one that is sent beside it. A full page has a cursor even when nothing follows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from reconciler.sandbox.connect.settings import Settings
from reconciler.sandbox.messages import Request
from reconciler.sandbox.refusals import Refusal

Json = Any
DEFAULT, MOST = 100, 1000


class Numbered(Protocol):
    """Anything with a number of its own."""

    number: int


Item = TypeVar("Item", bound=Numbered)
Rank = Callable[[int], Any]


def page(
    settings: Settings, request: Request, items: Iterable[Item], order: str = "oldest"
) -> tuple[list[Item], dict[str, Json]]:
    """A request and all items in, those of its page and the `pagination_info` out."""
    rank = RANKS[order]
    ordered = sorted(items, key=lambda item: rank(item.number))
    after, limit = position(request)
    if settings.cursor == "offset":
        rest = ordered[after or 0 :]
    else:
        rest = [item for item in ordered if after is None or rank(item.number) > rank(after)]
    found = rest[:limit]
    info: dict[str, Json] = {"after": None, "total": len(ordered)}
    if found and len(found) == limit:
        seen = (after or 0) + limit if settings.cursor == "offset" else found[-1].number
        info["after"] = encoded(seen, limit)
    else:
        info.update(ended(settings.last_page, request))
        if settings.last_page == "absent":
            del info["after"]
    return found, info


def ended(habit: str, request: Request) -> dict[str, Json]:
    """What the cursor of the last page looks like."""
    sent = request.value("after")
    return {"after": {"empty": "", "repeat": sent or None}.get(habit)}


def position(request: Request) -> tuple[int | None, int]:
    """A request in, what its cursor remembers (None at the start) and its limit out."""
    sent = request.value("after")
    if not sent:
        return None, checked_limit(request.value("limit"))
    try:
        held = json.loads(base64.b64decode(sent + "=" * (-len(sent) % 4), validate=True))
        return int(held["cursor"]), int(held["limit"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Refusal(400, "Invalid pagination token") from error


def checked_limit(sent: str | None) -> int:
    """A limit as sent in, the number out; between 1 and 1000."""
    if sent is None:
        return DEFAULT
    limit = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 6 else 0
    if not 1 <= limit <= MOST:
        raise Refusal(400, f"limit must be an integer between 1 and {MOST}")
    return limit


def encoded(cursor: int, limit: int) -> str:
    """What a cursor remembers in, the cursor out, without padding."""
    held = json.dumps({"cursor": cursor, "limit": limit}).encode()
    return base64.b64encode(held).decode().rstrip("=")


def shuffled(number: int) -> bytes:
    """A place that has nothing to do with age."""
    return hashlib.sha256(str(number).encode()).digest()


RANKS: dict[str, Rank] = {
    "oldest": lambda number: number,
    "newest": lambda number: -number,
    "shuffled": shuffled,
}
