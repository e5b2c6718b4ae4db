"""Where a character of a text stands in the file, whatever way the text is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.yaml.nodes import Positions
from reconciler.manifests.yaml.reader import positions

BLOCKS = {
    "plain": "key: items.find(x)\n",
    "plain, over two lines": "key: items\n  .find(x)\n\n  and more\n",
    "single quotes": "key: 'it''s so'\n",
    "single quotes, over two lines": "key: 'it''s\n  so'\n",
    "double quotes": 'key: "say \\"x\\" \\u00e9 \\n tab\\t\\\\"\n',
    "double quotes, over two lines": 'key: "one\n  two \\\n  three"\n',
    "literal": "key: |\n  one two\n    three\n\n  four\n",
    "literal, without its last line end": "key: |-\n    one\n    two\n",
    "folded": "key: >\n  one two\n  three\n\n    more\n  four\n",
    "with an anchor": "key: &it one two\n",
    "with an anchor, in a block": "key: &it |\n  one\n  two\n",
    "in a list": "key: [x, one two]\n",
    "in a flow mapping": "{key: one two}\n",
}
PATHS = {"in a list": ("key", 1)}


def written_at(text: str, place: tuple[int, int] | None) -> str:
    """What stands in the file at a place."""
    assert place is not None
    line, column = place
    return text.splitlines()[line - 1][column - 1 :]


def only(text: str) -> Positions:
    (found,) = positions(text.encode())
    return found


@pytest.mark.parametrize("style", BLOCKS)
def test_every_character_is_found(style: str) -> None:
    """What is no blank stands where it is said to stand, or its escape does."""
    text = BLOCKS[style]
    path = PATHS.get(style, ("key",))
    found = only(text)
    value = found.root.data["key"]
    value = value[1] if isinstance(value, list) else value
    for offset, character in enumerate(value):
        if not character.isspace():
            there = written_at(text, found.inside(path, offset))
            assert there.startswith((character, "\\"))


@pytest.mark.parametrize("style", BLOCKS)
def test_the_end_is_right_behind_the_last_character(style: str) -> None:
    """A fault at the end of a text points there, and not at the line after it."""
    text = BLOCKS[style]
    path = PATHS.get(style, ("key",))
    found = only(text)
    value = found.root.data["key"]
    value = value[1] if isinstance(value, list) else value
    end = found.inside(path, len(value.rstrip()))
    assert end is not None
    line, column = end
    assert text.splitlines()[line - 1][: column - 1].endswith((value.rstrip()[-1], "\\\\"))


@given(st.text(st.sampled_from("ab '\"\\\u00e9{}"), max_size=30), st.data())
def test_any_text_in_double_quotes(value: str, data: st.DataObject) -> None:
    """As many characters stand before a place in the file as in the value."""
    text = f"key: {json.dumps(value)}\n"
    offset = data.draw(st.integers(0, len(value)))
    if offset < len(value) and not value[offset].isspace():
        expected = len("key: ") + len(json.dumps(value[:offset])) - 1
        assert only(text).inside(("key",), offset) == (1, expected + 1)


def test_what_is_no_text_has_no_characters() -> None:
    """A number, a list, a path that is not there."""
    found = only("a: 5\nb: [x]\n")
    assert [found.inside(path, 0) for path in (("a",), ("b",), ("c",))] == [None, None, None]


def test_an_alias_is_where_its_anchor_is() -> None:
    """The text stands there only."""
    found = only("a: &it one two\nb: *it\n")
    assert found.inside(("b",), 4) == (1, 12)
