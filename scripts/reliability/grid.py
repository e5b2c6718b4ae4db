"""Verdicts of every fault at every request in, a picture of them out: a cell for each case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from scripts.bench.process import ROOT
from tests.reliability.disturbed import Verdict
from tests.reliability.trouble import Point

IMAGE = ROOT / "docs" / "images" / "reliability.svg"
CELL = 6
LEFT, TOP = 120, 44
COLOURS = {"first": "#2da44e", "second": "#54aeff", "failed": "#cf222e"}
WORDS = {
    "first": "ended converged by itself",
    "second": "ended converged by the next run",
    "failed": "did not",
}


def picture(
    points: Sequence[Point], troubles: Sequence[str], grid: Sequence[Sequence[Verdict]]
) -> str:
    """An SVG: faults from top to bottom, requests from left to right, in the order of the run."""
    width, height = LEFT + CELL * len(points) + 10, TOP + CELL * 2 * len(troubles) + 30
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="sans-serif" font-size="10">',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *_legend(),
            *_marks(points, len(troubles)),
            *(line for row, trouble in enumerate(troubles) for line in _row(row, trouble, grid)),
            "</svg>",
            "",
        ]
    )


def _legend() -> Iterator[str]:
    for number, (name, words) in enumerate(WORDS.items()):
        x = LEFT + number * 190
        yield f'<rect x="{x}" y="8" width="9" height="9" fill="{COLOURS[name]}"/>'
        yield f'<text x="{x + 14}" y="16" fill="#24292f">{words}</text>'


def _marks(points: Sequence[Point], rows: int) -> Iterator[str]:
    """A dark dot above each write, and what the axis means below."""
    for column, point in enumerate(points):
        if not point.is_read:
            x = LEFT + column * CELL + CELL / 2
            yield f'<circle cx="{x}" cy="{TOP - 7}" r="1.8" fill="#24292f"/>'
    y = TOP + rows * 2 * CELL + 18
    text = f"the {len(points)} requests of the apply in their order; dots mark the writes"
    yield f'<text x="{LEFT}" y="{y}" fill="#57606a">{text}</text>'


def _row(row: int, trouble: str, grid: Sequence[Sequence[Verdict]]) -> Iterator[str]:
    """One fault: cells that are alike and side by side are one rectangle."""
    y = TOP + row * 2 * CELL
    name = escape(trouble)
    yield f'<text x="{LEFT - 6}" y="{y + 8}" text-anchor="end" fill="#24292f">{name}</text>'
    cells = [_colour(verdict) for verdict in grid[row]]
    start = 0
    for column in range(1, len(cells) + 1):
        if column == len(cells) or cells[column] != cells[start]:
            x, width = LEFT + start * CELL, (column - start) * CELL
            yield (
                f'<rect x="{x}" y="{y}" width="{width}" height="{2 * CELL - 2}" '
                f'fill="{cells[start]}"/>'
            )
            start = column


def _colour(verdict: Verdict) -> str:
    if verdict.faults:
        return COLOURS["failed"]
    return COLOURS["first" if verdict.runs == 1 else "second"]
