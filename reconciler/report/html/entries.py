"""Objects with what is told of them in, the groups of a page and its filters out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from reconciler.model import Address, Origin
from reconciler.report.html.markup import Html, element, markup
from reconciler.report.html.parts import chunked
from reconciler.report.sanitise import shorten, visible

LONGEST_ADDRESS = 300
FEW = 40
"""A page of so many objects shows them all opened."""
MOST_CHOICES = 300
"""Values one filter offers; the search finds the others."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a page: a headline that opens, and what is below it.

    `look` names its colour and `sign` says the same without one; `facets` are what it can be
    filtered by; an urgent one is opened whatever the size of the page.
    """

    address: Address
    sign: str
    look: str
    facets: Mapping[str, str]
    notes: Sequence[str] = ()
    origin: Origin | None = None
    labels: Sequence[str] = ()
    body: Html = Html("")
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading."""

    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Facet:
    """One property to filter by, its values with their counts in the order they are offered."""

    name: str
    title: str
    counts: Mapping[str, int]


def facets(titles: Mapping[str, str], entries: Iterable[Entry]) -> list[Facet]:
    """The filters that tell the entries apart, the first one in any case, labels last."""
    found = list(entries)
    made: list[Facet] = []
    for name, title in titles.items():
        counts = Counter(entry.facets[name] for entry in found)
        if len(counts) > 1 or not made:
            made.append(Facet(name, title, _offered(counts, by_name=bool(made))))
    labels = Counter(label for entry in found for label in entry.labels)
    return [*made, Facet("label", "Label", _offered(labels))] if labels else made


def _offered(counts: Counter[str], *, by_name: bool = True) -> dict[str, int]:
    most = dict(counts.most_common(MOST_CHOICES))
    return dict(sorted(most.items())) if by_name else dict(counts)


def numbered(addresses: Iterable[Address]) -> dict[Address, str]:
    """The anchor of each object, in the order of the page."""
    return {address: anchor(number) for number, address in enumerate(addresses, start=1)}


def anchor(number: int) -> str:
    """The id of the object that is shown at this place, counted from 1."""
    return f"c{number}"


def group_sections(groups: Sequence[Group]) -> Iterator[Html]:
    """One section for each group."""
    few = sum(len(group.entries) for group in groups) <= FEW
    places = count(1)
    for group in groups:
        articles = [
            _article(entry, anchor(next(places)), opened=few or entry.urgent)
            for entry in group.entries
        ]
        number = element("span", f"{len(articles):,}", class_="count")
        heading = element("h2", group.title, " ", number)
        yield element("section", heading, chunked(articles), class_="group")


def _article(entry: Entry, id_: str, *, opened: bool) -> Html:
    data = {f"data_{name}": value for name, value in entry.facets.items()}
    labels = json.dumps([visible(label) for label in entry.labels]) if entry.labels else None
    return element(
        "details",
        _summary(entry),
        element("div", entry.body, class_="body") if entry.body else None,
        id=id_,
        class_=f"entry {entry.look}",
        data_label=labels,
        open=opened,
        **data,
    )


def _summary(entry: Entry) -> Html:
    return element(
        "summary",
        element("span", entry.sign, class_="sign", aria_hidden="true"),
        element("h3", _address(entry.address)),
        element("span", ", ".join(entry.notes), class_="notes") if entry.notes else None,
        _place(entry.origin),
    )


def _address(address: Address) -> Html:
    """The address with its last part standing out."""
    head, slash, name = shorten(visible(str(address)), LONGEST_ADDRESS).rpartition("/")
    return markup([element("span", head + slash, class_="kind"), element("b", name)])


def _place(origin: Origin | None) -> Html | None:
    if origin is None:
        return None
    return element("span", shorten(visible(str(origin)), 120), class_="place")
