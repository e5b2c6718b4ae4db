"""Schedules of the sandbox: the next time, and what is no schedule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.sandbox.policies.quartz import CronError, parse
from tests.sandbox.policies.support import NOW


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("0 0 2 * * ?", "2026-01-01T02:00:00"),
        ("* * * * * ?", "2026-01-01T00:00:01"),
        ("0 0/15 * * * ?", "2026-01-01T00:15:00"),
        ("0 /15 * * * ?", "2026-01-01T00:15:00"),
        ("0 0 0 ? * SUN *", "2026-01-04T00:00:00"),
        ("0 0 2 ? * MON-SAT", "2026-01-01T02:00:00"),
        ("0 0 0 ? * FRI-MON", "2026-01-02T00:00:00"),
        ("0 15 10 L * ?", "2026-01-31T10:15:00"),
        ("0 0 0 L-3 2 ?", "2026-02-25T00:00:00"),
        ("0 0 0 LW * ?", "2026-01-30T00:00:00"),
        ("0 0 0 1W 2 ?", "2026-02-02T00:00:00"),
        ("0 0 0 ? * 6L", "2026-01-30T00:00:00"),
        ("0 0 0 ? * FRI#3", "2026-01-16T00:00:00"),
        ("0 0 0 ? * L", "2026-01-03T00:00:00"),
        ("0 0 0 29 2 ?", "2028-02-29T00:00:00"),
        ("0 0 0 1 JAN ? 2030-2040/5", "2030-01-01T00:00:00"),
        ("0 0 0 1,15 * ?", "2026-01-15T00:00:00"),
        ("0 15 10 * * ? 2024", None),
        ("0 0 0 30 2 ?", None),
    ],
)
def test_next(text: str, date: str | None) -> None:
    """The first moment after the new year, if there is one."""
    found = parse(text).next_after(NOW)

    assert (
        None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    ) == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 2 * * *",
        "0 0 2 * * *",
        "0 0 2 ? * ?",
        "60 0 2 * * ?",
        "0 0 ,5 * * ?",
        "/ 0 2 * * ?",
        "0 0 24 * * ?",
        "0 0 2 32 * ?",
        "0 0 2 0W * ?",
        "0 0 2 ? * 8",
        "0 0 2 ? * FRY",
        "0 0 2 ? * FRI#6",
        "0 0 2 * FOO ?",
        "0 0/99 2 * * ?",
        "0 a 2 * * ?",
        "0 0 2 * * ? 2100",
    ],
)
def test_refused(text: str) -> None:
    """What Quartz would not take either."""
    with pytest.raises(CronError):
        parse(text)
