"""The picture of a plan."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from reconciler.report.svg import terminal_svg
from reconciler.report.terminal import plan_text
from tests.report import samples
from tests.report.golden import check


def picture() -> str:
    """The picture of the full sample plan."""
    return terminal_svg(plan_text(samples.FULL, color=True), "reconciler plan")


def test_the_picture_is_as_kept() -> None:
    """The same plan makes the same picture."""

    check("plan.svg", picture())


def test_the_picture_needs_nothing_from_outside() -> None:
    """No font, script or address is loaded; light and dark follow the reader."""

    text = picture()
    root = ElementTree.fromstring(text)
    values = [value for element in root.iter() for value in element.attrib.values()]

    assert not any("url(" in value or "//" in value for value in values)
    assert "url(" not in text
    assert "<script" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_the_picture_has_a_name() -> None:
    """Readers that cannot see it are told what it is."""

    root = ElementTree.fromstring(picture())

    assert root.attrib["role"] == "img"
    assert root[0].text == "reconciler plan"


def test_all_words_are_in_the_picture() -> None:
    """The picture says what the text says."""

    root = ElementTree.fromstring(picture())
    shown = "".join("".join(element.itertext()) for element in root).replace(" ", "")

    for line in plan_text(samples.FULL, color=False).splitlines():
        assert line.replace(" ", "") in shown
