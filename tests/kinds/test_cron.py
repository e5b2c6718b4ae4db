"""Schedules against what real Quartz says of them.

`policies/quartz.tsv` holds 647 expressions with the answers of Quartz 2.3.2 (Debian's package
libquartz2-java), made once by `policies/QuartzTable.java`: the documented examples, the corners we
could think of, and random ones. An expression that Quartz accepts and then fails on whenever it is
asked for a time counts as refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.kinds.policies.cron import read

TABLE = Path(__file__).parent / "policies" / "quartz.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()]
START = datetime(2026, 1, 1, tzinfo=UTC)


def said(expression: str) -> str:
    """What we say of an expression, in the words of the table."""
    schedule = read(expression).schedule
    if schedule is None:
        return "refused"
    times = [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in schedule.following(START, 3)]
    return " ".join([*times, "never"] if len(times) < 3 else times)


def test_every_expression_is_read_as_quartz_reads_it() -> None:
    """The same are accepted, and they mean the same times."""
    wrong = {e: (said(e.replace("\\t", "\t")), theirs) for e, theirs in ROWS}

    assert {e: pair for e, pair in wrong.items() if pair[0] != pair[1]} == {}


def test_the_table_is_a_judge() -> None:
    """It is large, and holds enough of both sides."""
    refused = sum(theirs == "refused" for _, theirs in ROWS)

    assert len(ROWS) >= 500
    assert 200 <= refused <= len(ROWS) - 200


def test_whatever_is_refused_says_why_and_where() -> None:
    """Every refusal has a reason, at a place that lies in the expression or at its end."""
    for expression, _ in ROWS:
        text = expression.replace("\\t", "\t")
        for fault in (*read(text).faults, *read(text).remarks):
            assert fault.problem
            assert 0 <= fault.offset <= len(text)


@pytest.mark.parametrize(
    ("expression", "offset", "problem"),
    [
        ("0 2 * * *", 9, "the expression ends too early: no day of week"),
        (
            "",
            0,
            "the expression ends too early: no second, minute, hour, day of month, month, "
            "day of week",
        ),
        (
            "0 0 2 * * SAT",
            10,
            "day of month and day of week are both given; Quartz takes only one of them",
        ),
        ("0 0 2 ? * ?", 10, "day of month and day of week are both '?'; one of them must say when"),
        ("0 60 2 ? * SAT", 2, "60 is no minute"),
        ("0 0 2 ? * MON,SO", 14, "'SO' is no day of week"),
        ("0 0 2 ? FOO *", 8, "'FOO' is no month"),
        ("0 0 2 1,L * ?", 8, "'L' cannot be combined with other values of the day of month"),
        ("0 0 2 ? * 6#6", 12, "a number from 1 to 5 must follow '#'"),
        ("0 0 2 ? * 2#1,3#1", 15, "only one 'weekday#number' is possible"),
        ("0 0 ? * * ?", 4, "'?' cannot stand for the hour"),
        ("0 0/75 2 * * ?", 4, "a step of the minute is at most 59, not 75"),
        ("0 0 2 1- * ?", 8, "the end of the range is expected, but there is nothing"),
        ("0 0 2 L-31 * ?", 8, "'L-31' is more than 30 days before the last one"),
        ("0 0 2 1 1 ? 2030-2027", 12, "the range of years ends before it begins: 2030-2027"),
        ("0 0 L * * ?", 4, "there is no value for the hour"),
        (
            "@daily",
            6,
            "the expression ends too early: no minute, hour, day of month, month, day of week",
        ),
    ],
)
def test_messages(expression: str, offset: int, problem: str) -> None:
    """The first thing wrong is told in the words of whoever writes schedules."""
    reading = read(expression)

    assert reading.schedule is None
    assert (reading.faults[0].offset, reading.faults[0].problem) == (offset, problem)


def test_all_faults_of_an_expression_come_at_once() -> None:
    """A second faulty part is not left for the next run."""
    assert [fault.offset for fault in read("60 0 25 ? FOO 8").faults] == [0, 5, 10, 14]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (
            "0 0 2 ? * MONDAY",
            "Quartz leaves out 'DAY' in the day of week: 'MONDAY' is read as 'MON'",
        ),
        (
            "0 0 2 ? * MON-FRI/2",
            "Quartz leaves out '/2' in the day of week: 'MON-FRI/2' is read as 'MON-FRI'",
        ),
        ("0 0 2 1W,15W * ?", "Quartz looks at 1 only, not at the other days of the list"),
        ("0 0 2 * * ? 2027 UTC", "what stands after the year is left out: 'UTC'"),
        (
            "0 0 2 L-30W * ?",
            "February has no day 30 days before its last one, and Quartz comes to "
            "no end when it looks for the working day nearest to it",
        ),
    ],
)
def test_remarks(expression: str, problem: str) -> None:
    """What Quartz takes and its author cannot have meant is remarked upon."""
    reading = read(expression)

    assert reading.schedule is not None
    assert [remark.problem for remark in reading.remarks] == [problem]
