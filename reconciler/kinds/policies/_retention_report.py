"""Which versions the retention of release bundles would delete, and what it has deleted.

The platform lists the versions that break one of the two figures, by the figures that are set
there. A figure that is raised spares some of them, which can be told; one that is lowered adds
some, which nobody lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.evidence import Budget
from reconciler.kinds.operations import Asked, Operation, Surveyed
from reconciler.kinds.policies._bundle_evidence import NOUN, iso
from reconciler.kinds.policies._fields import next_runs
from reconciler.kinds.policies._reports import as_json, listed
from reconciler.kinds.rest import Flow, Write, object_of, send, unusable
from reconciler.model import Address, Extreme, Health, Impact, Request, Response

RETENTION = "/artifactory/api/v1/bundle/retention"
CONFIG = f"{RETENTION}/config"
NUMBER, DAYS = "num_of_versions_to_keep_per_release_bundle", "max_days_to_keep"
_TYPES = {NUMBER: "MAX VERSIONS PER RELEASE BUNDLE", DAYS: "MAX DAYS TO KEEP"}
_PAGE = 1000
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a bundle; times are milliseconds since 1970."""

    name: str
    version: str
    created: int
    distributed: int
    kept: bool

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class _Report:
    """The versions that break one figure, and the platform's time when it told them."""

    versions: Sequence[_Version]
    now: int


def evidence(write: Write, _budget: Budget) -> Flow:
    """Returns the `Impact` of the figures as they will be."""
    try:
        return (yield from _impact(write.body))
    except AnswerError as error:
        return Impact("preview", NOUN, in_repositories=False, gaps=(error.summary,))


def _impact(wanted: Mapping[str, Any]) -> Flow:
    found: set[_Version] = set()
    lowered: list[str] = []
    live = yield from _figures()
    for figure, before in live.items():
        after = wanted.get(figure, before)
        report = yield from _report(figure)
        found.update(_still(figure, report, before, after))
        if after < before:
            lowered.append(f"{figure} is lowered from {before} to {after}")
    hit = [one for one in found if not one.kept]
    gaps = [
        f"{what}, and the platform lists only what is a candidate now ({len(hit):,})"
        for what in lowered
    ]
    first = min(hit, key=lambda one: (one.created, str(one)), default=None)
    return Impact(
        "preview",
        NOUN,
        None if gaps else len(hit),
        oldest=Extreme(str(first), iso(first.created)) if first else None,
        gaps=tuple(gaps),
        in_repositories=False,
    )


def _still(figure: str, report: _Report, before: int, after: int) -> Iterator[_Version]:
    """Those that still break a figure that is raised; all of them, where it is not."""
    if figure == DAYS and after > before:
        edge = report.now - after * _DAY
        yield from (one for one in report.versions if one.distributed < edge)
        return
    spared: dict[str, int] = {}
    for one in sorted(report.versions, key=lambda one: one.distributed, reverse=True):
        spared[one.name] = spared.get(one.name, 0) + 1
        if figure == DAYS or spared[one.name] > after - before:
            yield one


def _figures() -> Flow:
    """Returns the two figures as they are set now."""
    request = Request("GET", CONFIG)
    response: Response = yield from send(request)
    raw = object_of(request, response)
    if not all(type(raw.get(figure)) is int for figure in _TYPES):
        raise unusable(request, response)
    return {figure: raw[figure] for figure in _TYPES}


def _report(figure: str) -> Flow:
    """Returns the whole report on one figure (2.16.5), page by page."""
    body = {"include_keep": True, "type": _TYPES[figure]}
    found: dict[_Version, None] = {}
    offset = 0
    while True:
        page = (("offset", str(offset)), ("limit", str(_PAGE)))
        request = Request("POST", f"{RETENTION}/report", query=page, json=body, asks=True)
        response: Response = yield from send(request)
        raw = object_of(request, response)
        try:
            rows = dict.fromkeys(_version(row) for row in raw["items"])
            offset += len(raw["items"])
            is_whole = offset >= int(raw["total"]) or rows.keys() <= found.keys()
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            raise unusable(request, response) from None
        found |= rows
        if is_whole:
            return _Report(list(found), _time(response))


def _version(row: Mapping[str, Any]) -> _Version:
    return _Version(
        str(row["bundle_name"]),
        str(row["bundle_version"]),
        int(row["creation_time"]),
        int(row["distribution_time"]),
        row["keep"] is True,
    )


def _time(response: Response) -> int:
    """The platform's time in milliseconds; ours where it does not tell."""
    try:
        told = response.headers.get("date", response.headers.get("Date", ""))
        now = parsedate_to_datetime(told)
    except ValueError:
        now = datetime.now(UTC)
    return int(now.timestamp() * 1000)


def survey(asked: Surveyed) -> Flow:
    """Whether it is in force, what it deleted last, and when it deletes next."""
    found: dict[Address, Health] = {}
    for address, raw in asked.live.items():
        found[address] = _health(raw, (yield from _last_deletion()), asked.now)
    return found


def _last_deletion() -> Flow:
    """Returns the newest deletion of the history (2.16.6), as far as one page reaches."""
    query = (("order_by", "created"), ("direction", "desc"))
    request = Request("GET", f"{RETENTION}/audit", query=query)
    raw = object_of(request, (yield from send(request)))
    items = raw.get("items")
    rows = [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []
    return next((row for row in rows if row.get("operation") == "DELETE"), None)


def _health(raw: Mapping[str, Any], last: Mapping[str, Any] | None, now: datetime) -> Health:
    in_force, by_itself = raw.get("enable") is True, raw.get("automatic") is True
    words = ["in force" if in_force else "not in force", *_deletes(in_force, by_itself)]
    details: dict[str, Any] = {"enable": in_force, "lastDeletion": dict(last) if last else None}
    if last:
        what = f"{last.get('bundle_name')} {last.get('bundle_version')}"
        words.append(f"last deletion {last.get('created')}: {what} by {last.get('created_by')}")
    else:
        words.append("no deletion in its newest history")
    following = next_runs(raw.get("cron_pattern"), now) if in_force and by_itself else None
    if following:
        details["nextRun"] = following[0]
        words.append(f"next run {following[0]} if the platform's time zone is UTC")
    return Health("healthy", "; ".join(words), details)


def _deletes(in_force: bool, by_itself: bool) -> list[str]:
    if in_force:
        return ["deletes in the background" if by_itself else "deletes nothing by itself"]
    return ["marks that keep a version are ignored"]


def _candidates(_asked: Asked) -> Flow:
    """Returns the versions that would be deleted by the figures that are set, oldest first."""
    found: set[_Version] = set()
    for figure in _TYPES:
        found.update((yield from _report(figure)).versions)
    hit = sorted((one for one in found if not one.kept), key=lambda one: (one.created, str(one)))
    return [
        {"bundle": one.name, "version": one.version, "created": iso(one.created)} for one in hit
    ]


def _told(asked: Asked) -> Flow:
    found = yield from _candidates(asked)
    return listed(NOUN, [f"{one['bundle']} {one['version']}" for one in found])


OPERATIONS = (
    Operation(
        "candidates",
        "list the release bundle versions it would delete; deletes nothing",
        _told,
        report=as_json(_candidates),
    ),
)
