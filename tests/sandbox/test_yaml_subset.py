"""The little YAML that configuration patches are read with."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.yaml_subset import YamlError, load

READ: list[tuple[str, Any]] = [
    ("", None),
    ("# only a comment", None),
    ("word", "word"),
    ("---\na: 1\n", {"a": 1}),
    ("a:\nb: ~\nc: null\n", {"a": None, "b": None, "c": None}),
    ("a: true\nb: False\nc: -5\nd: 1.5\n", {"a": True, "b": False, "c": -5, "d": 1.5}),
    ("a:\n    b:\n        c: 1\n    d: 2\n", {"a": {"b": {"c": 1}, "d": 2}}),
    ("a: {}\nb: []\n", {"a": {}, "b": []}),
    (
        "a: {b: {c: ~, d: 'x, y'}, e: [1, two words]}",
        {"a": {"b": {"c": None, "d": "x, y"}, "e": [1, "two words"]}},
    ),
    ("a:\n- 1\n- b: 2\n  c: 3\n-\n  d: 4\n", {"a": [1, {"b": 2, "c": 3}, {"d": 4}]}),
    ("a:\n  - x\n  - - y\n    - z\nb: 1\n", {"a": ["x", ["y", "z"]], "b": 1}),
    (
        "a: it's # said\nb: 'it''s'\nc: \"x # \\\"y\\\"\"\n",
        {"a": "it's", "b": "it's", "c": 'x # "y"'},
    ),
    ("'q: k': 1\n\"two words\": 2\nv 1: 3\n", {"q: k": 1, "two words": 2, "v 1": 3}),
    ("u: https://proxy.example.com:80/p#q\n", {"u": "https://proxy.example.com:80/p#q"}),
    ("c: 0 0 2 ? * MON-SUN *\n", {"c": "0 0 2 ? * MON-SUN *"}),
    ('{"a": {"b": [1, null, "x"]},\n "c":""}', {"a": {"b": [1, None, "x"]}, "c": ""}),
    ("1: a\n", {"1": "a"}),
    ("a: {b: , c}", {"a": {"b": None, "c": None}}),
]
REFUSED = [
    "a: {b",
    "a: [1, 2",
    "a: {b: 1} c",
    "a: [1 , , 2]",
    "a: 1\n  b: 2",
    "a: 1\nword",
    "a:\n\tb: 1",
    "a: 1\na: 2",
    "a: b: c",
    "a: &x 1",
    "a: *x",
    "a: !t 1",
    "a: |\n  text",
    "a: 'open",
    'a: "open',
    ": 1",
    "{a: }}",
    "{[a]: 1}",
    "[" * 9999,
    "{a: " * 9999,
    "\n".join(" " * depth + "a:" for depth in range(99)),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=lambda value: repr(value)[:30])
def test_read(text: str, expected: Any) -> None:
    """Maps, lists, scalars, inline forms: what patches are written in."""
    assert load(text) == expected


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:30])
def test_refused(text: str) -> None:
    """More than that is an error, never a guess and never a crash."""
    with pytest.raises(YamlError):
        load(text)
