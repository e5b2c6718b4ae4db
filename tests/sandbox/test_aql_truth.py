"""Queries against a predicate written another way: on random stores both find the same files."""

from __future__ import annotations

import fnmatch
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox
from tests.sandbox.policies.support import NOW, find, frozen, seed
from tests.sandbox.support import Api

REPOS = ("alpha", "beta")
WORDS = ("a", "ab", "abc", "b", "x.jar", "y.jar")
KEYS = ("colour", "keep")
VALUES = ("red", "redder", "blue")
PATTERNS = ("*", "a*", "?", "*.jar", "a?c", "b", "red*", "zzz")
DAYS = (0, 1, 10, 40, 100, 400)

Record = dict[str, Any]

records = st.fixed_dictionaries(
    {
        "repo": st.sampled_from(REPOS),
        "path": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("/".join),
        "size": st.integers(0, 5),
        "createdDaysAgo": st.sampled_from(DAYS),
        "downloadedDaysAgo": st.none() | st.sampled_from(DAYS),
        "downloads": st.integers(1, 3),
        "properties": st.dictionaries(
            st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)
        ),
    }
)
ORDER = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
texts = st.one_of(
    st.tuples(st.sampled_from(ORDER), st.sampled_from([*WORDS, *REPOS, *VALUES])),
    st.tuples(st.sampled_from(("$match", "$nmatch")), st.sampled_from(PATTERNS)),
)
numbers = st.tuples(st.sampled_from(ORDER), st.integers(0, 4))
moments = st.one_of(
    st.tuples(
        st.sampled_from(ORDER),
        st.sampled_from(DAYS).map(
            lambda days: (datetime.fromtimestamp(NOW, UTC) - timedelta(days)).isoformat()
        ),
    ),
    st.tuples(
        st.sampled_from(("$before", "$last")), st.sampled_from(("5d", "2w", "60d", "90000s"))
    ),
)
nothing = st.tuples(st.sampled_from(("$eq", "$ne")), st.none())


def pair(entry: tuple[str, tuple[str, Any]]) -> dict[str, Any]:
    """A name, an operator and a value in, the criterion out."""
    name, (sign, wanted) = entry
    return {name: {sign: wanted}}


marks = st.tuples(st.sampled_from(["@*", *(f"@{key}" for key in KEYS)]), texts).map(pair)
simple = st.one_of(
    st.tuples(st.sampled_from(("repo", "path", "name")), texts).map(pair),
    st.tuples(st.sampled_from(("size", "depth")), numbers).map(pair),
    st.tuples(st.just("stat.downloads"), numbers | nothing).map(pair),
    st.tuples(st.just("created"), moments).map(pair),
    st.tuples(st.just("stat.downloaded"), moments | nothing).map(pair),
    marks,
    st.lists(marks, min_size=1, max_size=3).map(lambda held: {"$msp": held}),
)
criteria = st.recursive(
    simple,
    lambda inner: st.builds(
        lambda sign, held: {sign: held},
        st.sampled_from(("$and", "$or")),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def true(criterion: dict[str, Any], record: Record) -> bool:
    """Whether a criterion holds for a file as it was seeded."""
    ((name, body),) = criterion.items()
    if name == "$and":
        return all(true(inner, record) for inner in body)
    if name == "$or":
        return any(true(inner, record) for inner in body)
    if name == "$msp":
        held = [(k, v) for k, values in record["properties"].items() for v in values]
        return any(all(one_mark(inner, *mark) for inner in body) for mark in held)
    ((sign, wanted),) = body.items()
    if name.startswith("@"):
        return about_properties(name[1:], sign, wanted, record)
    return about_value(sign, value_of(name, record), wanted, name)


def one_mark(criterion: dict[str, Any], key: str, value: str) -> bool:
    """Whether one property alone has the key and the value asked for."""
    ((name, body),) = criterion.items()
    ((sign, wanted),) = body.items()
    return name in ("@*", f"@{key}") and about_value(sign, value, wanted, "value")


def about_properties(key: str, sign: str, wanted: str, record: Record) -> bool:
    """Properties: one is enough for a yes; a negation wants all of them to say no."""
    held = [v for k, values in record["properties"].items() if key in ("*", k) for v in values]
    if sign in ("$ne", "$nmatch"):
        plain = {"$ne": "$eq", "$nmatch": "$match"}[sign]
        return not any(about_value(plain, value, wanted, "value") for value in held)
    return any(about_value(sign, value, wanted, "value") for value in held)


def value_of(name: str, record: Record) -> Any:
    """What the file has under a name; days ago for dates."""
    folder, _, last = record["path"].rpartition("/")
    downloaded = record["downloadedDaysAgo"]
    return {
        "repo": record["repo"],
        "path": folder or ".",
        "name": last,
        "size": record["size"],
        "depth": len(record["path"].split("/")),
        "created": record["createdDaysAgo"],
        "stat.downloaded": downloaded,
        "stat.downloads": None if downloaded is None else record["downloads"],
    }[name]


def about_value(sign: str, held: Any, wanted: Any, name: str) -> bool:
    """One value against another."""
    if sign in ("$before", "$last"):
        days = {"5d": 5.0, "2w": 14.0, "60d": 60.0, "90000s": 90000 / 86400}[wanted]
        return held is not None and (held > days if sign == "$before" else held < days)
    if sign in ("$match", "$nmatch"):
        return fnmatch.fnmatchcase(held, wanted) == (sign == "$match")
    if name in ("created", "stat.downloaded") and wanted is not None:
        age = datetime.fromtimestamp(NOW, UTC) - datetime.fromisoformat(wanted)
        wanted = -age.days
        held = None if held is None else -held
    if sign in ("$eq", "$ne"):
        return (held == wanted) == (sign == "$eq")
    if held is None:
        return False
    return {
        "$gt": held > wanted,
        "$gte": held >= wanted,
        "$lt": held < wanted,
        "$lte": held <= wanted,
    }[sign]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records, max_size=12), st.lists(criteria, min_size=1, max_size=3))
def test_queries_find_what_is_there(stored: list[Record], wanted: list[dict[str, Any]]) -> None:
    """A query of any shape finds the files it describes, and no others."""
    api = Api(Sandbox().platforms["default"])
    frozen(api)
    for repo in REPOS:
        api.create(repo)
    seed(api, "", *stored)
    there = {(record["repo"], record["path"]): record for record in stored}

    text = ", ".join(json.dumps(criterion) for criterion in wanted)
    rows = find(api, f"items.find({text})")["results"]
    found = {(row["repo"], f"{row['path']}/{row['name']}".removeprefix("./")) for row in rows}

    expected = {
        place
        for place, record in there.items()
        if all(true(criterion, record) for criterion in wanted)
    }
    assert found == expected
