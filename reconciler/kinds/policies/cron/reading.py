"""A Quartz cron expression in, its schedule out, or what is wrong with it and where.

Quartz takes more than its documentation tells: it reads only the first three letters of a name,
leaves out what follows a complete value and whatever stands after the year. All of that is taken
here too, and remarked upon, because a policy that works must not be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.kinds.policies.cron.element import Element, Kept
from reconciler.kinds.policies.cron.parts import (
    DAY,
    PARTS,
    REQUIRED,
    UNSPECIFIED,
    WEEKDAY,
    YEAR,
    CronFault,
    Part,
)
from reconciler.kinds.policies.cron.schedule import Days, Schedule

_WORD = re.compile(r"[^ \t]+")
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression means: its schedule, or its faults; and what Quartz leaves out of it."""

    schedule: Schedule | None
    faults: tuple[CronFault, ...] = ()
    remarks: tuple[CronFault, ...] = ()


def read(text: str) -> Reading:
    """Understand an expression; raises nothing."""
    found = _Expression(text)
    found.read()
    if found.faults:
        return Reading(None, tuple(found.faults), tuple(found.remarks))
    return Reading(found.schedule(), (), tuple(found.remarks))


@dataclass
class _Expression:
    text: str
    parts: dict[str, Kept] = field(default_factory=dict)
    faults: list[CronFault] = field(default_factory=list)
    remarks: list[CronFault] = field(default_factory=list)

    def read(self) -> None:
        words = [(m.start(), m[0].translate(_UPPER)) for m in _WORD.finditer(self.text)]
        if len(words) < REQUIRED:  # what each word was meant to be is anybody's guess
            self._too_short(len(words))
            return
        for part, (start, word) in zip(PARTS, words, strict=False):
            bare = word.lstrip(_CONTROL)
            start += len(word) - len(bare)
            self.parts[part.name] = self._part(part, bare.rstrip(_CONTROL), start)
        if len(words) > len(PARTS):
            start, word = words[len(PARTS)]
            self._remark(start, f"what stands after the year is left out: '{self.text[start:]}'")
        if not self.faults:
            self._one_of_two()

    def _too_short(self, count: int) -> None:
        lacking = ", ".join(part.name for part in PARTS[count:REQUIRED])
        hint = "the parts are second, minute, hour, day of month, month, day of week, [year]"
        if self.text.lstrip().startswith("@"):
            hint += "; there are no short forms such as @daily"
        if count == 5:
            hint += "; this looks like a Unix cron expression, which has no seconds"
        self.faults.append(
            CronFault(len(self.text.rstrip()), f"the expression ends too early: no {lacking}", hint)
        )

    def _part(self, part: Part, word: str, start: int) -> Kept:
        kept = Kept()
        if not self._is_combinable(part, word, start):
            return kept
        for match in re.finditer(r"[^,]+", word):
            element = Element(part, match[0], start + match.start(), kept)
            element.read()
            self.faults += element.faults
            self.remarks += element.remarks
        if not self.faults and kept.is_empty and part is not YEAR:
            self.faults.append(CronFault(start, f"there is no value for the {part.name}"))
        return kept

    def _is_combinable(self, part: Part, word: str, start: int) -> bool:
        """Quartz knows one last and one nth day at most."""
        if part in (DAY, WEEKDAY) and "L" in word and "," in word:
            self.faults.append(
                CronFault(
                    start + word.index("L"),
                    f"'L' cannot be combined with other values of the {part.name}",
                    "use one policy for the last day, and another for the other days",
                )
            )
            return False
        if part is WEEKDAY and word.count("#") > 1:
            second = word.index("#", word.index("#") + 1)
            self.faults.append(
                CronFault(
                    start + second,
                    "only one 'weekday#number' is possible",
                    "use one policy for each",
                )
            )
            return False
        return True

    def _one_of_two(self) -> None:
        """Exactly one of day of month and day of week is `?`."""
        day, weekday = self.parts[DAY.name], self.parts[WEEKDAY.name]
        is_open = [UNSPECIFIED in kept.values for kept in (day, weekday)]
        starts = [m.start() for m in _WORD.finditer(self.text)]
        if is_open == [False, False]:
            self.faults.append(
                CronFault(
                    starts[PARTS.index(WEEKDAY)],
                    "day of month and day of week are both given; Quartz takes only one of them",
                    "write '?' for the other one",
                )
            )
        elif is_open == [True, True]:
            self.faults.append(
                CronFault(
                    starts[PARTS.index(WEEKDAY)],
                    "day of month and day of week are both '?'; one of them must say when",
                    "write '*' for every day",
                )
            )

    def schedule(self) -> Schedule:
        """What was understood."""
        second, minute, hour, day, month, weekday = (
            self.parts[part.name] for part in PARTS[:REQUIRED]
        )
        year = self.parts.get(YEAR.name) or Kept(open_years=[(YEAR.low, 1)])
        by_weekday = UNSPECIFIED in day.values
        kept = weekday if by_weekday else day
        days = Days(by_weekday, _sorted(kept), kept.last, kept.before_last, kept.workday, kept.nth)
        self.remarks += _only_first(kept, days)
        return Schedule(
            _sorted(second),
            _sorted(minute),
            _sorted(hour),
            days,
            _sorted(month),
            frozenset(year.values),
            tuple(year.open_years),
        )

    def _remark(self, offset: int, problem: str) -> None:
        self.remarks.append(CronFault(offset, problem, "Quartz leaves it out; take it away"))


_CONTROL = "".join(map(chr, range(33)))


def _sorted(kept: Kept) -> tuple[int, ...]:
    return tuple(sorted(kept.values - {UNSPECIFIED}))


def _only_first(kept: Kept, days: Days) -> Iterator[CronFault]:
    """With 'W', '#' or a last weekday Quartz looks at the smallest of the values only."""
    if len(days.values) > 1 and (days.last or days.nth or days.workday):
        yield CronFault(
            kept.special_at,
            f"Quartz looks at {days.values[0]} only, not at the other days of the list",
            "use one policy for each of them",
        )
