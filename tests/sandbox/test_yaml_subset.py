"""The little YAML that configuration patches are read with."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import yaml_text
from reconciler.sandbox.yaml_subset import YamlError, load

SCRIPT = "if x; then\n  # y: no comment\n\nfi\n"
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
    ("a: |\n  text", {"a": "text\n"}),
    ("a: |\n  if x; then\n    # y: no comment\n\n  fi\n\nb: 1\n", {"a": SCRIPT, "b": 1}),
    ("a:\n- |-\n  x\n  y\n- b: |+\n    z\n\n", {"a": ["x\ny", {"b": "z\n\n"}]}),
    ("a: >\n  one\n  two\n\n  three\n", {"a": "one two\nthree\n"}),
    ("a: |\nb: 1\n", {"a": "", "b": 1}),
    ("a: one\n  two\nb: 1\n", {"a": "one two", "b": 1}),
    ("- a: 'it''s\n    one'\n- b\n", [{"a": "it's one"}, "b"]),
    ('a: "say \\"x\\"\\\n  \\ and on"\n', {"a": 'say "x" and on'}),
    ("a: it's one 'word\nb: 1\n", {"a": "it's one 'word", "b": 1}),
    ("run: x - |\n", {"run": "x - |"}),
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
    "a: |2\n    text",
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


WORDS = ["echo", "${{ inputs.x }}", "it's", "a:b", '"q"', "x # y", "-", "|", ">", "1.10", "true"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join), min_size=1)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["run", "two words", "on"]),
    st.lists(TEXTS.map("\n".join), min_size=1, max_size=3)
    | st.fixed_dictionaries({"attach": st.booleans(), "run": TEXTS.map("\n".join)}),
    min_size=1,
)


@settings(max_examples=100, deadline=None)
@given(
    document=DOCUMENTS, style=st.sampled_from([None, '"', "'"]), width=st.sampled_from([80, 9999])
)
def test_what_usual_libraries_write_is_read(document: Any, style: str | None, width: int) -> None:
    """Wrapped lines, quoted texts with breaks in them, escapes: in every style PyYAML knows."""
    quoted = yaml.safe_dump(document, default_style=style, width=width)
    if style is None:
        assert load(quoted) == document
    else:  # then booleans are written with a tag
        assert "!!bool" in quoted or load(quoted) == document


@settings(max_examples=100, deadline=None)
@given(document=DOCUMENTS)
def test_what_is_written_is_read(document: Any) -> None:
    """Our own text says the same to this reader and to PyYAML, which takes a bare `on` for true."""
    text = yaml_text.dump(document)

    assert load(text) == document
    assert yaml.load(text, yaml.BaseLoader).keys() == document.keys()


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text)[:30])
def test_refused(text: str) -> None:
    """More than that is an error, never a guess and never a crash."""
    with pytest.raises(YamlError):
        load(text)
