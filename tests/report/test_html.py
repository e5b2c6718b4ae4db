"""The page: everything is on it, nothing is fetched, and no text of a stranger is markup."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Action, Address, Block, Change, Graph, GraphEdge, GraphNode, Plan
from reconciler.report.graph.nearby import nearby
from reconciler.report.html.drift import drift_html
from reconciler.report.html.markup import element, markup
from reconciler.report.html.outcome import outcome_html
from reconciler.report.html.page import SCRIPTS, STYLES, asset
from reconciler.report.html.plan import plan_html
from reconciler.report.sanitise import visible
from tests.report import samples
from tests.report.golden import check
from tests.report.renderers import HTML

VOID = {"input", "meta", "br", "link"}


@dataclass
class Tag:
    """One element as a reader of HTML finds it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""
    children: list[Tag] = field(default_factory=list)

    def walk(self) -> Iterator[Tag]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.walk()


class Reader(HTMLParser):
    """Reads a page, and fails where tags are not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Tag("", {})
        self.open = [self.root]
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        made = Tag(tag, dict(attrs))
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of SVG that is closed where it begins."""
        self.open[-1].children.append(Tag(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """The innermost element ends."""
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        """Text of all elements around it."""
        for around in self.open:
            around.text += data

    def handle_comment(self, data: str) -> None:
        """There should be none."""
        self.comments.append(data)


def read(page: str) -> Tag:
    """A page as a tree."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root]
    assert not reader.comments
    return reader.root


def only(tree: Tag, name: str) -> Tag:
    """The one element of a name."""
    (found,) = [tag for tag in tree.walk() if tag.name == name]
    return found


def without_assets(page: str) -> str:
    """A page with its style and script named instead of shown, and without their hashes."""
    page = page.replace("\n".join(map(asset, STYLES)), " ".join(STYLES))
    page = page.replace("\n".join(map(asset, SCRIPTS)), " ".join(SCRIPTS))
    return re.sub("sha256-[^']+", "sha256-…", page)


# --- whole outputs ---------------------------------------------------------------------------


def test_a_plan_as_a_page() -> None:
    """Everything a plan can say, what must be seen first."""
    blocks = [Block("limit-deletes", "2 of 10 would be deleted", "--allow-deletes Group=2")]

    check(
        "plan_full.html",
        without_assets(plan_html(samples.FULL, blocks=blocks, surroundings=samples.SURROUNDINGS)),
    )


def test_a_quiet_plan_as_a_page() -> None:
    """Without a change there is a verdict, and nothing to filter."""
    page = without_assets(plan_html(samples.CONVERGED))

    check("plan_converged.html", page)


def test_an_outcome_as_a_page() -> None:
    """What went wrong stands first."""
    page = outcome_html(samples.FULL, samples.OUTCOMES, 5, surroundings=samples.SURROUNDINGS)

    check("outcome.html", without_assets(page))


def test_drift_as_a_page() -> None:
    """What drifted stands before what could not be told."""
    page = drift_html(samples.DRIFT, surroundings=samples.SURROUNDINGS)

    check("drift.html", without_assets(page))


# --- self-contained --------------------------------------------------------------------------


@pytest.mark.parametrize("render", HTML)
def test_the_policy_allows_the_page_itself_and_nothing_else(render: str) -> None:
    """Style and script are those the policy names by hash; everything else is forbidden."""
    tree = read(HTML[render]("x"))
    policy = next(
        tag.attributes["content"] or ""
        for tag in tree.walk()
        if tag.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    for name in ("style", "script"):
        digest = b64encode(sha256(only(tree, name).text.encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert rules["base-uri"] == rules["form-action"] == "'none'"


@pytest.mark.parametrize("render", HTML)
def test_nothing_leads_outside(render: str) -> None:
    """Links stay on the page, and no element fetches anything."""
    for tag in read(HTML[render]("https://evil.example.com/")).walk():
        assert (tag.attributes.get("href") or "#").startswith("#")
        assert not {"src", "srcset", "action", "style", "data"} & set(tag.attributes)
        assert tag.name not in ("link", "base", "iframe", "object", "embed", "img", "form")


def test_style_and_script_name_no_address() -> None:
    """There is no URL in what the page brings along, and nothing that would end its element."""
    for name in (*STYLES, *SCRIPTS):
        text = asset(name)
        assert "://" not in text
        assert "url(" not in text
        assert "</" not in text
        assert "innerHTML" not in text


# --- texts of strangers ----------------------------------------------------------------------


@pytest.mark.parametrize("render", HTML)
@pytest.mark.parametrize("text", samples.HOSTILE)
def test_no_text_becomes_markup(render: str, text: str) -> None:
    """A hostile text adds no element and no attribute, and every line of the page is printable."""
    page = HTML[render](text)
    tree = read(page)

    page.encode("utf-8")
    assert all(line.isprintable() for line in without_assets(page).split("\n"))
    ids = [tag.attributes["id"] for tag in tree.walk() if "id" in tag.attributes]
    assert len(ids) == len(set(ids))
    names = {name for tag in tree.walk() for name in tag.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert len([tag for tag in tree.walk() if tag.name in ("script", "style")]) == 2
    assert only(tree, "script").text == "\n".join(map(asset, SCRIPTS))


@given(st.text(max_size=40))
@settings(max_examples=30, deadline=None)
def test_any_text_makes_a_whole_page(text: str) -> None:
    """Whatever the names are, every element is closed and in its place."""
    for render in HTML.values():
        assert only(read(render(text)), "main").children


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    """What a browser reads is the visible form of the text, in content and in attributes."""
    tree = read(element("p", text, title=text))

    assert only(tree, "p").text == visible(text)
    assert only(tree, "p").attributes["title"] == visible(text)


def test_markup_is_not_escaped_twice() -> None:
    """Markup of ours stays, texts beside it are escaped, and joining both is a text again."""
    made = element("b", "<")

    assert markup([made, "<"]) == "<b>&lt;</b>&lt;"
    assert markup(made + "x").startswith("&lt;b")


# --- what is on it ---------------------------------------------------------------------------


def entries(page: str) -> list[Tag]:
    """The objects of a page, in order."""
    tags = read(page).walk()
    return [t for t in tags if (t.attributes.get("class") or "").startswith("entry ")]


def many(count: int) -> Plan:
    """A plan of creations and one deletion, which comes last."""
    made = [
        Change(Address("Group", (f"g{i}",)), Action.CREATE, "absent", risk="safe")
        for i in range(count)
    ]
    gone = Change(Address("Group", ("gone",)), Action.DELETE, "x", risk="destructive")
    return Plan((*made, gone))


def test_deletes_and_blocks_come_first_and_open() -> None:
    """In a large plan only what must be seen is opened, and it stands on top."""
    found = entries(plan_html(many(60)))

    assert [t.attributes["id"] for t in found] == [f"c{i}" for i in range(1, 62)]
    assert found[0].attributes["data-action"] == "delete"
    assert [("open" in t.attributes) for t in found] == [True, *[False] * 60]


def test_every_object_says_what_it_is_filtered_by() -> None:
    """Kind, action, risk, platform and labels stand with each change."""
    page = plan_html(samples.FULL, surroundings=samples.SURROUNDINGS)
    found = {t.attributes["data-kind"]: t.attributes for t in entries(page)}

    assert found["VirtualRepository"]["data-action"] == "update"
    assert found["VirtualRepository"]["data-risk"] == "notable"
    assert found["RemoteRepository"]["data-platform"] == "west"
    assert found["VirtualRepository"]["data-label"] == '["team=web"]'


def test_links_lead_to_objects_of_the_page() -> None:
    """Every link on the page has its target."""
    tags = list(read(plan_html(samples.FULL, surroundings=samples.SURROUNDINGS)).walk())
    targets = {tag.attributes.get("id") for tag in tags}
    links = [href for tag in tags if (href := tag.attributes.get("href"))]

    assert len(links) > 5
    assert {link.removeprefix("#") for link in links} <= targets


def test_long_lists_come_in_pieces() -> None:
    """A browser passes over what is out of sight: objects, findings and unmanaged ones alike."""
    plan = replace(
        many(120),
        unmanaged=tuple(Address("Group", (f"stray{i}",)) for i in range(120)),
        diagnostics=(samples.WARNING,) * 120,
    )
    tree = read(plan_html(plan))

    pieces = [t for t in tree.walk() if t.attributes.get("class") == "chunk"]
    assert [len(t.children) for t in pieces] == [50, 50, 20] * 3


def chain(count: int) -> Graph:
    """Every object names the next."""
    nodes = [GraphNode(Address("Group", (f"g{i}",))) for i in range(count)]
    return Graph(
        tuple(nodes),
        tuple(GraphEdge(a.address, b.address) for a, b in pairwise(nodes)),
    )


def test_a_picture_shows_neighbours_only() -> None:
    """Around one object of a chain there are two others; an object nobody links is left out."""
    graph = chain(10)
    lonely = Address("Group", ("lonely",))

    part = nearby(graph, [Address("Group", ("g5",)), lonely], 100)

    assert [n.address.name for n in part.graph.nodes] == ["g4", "g5", "g6"]
    assert len(part.graph.edges) == 2
    assert part.left == 0


def test_a_picture_is_bounded() -> None:
    """Of a large graph the first objects are drawn, and the rest is counted."""
    graph = chain(500)

    part = nearby(graph, [node.address for node in graph.nodes], 20)

    assert len(part.graph.nodes) == 20
    assert part.left == 480


# --- contrast --------------------------------------------------------------------------------

BACKGROUNDS = ("page", "raised")
ON = {
    "text": (*BACKGROUNDS, "red-fill", "amber-fill", "green-fill"),
    "dim": BACKGROUNDS,
    "link": BACKGROUNDS,
    "red": (*BACKGROUNDS, "red-fill"),
    "amber": (*BACKGROUNDS, "amber-fill"),
    "green": (*BACKGROUNDS, "green-fill"),
    "blue": BACKGROUNDS,
    "violet": BACKGROUNDS,
}
"""Colours of texts, and what they stand on."""


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough(scheme: int) -> None:
    """Texts reach 4.5:1 on everything they stand on, borders of fields 3:1 (WCAG 2 AA)."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", asset("page.css"))
    colours = {name: (light, dark)[scheme] for name, light, dark in pairs}

    for text, grounds in ON.items():
        for ground in grounds:
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in BACKGROUNDS:
        assert contrast(colours["strong"], colours[ground]) >= 3
