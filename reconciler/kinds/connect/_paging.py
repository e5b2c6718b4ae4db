"""Lists of JFrog Connect: flows that read all their pages, whatever the server wraps them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.deployments.facts import moment
from reconciler.errors import AnswerError
from reconciler.kinds.rest import Flow, segment, send, unusable
from reconciler.model import Request, Response

LIMIT = 1000
"""Records of one page; the most there may be, and always the same while a cursor is followed."""

Items = Iterable[tuple[str, Any]]


@dataclass
class Pages:
    """What was read of one list: records by uuid, requests it took, the server's time."""

    found: dict[str, Any] = field(default_factory=dict)
    reads: int = 0
    now: float = 0.0
    total: int | None = None
    """How many records the server says there are, if it says so."""

    @property
    def is_short(self) -> bool:
        """Whether fewer records came than there are."""
        return self.total is not None and len(self.found) < self.total


def base(fleet: str) -> str:
    """The path of a fleet."""
    return f"/api/v2/{segment(fleet)}"


def all_pages(
    path: str, items: Callable[[Any], Items | None], query: tuple[tuple[str, str], ...] = ()
) -> Flow:
    """Returns the `Pages` of a list. `items` makes records of an answer, None of one it cannot use.

    A list that changes while it is read may skip a record: it is read once more then. Raises
    AnswerError when it still lacks some.
    """
    pages = Pages()
    for _ in range(2):
        yield from _through(path, items, query, pages)
        if not pages.is_short:
            return pages
    raise AnswerError(
        f"GET {path} tells of {pages.total} records and shows {len(pages.found)}",
        hint="the list changed while it was read; nothing is concluded from a part of it",
    )


def _through(
    path: str,
    items: Callable[[Any], Items | None],
    query: tuple[tuple[str, str], ...],
    pages: Pages,
) -> Flow:
    after, followed = "", set[str]()
    while True:
        cursor = (("after", after),) if after else ()
        request = Request("GET", path, (*query, ("limit", str(LIMIT)), *cursor))
        response: Response = yield from send(request)
        pages.reads += 1
        pages.now = max(pages.now, time_of(response))
        body = json_of(request, response)
        records = items(body)
        if records is None:
            raise unusable(request, response)
        before = len(pages.found)
        page = dict(records)
        pages.found |= page
        after, pages.total = _next(body)
        if not after and isinstance(body, list) and len(page) >= LIMIT:
            raise AnswerError(f"{request} answered {LIMIT} records and no way to the others")
        is_stuck = len(pages.found) == before and after in followed
        if not after or not page or after in followed or is_stuck:
            return None
        followed.add(after)


def _next(body: Any) -> tuple[str, int | None]:
    """The cursor of the next page, empty for none, and the number of records."""
    if not isinstance(body, dict):
        return "", None
    info = body.get("pagination_info")
    info = info if isinstance(info, dict) else body
    after, total = info.get("after"), info.get("total")
    is_number = isinstance(total, int) and not isinstance(total, bool)
    return after if isinstance(after, str) else "", total if is_number else None


def fleet_error(fleet: str, error: AnswerError) -> AnswerError:
    """The refusal of a list of a fleet, saying what may be wrong with the fleet's name."""
    if error.status not in (403, 404):
        return error
    return AnswerError(
        error.summary,
        status=error.status,
        hint=f"is '{fleet}' the key of the fleet, and not its name? The token needs the right to "
        "see it",
    )


def json_of(request: Request, response: Response) -> Any:
    """The JSON of an answer. Raises AnswerError for anything else."""
    try:
        return response.json()
    except ValueError:
        raise unusable(request, response) from None


def time_of(response: Response) -> float:
    """The server's time of an answer, 0 where it tells none."""
    return moment(response.headers.get("date", response.headers.get("Date"))) or 0.0


def records(body: Any, names: tuple[str, ...], key: str) -> Iterator[tuple[str, Any]] | None:
    """The records of an answer that is a list, wraps one under one of the names, or is one record;
    None for anything else."""
    found: Any = body
    if isinstance(body, dict):
        found = next((body[name] for name in names if isinstance(body.get(name), list)), None)
        if found is None and isinstance(body.get(key), str):
            found = [body]
    if not isinstance(found, list):
        return None
    if not all(isinstance(one, dict) and isinstance(one.get(key), str) for one in found):
        return None
    return ((one[key], one) for one in found)
