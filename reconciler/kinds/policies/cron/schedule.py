"""An understood expression: the times it means, in UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from reconciler.kinds.policies.cron.parts import LATEST_YEAR, YEARS_AHEAD

_SATURDAY, _SUNDAY = 7, 1


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a month that an expression means: those of the month, or those of the week.

    With `last`, the last day of the month (`before_last` days earlier) or the last such weekday;
    with `nth`, the nth such weekday; with `workday`, the working day nearest to the day. Where one
    of them is used, only the smallest of the values counts.
    """

    by_weekday: bool
    values: tuple[int, ...] = ()
    last: bool = False
    before_last: int = 0
    workday: bool = False
    nth: int = 0

    def of(self, year: int, month: int) -> list[int]:
        """The days of one month, ascending."""
        length = monthrange(year, month)[1]
        found = (
            self._weekdays(year, month, length)
            if self.by_weekday
            else self._days(year, month, length)
        )
        return [day for day in found if 1 <= day <= length]

    def _days(self, year: int, month: int, length: int) -> list[int]:
        if not self.last and not self.workday:
            return list(self.values)
        day = length - self.before_last if self.last else self.values[0]
        return [_nearest_workday(year, month, day, length) if self.workday else day]

    def _weekdays(self, year: int, month: int, length: int) -> list[int]:
        first = _weekday(date(year, month, 1))
        if self.last or self.nth:
            # A weekday of 0 is Saturday, as 7 is; one above 7 never comes.
            if self.values[0] > _SATURDAY:
                return []
            days = list(range((self.values[0] - first) % 7 + 1, length + 1, 7))
            return days[-1:] if self.last else days[self.nth - 1 : self.nth]
        wanted = set(self.values)
        return [day for day in range(1, length + 1) if (first + day - 2) % 7 + 1 in wanted]


def _weekday(day: date) -> int:
    """1 is Sunday, 7 is Saturday."""
    return day.isoweekday() % 7 + 1


def _nearest_workday(year: int, month: int, day: int, length: int) -> int:
    """The Monday to Friday nearest to a day, in the same month if the day is in it.

    A day beyond the end of a short month counts as one of the following month, but the working day
    before it may be in this one.
    """
    weekday = _weekday(date(year, month, 1) + timedelta(days=day - 1))
    if weekday == _SATURDAY:
        return day + 2 if day == 1 else day - 1
    if weekday == _SUNDAY:
        return day - 2 if day == length else day + 1
    return day


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something runs: the values of each part, ascending.

    `years` are single ones, `open_years` begin at a year and go on with a step.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    months: tuple[int, ...]
    years: frozenset[int]
    open_years: tuple[tuple[int, int], ...]

    def following(self, moment: datetime, count: int) -> list[datetime]:
        """The next `count` times after a moment, fewer where there are no more; all in UTC."""
        return list(islice(self.after(moment), count))

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The times after a moment, in order, in UTC."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for year in range(start.year, min(LATEST_YEAR, moment.year + YEARS_AHEAD) + 1):
            if self._has_year(year):
                yield from self._in_year(year, start)

    def _has_year(self, year: int) -> bool:
        return year in self.years or any(
            year >= first and (year - first) % step == 0 for first, step in self.open_years
        )

    def _in_year(self, year: int, start: datetime) -> Iterator[datetime]:
        for month in self.months:
            if (year, month) < (start.year, start.month):
                continue
            for day in self.days.of(year, month):
                if (year, month, day) >= (start.year, start.month, start.day):
                    midnight = datetime(year, month, day, tzinfo=UTC)
                    yield from self._on_day(midnight, start)

    def _on_day(self, midnight: datetime, start: datetime) -> Iterator[datetime]:
        for hour in self.hours:
            if midnight + timedelta(hours=hour + 1) <= start:
                continue
            for minute in self.minutes:
                if midnight + timedelta(hours=hour, minutes=minute + 1) <= start:
                    continue
                for second in self.seconds:
                    found = midnight.replace(hour=hour, minute=minute, second=second)
                    if found >= start:
                        yield found
