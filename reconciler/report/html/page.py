"""A verdict, objects and sections in, one self-contained HTML document out.

A strict Content-Security-Policy allows the page's own style and script, by their hashes, and
nothing else: no request of any kind, no other script, no form.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from reconciler.report.html.entries import Facet, Group, group_sections
from reconciler.report.html.markup import Content, Html, element, lines
from reconciler.report.html.parts import Section, facts

STYLES = ("page.css", "entries.css", "graph.css", "topology.css", "print.css")
SCRIPTS = ("page.js",)


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a page says, ready for it.

    `verdict` and `stake` are the two lines on top, `look` is the colour beside them and
    `stake_look` that of the second; `notices` are what must be read before anything else.
    """

    command: str
    workspace: str
    verdict: str
    stake: str
    look: str
    stake_look: str = "calm"
    facts: Sequence[tuple[str, Content]] = ()
    notices: Sequence[Html] = ()
    noun: str = "changes"
    groups: Sequence[Group] = ()
    facets: Sequence[Facet] = ()
    sections: Sequence[Section] = ()
    foot: Sequence[tuple[str, Content]] = ()


@cache
def asset(name: str) -> str:
    """The text of a file of the page, as it stands in the package."""
    return files("reconciler.report.html").joinpath("assets", name).read_text(encoding="utf-8")


def document(page: Page) -> str:
    """The page as one text."""
    style = "\n".join(map(asset, STYLES))
    script = "\n".join(map(asset, SCRIPTS))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        _policy(style, script),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", _title(page)),
        Html(f"<style>{style}</style>"),
    )
    body = element("body", *_body(page), Html(f"<script>{script}</script>"))
    return f'<!DOCTYPE html>\n<html lang="en">\n{head}\n{body}\n</html>\n'


def _policy(style: str, script: str) -> Html:
    rules = (
        "default-src 'none'",
        f"style-src '{_hash(style)}'",
        f"script-src '{_hash(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    text = "; ".join(rules)
    # The rules are ours, and quotes of either kind may stand in the other.
    return Html(f'<meta http-equiv="Content-Security-Policy" content="{text}">')


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _title(page: Page) -> str:
    return " · ".join(part for part in (page.verdict, page.workspace, "reconciler") if part)


def _body(page: Page) -> Iterator[Html]:
    if page.groups:
        yield element("a", f"Skip to the {page.noun}", href="#list", class_="skip")
    yield element("header", *_header(page), class_=page.look)
    if page.groups:
        yield _toolbar(page)
    yield element("main", *_main(page))
    if page.foot:
        yield element("footer", facts(page.foot))


def _header(page: Page) -> Iterator[Html | None]:
    words = f"reconciler {page.command}" + (f" · {page.workspace}" if page.workspace else "")
    yield element("p", words, class_="over")
    yield element("h1", page.verdict)
    yield element("p", page.stake, class_=f"stake {page.stake_look}") if page.stake else None
    yield facts(page.facts)
    yield from page.notices
    links = [_jump(section) for section in page.sections]
    yield element("nav", *links, aria_label="Sections") if links else None


def _jump(section: Section) -> Html:
    return element("a", section.title, href=f"#{section.anchor}")


def _toolbar(page: Page) -> Html:
    first, *rest = page.facets
    return element(
        "search",
        element(
            "div",
            _search(page.noun),
            [_select(facet) for facet in rest],
            class_="row",
        ),
        element(
            "div",
            _chips(first),
            element(
                "div",
                element("output", id="shown", aria_live="polite"),
                element("button", "Reset", type="button", id="reset", hidden=True),
                element("button", "Open all", type="button", id="open"),
                element("button", "Close all", type="button", id="close"),
                class_="acts",
            ),
            class_="row",
        ),
        id="filter",
        aria_label=f"Filter the {page.noun}",
        data_noun=page.noun,
        hidden=True,  # it does nothing without the script
    )


def _search(noun: str) -> Html:
    hint = "Name, field, value or file"
    field = element("input", type="search", id="search", placeholder=hint, autocomplete="off")
    return element("label", element("span", f"Search {noun}", class_="sr"), field, class_="find")


def _select(facet: Facet) -> Html:
    options = [element("option", "all", value="")]
    options += [
        element("option", f"{value} ({count:,})", value=value)
        for value, count in facet.counts.items()
    ]
    return element("label", facet.title, " ", element("select", options, name=facet.name))


def _chips(facet: Facet) -> Html:
    chips = [
        element(
            "label",
            element("input", type="checkbox", name=facet.name, value=value),
            " ",
            value.replace("-", " "),
            " ",
            element("span", f"{count:,}", class_="count"),
            class_=f"chip {value}",
        )
        for value, count in facet.counts.items()
    ]
    legend = element("legend", facet.title, class_="sr")
    return element("fieldset", legend, chips)


def _main(page: Page) -> Iterator[Html]:
    if page.groups:
        none = element("p", f"No {page.noun} match.", id="none", hidden=True)
        sections = lines(group_sections(page.groups))
        yield element("div", lines([sections, none]), id="list", tabindex="-1")
    yield from map(_section, page.sections)


def _section(section: Section) -> Html:
    heading = element("h2", section.title)
    return element("section", heading, section.body, id=section.anchor, class_="more")
