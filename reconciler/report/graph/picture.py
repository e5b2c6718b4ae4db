"""A graph in, an SVG picture out: no font, script or address of outside, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from reconciler.model import Address, Graph, GraphNode
from reconciler.report.graph.boxes import Arrow, Box, Drawing, drawing
from reconciler.report.graph.layers import Point
from reconciler.report.graph.pages import CELL, CHIP, HEAD, LINE, ROW, Page, Shape, page
from reconciler.report.graph.palette import Style, palette
from reconciler.report.sanitise import cells, visible

PAD = 28.0
TITLE = 40.0
LEGEND = 26.0

_STYLE = """
.p{fill:#fff}.h{fill:#1f2328;font-size:16px;font-weight:600}.f{fill:#1f2328}.m{fill:#59636e}
.s{font-size:12px;font-weight:400}.l{stroke:#d1d9e0}.e{fill:none;stroke:#6e7781;stroke-width:1.3;opacity:.62}.a{fill:#6e7781}
.b{fill-opacity:.08}.c{fill:#fff;font-weight:700;font-size:11px;text-anchor:middle}
.u{stroke-dasharray:4 3}.e:hover{stroke:#0969da;stroke-width:3;opacity:1}
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:12px;white-space:pre}
@media (prefers-color-scheme:dark){.p{fill:#0d1117}.h,.f{fill:#e6edf3}.m{fill:#9198a1}
.l{stroke:#3d444d}.e{stroke:#9198a1}.a{fill:#9198a1}.b{fill-opacity:.22}}
""".replace("\n", "")


_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path class="a" d="M0 0.6 8 4 0 7.4Z"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes an object of a picture stand out: a sign, a look, and where a click leads."""

    href: str
    look: str
    sign: str


Marks = Mapping[Address, Mark]


def graph_svg(graph: Graph, title: str) -> str:
    """The graph as a picture; `title` names it for all readers."""
    drawn = drawing(graph)
    laid = page(drawn, headings=len({box.platform for box in drawn.boxes}) > 1)
    styles = palette(box.kind for box in drawn.boxes)
    summary = _summary(graph)
    heading = (cells(visible(title)) + cells(summary) + 3) * 9.7
    width = max(laid.width, heading, 720.0) + 2 * PAD
    legend, below = _legend(graph, styles, width)
    top = TITLE + below + 22
    height = top + laid.height + PAD
    name = _text(title)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
            f'width="{_n(width)}" height="{_n(height)}" role="img" aria-labelledby="title">',
            f'<title id="title">{name}: {_text(summary)}</title>',
            f"<style>{_STYLE}</style>",
            _TIP,
            f'<rect class="p" width="{_n(width)}" height="{_n(height)}"/>',
            f'<text class="h" x="{_n(PAD)}" y="36">{name}'
            f'<tspan class="s m" dx="14">{_text(summary)}</tspan></text>',
            *legend,
            *_drawn(drawn, laid, styles, top, width),
            "</svg>",
            "",
        ]
    )


def graph_figure(graph: Graph, title: str, marks: Marks) -> str:
    """The graph as a part of a page, which brings the style; marked objects are links."""
    drawn = drawing(graph)
    laid = page(drawn, headings=len({box.platform for box in drawn.boxes}) > 1)
    styles = palette(box.kind for box in drawn.boxes)
    width = max(laid.width, 900.0) + 2 * PAD
    legend, below = _legend(graph, styles, width)
    top = TITLE + below + 22
    height = top + laid.height + PAD
    return "\n".join(
        [
            f'<svg viewBox="0 {_n(TITLE)} {_n(width)} {_n(height - TITLE)}" width="{_n(width)}" '
            f'height="{_n(height - TITLE)}" role="group" aria-label="{_text(title)}">',
            _TIP,
            *legend,
            *_drawn(drawn, laid, styles, top, width, marks),
            "</svg>",
        ]
    )


def _drawn(
    drawn: Drawing,
    laid: Page,
    styles: Mapping[str, Style],
    top: float,
    width: float,
    marks: Marks | None = None,
) -> Iterator[str]:
    yield f'<g transform="translate({_n(PAD)} {_n(top)})">'
    yield from _headings(laid, width - 2 * PAD)
    yield from _arrows(drawn.arrows, drawn.boxes, laid)
    for index, box in enumerate(drawn.boxes):
        shape, place, style = laid.shapes[index], laid.places[index], styles[box.kind]
        yield from _box(box, shape, place, style, marks or {})
    yield "</g>"


def _summary(graph: Graph) -> str:
    objects, references = len(graph.nodes), len(graph.edges)
    return (
        f"{objects} object{'' if objects == 1 else 's'}, "
        f"{references} reference{'' if references == 1 else 's'}"
    )


def _legend(graph: Graph, styles: Mapping[str, Style], width: float) -> tuple[list[str], float]:
    """A chip and a name for each kind, in rows; and how far down they reach."""
    lines: list[str] = []
    x, y = PAD, TITLE + 12
    for kind, style in styles.items():
        count = sum(1 for node in graph.nodes if node.address.kind == kind)
        label = f"{visible(kind)} {count}"
        room = CHIP + 8 + cells(label) * CELL + 22
        if x > PAD and x + room > width - PAD:
            x, y = PAD, y + LEGEND
        lines += [
            *_chip(x, y, CHIP - 4, 18, style),
            f'<text class="f" x="{_n(x + CHIP + 4)}" y="{_n(y + 13)}">{_text(kind)}'
            f'<tspan class="m"> {count}</tspan></text>',
        ]
        x += room
    if any(node.origin is None for node in graph.nodes):
        label = "dashed: named, not declared"
        if x + cells(label) * CELL > width - PAD:
            x, y = PAD, y + LEGEND
        lines.append(f'<text class="m" x="{_n(x)}" y="{_n(y + 13)}">{label}</text>')
    return lines, y - TITLE + LEGEND


def _chip(x: float, y: float, width: float, height: float, style: Style) -> Iterator[str]:
    yield (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="4" '
        f'fill="{style.colour}"/>'
    )
    yield (
        f'<text class="c" x="{_n(x + width / 2)}" y="{_n(y + height / 2 + 4)}">'
        f"{_text(style.letters)}</text>"
    )


def _headings(laid: Page, width: float) -> Iterator[str]:
    for platform, y in laid.headings:
        yield f'<path class="l" d="M0 {_n(y + 26)}H{_n(width)}"/>'
        yield f'<text class="h" x="0" y="{_n(y + 16)}">{_text(platform)}</text>'


def _arrows(arrows: Iterable[Arrow], boxes: Sequence[Box], laid: Page) -> Iterator[str]:
    for arrow in arrows:
        source, target = boxes[arrow.source], boxes[arrow.target]
        told = f"{_named(source)} → {_named(target)}: {', '.join(arrow.fields)}"
        dashed = "" if target.declared else " u"
        yield (
            f'<path class="e{dashed}" marker-end="url(#tip)" '
            f'd="{_curve(laid.routes[arrow.source, arrow.target])}">'
            f"<title>{_text(told)}</title></path>"
        )


def _named(box: Box) -> str:
    return str(box.nodes[0].address) if len(box.nodes) == 1 else box.title


def _curve(points: Sequence[Point]) -> str:
    """A line that leaves and reaches every point level; straight across the ranks it passes."""
    (x, y), *rest = points
    parts = [f"M{_n(x)} {_n(y)}"]
    for next_x, next_y in rest:
        if next_y == y:
            parts.append(f"H{_n(next_x)}")
        else:
            middle = (x + next_x) / 2
            parts.append(
                f"C{_n(middle)} {_n(y)} {_n(middle)} {_n(next_y)} {_n(next_x)} {_n(next_y)}"
            )
        x, y = next_x, next_y
    return "".join(parts)


def _box(box: Box, shape: Shape, place: Point, style: Style, marks: Marks) -> Iterator[str]:
    x, y = place
    dashed = "" if box.declared else ' class="u"'
    yield f'<g transform="translate({_n(x)} {_n(y)})">'
    size = f'width="{_n(shape.width)}" height="{_n(shape.height)}" rx="6"'
    yield f'<rect class="p" {size}/>'
    yield f'<rect{dashed} {size} fill="{style.colour}" fill-opacity=".08" stroke="{style.colour}"/>'
    yield from _chip(4, 4, CHIP - 6, ROW - 8, style)
    if len(box.nodes) == 1:
        yield _name(box.nodes[0], shape.names[0], (CHIP + 5, 18), marks)
    else:
        yield f'<text class="m" x="{_n(CHIP + 5)}" y="18">{_text(box.title)}</text>'
        for index, (node, name) in enumerate(zip(box.nodes, shape.names, strict=True)):
            column, row = divmod(index, shape.rows)
            yield _name(node, name, (12 + column * shape.cell, HEAD + 18 + row * LINE), marks)
    yield "</g>"


def _name(node: GraphNode, name: str, place: Point, marks: Marks) -> str:
    at = f'x="{_n(place[0])}" y="{_n(place[1])}"'
    told = f"<title>{_text(_told(node))}</title>"
    mark = marks.get(node.address)
    if mark is None:
        return f'<text class="f" {at}>{_text(name)}{told}</text>'
    return (
        f'<a href="{_text(mark.href)}" class="{_text(mark.look)}">'
        f'<text class="f" {at}>{_text(name)}<tspan class="k" dx="3">{_text(mark.sign)}</tspan>'
        f"{told}</text></a>"
    )


def _told(node: GraphNode) -> str:
    """What is shown when the pointer rests on an object."""
    if node.origin is None:
        return f"{node.address}\nnot declared"
    return f"{node.address}\n{node.origin}{' (by reference)' if node.by_reference else ''}"


def _text(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")), quote=True)


def _n(number: float) -> str:
    return f"{round(number, 1):g}"
