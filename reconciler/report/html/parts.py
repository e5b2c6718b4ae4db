"""Pieces that plans, outcomes and drift have in common: findings, addresses, facts of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import Diagnostic
from reconciler.model import Address, Block, Graph, JsonValue, PlatformInfo
from reconciler.report.deployment import evidence_lines
from reconciler.report.diagnostics import count_words
from reconciler.report.figures import counted
from reconciler.report.html.markup import Content, Html, element, joined, lines
from reconciler.report.sanitise import safe_url


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page tells beside a plan, an outcome or drift: of the workspace, not of the run."""

    workspace: str = ""
    labels: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    graph: Graph = Graph()

    def labels_of(self, address: Address) -> list[str]:
        """`team=payments`, for each label of an object."""
        return [f"{key}={value}" for key, value in self.labels.get(address, {}).items()]


NOWHERE = Surroundings()
"""Nothing is known of the workspace."""

CHUNK = 50
"""Things a browser lays out together, once they come into sight."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page below the objects; `anchor` is its id."""

    anchor: str
    title: str
    body: Html


def chunked(parts: Iterable[Html], tag: str = "div") -> Html:
    """Many things in pieces that a browser passes over, as long as they are out of sight."""
    found = list(parts)
    class_ = "chunk" if len(found) > CHUNK else None
    return lines(
        element(tag, lines(found[start : start + CHUNK]), class_=class_)
        for start in range(0, len(found), CHUNK)
    )


def platform_words(platforms: Iterable[PlatformInfo]) -> Html:
    """Name, URL and version of each, a line each."""
    return lines(element("span", *_platform(info), class_="line") for info in platforms)


def _platform(info: PlatformInfo) -> list[Content]:
    version = info.artifactory_version
    url = element("span", safe_url(info.url), class_="data")
    return [element("b", info.name), " ", url, f" (Artifactory {version})" if version else None]


def blocked(block: Block) -> Html:
    """Why something is not carried out, and what would allow it."""
    words = element("p", element("code", block.code), " ", block.message)
    way = element("p", "Allowed by ", element("code", block.override)) if block.override else None
    return element("div", words, way, class_="block")


def evidence(found: Mapping[str, JsonValue], *, alarming: bool) -> Html | None:
    """What a reviewer should know of an object."""
    told = [
        element(
            "p", element("b", label.capitalize()), " ", words, class_=f"evidence {_alarm(alarming)}"
        )
        for label, words in evidence_lines(found)
    ]
    if len(told) > 1:
        return element("div", *told)
    return told[0] if told else None


def _alarm(alarming: bool) -> str:
    return "alarm" if alarming else "calm"


def facts(pairs: Iterable[tuple[str, Content]], class_: str = "facts") -> Html | None:
    """A list of terms and what they are; those without a value are left out."""
    told = [pair for pair in pairs if pair[1]]
    if not told:
        return None
    return element(
        "dl",
        *(element("div", element("dt", term), element("dd", value)) for term, value in told),
        class_=class_,
    )


def linked(addresses: Iterable[Address], anchors: Mapping[Address, str]) -> Html:
    """Addresses, as links where the page shows the object."""
    return joined(_link(address, anchors.get(address)) for address in addresses)


def _link(address: Address, anchor: str | None) -> Html:
    text = str(address)
    return element("a", text, href=f"#{anchor}") if anchor else element("span", text)


def finding_section(found: Sequence[Diagnostic]) -> Section:
    """Errors first, each with its place and what to do."""
    order = ("error", "warning", "info")
    told = sorted(found, key=lambda d: order.index(d.severity))
    title = count_words(found)
    return Section("findings", f"Findings: {title}", chunked(map(_finding, told)))


def _finding(finding: Diagnostic) -> Html:
    head = [element("b", finding.severity), " ", element("code", finding.rule), " "]
    return element(
        "div",
        element("p", *head, finding.summary),
        element("p", finding.place, class_="place") if finding.place else None,
        element("p", finding.detail, class_="dim") if finding.detail else None,
        element("p", "Help: ", finding.hint) if finding.hint else None,
        class_=f"finding {finding.severity}",
    )


def unmanaged_section(addresses: Sequence[Address]) -> Section:
    """Live objects that nobody declares."""
    told = (element("li", str(address)) for address in addresses)
    title = f"{counted(len(addresses), 'object')} that no manifest declares"
    return Section("unmanaged", title, element("div", chunked(told, "ul"), class_="addresses"))
