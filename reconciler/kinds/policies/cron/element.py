"""One element of a list (`5`, `MON-FRI`, `10/15`, `LW`) in, the values it means out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.kinds.policies.cron.parts import (
    DAY,
    EVERY,
    UNSPECIFIED,
    WEEKDAY,
    YEAR,
    CronFault,
    Part,
)

_LARGEST = 2**31 - 1
_INTEGER = re.compile(r"[+-]?[0-9]+")
_LAST = re.compile(r"L(?:W|-([0-9]*)(W?))?")
_NAME_LENGTH = 3
_MOST_BEFORE_LAST = 30
_MOST_NTH = 5
_SHORTEST_MONTH = 28


@dataclass
class Kept:
    """What the elements of one part mean together; see `Days` for the days' own words."""

    values: set[int] = field(default_factory=set)
    open_years: list[tuple[int, int]] = field(default_factory=list)
    last: bool = False
    before_last: int = 0
    workday: bool = False
    nth: int = 0
    special_at: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing says when."""
        return not (self.values or self.last or self.open_years)


class _RefusedError(Exception):
    """The rest of the element is not looked at."""


@dataclass
class Element:
    """One element at an offset of the expression; what it means is added to `kept`."""

    part: Part
    text: str
    start: int
    kept: Kept
    faults: list[CronFault] = field(default_factory=list)
    remarks: list[CronFault] = field(default_factory=list)

    def read(self) -> None:
        """Understand the element; what is wrong is in `faults`."""
        try:
            end = self._read()
        except _RefusedError:
            return
        if end < len(self.text):
            rest = self.text[end:]
            read = f": '{self.text}' is read as '{self.text[:end]}'" if end else ""
            self.remarks.append(
                CronFault(
                    self.start + end,
                    f"Quartz leaves out '{rest}' in the {self.part.name}{read}",
                    "take it away",
                )
            )

    def _read(self) -> int:
        """Add the values; returns where the part of the text ends that Quartz looks at."""
        first = self.text[0]
        if first.isascii() and first.isalpha():
            return self._last() if _LAST.fullmatch(self.text) else self._name()
        if first == "?":
            return self._open()
        if first in "*/":
            return self._every()
        if first in "0123456789":
            return self._number()
        return self._refuse(0, f"'{first}' can stand in no {self.part.name}", self._expected())

    def _refuse(self, at: int, problem: str, hint: str = "") -> int:
        self.faults.append(CronFault(self.start + at, problem, hint))
        raise _RefusedError

    def _expected(self) -> str:
        part = self.part
        names = list(part.names)
        words = f", or {names[0]} to {names[-1]}" if names else ""
        return f"use {part.low} to {part.high}{words}, '*', a range, a step or a list"

    def _name(self) -> int:
        if not self.part.names:
            self._refuse(0, f"'{self.text}' is no {self.part.name}", self._expected())
        first, end = self._named(0), _NAME_LENGTH
        sign = self.text[end : end + 1]
        if sign == "-":
            self._add(first, self._named(end + 1), 1, 0)
            return 2 * _NAME_LENGTH + 1
        if self.part is WEEKDAY and sign == "#":
            self._nth(end + 1)
            end = len(self.text)
        elif self.part is WEEKDAY and sign == "L":
            self.kept.last, self.kept.special_at = True, self.start
            end += 1
        self._add(first, -1, 0, 0)
        return end

    def _named(self, at: int) -> int:
        name = self.text[at : at + _NAME_LENGTH]
        if name not in self.part.names:
            known = ", ".join(self.part.names)
            self._refuse(at, f"'{name}' is no {self.part.name}", f"the names are {known}")
        return self.part.names[name]

    def _open(self) -> int:
        if len(self.text) > 2:
            self._refuse(1, f"nothing can follow '?', but '{self.text[1:]}' does")
        if self.part not in (DAY, WEEKDAY):
            self._refuse(
                0,
                f"'?' cannot stand for the {self.part.name}",
                "it stands for day of month or day of week; for every value write '*'",
            )
        self.kept.values.add(UNSPECIFIED)
        return 1

    def _every(self) -> int:
        """`*`, `*/step` or `/step`."""
        at = 1 if self.text[0] == "*" else 0
        if self.text[at : at + 1] != "/":
            self._add(EVERY, -1, 1, 0)
            return at
        step = self.text[at + 1 :]
        if not _INTEGER.fullmatch(step) or abs(int(step)) > _LARGEST:
            self._refuse(at + 1, "a whole number must follow '/'", "such as '*/15'")
        self._check_step(int(step), at + 1)
        self._add(EVERY, -1, int(step), 0)
        return len(self.text)

    def _last(self) -> int:
        """`L`, `LW`, `L-3`, `L-3W` in the days of a month; `L` for Saturday in those of a week."""
        if self.part is WEEKDAY:
            self.kept.values.add(WEEKDAY.high)
            return 1
        if self.part is not DAY:
            return 0
        self.kept.last, self.kept.special_at = True, self.start
        found = _LAST.fullmatch(self.text)
        before = found[1] if found else None
        if before is not None:
            self._before_last(before)
        self.kept.workday = self.kept.workday or self.text.endswith("W")
        return len(self.text)

    def _before_last(self, digits: str) -> None:
        if self.text == "L-":
            self._refuse(2, "a number of days must follow 'L-'", "such as 'L-3'")
        days = int(digits or "0")
        if days > _MOST_BEFORE_LAST:
            self._refuse(2, f"'L-{days}' is more than {_MOST_BEFORE_LAST} days before the last one")
        self.kept.before_last = days
        if self.text.endswith("W") and days >= _SHORTEST_MONTH:
            self.remarks.append(
                CronFault(
                    self.start + 2,
                    f"February has no day {days} days before its last one, and Quartz comes to no "
                    "end when it looks for the working day nearest to it",
                    f"use a number below {_SHORTEST_MONTH}",
                )
            )

    def _number(self) -> int:
        first, at = self._digits(0)
        sign = self.text[at : at + 1]
        if sign == "L":
            return self._last_weekday(first, at)
        if sign == "W":
            return self._workday(first, at)
        if sign == "#":
            return self._nth_of(first, at)
        if sign == "-":
            return self._range(first, at)
        if sign == "/":
            return self._stepped(first, at)
        self._add(first, -1, 0, 0)
        return at

    def _digits(self, at: int, what: str = "a number") -> tuple[int, int]:
        end = at
        while self.text[end : end + 1] in tuple("0123456789"):
            end += 1
        if end == at:
            found = f"'{self.text[at]}'" if at < len(self.text) else "nothing"
            self._refuse(at, f"{what} is expected, but there is {found}", self._expected())
        value = int(self.text[at:end]) if end - at < len(str(_LARGEST)) + 1 else _LARGEST + 1
        if value > _LARGEST:
            self._refuse(at, f"{self.text[at:end]} is too large")
        return value, end

    def _last_weekday(self, day: int, at: int) -> int:
        if self.part is not WEEKDAY:
            self._refuse(at, f"'L' cannot follow a {self.part.name}")
        if not WEEKDAY.low <= day <= WEEKDAY.high:
            self._refuse(0, f"{day} is no day of week", self._expected())
        self.kept.last, self.kept.special_at = True, self.start
        self.kept.values.add(day)
        return at + 1

    def _workday(self, day: int, at: int) -> int:
        if self.part is not DAY:
            self._refuse(at, f"'W' cannot follow a {self.part.name}", "it follows a day of month")
        if not DAY.low <= day <= DAY.high:  # Quartz takes 0W, and then looks for it for ever
            self._refuse(0, f"{day} is no {self.part.name}", f"use 1 to {DAY.high}")
        self.kept.workday, self.kept.special_at = True, self.start
        self.kept.values.add(day)
        return at + 1

    def _nth_of(self, day: int, at: int) -> int:
        if self.part is not WEEKDAY:
            self._refuse(at, f"'#' cannot follow a {self.part.name}", "it follows a day of week")
        self._nth(at + 1)
        self.kept.values.add(day)
        return len(self.text)

    def _nth(self, at: int) -> None:
        number = self.text[at:]
        if not _INTEGER.fullmatch(number) or not 1 <= int(number) <= _MOST_NTH:
            self._refuse(
                at,
                f"a number from 1 to {_MOST_NTH} must follow '#'",
                "6#3 is the third Friday of a month",
            )
        self.kept.nth, self.kept.special_at = int(number), self.start

    def _range(self, first: int, at: int) -> int:
        last, at = self._digits(at + 1, "the end of the range")
        if self.text[at : at + 1] != "/":
            self._add(first, last, 1, 0)
            return at
        step, at = self._digits(at + 1, "a step")
        self._add(first, last, step, 0)
        return at

    def _stepped(self, first: int, at: int) -> int:
        step, end = self._digits(at + 1, "a step")
        if end < len(self.text) and end == at + 2:  # after two digits Quartz looks no further
            self._refuse(end, f"'{self.text[end]}' cannot follow a step")
        self._check_step(step, at + 1)
        self._add(first, -1, step, 0)
        return end

    def _check_step(self, step: int, at: int) -> None:
        if step > self.part.step:
            self._refuse(
                at, f"a step of the {self.part.name} is at most {self.part.step}, not {step}"
            )

    def _add(self, first: int, last: int, step: int, at: int) -> None:
        """Add a value, or a range; without a last one it goes on to the greatest there is."""
        part = self.part
        allowed = (EVERY, UNSPECIFIED) if part in (DAY, WEEKDAY) else (EVERY,)
        if part is YEAR:
            self._add_years(first, last, step, at)
            return
        if first not in allowed and not part.low <= first <= part.high:
            self._refuse(at, f"{first} is no {part.name}", self._expected())
        if last > part.high:
            self._refuse(at, f"{last} is no {part.name}", self._expected())
        if step in (0, -1) and first != EVERY:
            self.kept.values.add(first)
            return
        start = part.low if first == EVERY else first
        stop = part.high if last == -1 else last
        if stop < start:  # over the end and on from the beginning: FRI-MON
            stop += part.cycle
        for value in range(start, stop + 1, max(step, 1)):
            self.kept.values.add((value - part.low) % part.cycle + part.low)

    def _add_years(self, first: int, last: int, step: int, at: int) -> None:
        if step in (0, -1) and first != EVERY:
            self.kept.values.add(first)
            return
        start = YEAR.low if first == EVERY else first
        if last == -1:
            self.kept.open_years.append((start, max(step, 1)))
        elif last < start:
            self._refuse(at, f"the range of years ends before it begins: {first}-{last}")
        else:
            self.kept.values.update(range(start, min(last, YEAR.high) + 1, max(step, 1)))
