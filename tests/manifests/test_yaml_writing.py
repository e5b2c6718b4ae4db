"""Data and text in, YAML text out: new documents, edits that disturb nothing, one layout."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from reconciler.manifests.yaml.dump import dump, flow_text
from reconciler.manifests.yaml.edit import edit
from reconciler.manifests.yaml.format import format_text
from reconciler.manifests.yaml.reader import read
from reconciler.manifests.yaml.rewrite import rewritten
from reconciler.model import UNSET

BOUNDED = settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
HEADER = "# yaml-language-server: $schema=../schemas/manifest.schema.json"


def all_data(text: str) -> list[Any]:
    """The data of every document of a good text."""
    documents, found = read(text.encode(), "f")
    assert not found, found
    return [document.data for document in documents]


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true differ."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# --- dump ------------------------------------------------------------------------------------


def test_dump_whole() -> None:
    """A new document has indented lists, literal texts, and quotes only where needed."""
    document = {
        "apiVersion": "reconciler/v1",
        "metadata": {"name": "x", "labels": {}},
        "spec": {
            "list": ["a", ["b", {"c": 1, "d": [2]}], [], None],
            "text": "one\n\n  two\n",
            "open": "one\ntwo",
            "no": "no",
            "ratio": 1e16,
            "odd": [
                "0123",
                "12:30",
                "1e3",
                "2026-01-01",
                "=",
                "~",
                "1_0",
                "",
                " x",
                "a: b",
                "a #b",
            ],
            "plain": ["é", "1.2.3", "a:b", "https://x/y?z=1#f", "a, [b]", "it's", "x{y}"],
            "pattern": "**/*",
        },
    }

    assert (
        dump(document, header=HEADER)
        == f"""{HEADER}
apiVersion: reconciler/v1
metadata:
  name: x
  labels: {{}}
spec:
  list:
    - a
    - - b
      - c: 1
        d:
          - 2
    - []
    - null
  text: |
    one

      two
  open: |-
    one
    two
  "no": "no"
  ratio: 1.0e+16
  odd:
    - "0123"
    - "12:30"
    - "1e3"
    - "2026-01-01"
    - "="
    - "~"
    - "1_0"
    - ""
    - " x"
    - "a: b"
    - "a #b"
  plain:
    - é
    - 1.2.3
    - a:b
    - https://x/y?z=1#f
    - a, [b]
    - it's
    - x{{y}}
  pattern: "**/*"
"""
    )


def test_dump_nothing() -> None:
    """An empty document is an empty mapping."""
    assert dump({}) == "{}\n"


@pytest.mark.parametrize(
    "document", [{"a": float("nan")}, {1: "a"}, {"a": object()}, {"a": "\ud800"}, {"k" * 201: 1}]
)
def test_dump_refuses(document: Any) -> None:
    """What YAML cannot carry is refused, never written wrongly."""
    with pytest.raises(ValueError, match=r"written|keys are text"):
        dump(document)


WORDS = st.sampled_from(
    [
        *("no", "on", "y", "true", "null", "~", "=", "<<", "0123", "0o7", "0x1F", "1e3", "1_000"),
        *("12:30", "1:2:3.4", "2026-01-01", ".5", "+.inf", "-", "?", ":", "#", "a:", "---", "..."),
        *("", "a\nb", "a\nb\n", "\n", "a\n\n", " a\nb", "a \nb", "a\n\tb", "# a\nb", "---\n"),
        *("2026-01-01 10:00:00", "{{ x }}", "${value.A}", "a\r\nb", "\u2028", "\x85", "\ufeff"),
    ]
)
TEXTS = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
SCALARS = (
    TEXTS
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = TEXTS | st.sampled_from(["a", "b", "name", "metadata", "kind", "spec"])
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(KEYS, DATA, max_size=4)


@settings(BOUNDED, max_examples=300)
@given(DOCUMENTS)
def test_dump_is_read_the_same_by_everyone(document: dict[str, Any]) -> None:
    """What is written means the same to us, to a YAML 1.1 reader and to ruamel.yaml."""
    text = dump(document)

    assert same(all_data(text), [document])
    assert same(yaml.load(text, Loader=yaml.CSafeLoader), document)
    assert same(YAML(typ="safe", pure=True).load(text), document)


@BOUNDED
@given(DOCUMENTS)
def test_dump_is_canonical(document: dict[str, Any]) -> None:
    """A new document without our own keys is already in canonical format."""
    assume(not {"apiVersion", "kind", "metadata", "spec"} & document.keys())

    assert format_text(dump(document)) == dump(document)


# --- edit ------------------------------------------------------------------------------------

TEXT = """\
# top
apiVersion: v1   # version
metadata: {name: x,  labels: {a: b}}

# about the spec
spec:
    on: yes
    single: 'it''s'
    double:   "d"  # quoted
    number: 0o10
    big: 1e3
    date: 2026-01-01
    empty:
    nested:   # deep
      deeper:
          x: 1
    # before list
    list:
    - a   # first
    # between
    -   k: v
        l: w
    - - x
      - y
    text: |  # block
       one
        two

    folded: >-
       long

       text
    flow: [1, 2,
       3]
    last: *undefined_not
"""
TEXT = TEXT.replace("    last: *undefined_not\n", "    anchor: &a {k: [1]}\n    alias: *a\n")


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    old, new = before.splitlines(), after.splitlines()
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


@pytest.mark.parametrize(
    ("path", "value", "went", "came"),
    [
        ("spec.on", "no", ["    on: yes"], ['    on: "no"']),
        ("spec.single", "a'b", ["    single: 'it''s'"], ["    single: 'a''b'"]),
        ("spec.double", "é", ['    double:   "d"  # quoted'], ['    double:   "é"  # quoted']),
        ("spec.double", 5, ['    double:   "d"  # quoted'], ["    double:   5  # quoted"]),
        (
            "spec.double",
            ["a"],
            ['    double:   "d"  # quoted'],
            ["    double:  # quoted", "      - a"],
        ),
        ("spec.empty", {"a": None}, [], ["      a: null"]),
        ("spec.empty", "x", ["    empty:"], ["    empty: x"]),
        ("spec.empty.a.b", 1, [], ["      a:", "        b: 1"]),
        ("metadata.name", "y", ["metadata: {name: x,  labels: {a: b}}"], None),
        ("spec.nested.deeper.x", UNSET, ["      deeper:", "          x: 1"], ["      deeper: {}"]),
        (
            "spec.nested",
            "flat",
            ["    nested:   # deep", "      deeper:", "          x: 1"],
            ["    nested: flat   # deep"],
        ),
        ("spec.nested.more", 2, [], ["      more: 2"]),
        ("spec.list.0", "z", ["    - a   # first"], ["    - z   # first"]),
        ("spec.list.1.k", UNSET, ["    -   k: v", "        l: w"], ["    -   l: w"]),
        ("spec.list.1.m", 1, [], ["        m: 1"]),
        ("spec.list.1", "s", ["    -   k: v", "        l: w"], ["    - s"]),
        ("spec.list.1", UNSET, ["    -   k: v", "        l: w"], []),
        ("spec.list.2.0", UNSET, ["    - - x", "      - y"], ["    - - y"]),
        ("spec.list.2.2", "z", [], ["      - z"]),
        ("spec.list.3", {"a": 1, "b": 2}, [], ["    - a: 1", "      b: 2"]),
        ("spec.text", "x\ny\n", ["    text: |  # block", "       one", "        two"], None),
        ("spec.folded", "short", ["    folded: >-", "       long", "", "       text"], None),
        ("spec.flow.3", 4, ["       3]"], ["       3, 4]"]),
        ("spec.flow.1", UNSET, ["    flow: [1, 2,", "       3]"], ["    flow: [1, 3]"]),
        ("spec.flow.2", UNSET, ["    flow: [1, 2,", "       3]"], ["    flow: [1, 2]"]),
        ("spec.flow", [], ["    flow: [1, 2,", "       3]"], ["    flow: []"]),
        ("spec.alias", 1, ["    alias: *a"], ["    alias: 1"]),
        ("spec.new", "m", [], ["    new: m"]),
        ("new", ["a"], [], ["new:", "  - a"]),
        ("metadata", UNSET, ["metadata: {name: x,  labels: {a: b}}"], []),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_edit_touches_only_what_changes(
    path: str, value: Any, went: list[str], came: list[str] | None, newline: str
) -> None:
    """An edit changes the lines of its value; every other byte stays, whatever the line end."""
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    before = TEXT.replace("\n", newline)

    after = edit(before, 0, [(steps, value)])

    gone, new = changed_lines(before, after)
    assert (gone, new) == (went, new if came is None else came)
    assert after.replace("\r\n", "\n").replace("\n", newline) == after
    assert after.endswith(newline)


def test_edit_without_changes() -> None:
    """No change, or one that says what is there, gives the text back byte for byte."""
    odd = "\ufeffa:   1\r\nb: [ 1 ,2 ]   \r\n\r\n\r\n# end"

    assert edit(odd, 0, []) == odd
    assert edit(odd, 0, [(("a",), 1), (("nope", "x"), UNSET), (("b", 5), UNSET)]) == odd


def test_edit_of_one_document_of_several() -> None:
    """Only the document with the number is touched; empty documents count."""
    text = "---\n---\na: 1\n--- # x\na: 2\n...\n---\na: 3\n"

    assert edit(text, 2, [(("a",), 5)]) == text.replace("2", "5")


def test_edit_without_final_newline() -> None:
    """A file that ends without a line end still does after the edit."""
    assert edit("a: 1\nb: 2", 0, [(("c",), 3)]) == "a: 1\nb: 2\nc: 3"
    assert edit("a: 1\nb: 2", 0, [(("b",), UNSET)]) == "a: 1"


def test_edit_falls_back_to_ruamel() -> None:
    """Where splicing would lose a comment ruamel writes that document, and only that one."""
    text = "a:   1\n---\n# top\nb: [x, # note\n  y]\nc:   ~ # tail\nd: +1\n---\ne:   1\n"

    after = edit(text, 1, [(("b",), ["no"])])

    assert after == 'a:   1\n---\n# top\nb:\n  - "no"\nc: ~   # tail\nd: +1\n---\ne:   1\n'


def test_edit_keeps_the_comment_of_the_next_key() -> None:
    """What goes takes no comment along that belongs to its neighbour."""
    assert edit("a: 1 # a\n# b\nb: 2\n", 0, [(("a",), UNSET)]) == "# b\nb: 2\n"
    assert edit("l:\n  - a: 1 # a\n    # b\n    b: 2\n", 0, [(("l", 0, "a"), UNSET)]) == (
        "l:\n  -\n    # b\n    b: 2\n"
    )


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: 1\n", ("a", "b"), "its parent is something else"),
        ("a: [1]\n", ("a", 5), "its parent is something else"),
        ("a: 1\na: 2\n", ("a",), "line 2: the key 'a' is given twice"),
        ("# nothing\n", ("a",), "no document number 0"),
    ],
)
def test_edit_refuses(text: str, path: tuple[str | int, ...], message: str) -> None:
    """What has no place in the text is refused with a sentence."""
    with pytest.raises(ValueError, match=message):
        edit(text, 0, [(path, 1)])


def test_edit_never_changes_what_shares_an_anchor() -> None:
    """Changing one side of an alias leaves the other as it was, or is refused."""
    text = "a: &x {k: 1}\nb: *x\n"

    assert all_data(edit(text, 0, [(("b",), 2)])) == [{"a": {"k": 1}, "b": 2}]
    for path in (("a", "k"), ("b", "k"), ("a",)):
        wanted = {"a": {"k": 1}, "b": {"k": 1}}
        target: Any = wanted
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = 9
        try:
            after = edit(text, 0, [(path, 9)])
        except ValueError:
            continue
        assert all_data(after) == [wanted]


def paths_of(data: Any) -> list[tuple[str | int, ...]]:
    """Every path of the data, the empty one left out."""
    pairs = (
        list(data.items())
        if isinstance(data, dict)
        else list(enumerate(data))
        if isinstance(data, list)
        else []
    )
    found = []
    for step, inner in pairs:
        found += [(step,), *((step, *rest) for rest in paths_of(inner))]
    return found


def loosely(text: str, draw: Any) -> str:
    """The same document as a person might have typed it."""
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if "|" not in text and '"' not in line and draw(st.integers(0, 5)) == 0:
            lines += draw(st.sampled_from([["# note"], [""], ["", "  # a", ""]]))
    return "\n".join(lines) + "\n"


@st.composite
def typed(draw: Any) -> tuple[dict[str, Any], str]:
    """A document and a text of it, written in one of several ways."""
    document = draw(st.dictionaries(KEYS, DATA, min_size=1, max_size=4))
    way = draw(st.sampled_from(["ours", "pyyaml", "flow", "loose"]))
    if way == "pyyaml":
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=30)
        assume(same_or_none(text, document))
        return document, text
    if way == "flow":
        return document, flow_text(document) + "\n"
    text = dump(document)
    return document, loosely(text, draw) if way == "loose" else text


def same_or_none(text: str, document: Any) -> bool:
    """Whether PyYAML's YAML 1.1 text means the same under 1.2."""
    documents, found = read(text.encode(), "f")
    return not found and same([d.data for d in documents], [document])


@settings(BOUNDED, max_examples=300)
@given(typed(), st.data())
def test_edit_means_what_was_asked(pair: tuple[dict[str, Any], str], data: Any) -> None:
    """Whatever the text looks like: after the edit it means the old data with the change."""
    document, text = pair
    path = data.draw(st.sampled_from(paths_of(document)))
    value = data.draw(DATA | st.just(UNSET))
    wanted: Any = copy.deepcopy(document)
    target = wanted
    for step in path[:-1]:
        target = target[step]
    if value is UNSET:
        del target[path[-1]]
    else:
        target[path[-1]] = value

    after = edit(text, 0, [(path, value)])

    assert same(all_data(after), [wanted])


# --- format ----------------------------------------------------------------------------------


def test_format_whole() -> None:
    """One layout: order of keys, indentation, blank lines, trailing blanks, separators, header."""
    text = (
        "---\n# About x.\n# yaml-language-server: $schema=old.json\n\n"
        "spec:\n- a   # first\n# about b\n-   k: 0o10\n    l: [1,2]   \n\n\n\n"
        "# about the kind\nkind: X\n"
        "metadata:\n    labels: {a: '1',   b: ~}\n    # the name\n    name: \"x\"\n"
        "apiVersion: v1\n\n\n---\n\n---   # second\nb: 1e3\nmetadata: {labels: {}, name: y}\n"
        "text: |\n    one  \n\n\n    two\n\n\n# end\n"
    )

    assert format_text(text, header=HEADER) == (
        f"{HEADER}\n# About x.\n\n"
        "apiVersion: v1\n# about the kind\nkind: X\n"
        "metadata:\n  # the name\n  name: \"x\"\n  labels: {a: '1', b: ~}\n"
        "spec:\n  - a # first\n  # about b\n  - k: 0o10\n    l: [1, 2]\n"
        "---\n# second\nmetadata: {name: y, labels: {}}\nb: 1e3\n"
        "text: |\n  one  \n\n\n  two\n\n# end\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        *(
            f"a: {value}"
            for value in ("1e3", "+1", "0o10", "0x1F", "~", "null", "True", "1.10", ".5")
        ),
        *(f"a: {value}" for value in ("012a", "'012'", '"\\u00e9"', "2026-01-01", "on", "12:30")),
        "a: 2001-12-14t21:59:43.10-05:00",
        "a: " + "long " * 60 + "end",
        'a: "' + "long " * 60 + 'end"',
        "a: &x\n  k: *y",
        "a: &x {k: 1}\nb: *x",
        "a: &n 1\nb: *n",
        "a:\nb:",
        "a: # note\n  b: 1",
        "a: |+\n  x\n\nb: 1",
        "a: >-\n  x\n  y\n",
        "a: |2-\n    x\n",
        "{}",
        "a:\n  # note\n  - {}\n  - b\n  - c",
        "a: # c\n  - b\n  # d\n  - c\n# e\nf: g",
    ],
)
def test_format_keeps_spelling(line: str) -> None:
    """Canonical text, however values are spelled, stays as it is."""
    text = (line.replace("*y", "1")).rstrip("\n") + "\n"

    assert format_text(text) == text


def test_format_keeps_line_ends_and_mark() -> None:
    """CRLF and a byte order mark stay."""
    assert format_text("\ufeffb:   1\r\na: |\r\n    x\r\n") == "\ufeffb: 1\r\na: |\r\n  x\r\n"


def test_format_of_comments_only() -> None:
    """A file of comments gets its header and keeps its comments."""
    assert format_text("\n# a\n\n# b", header=HEADER) == f"{HEADER}\n# a\n# b\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "line 1"),
        ("a: 1\na: 2\n", "line 2: the key 'a' is given twice"),
        ("%YAML 1.2\n---\na: 1\n", "directives"),
        ("a: 1\n...\n", "left as they are"),
        ("kind: *x\napiVersion: &x v1\n", "names no anchor"),
        ("spec: &x {a: 1}\nkind: *x\n", "names no anchor"),
    ],
)
def test_format_refuses(text: str, message: str) -> None:
    """What cannot be laid out safely is refused with a sentence, never damaged."""
    with pytest.raises(ValueError, match=message):
        format_text(text)


@BOUNDED
@given(typed(), st.sampled_from(["", HEADER]))
def test_format_keeps_meaning(pair: tuple[dict[str, Any], str], header: str) -> None:
    """Formatting keeps the data, and formatting its result changes nothing."""
    document, text = pair
    assume("? " not in text)  # keys written with a question mark may be refused

    formatted = format_text(text, header=header)

    assert same(all_data(formatted), [document])
    assert format_text(formatted, header=header) == formatted
    assert formatted.count("# note") == text.count("# note")


PIECES = st.sampled_from(
    [
        *"ab1 \n\n-:?,[]{}#&*|>'\"",
        *(": ", "- ", "\n  ", "\n", "---\n", "# c\n", "|\n  ", "\n- ", "&a ", "*a", "a: "),
        *("a: 1\n", "b:\n", "[a, b]", "{a: b}", " # d\n", "name: x\n", "metadata:\n"),
    ]
)


@settings(BOUNDED, max_examples=400)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text(text: str) -> None:
    """Any text is formatted with the same meaning, or refused with a ValueError; so is edit."""
    try:
        formatted = format_text(text)
    except ValueError:
        pass
    else:
        assert same(all_data(formatted), all_data(text))
        assert format_text(formatted) == formatted
    try:
        edited = edit(text, 0, [(("a",), ["x", "no"])])
    except ValueError:
        return
    assert all_data(edited)[0]["a"] == ["x", "no"]


def test_ruamel_is_not_imported_for_writing() -> None:
    """Writing a new document and a plain edit do without ruamel: it takes long to import."""
    import subprocess
    import sys

    program = (
        "import sys; from reconciler.manifests.yaml.dump import dump;"
        "from reconciler.manifests.yaml.edit import edit;"
        "edit(dump({'a': 1}), 0, [(('a',), 2)]);"
        "sys.exit('ruamel.yaml' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_verbatim_round_trip() -> None:
    """Through ruamel alone, too, every scalar keeps its spelling."""
    text = 'a: ~\nb: +1\nc: 1_000\nd: 2001-12-14t21:59:43Z\ne: "\\x41"\nf: True\ng:\n"\\x42": z0z\n'

    assert rewritten(text) == text
