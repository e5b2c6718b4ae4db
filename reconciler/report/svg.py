"""Text with ANSI colours in, a picture of a terminal window out: for the README.

The picture names no font or address outside itself and follows the reader's light or dark theme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from reconciler.report.sanitise import cells

_FONT_SIZE = 14
_CELL = 8.4
_LINE = 20
_PAD = 18
_BAR = 44

_CLASSES = {
    "1": "b",
    "2": "d",
    "31": "r",
    "32": "g",
    "33": "y",
    "34": "u",
    "35": "m",
    "36": "c",
}

_STYLE = """
.w{fill:#ffffff;stroke:#d0d7de}.f{fill:#1f2328}.t{fill:#59636e}
.b{font-weight:600}.d{fill:#6e7781}.r{fill:#c01c28}.g{fill:#1a7f37}.y{fill:#9a6700}
.u{fill:#0969da}.m{fill:#8250df}.c{fill:#0a6c74}
@media (prefers-color-scheme: dark){
.w{fill:#0d1117;stroke:#3d444d}.f{fill:#e6edf3}.t{fill:#9198a1}
.d{fill:#8b949e}.r{fill:#ff7b72}.g{fill:#56d364}.y{fill:#e3b341}
.u{fill:#79c0ff}.m{fill:#d2a8ff}.c{fill:#76e3ea}}
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:14px;white-space:pre}
""".replace("\n", "")

_ESCAPE = re.compile("\x1b\\[([0-9;]*)m")
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of one line in one style; `start` in columns."""

    start: int
    text: str
    classes: str


def terminal_svg(ansi_text: str, title: str) -> str:
    """A window with the text in it; `title` names it for all readers."""
    lines = ansi_text.rstrip("\n").expandtabs(8).split("\n")
    columns = max(max((cells(_ESCAPE.sub("", line)) for line in lines), default=0), 60)
    width = round(columns * _CELL + 2 * _PAD)
    height = _BAR + len(lines) * _LINE + _PAD
    name = escape(_ILLEGAL.sub("", title), quote=True)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-labelledby="title">',
            f'<title id="title">{name}</title>',
            f"<style>{_STYLE}</style>",
            *_window(width, height, name),
            *_body(lines),
            "</svg>",
            "",
        ]
    )


def _window(width: int, height: int, name: str) -> Iterator[str]:
    yield (f'<rect class="w" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>')
    for index, fill in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{_PAD + 20 * index + 4}" cy="20" r="6" fill="{fill}"/>'
    yield f'<text class="t" x="{width / 2:g}" y="25" text-anchor="middle">{name}</text>'


def _body(lines: list[str]) -> Iterator[str]:
    style: list[str] = []
    for number, line in enumerate(lines):
        y = _BAR + _FONT_SIZE + number * _LINE
        runs = [run for run in _runs(line, style) if run.text.strip()]
        if runs:
            yield f'<text class="f" y="{y}">{"".join(map(_tspan, runs))}</text>'


def _runs(line: str, style: list[str]) -> Iterator[_Run]:
    """The pieces of one line; `style` is carried from line to line."""
    column = 0
    pieces = _ESCAPE.split(line)
    for index, piece in enumerate(pieces):
        if index % 2:
            _apply(piece, style)
        elif piece:
            text = _ILLEGAL.sub("", piece)
            yield _Run(column, text, " ".join(style))
            column += cells(text)


def _apply(codes: str, style: list[str]) -> None:
    for code in codes.split(";"):
        if code in ("", "0"):
            style.clear()
        elif code in _CLASSES:
            style.append(_CLASSES[code])


def _tspan(run: _Run) -> str:
    # The length is told, so that columns stay in line whatever font the reader has.
    lead = len(run.text) - len(run.text.lstrip(" "))
    text = run.text.strip(" ")
    x, length = _PAD + (run.start + lead) * _CELL, cells(text) * _CELL
    classes = f' class="{run.classes}"' if run.classes else ""
    return f'<tspan{classes} x="{x:g}" textLength="{length:g}">{escape(text)}</tspan>'
