"""Dates, spans of time and numbers of queries in, seconds and numbers out."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime

from reconciler.sandbox.aql.errors import AqlError

DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})"
    r"(T(?P<hour>\d{2}):(?P<minute>\d{2})(:(?P<second>\d{2})(?P<part>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
EPOCH = re.compile(r"\d{5,}")
SPAN = re.compile(r"(\d+)([a-z]+)")
SECONDS = {
    "mills": 0.001,
    "millis": 0.001,
    "ms": 0.001,
    "seconds": 1,
    "s": 1,
    "minutes": 60,
    "days": 86400,
    "d": 86400,
    "weeks": 7 * 86400,
    "w": 7 * 86400,
}
MONTHS = {"months": 1, "mo": 1, "years": 12, "y": 12}
FIRST, LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
"""As far as ages go."""

MILLISECONDS_FROM = 10**11
"""Bare numbers from here on are milliseconds since 1970, smaller ones seconds."""


def moment(text: str) -> float | None:
    """A date as queries write it in, seconds since 1970 out, None when it is none.

    What is left out is the beginning: `2026-05` is the first of May, midnight, UTC. Servers also
    write bare numbers into their own queries, so those are read as well.
    """
    if EPOCH.fullmatch(text):
        number = float(text)
        return number / 1000 if number >= MILLISECONDS_FROM else number
    found = DATE.fullmatch(text)
    if found is None:
        return None
    zone = found["zone"] or "Z"
    try:
        start = datetime(
            int(found["year"]),
            int(found["month"] or 1),
            int(found["day"] or 1),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return start.timestamp() + float(found["part"] or 0) - offset(zone)


def offset(zone: str) -> float:
    """`+01:00` in, 3600 out."""
    if zone == "Z":
        return 0.0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return float(-seconds if zone[0] == "-" else seconds)


def before(now: float, span: str) -> float:
    """A moment and `3d`, `6mo` and the like in, the moment that long before it out."""
    found = SPAN.fullmatch(span)
    unit = found[2] if found else ""
    if found is None or (unit not in SECONDS and unit not in MONTHS):
        raise AqlError(f"Invalid relative date format for: {span}")
    count = int(found[1])
    if unit in MONTHS:
        return months_before(now, count * MONTHS[unit])
    return now - count * SECONDS[unit]


def months_before(now: float, months: int) -> float:
    """A moment and a number of months in, the same day and hour that many months earlier out."""
    start = datetime.fromtimestamp(now, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 - months, 12)
    if not FIRST.year <= year < LAST.year:
        return (FIRST if year < FIRST.year else LAST).timestamp()
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day).timestamp()
