"""Texts of strangers, applied to every rendering that reaches a terminal or a log."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.report.paint import coloured
from reconciler.report.sanitise import cells, padded, shorten, shorten_pair, visible
from reconciler.report.terminal import plan_text
from tests.report import samples
from tests.report.renderers import PICTURES, TERMINAL


@pytest.mark.parametrize("render", TERMINAL)
@pytest.mark.parametrize("text", samples.HOSTILE)
def test_no_text_can_move_a_terminal_or_start_a_command(render: str, text: str) -> None:
    """Every line is printable, encodes, and starts no command of a CI system."""

    made = TERMINAL[render](text)

    made.encode("utf-8")
    assert all(line.isprintable() for line in made.split("\n"))
    assert "##[" not in made
    assert "##vso[" not in made
    commands = [line for line in made.split("\n") if line.lstrip().startswith("::")]
    assert len(commands) == (render == "annotations")


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_in_colour_the_only_escapes_are_ours(text: str) -> None:
    """Between our own colours there is no escape."""

    import re

    made = plan_text(samples.hostile_plan(text), color=True, verbose=True)

    bare = re.sub("\x1b\\[[0-9;]+m", "", made)
    assert all(line.isprintable() for line in bare.split("\n"))


@pytest.mark.parametrize("render", PICTURES)
@pytest.mark.parametrize("text", samples.HOSTILE)
def test_pictures_are_well_formed(render: str, text: str) -> None:
    """Any text makes a picture that is XML and links to nothing."""

    made = PICTURES[render](text)

    root = ElementTree.fromstring(made)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "circle", "text", "tspan"}


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_visible_text_is_printable_and_settled(text: str) -> None:
    """What was made visible is printable, and making it visible again changes nothing."""

    once = visible(text)

    assert once.isprintable()
    assert visible(once) == once


def test_ordinary_text_stays_as_it_is() -> None:
    """Letters of all scripts, punctuation and backslashes are left alone."""

    for text in ("plain", "日本語", "Grüße, Ñandú", "a::b", "C:\\x", "# 1", "🙂"):
        assert visible(text) == text


@given(st.text(), st.text(), st.integers(16, 60))
@settings(max_examples=200, deadline=None)
def test_shortened_texts_keep_to_their_room(one: str, other: str, room: int) -> None:
    """Nothing is longer than its room, and different texts stay different."""

    assert len(shorten(one, room)) <= room
    short, cut = shorten_pair(one, other, room)
    assert max(len(short), len(cut)) <= max(room, 0)


@given(st.text("ab", min_size=1), st.text("ab", max_size=200), st.integers(40, 60))
@settings(max_examples=200, deadline=None)
def test_a_difference_is_never_cut_away(middle: str, around: str, room: int) -> None:
    """Two different texts look different after shortening."""

    one, other = around + middle + around, around + middle + "c" + around

    assert len(set(shorten_pair(one, other, room))) == 2


def test_wide_letters_take_two_columns() -> None:
    """Columns are those of a terminal."""

    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert padded("日", 4) == "日  "
    assert coloured("plain", "x") == "x"
