"""Bytes in, data and diagnostics out: what the YAML reader accepts, refuses and points at."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml import events, limits
from reconciler.manifests.yaml.careful import read_carefully
from reconciler.manifests.yaml.fast import read_fast
from reconciler.manifests.yaml.reader import positions, read

BOUNDED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def data_of(text: str) -> Any:
    """The data of a text with one good document."""
    documents, found = read(text.encode(), "a.yaml")
    assert not found, found
    [document] = documents
    return document.data


def faults_of(text: str | bytes) -> list[Diagnostic]:
    """What is wrong with a text."""
    return read(text.encode() if isinstance(text, str) else text, "a.yaml")[1]


def told(text: str | bytes) -> list[tuple[str, str]]:
    """Rule and place of everything that is wrong with a text."""
    return [(fault.rule, fault.place) for fault in faults_of(text)]


# --- meaning ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, word) for word in ("on", "no", "No", "yes", "y", "off", "tRUE", "nULL")),
        *(
            (word, word)
            for word in ("12:30", "2026-01-01", "1_000", "1.2.3", "0b1", "-x", "+", ".")
        ),
        *((word, word) for word in ("0x", "0o8", "-0x1F", "1e", "e3", ".e3", "--1", "1-", "0o")),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0o10", 8),
        ("0x1F", 31),
        ("1.10", 1.1),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("+1.5E-2", 0.015),
        ('"010"', "010"),
        ("'true'", "true"),
        ('""', ""),
        ("a b # c", "a b"),
        ('"\\u00e9"', "é"),
        ("😀", "😀"),
        ('"\\U0001F600"', "😀"),
    ],
)
def test_plain_scalars(written: str, meant: Any) -> None:
    """A scalar means what YAML 1.2's core schema says, whichever pass reads it."""
    for text in (f"a: {written}\n", f"x: &x 1\ny: *x\na: {written}\n", f"- a: {written}\n"):
        data = data_of(text)
        value = data["a"] if isinstance(data, dict) else data[0]["a"]

        assert (value, type(value)) == (meant, type(meant))


def test_whole_manifest() -> None:
    """A manifest becomes plain data."""
    text = (
        "# head\napiVersion: reconciler/v1\nmetadata: {name: x, labels: {a: b}}\n"
        "spec:\n  list:\n  - a\n  - [1, 2]\n  - k: v\n  text: |\n    one\n    two\n  none:\n"
    )

    assert data_of(text) == {
        "apiVersion": "reconciler/v1",
        "metadata": {"name": "x", "labels": {"a": "b"}},
        "spec": {"list": ["a", [1, 2], {"k": "v"}], "text": "one\ntwo\n", "none": None},
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    """Every kind of line end gives the same data and the same lines."""
    text = end.join(["a: 1", "b:", "  - x", "---", "c: |", "  one", "  two", ""])

    documents, found = read(text.encode(), "f")

    assert not found
    assert [(d.data, d.line) for d in documents] == [
        ({"a": 1, "b": ["x"]}, 1),
        ({"c": "one\ntwo\n"}, 5),
    ]


def test_documents_are_counted() -> None:
    """Empty documents are left out, but counted."""
    documents, found = read(b"# only\n---\n---\na: 1\n---\n# nothing\n---\n  ~\n---\n''\n", "f")

    assert not found
    assert [(d.index, d.data, d.line, d.column) for d in documents] == [
        (1, {"a": 1}, 4, 1),
        (3, None, 8, 3),
        (4, "", 10, 1),
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# comment\n", "---\n", "--- &a\n", "\ufeff"])
def test_nothing(text: str) -> None:
    """A file without content is fine and holds no document."""
    assert read(text.encode(), "f") == ([], [])


def test_byte_order_mark() -> None:
    """A UTF-8 byte order mark is skipped and does not shift columns."""
    assert data_of("\ufeffa: 1") == {"a": 1}
    assert told("\ufeffa: 010") == [("leading-zero", "a.yaml:1:4")]


def test_version_directive() -> None:
    """`%YAML 1.2` says what is true anyway."""
    assert data_of("%YAML 1.2\n---\na: on\n") == {"a": "on"}


def test_aliases() -> None:
    """An alias stands for its anchor's value; a later anchor of the same name wins."""
    assert data_of("a: &x {k: [1]}\nb: *x\nc: &x 2\nd: [*x, *x]\n&k e: *k\n") == {
        "a": {"k": [1]},
        "b": {"k": [1]},
        "c": 2,
        "d": [2, 2],
        "e": "e",
    }


def test_no_limit_without_aliases() -> None:
    """The limit on values counts only where aliases multiply them."""
    assert len(data_of("a: [" + "x," * 60_000 + "]")["a"]) == 60_000


# --- faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", "3:1")]),
        ("a: 1\n'a': 3\n\"a\": 4\n", [("duplicate-key", "2:1"), ("duplicate-key", "3:1")]),
        ("1: a\n", [("non-text-key", "1:1")]),
        ("~: a\ntrue: b\n", [("non-text-key", "1:1"), ("non-text-key", "2:1")]),
        ("?\n: c\n", [("non-text-key", "1:2")]),
        ("010: a\n.inf: b\n", [("non-text-key", "1:1"), ("non-text-key", "2:1")]),
        ("? [a]\n: b\n", [("non-text-key", "1:3")]),
        ("a: {{ value }}\n", [("non-text-key", "1:5")]),
        ("a: &x 1\n*x : 2\n", [("non-text-key", "2:1")]),
        ("a: !!str 1\n", [("tag", "1:4")]),
        ("a: ! x\n", [("tag", "1:4")]),
        ("!x\na: [!y {}, !z []]\n", [("tag", "1:1"), ("tag", "2:5"), ("tag", "2:12")]),
        ("a: !e!x 1\n", [("tag", "1:4")]),
        ("!k a: 1\n", [("tag", "1:1")]),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", [("merge-key", "3:3")]),
        ("%YAML 1.1\n---\na: 1\n", [("yaml-directive", "1:1")]),
        ("%TAG !e! tag:x\n---\na: 1\n", [("yaml-directive", "1:1")]),
        ("%YAML 2.0\n---\na: 1\n", [("yaml-syntax", "1:1")]),
        ("a: 010\nb: [-07, +00]\n", [("leading-zero", p) for p in ("1:4", "2:5", "2:10")]),
        ("a: .inf\nb: -.INF\nc: .nan\n", [("not-finite", f"{line}:4") for line in (1, 2, 3)]),
        ("a: 1e999\n", [("wrong-number", "1:4")]),
        ("a: 9223372036854775808\n", [("wrong-number", "1:4")]),
        ("a: -9223372036854775809\n", [("wrong-number", "1:4")]),
        ("a: 0xffffffffffffffff\n", [("wrong-number", "1:4")]),
        ("a: " + "1" * 4301 + "\n", [("wrong-number", "1:4")]),
        ("a: 0x" + "f" * 4000 + "\n", [("wrong-number", "1:4")]),
        ("a: *x\n", [("yaml-syntax", "1:4")]),
        ("a: &x [*x]\n", [("alias-limit", "1:8")]),
        ("a: &x 1\n---\nb: *x\n", [("yaml-syntax", "3:4")]),
        ("a: " + "[" * 64 + "\n", [("nesting-limit", "1:67")]),
        ("é: 010\n", [("leading-zero", "1:4")]),
        ("a: 010\n---\n--- \nb: [1\n", [("leading-zero", "1:4"), ("yaml-syntax", "4:4")]),
    ],
)
def test_faults(text: str, expected: list[tuple[str, str]]) -> None:
    """Every fault of a file is told, each where it is."""
    assert told(text) == [(rule, f"a.yaml:{place}") for rule, place in expected]


def test_faulty_documents_are_kept() -> None:
    """A document with a fault keeps what could be understood, so that later stages go on."""
    documents, _ = read(b"a: 010\nb: 1\nb: 2\n<<: {}\nc: !!str x\n1: y\n", "f")

    assert [d.data for d in documents] == [{"a": 0, "b": 1, "c": "x"}]


def test_the_quoted_merge_key_is_a_key() -> None:
    """Only the unquoted `<<` is refused, and only as a key."""
    assert data_of("'<<': <<\n") == {"<<": "<<"}


def test_messages_say_what_to_do() -> None:
    """A fault says what to write instead."""
    zero, twice = faults_of("a: -010\nb: 1\nb: 2\n")

    assert zero.summary == "the number -010 has a leading zero"
    assert zero.hint == (
        'for text write "-010", for the number write -10 (octal numbers look like 0o17)'
    )
    assert twice.detail == "the first is on line 2"
    assert twice.hint == "remove one of the two"


@pytest.mark.parametrize(
    ("text", "place", "summary", "hint"),
    [
        ("a:\n\tb: 1\n", "2:1", "begin with this character", "does not allow tabs"),
        ("a: 'x\nb: 1\n", "1:4", "never closed", ""),
        ('a: "x\n---\nb: 1\n', "1:4", "never closed", ""),
        ("a:1\nb: 2\n", "1:2", "no blank follows", "a blank after the ':'"),
        ("a: @x\n", "1:4", "begin with this character", "in quotes"),
        ("a: b: c\n", "1:5", "a ':' stands where", ""),
        ("a: [1, 2\n", "1:4", "bracket that opens here", ""),
        ("a:\n  - x\n - y\n", "3:2", "expected", ""),
        ('a: "\\q"\n', "1:5", "no escape", ""),
        ('a: "\\ud800"\n', "1:7", "names no character", "the character itself"),
    ],
)
def test_syntax_errors(text: str, place: str, summary: str, hint: str) -> None:
    """A syntax error is told in our words and its own, with a hint where the cause is plain."""
    fault = faults_of(text)[-1]

    assert fault.rule == "yaml-syntax"
    assert fault.place == f"a.yaml:{place}"
    assert summary in fault.summary
    assert fault.detail.startswith("the parser says: ")
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("data", "place", "summary"),
    [
        ("a: 1\nb: né".encode("latin-1"), "2:5", "byte 9 (0xE9) is not UTF-8"),
        (b"a: \xed\xa0\x80", "1:4", "byte 3 (0xED) is not UTF-8"),
        ("a: 1".encode("utf-16"), "1:1", "UTF-16"),
        ("a: 1".encode("utf-16-le"), "1:1", "UTF-16"),
        ("a: 1".encode("utf-16-be"), "1:1", "UTF-16"),
        ("a: 1".encode("utf-32"), "1:1", "UTF-16"),
        (b"a: x\0y", "1:5", "U+0000"),
        (b"a: 1\r\nb: \x1b[0m", "2:4", "U+001B"),
        ("a: x\u2028y".encode(), "1:5", "U+2028"),
        ("a: x\x85y".encode(), "1:5", "U+0085"),
        ("a: x\ufeffy".encode(), "1:5", "U+FEFF"),
    ],
)
def test_encoding(data: bytes, place: str, summary: str) -> None:
    """What is not clean UTF-8 is told with its place, and nothing is guessed."""
    documents, [fault] = read(data, "a.yaml")

    assert documents == []
    assert (fault.rule, fault.place) == ("encoding", f"a.yaml:{place}")
    assert summary in fault.summary


def test_line_separators_may_be_escaped() -> None:
    """Characters some readers take for line ends are fine as escapes."""
    assert data_of('a: "x\\u2028\\Ny"') == {"a": "x\u2028\x85y"}


# --- limits ----------------------------------------------------------------------------------


def test_file_too_large() -> None:
    """A file over the limit is refused before anything is parsed."""
    assert told(b"#" * (limits.MAX_BYTES + 1)) == [("file-too-large", "a.yaml")]


def test_nesting_limit() -> None:
    """64 levels are read, the 65th is refused."""
    assert data_of("[" * 64 + "]" * 64)
    assert told("[" * 65 + "]" * 65) == [("nesting-limit", "a.yaml:1:65")]


def test_number_of_aliases() -> None:
    """200 aliases are read, one more ends the document; the next document is read."""
    text = "a: &x 1\nb: [" + "*x, " * 200

    assert len(data_of(text + "]")["b"]) == 200
    documents, [fault] = read((text + "*x]\n---\nc: 1\n").encode(), "f")
    assert fault.rule == "alias-limit"
    assert [(d.data, d.index) for d in documents] == [({"c": 1}, 1)]


def test_expanded_size() -> None:
    """Values are counted as if every alias were written out, also those after the last alias."""
    big = "a: &x [" + "1, " * 24_000 + "]\nb: *x\nc: ["

    assert data_of(big + "]")
    assert told(big + "1, " * 3_000 + "]") == [("alias-limit", "a.yaml:1:1")]


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{f'*a{i - 1},' * 9}]\n" for i in range(1, 20)),
        "[" * 2_000_000,
        "{" * 2_000_000,
        "- " * 1_000_000,
        "a: &a 1\nb: [" + "*a," * 201 + "[" * 2_000_000,
        "[" + "010," * 500_000,
        "1" * 4_000_000,
    ],
    ids=["laughs", "brackets", "braces", "dashes", "after-aliases", "faults", "digits"],
)
def test_hostile_files_are_refused_quickly(text: str) -> None:
    """A file made to exhaust the reader is refused in far less time than it aims at."""
    start = time.process_time()

    found = faults_of(text)

    assert 0 < len(found) <= limits.MAX_FAULTS
    assert time.process_time() - start < 5


# --- positions -------------------------------------------------------------------------------

PLACED = """\
# comment
é: {k: "v", n: 1.10}
list:
  - one
  -  x: &anchor 'it''s'
     y:
alias: *anchor
text: |
  first
---
second: !!str 010
"""


def test_positions() -> None:
    """Keys, values and list items are found, in characters from 1."""
    first, second = positions(PLACED.encode())

    assert first.key(("é",)) == (2, 1)
    assert first.value(("é",)) == (2, 4)
    assert first.key(("é", "n")) == (2, 13)
    assert first.value(("é", "n")) == (2, 16)
    assert first.key(("list", 1)) == (5, 6)
    assert first.value(("list", 1, "x")) == (5, 9)
    assert first.value(("list", 1, "y")) == (6, 8)
    assert first.value(()) == (2, 1)
    assert first.key(()) is None
    assert first.key(("nope",)) is None
    assert first.value(("list", 9)) is None
    assert second.key(("second",)) == (11, 1)


def test_sources() -> None:
    """A scalar's source is what the author wrote, without anchor and tag."""
    first, second = positions(PLACED.encode())

    assert first.source(("é", "k")) == '"v"'
    assert first.source(("é", "n")) == "1.10"
    assert first.source(("list", 1, "x")) == "'it''s'"
    assert first.source(("list", 1, "y")) == ""
    assert first.source(("alias",)) == "'it''s'"
    assert first.source(("text",)) == "|\n  first\n"
    assert first.source(("list",)) is None
    assert first.source(("nope",)) is None
    assert second.source(("second",)) == "010"


def test_nearest() -> None:
    """A path that does not exist is placed at the longest part that does."""
    first, _ = positions(PLACED.encode())

    assert first.nearest(("é", "n")) == (2, 13)
    assert first.nearest(("list", 1, "z", 0)) == (5, 6)
    assert first.nearest(("list", 7)) == (3, 1)
    assert first.nearest(("nope",)) == (2, 1)


def test_positions_of_bad_files() -> None:
    """Positions exist as far as the file could be read; asking never raises."""
    assert positions(b"\xff") == []
    assert positions(b"a: 1\n---\nb: [")[0].key(("a",)) == (1, 1)
    [_, cut] = positions(b"a: 1\n---\nb: " + b"[" * 70)
    assert cut.nearest(("b", 0)) == (2, 1)


# --- properties ------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"abk01 \t\n\r-:?,[]{}#&*!|>'\"%@`~.+=é\u2028\ufeff\x00\x7f",
        *(": ", "- ", "\n  ", "\n", "\r\n", "---\n", "...\n", "&a ", "*a", "<<: ", "!!str "),
        *("{{ ", "010", "0x1F", "1e3", ".inf", "null", "true", "|\n  ", ">-\n  ", "\\u", '"\\'),
        *("a: ", "a: 1\n", "[a, b]", "{a: b}", "%YAML 1.1\n", "%TAG ! x\n", "? "),
    ]
)


@BOUNDED
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """No bytes whatsoever make the reader raise; it answers with data or with a fault."""
    documents, found = read(data, "f")
    positions(data)

    assert all(fault.severity == "error" and fault.summary for fault in found)
    json.dumps([d.data for d in documents])


@settings(BOUNDED, max_examples=400)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_yamlish_text(text: str) -> None:
    """Text made of YAML's own signs never makes it raise; what it accepts, PyYAML can parse."""
    data = text.encode("utf-8", "surrogatepass")
    documents, found = read(data, "f")
    places = positions(data)

    json.dumps([d.data for d in documents])
    for document in documents:
        assert places[document.index].value(()) == (document.line, document.column)
    if not found:
        list(yaml.parse(data, Loader=yaml.CSafeLoader))


@settings(BOUNDED, max_examples=400)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_both_passes_agree(text: str) -> None:
    """What the fast pass accepts, the careful pass accepts too, with the same result."""
    data = text.encode()
    try:
        fast = read_fast(data)
    except Exception:
        return

    assert (fast, []) == read_carefully(data, "f")


# Up to U+FFFF: above, JSON writes surrogate pairs, which no YAML reader takes.
KEYS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["on", "no", "0123", "12:30", "1e3", "2026-01-01", "=", "~", "<<", "a\nb\n"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@BOUNDED
@given(DATA)
def test_json_is_yaml(data: Any) -> None:
    """JSON written by the standard library comes back as it was."""
    assert data_of(json.dumps([data])) == [data]


@BOUNDED
@given(DATA)
def test_agrees_with_ruamel(data: Any) -> None:
    """What ruamel.yaml writes and reads as YAML 1.2 is read the same here."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = False
    stream = io.StringIO()
    writer.dump([data], stream)

    assert data_of(stream.getvalue()) == YAML(typ="safe", pure=True).load(stream.getvalue())


@BOUNDED
@given(DATA)
def test_works_without_libyaml(data: Any) -> None:
    """Without the C part the pure parser gives the same data and places."""
    text = yaml.safe_dump([data], allow_unicode=False).encode()
    expected = read(text, "f")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "CParser", None)

        assert read(text, "f") == expected


@settings(BOUNDED, max_examples=200)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_pure_parser_never_raises(text: str) -> None:
    """Without the C part, too, no text makes the reader raise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "CParser", None)
        documents, _ = read(text.encode(), "f")

    json.dumps([d.data for d in documents])
