"""Graphs as SVG, Mermaid and DOT: complete, the same every time, whatever the names are."""

from __future__ import annotations

import random
import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Address, Graph, GraphEdge, GraphNode, Origin
from reconciler.report.graph.boxes import drawing
from reconciler.report.graph.dot import graph_dot
from reconciler.report.graph.layers import layered
from reconciler.report.graph.mermaid import MOST_NAMES, graph_mermaid
from reconciler.report.graph.pages import page
from reconciler.report.graph.palette import COLOURS, palette
from reconciler.report.graph.picture import graph_svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '"]; a --> b; c["',
    "</text><script>alert(1)</script>",
    "x\n%% comment\nend",
    'a\\"b\\',
    "`**bold**` & &amp; #35; <b>",
    "日本語",
    "\u202eback\u0000wards",
    "{{{x}}}|y|(z)[w]",
    "click n0 href javascript:alert(1)",
    "end",
    "a" * 300,
]


def node(name: str, kind: str = "LocalRepository", platform: str = "default") -> GraphNode:
    """A declared object."""
    return GraphNode(Address(kind, (name,), platform), Origin("manifests/a.yaml", 3))


def virtual(name: str, *members: GraphNode) -> tuple[list[GraphNode], list[GraphEdge]]:
    """A virtual repository over some others."""
    top = node(name, "VirtualRepository")
    edges = [GraphEdge(top.address, m.address, ("spec.repositories",)) for m in members]
    return [top, *members], edges


def chain_of(names: list[str]) -> Graph:
    """Every name names the next."""
    nodes = [node(name, "VirtualRepository") for name in names]
    pairs = pairwise(nodes)
    return Graph(
        tuple(nodes), tuple(GraphEdge(a.address, b.address, ("spec.x",)) for a, b in pairs)
    )


def labels(text: str) -> list[str]:
    """Every text of an SVG."""
    return ["".join(e.itertext()) for e in ElementTree.fromstring(text).iter(f"{SVG}text")]


def test_svg_names_every_object_once() -> None:
    """Every object is in the picture, also those that share a box; the title counts them."""
    nodes, edges = virtual("all-npm", *[node(f"team-{i}-local") for i in range(70)])
    text = graph_svg(Graph(tuple(nodes), tuple(edges)), "acme")

    assert all(text.count(f">team-{i}-local<") == 1 for i in range(70))
    assert "acme: 71 objects, 70 references" in text
    assert text.count('marker-end="url(#tip)"') == 1  # seventy members, one arrow


def test_svg_is_safe_with_hostile_names() -> None:
    """Names are text and nothing else: no element, no attribute, no address of outside."""
    text = graph_svg(chain_of(HOSTILE), '"><script>')
    root = ElementTree.fromstring(text)

    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert names == {
        "svg",
        "title",
        "style",
        "defs",
        "marker",
        "path",
        "rect",
        "text",
        "tspan",
        "g",
    }
    assert not any(a.startswith("on") or "href" in a for e in root.iter() for a in e.attrib)
    assert "\u202e" not in text
    assert re.findall(r"https?://[^\s\"]+", text) == ["http://www.w3.org/2000/svg"]


def test_svg_with_one_platform_has_no_heading_and_with_two_has() -> None:
    """Platforms are told apart where there are several."""
    one = graph_svg(Graph((node("a"), node("b", "Project"))), "acme")
    two = graph_svg(Graph((node("a", platform="east"), node("a", platform="west"))), "acme")

    assert "default" not in labels(one)
    assert {"east", "west"} <= set(labels(two))


def test_svg_marks_what_nobody_declares() -> None:
    """A name without a manifest is dashed, and the legend says what that means."""
    gone = GraphNode(Address("LocalRepository", ("gone",)))
    nodes, edges = virtual("v", gone)
    text = graph_svg(Graph(tuple(nodes), tuple(edges)), "acme")

    assert "dashed: named, not declared" in labels(text)
    assert text.count('class="u"') == 1
    assert text.count('class="e u"') == 1


def test_an_empty_graph_is_a_picture_too() -> None:
    """Nothing in, an empty picture out."""
    assert "0 objects, 0 references" in graph_svg(Graph(), "acme")
    assert graph_mermaid(Graph()) == "flowchart LR\n"
    assert graph_dot(Graph()).startswith("digraph reconciler {")


_MERMAID = re.compile(
    r'flowchart LR|  n\d+\["[\w ./:,…#;<>-]*"\]|  class n\d+ (k\d+|undeclared)|  n\d+ --> n\d+'
    r"|  classDef (k\d+|undeclared) [\w#:,. -]+"
)


def test_mermaid_is_safe_with_hostile_names() -> None:
    """Every line is one of the few we write; names bring no quote, bracket, tag or comment."""
    text = graph_mermaid(chain_of(HOSTILE))

    assert [line for line in text.splitlines() if not _MERMAID.fullmatch(line)] == []
    assert set(re.findall(r"<[^>]*>", text)) == {"<br/>"}
    assert "#34;#93;#59; a --#62; b" in text


def test_mermaid_counts_long_lists() -> None:
    """A list of many names is cut, and says how many are left out."""
    nodes, edges = virtual("v", *[node(f"r{i:02}") for i in range(MOST_NAMES + 5)])
    text = graph_mermaid(Graph(tuple(nodes), tuple(edges)))

    assert "17 LocalRepository" in text
    assert "… and 5 more" in text
    assert text.count(" --> ") == 1


_DOT_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|->|[\w.]+|[{}\[\]=,;]|\s+')


def test_dot_is_safe_with_hostile_names() -> None:
    """The text consists of whole tokens of the language; a name never leaves its quotes."""
    text = graph_dot(chain_of(HOSTILE))
    tokens = _DOT_TOKEN.findall(text)

    assert "".join(tokens) == text
    bare = {t for t in tokens if t[0] not in '"-{}[]=,; \n'}
    assert bare <= {
        *("digraph", "reconciler", "rankdir", "LR", "node", "shape", "box", "style", "fontname"),
        *("fontcolor", "white", "black", "edge", "color", "arrowsize", "0.7", "label"),
        *("fillcolor", "tooltip"),
    }
    assert tokens.count("->") == len(HOSTILE) - 1


def test_dot_has_every_object_and_clusters_for_platforms() -> None:
    """Nothing is put together for scripts; two platforms are two clusters."""
    nodes = [node(f"r{i}", platform=p) for i in range(5) for p in ("east", "west")]
    text = graph_dot(Graph(tuple(nodes)))

    assert text.count("label=") == 12
    assert "subgraph cluster_1 {" in text


def test_styles_are_told_apart() -> None:
    """Kinds of one picture have different letters, and different colours while there are some."""
    kinds = [f"{a}{b}Thing" for a in "ABC" for b in "xyzw"][: len(COLOURS)]
    styles = palette(kinds)

    assert len({s.colour for s in styles.values()}) == len(COLOURS)
    assert len({s.letters for s in styles.values()}) == len(kinds)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph, circles included."""
    count = draw(st.integers(1, 25))
    kinds = st.sampled_from(["LocalRepository", "Project", "VirtualRepository"])
    platforms = st.sampled_from(["east", "west"])
    nodes = [node(f"n{i}", draw(kinds), draw(platforms)) for i in range(count)]
    ends = st.sampled_from(nodes)
    pairs = draw(st.sets(st.tuples(ends, ends), max_size=40))
    edges = [
        GraphEdge(a.address, b.address, ("spec.x",))
        for a, b in pairs
        if a != b and a.address.platform == b.address.platform
    ]
    return Graph(
        tuple(sorted(nodes, key=lambda n: n.address.full)),
        tuple(sorted(edges, key=lambda e: (e.source.full, e.target.full))),
    )


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_boxes_never_overlap(graph: Graph) -> None:
    """Whatever the graph, every box has a place of its own on the page, and every arrow a route."""
    drawn = drawing(graph)
    laid = page(drawn, headings=True)
    boxes = [(*laid.places[i], laid.shapes[i]) for i in range(len(drawn.boxes))]

    for (x, y, one), (u, v, other) in combinations(boxes, 2):
        beside = x + one.width <= u + 0.01 or u + other.width <= x + 0.01
        above = y + one.height <= v + 0.01 or v + other.height <= y + 0.01
        assert beside or above
    assert set(laid.routes) == {(a.source, a.target) for a in drawn.arrows}
    assert all(x + s.width <= laid.width + 0.01 for x, _, s in boxes)
    assert all(y + s.height <= laid.height + 0.01 for _, y, s in boxes)


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_same_graph_gives_the_same_text(graph: Graph, chance: random.Random) -> None:
    """No text depends on hashes or on anything but the graph."""
    again = Graph(tuple(graph.nodes), tuple(graph.edges))

    for draw in (lambda g: graph_svg(g, "acme"), graph_mermaid, graph_dot):
        assert draw(graph) == draw(again)


@pytest.mark.parametrize(
    "arrows, columns",
    [
        ([(0, 1), (1, 2)], [0, 1, 2]),
        ([(0, 1), (0, 2), (1, 2)], [0, 1, 2]),
        ([(0, 1), (2, 1)], [0, 1, 0]),
    ],
)
def test_who_names_stands_left(arrows: list[tuple[int, int]], columns: list[int]) -> None:
    """An arrow always leads to the right."""
    made = layered(dict.fromkeys(range(3), (100.0, 20.0)), arrows)
    lefts = sorted({x for x, _ in made.places.values()})

    assert [lefts.index(made.places[i][0]) for i in range(3)] == columns
