"""A topology in, an SVG picture out: members on a circle, what is between them as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import cos, pi, sin

from reconciler.model import Topology
from reconciler.report.sanitise import cells, shorten, visible
from reconciler.report.topology.words import LOOK_WORDS, Look, look_of, place_words, tie_words

_STYLE = """
.tp{fill:#fff}.tb{fill:#f6f8fa;stroke:#6e7781;stroke-width:1.2}.tc{stroke:#1f6feb;stroke-width:2}
.te{stroke-dasharray:4 3;fill:none}.th{fill:#1f2328;font-weight:600}.tm{fill:#59636e}
.tt{fill:#1f2328;font-size:15px;font-weight:600}
.l-good{stroke:#1a7f37}.l-late{stroke:#9a6700}.l-bad{stroke:#cf222e}.l-off{stroke:#6e7781}
.l-new{stroke:#1f6feb}.l-gone{stroke:#cf222e}.l-plain{stroke:#6e7781}
.w-good{fill:#1a7f37}.w-late{fill:#9a6700}.w-bad,.w-gone{fill:#cf222e}.w-new{fill:#0969da}
.w-off,.w-plain{fill:#59636e}.lb{fill:#fff;fill-opacity:.9}
.topology line{stroke-width:2}.l-off{stroke-dasharray:4 3}.l-new{stroke-dasharray:7 4}
.l-gone{stroke-dasharray:2 4}
.topology text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:12px;text-anchor:middle;dominant-baseline:middle}
.topology .tt{font-size:15px;text-anchor:start}.topology .tl{text-anchor:start}
@media (prefers-color-scheme:dark){.tp{fill:#0d1117}.tb{fill:#151b23;stroke:#656c76}.te{fill:none}
.th,.tt{fill:#e6edf3}.tm{fill:#9198a1}.lb{fill:#0d1117}.tc{stroke:#4493f8}
.l-good{stroke:#3fb950}.l-late{stroke:#d29922}.l-bad,.l-gone{stroke:#f85149}.l-new{stroke:#4493f8}
.w-good{fill:#3fb950}.w-late{fill:#d29922}.w-bad,.w-gone{fill:#f85149}.w-new{fill:#4493f8}
.w-off,.w-plain{fill:#9198a1}}
""".replace("\n", "")

CELL, LINE, PAD = 7.3, 17.0, 24.0


def topology_svg(found: Sequence[Topology], title: str) -> str:
    """Federations one below the other, as a file of its own."""
    return _svg(found, title, f"<style>{_STYLE}</style>")


def topology_figure(found: Sequence[Topology], title: str) -> str:
    """The same as a part of a page, which has the styles."""
    return _svg(found, title, "")


def _svg(found: Sequence[Topology], title: str, style: str) -> str:
    """A reader of the text hears in words what the picture shows."""
    drawn = [_Drawing(topology) for topology in found]
    width = max((d.width for d in drawn), default=320.0)
    height = sum(d.height for d in drawn) or 80.0
    words = "; ".join(map(topology_words, found))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="topology" viewBox="0 0 {width:.0f} '
        f'{height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{_text(title)}: {_text(words)}">',
        style,
        f'<rect class="tp" width="{width:.0f}" height="{height:.0f}"/>',
    ]
    top = 0.0
    for one in drawn:
        lines += one.lines(top)
        top += one.height
    return "\n".join([*lines, "</svg>", ""])


def topology_words(topology: Topology) -> str:
    """`libs: east, west; east and west healthy`."""
    places = ", ".join(place.label for place in topology.places)
    ties = "; ".join(
        f"{topology.places[tie.one].label} and {topology.places[tie.other].label} {tie_words(tie)}"
        for tie in topology.ties
        if tie_words(tie)
    )
    return f"{topology.name}: {places}; {ties}" if ties else f"{topology.name}: {places}"


class _Drawing:
    """One federation: members on an ellipse, wide enough that no two touch.

    Between two members the line says how it is; between more, a legend does, and what needs a look
    is told below in words.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.labels = [
            [shorten(visible(text), 26) for text in (place.label, *place_words(place))]
            for place in topology.places
        ]
        self.box_width = max((_wide(lines) for lines in self.labels), default=60) + 28
        self.box_height = max((len(lines) for lines in self.labels), default=1) * LINE + 18
        self.is_pair = len(self.labels) <= 2
        self.across, self.down = self._spread()
        self.legend = [] if self.is_pair else _legend(topology)
        self.remarks = [] if self.is_pair else _remarks(topology)
        texts = [cells(topology.name) * 1.25, *(cells(text) for text in self.remarks)]
        lead = sum(cells(words) * CELL + 54 for _, words in self.legend)
        written = max(max(texts) * CELL, lead) + 2 * PAD
        self.width = max(2 * self.across + self.box_width + 2 * PAD, written, 360.0)
        self.head = 44 + (24 if self.legend else 0)
        self.height = self.head + 2 * self.down + self.box_height + PAD + LINE * len(self.remarks)
        self.height += 12 if self.remarks else 0

    def _spread(self) -> tuple[float, float]:
        """How far the members are from the middle, across and down."""
        wide, high, count = self.box_width, self.box_height, len(self.labels)
        if self.is_pair:
            words = max((cells(tie_words(tie)) * CELL for tie in self.topology.ties), default=0)
            return (wide + max(words + 40, 90)) / 2, 0.0
        across, down = wide * 0.7 + 40, high * 1.2 + 18
        while self._touch(count, across, down):
            across, down = across * 1.08, down * 1.08
        return across, down

    def _touch(self, count: int, across: float, down: float) -> bool:
        """Whether two neighbours are nearer than a gap for the line between them."""
        points = [_on_ellipse(index, count, across, down) for index in range(count)]
        return any(
            abs(x1 - x2) < self.box_width + 36 and abs(y1 - y2) < self.box_height + 22
            for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True)
        )

    def lines(self, top: float) -> Iterator[str]:
        """The elements of the picture, below `top`."""
        name = _text(self.topology.name)
        yield f'<text class="tt" x="{PAD:.0f}" y="{top + 28:.0f}">{name}</text>'
        yield from self._key(top + 52)
        middle = (self.width / 2, top + self.head + self.down + self.box_height / 2)
        points = [self._at(index, middle) for index in range(len(self.labels))]
        labels: list[str] = []
        for tie in self.topology.ties:
            (x1, y1), (x2, y2) = points[tie.one], points[tie.other]
            look, words = look_of(tie), tie_words(tie)
            yield (
                f'<line class="l-{look}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
            )
            if words and self.is_pair:
                labels += _label((x1 + x2) / 2, (y1 + y2) / 2, words, look)
        yield from labels
        for index, (x, y) in enumerate(points):
            yield from self._box(index, x, y)
        below = top + self.head + 2 * self.down + self.box_height + 24
        for number, remark in enumerate(self.remarks):
            at = below + number * LINE
            yield f'<text class="tm tl" x="{PAD:.0f}" y="{at:.1f}">{_text(remark)}</text>'

    def _key(self, y: float) -> Iterator[str]:
        x = PAD
        for look, words in self.legend:
            ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{x + 28:.1f}" y2="{y:.1f}"'
            yield f'<line class="l-{look}" {ends}/>'
            yield f'<text class="w-{look} tl" x="{x + 36:.1f}" y="{y:.1f}">{_text(words)}</text>'
            x += cells(words) * CELL + 54

    def _at(self, index: int, middle: tuple[float, float]) -> tuple[float, float]:
        x, y = _on_ellipse(index, len(self.labels), self.across, self.down)
        return middle[0] + x, middle[1] + y

    def _box(self, index: int, x: float, y: float) -> Iterator[str]:
        place = self.topology.places[index]
        classes = ["tb"]
        if place.change:
            classes.append("tc")
        if not place.ours or not place.reachable:
            classes.append("te")
        lines = self.labels[index]
        wide, high = _wide(lines) + 28, len(lines) * LINE + 18
        box = (
            f'x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}" '
            f'height="{high:.1f}" rx="8"'
        )
        yield f'<rect class="tp" {box}/><rect class="{" ".join(classes)}" {box}/>'
        first = y - (len(lines) - 1) * LINE / 2
        for number, line in enumerate(lines):
            look = "th" if number == 0 else "tm"
            at = first + number * LINE
            yield f'<text class="{look}" x="{x:.1f}" y="{at:.1f}">{_text(line)}</text>'


def _on_ellipse(index: int, count: int, across: float, down: float) -> tuple[float, float]:
    """Where a member is from the middle: two side by side, more from the top on clockwise."""
    angle = 2 * pi * index / max(count, 1) - (pi if count <= 2 else pi / 2)
    return across * cos(angle), down * sin(angle)


def _legend(topology: Topology) -> list[tuple[Look, str]]:
    """The looks of the lines, each with what it means."""
    found: dict[Look, str] = {}
    for tie in topology.ties:
        found.setdefault(look_of(tie), LOOK_WORDS[look_of(tie)])
    return list(found.items())


def _remarks(topology: Topology) -> list[str]:
    """What needs a look, in words."""
    return [
        f"{topology.places[tie.one].label} and {topology.places[tie.other].label}: {tie_words(tie)}"
        for tie in topology.ties
        if look_of(tie) in ("late", "bad") or (tie.planned == "removed" and tie.state != "HEALTHY")
    ]


def _label(x: float, y: float, words: str, look: str) -> Iterator[str]:
    wide = cells(words) * CELL + 10
    yield (
        f'<rect class="lb" x="{x - wide / 2:.1f}" y="{y - 9:.1f}" width="{wide:.1f}" height="18" '
        'rx="4"/>'
    )
    yield f'<text class="w-{look}" x="{x:.1f}" y="{y:.1f}">{_text(words)}</text>'


def _wide(lines: Sequence[str]) -> float:
    return max(cells(line) for line in lines) * CELL


def _text(text: str) -> str:
    return escape(visible(text))
