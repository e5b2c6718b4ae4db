"""Queries of policies: what is said of each, what they name, and when two mean the same.

`policies/aql.txt` holds queries, one a line (`\\n` is a line end, `\\\\` a backslash), each with
what is said of it: `!` is refused, `~` is remarked upon, the number is the offset.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from reconciler.kinds.policies import aql

TABLE = Path(__file__).parent / "policies" / "aql.txt"


def golden() -> dict[str, list[str]]:
    """The queries with what is to be said of them."""
    found: dict[str, list[str]] = {}
    said: list[str] = []
    for line in TABLE.read_text("utf-8").removesuffix("\n").split("\n"):
        if line.startswith(("  ! ", "  ~ ")):
            said.append(line.strip())
        else:
            query = line.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")
            said = found[query] = []
    return found


def said(query: str) -> list[str]:
    """What we say of a query, in the form of the table."""
    reading = aql.read(query)
    marked = [("!", f) for f in reading.faults] + [("~", f) for f in reading.remarks]
    return [
        f"{mark} {f.offset}: {f.problem}{f' | {f.hint}' if f.hint else ''}" for mark, f in marked
    ]


def test_everything_that_is_said_of_queries() -> None:
    """The same queries are accepted, and the others are refused with these words and places."""
    assert {query: said(query) for query in golden()} == golden()


def test_the_table_is_large() -> None:
    """It holds more than a hundred queries, enough of them sound and enough of them not."""
    refused = sum(any(line.startswith("!") for line in lines) for lines in golden().values())

    assert len(golden()) > 100
    assert 50 <= refused <= len(golden()) - 40


@pytest.mark.parametrize("query", golden())
def test_places_lie_in_the_query(query: str) -> None:
    """Whatever is said points at a character of the query, or right behind it."""
    reading = aql.read(query)
    for fault in (*reading.faults, *reading.remarks):
        assert 0 <= fault.offset <= len(query)


@pytest.mark.parametrize("end", range(60))
def test_a_query_that_is_cut_off_is_refused(end: int) -> None:
    """Every beginning of a query has its fault; nothing breaks."""
    query = 'items.find({"$or": [{"repo": {"$match": "a-*"}}, {"size": 5}]})'

    assert aql.read(query).faults == ()
    assert len(aql.read(query[:end]).faults) == 1


SAME = [
    [
        'items.find({"type":{"$eq":"file"}})',
        'items.find({"type":{$eq:"file"}})',
        'items.find({"type": "file"})',
        'items.find(\n  {\n    type: "file"\n  }\n)\n',
        'items.find({"$and": [{"type": "file"}]})',
        'items.find({"$or": [{"type": "file"}]})',
        'items.find({"type": "file"}, {"type": {"$eq": "file"}})',
    ],
    [
        'items.find({"repo": "a", "size": {"$gt": "5"}})',
        'items.find({"size": {"$gt": 5}, "repo": "a"})',
        'items.find({"repo": "a"}, {"size": {"$gt": 5}})',
        'items.find({"$and": [{"size": {"$gt": 5}}, {"$and": [{"repo": {"$eq": "a"}}]}]})',
    ],
    [
        'items.find({"$or": [{"repo": "a"}, {"repo": "b"}]})',
        'items.find({"$or": [{"repo": "b"}, {"$or": [{"repo": "a"}]}]})',
    ],
    ['items.find({"$or": [{"repo": "a", "name": "b"}]})'],
    ['items.find({"repo": "a"})'],
    ['items.find({"repo": "A"})'],
    ['items.find({"repo": {"$ne": "a"}})'],
    ['items.find({"repo": {"$match": "a"}})'],
    ['items.find({"repo": "a"}).limit(5)'],
    ['items.find({"repo": "a"}).limit(6)'],
    ['items.find({"@a": "b"})'],
    ['items.find({"@a": null})'],
    ['items.find({"@a": "null"})'],
    [
        'items.find({"$msp": [{"@a": "b"}, {"@a": {"$ne": "c"}}]})',
        'items.find({"$msp": ["@a": {"$ne": "c"}, "@a": "b"]})',
    ],
    ['items.find({"@a": "b"}, {"@a": {"$ne": "c"}})'],
    ['items.find({"$and": [{"$or": [{"repo": "a"}, {"repo": "b"}]}, {"name": "c"}]})'],
    ['items.find({"$or": [{"$and": [{"repo": "a"}, {"repo": "b"}]}, {"name": "c"}]})'],
    ["no query", "  no query\n"],
    [""],
]


def test_queries_that_mean_the_same_are_equal() -> None:
    """Quotes, blanks, short forms, order and needless nesting say nothing."""
    for group in SAME:
        assert len({aql.canonical(query) for query in group}) == 1, group


def test_queries_that_mean_something_else_differ() -> None:
    """A query that selects other files is another one."""
    for one, other in combinations(SAME, 2):
        assert aql.canonical(one[0]) != aql.canonical(other[0]), (one, other)


def test_the_repositories_of_a_query_are_found() -> None:
    """Each with its place, and whether it is a pattern, or left out."""
    text = 'items.find({"$or": [{"repo": "a"}, {"repo": {"$match": "b-*"}}], "repo": {"$ne": "c"}})'
    query = aql.read(text).query
    assert query is not None

    found = list(aql.repositories(query))
    assert [(r.key, r.is_pattern, r.is_excluded) for r in found] == [
        ("a", False, False),
        ("b-*", True, False),
        ("c", False, True),
    ]
    assert all(text.startswith(f'"{r.key}"', r.offset) for r in found)
