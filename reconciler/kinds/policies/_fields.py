"""What policies of several kinds share: marks and types of their fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.marks import UNORDERED, Default, Outlook, Ref, Risk, Same
from reconciler.kinds.policies import aql, cron
from reconciler.kinds.risks import NOTABLE, turned_on

NO_PROJECT = "default"
"""What stands for repositories that are in no project."""

REPOSITORIES = ("LocalRepository", "RemoteRepository", "FederatedRepository")
"""The kinds that hold files of their own; a virtual repository only shows those of others."""

DELETES_MORE = Risk("disruptive", "a change is disruptive: other packages are deleted")
ARCHIVES_MORE = Risk("disruptive", "a change is disruptive: other files are archived")
STARTS_TO_DELETE = Risk(
    "disruptive",
    "switching it on is disruptive: from then on it deletes",
    turned_on,
    also_new=True,
)
STARTS_TO_ARCHIVE = Risk(
    "disruptive",
    "switching it on is disruptive: from then on it archives",
    turned_on,
    also_new=True,
)
FOR_GOOD = Risk(
    "disruptive", "switching it on is disruptive: nothing can be restored", turned_on, also_new=True
)


def without_project(key: str) -> str | None:
    """A project's key; None for what stands for no project."""
    return None if key in ("", NO_PROJECT) else key


def unless_zero(number: int) -> int | None:
    """A figure; 0 stands for none."""
    return number or None


NONE_IS_ZERO = Same(unless_zero, "0 means none")

ProjectKey = Annotated[
    str,
    Ref("Project", check="live"),
    Same(without_project, "`default` stands for what is in no project"),
]
"""A project's key, or `default` for what is in no project."""

Repositories = Annotated[list[str], UNORDERED, Ref(*REPOSITORIES, check="pattern")]
"""Keys of repositories, or patterns of them."""

Months = Annotated[int, Field(ge=1), NONE_IS_ZERO]
Days = Months
Minutes = Annotated[int | None, Field(ge=0), NONE_IS_ZERO, Default(0), NOTABLE]


def next_runs(expression: Any, now: datetime) -> list[str] | None:
    """The next three times of a schedule after a moment, in UTC; None for no schedule at all."""
    schedule = cron.read(expression).schedule if isinstance(expression, str) else None
    if schedule is None:
        return None
    return [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in schedule.following(now, 3)]


def _without_surplus_blanks(expression: str) -> str:
    return " ".join(expression.split())


Cron = Annotated[
    str,
    Same(_without_surplus_blanks, "blanks between the parts make no difference"),
    Outlook("nextRuns", next_runs),
    NOTABLE,
]
"""A Quartz cron expression."""


def repositories_in(query: str) -> Iterable[tuple[str, int]]:
    """The repositories that a query names, as references; none where it cannot be read."""
    found = aql.read(query).query
    return () if found is None else [(r.key, r.offset) for r in aql.repositories(found)]
