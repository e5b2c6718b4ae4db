"""The seven parts of an expression, with what each may hold; and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY = 99
"""Quartz keeps `*` in its sets as this number, so that a written 99 means `*` too."""

UNSPECIFIED = 98
"""Quartz keeps `?` in its sets as this number, so that a written 98 means `?` too."""

LATEST_YEAR = 2999
"""Quartz looks for a time no further than this year."""

YEARS_AHEAD = 100
"""An open range of years ends so many years after the present one."""

FIRST_YEAR = 1970


@dataclass(frozen=True, slots=True)
class CronFault:
    """What is wrong at one place of an expression; `offset` counts characters from 0."""

    offset: int
    problem: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the seven: its name, its least and greatest value, and the largest step."""

    name: str
    low: int
    high: int
    step: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def cycle(self) -> int:
        """So many values there are before they begin again."""
        return self.high - self.low + 1


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAYS, 1)}

SECOND = Part("second", 0, 59, 59)
MINUTE = Part("minute", 0, 59, 59)
HOUR = Part("hour", 0, 23, 23)
DAY = Part("day of month", 1, 31, 31)
MONTH = Part("month", 1, 12, 12, MONTHS)
WEEKDAY = Part("day of week", 1, 7, 7, WEEKDAYS)
YEAR = Part("year", FIRST_YEAR, LATEST_YEAR, LATEST_YEAR)

PARTS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)
REQUIRED = 6
"""The year may be left out."""
