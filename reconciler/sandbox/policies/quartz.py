"""A Quartz schedule in, the moments it names out: seconds first, an optional year last, UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
LAST_YEAR = 2099
YEARS_AHEAD = 100

PART = re.compile(r"(?P<first>\*|[0-9A-Z]+|(?=/))(-(?P<last>[0-9A-Z]+))?(/(?P<step>\d+))?")


class CronError(ValueError):
    """The text is no schedule."""


@dataclass(frozen=True)
class Schedule:
    """When something runs."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int] | None

    def next_after(self, moment: float) -> float | None:
        """Seconds since 1970 in, the first run after that out; None when there is none."""
        start = datetime.fromtimestamp(int(moment) + 1, UTC)
        for day in self.dates(start):
            same = day.date() == start.date()
            for hour in sorted(self.hours):
                if same and hour < start.hour:
                    continue
                for minute in sorted(self.minutes):
                    if same and (hour, minute) < (start.hour, start.minute):
                        continue
                    for second in sorted(self.seconds):
                        found = day.replace(hour=hour, minute=minute, second=second)
                        if found >= start:
                            return found.timestamp()
        return None

    def dates(self, start: datetime) -> Iterator[datetime]:
        """The days it runs on from a day on, at midnight."""
        for year in range(start.year, min(start.year + YEARS_AHEAD, LAST_YEAR + 1)):
            if self.years is not None and year not in self.years:
                continue
            for month in sorted(self.months):
                if (year, month) < (start.year, start.month):
                    continue
                for day in sorted(self.days_of(year, month)):
                    found = datetime(year, month, day, tzinfo=UTC)
                    if found.date() >= start.date():
                        yield found

    def days_of(self, year: int, month: int) -> set[int]:
        """The days of one month it runs on."""
        if self.days == "?":
            return days_by_week(self.weekdays, year, month)
        return days_by_number(self.days, year, month)


def parse(text: str) -> Schedule:
    """A text in, its schedule out. Raises CronError."""
    parts = text.upper().split()
    if len(parts) not in (6, 7):
        raise CronError(f"'{text}' must have 6 or 7 fields")
    seconds, minutes, hours, days, months, weekdays = parts[:6]
    if (days == "?") == (weekdays == "?"):
        raise CronError("Exactly one of day-of-month and day-of-week must be '?'")
    schedule = Schedule(
        numbers(seconds, 0, 59),
        numbers(minutes, 0, 59),
        numbers(hours, 0, 23),
        days,
        numbers(months, 1, 12, MONTHS),
        weekdays,
        numbers(parts[6], 1970, LAST_YEAR) if len(parts) == 7 and parts[6] != "*" else None,
    )
    schedule.days_of(2024, 2)
    return schedule


def numbers(
    text: str, low: int, high: int, names: list[str] | None = None, first: int = 1
) -> frozenset[int]:
    """A field in, the numbers it names out."""
    found: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)  # "/15" is "*/15"
        if match is None:
            raise CronError(f"'{part}' cannot be read")
        step = int(match["step"] or 1)
        if step < 1 or step > high:
            raise CronError(f"'{part}' steps too far")
        start = (
            low if match["first"] in ("*", "") else value(match["first"], low, high, names, first)
        )
        if match["last"]:
            end = value(match["last"], low, high, names, first)
        else:
            end = high if match["first"] in ("*", "") or match["step"] else start
        if end < start:
            found |= {*range(start, high + 1, step), *range(low, end + 1, step)}
        else:
            found |= set(range(start, end + 1, step))
    return frozenset(found)


def value(text: str, low: int, high: int, names: list[str] | None, first: int) -> int:
    """A number or a name in, the number out."""
    if names and text in names:
        return names.index(text) + first
    if not text.isdecimal() or not low <= int(text) <= high:
        raise CronError(f"'{text}' is not between {low} and {high}")
    return int(text)


def days_by_number(text: str, year: int, month: int) -> set[int]:
    """Days of the month: numbers, `L`, `L-3`, `LW`, `15W`."""
    last = calendar.monthrange(year, month)[1]
    found = re.fullmatch(r"L(-(?P<back>\d+))?(?P<near>W)?|(?P<day>\d+)W", text)
    if found is None:
        return {day for day in numbers(text, 1, 31) if day <= last}
    day = int(found["day"]) if found["day"] else last - int(found["back"] or 0)
    if not 1 <= day <= 31:
        raise CronError(f"'{text}' is no day")
    if day > last:
        return set()
    return {nearest(year, month, day)} if found["near"] or found["day"] else {day}


def nearest(year: int, month: int, day: int) -> int:
    """A day in, the weekday nearest to it in the same month out."""
    start = datetime(year, month, day, tzinfo=UTC)
    for away in (0, -1, 1, -2, 2):
        moved = start + timedelta(days=away)
        if moved.month == month and moved.weekday() < 5:
            return moved.day
    return day


def days_by_week(text: str, year: int, month: int) -> set[int]:
    """Days of the week: numbers from Sunday on, names, `L`, `6L`, `FRI#3`."""
    last = calendar.monthrange(year, month)[1]
    by_day = {
        day: datetime(year, month, day, tzinfo=UTC).isoweekday() % 7 + 1
        for day in range(1, last + 1)
    }
    text = "7" if text == "L" else text
    found = re.fullmatch(r"(?P<day>[0-9A-Z]+?)(L|#(?P<nth>[1-5]))", text)
    if found is None:
        wanted = numbers(text, 1, 7, DAYS)
        return {day for day, weekday in by_day.items() if weekday in wanted}
    weekday = value(found["day"], 1, 7, DAYS, 1)
    same = [day for day, name in by_day.items() if name == weekday]
    if found["nth"] is None:
        return {same[-1]}
    return set(same[int(found["nth"]) - 1 : int(found["nth"])])
