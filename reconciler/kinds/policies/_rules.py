"""Rules that several kinds of policies share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from reconciler.kinds.kind import Fault, Rule, Subject
from reconciler.kinds.policies import cron
from reconciler.kinds.policies._fields import REPOSITORIES

_KEY = re.compile(r"[A-Za-z0-9_-]{3,}")
_NAME = ("metadata", "name")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def policy_key(subject: Subject) -> Iterator[Fault]:
    """A policy's key: three letters, digits, `_` and `-` at least."""
    if not _KEY.fullmatch(subject.name):
        yield Fault(
            _NAME,
            "policy-key",
            f"'{subject.name}' cannot be the key of a policy",
            "use three or more letters, digits, '_' and '-'",
        )


def key_of_its_own(subject: Subject) -> Iterator[Fault]:
    """A policy's key differs from every repository's, in more than upper and lower case."""
    if subject.declared is None:
        return
    for kind in (*REPOSITORIES, "VirtualRepository"):
        for parts in subject.declared(kind):
            if parts[-1].casefold() == subject.name.casefold():
                yield Fault(
                    _NAME,
                    "policy-key-taken",
                    f"{kind}/{parts[-1]} has this key; repositories and policies share one set of "
                    "keys, without case",
                    "choose another name for the policy",
                    severity="warning",
                )


def schedule_rule(field: str) -> Rule:
    """The rule that a field is a schedule as Quartz reads it."""

    def rule(subject: Subject) -> Iterator[Fault]:
        expression = subject.spec.get(field)
        if not expression:
            return
        path = ("spec", field)
        reading = cron.read(expression)
        for fault in reading.faults:
            yield Fault(
                path,
                "cron-expression",
                fault.problem,
                fault.hint
                or "the parts are second, minute, hour, day of month, month, day of week, [year]",
                offset=fault.offset,
            )
        for remark in reading.remarks if reading.schedule else ():
            yield Fault(
                path,
                "cron-odd",
                remark.problem,
                remark.hint,
                severity="warning",
                offset=remark.offset,
            )
        schedule = reading.schedule
        if schedule and schedule.open_years and not schedule.following(_LONG_AGO, 1):
            yield Fault(
                path,
                "cron-never",
                f"'{expression}' never comes: no month has such a day",
                "correct the day or the month",
                severity="warning",
            )

    return rule
