"""A long list of names in, one page of it and the cursor of the next out."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.sandbox.messages import Request
from reconciler.sandbox.refusals import Refusal

PAGE = 1000


def page(
    request: Request, names: Iterable[str], most: int | None = None
) -> tuple[list[str], str | None]:
    """A request and all names in, those after its cursor up to its limit out.

    The cursor is the last name of the page, and null when nothing follows. What it looks like on
    a real server is nobody's business: it is only handed back.
    """
    limit = checked_limit(request.value("limit"), most)
    cursor = request.value("cursor") or ""
    rest = sorted(name for name in names if name > cursor)
    found = rest[:limit]
    return found, found[-1] if len(rest) > limit else None


def checked_limit(sent: str | None, most: int | None) -> int:
    """A limit as sent in, the number out; at least 1, and not above what the endpoint allows."""
    if sent is None:
        return PAGE
    limit = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0
    if limit < 1 or (most is not None and limit > most):
        raise Refusal(400, f"Invalid limit '{sent}'")
    return limit
