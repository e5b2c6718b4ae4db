"""Changed fields in, a table of what was and what will be out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model import FieldChange
from reconciler.report.html.markup import Html, element
from reconciler.report.rows import Detail, Item, Row, rows

_SHOWN = Detail(room=400, line=100, path=200, lines=60, rows=200)
_ELEMENTS = {"+": "ins", "-": "del"}
_SIGNS = {"-": "−"}  # noqa: RUF001 - as wide as the plus


def field_table(fields: Iterable[FieldChange]) -> Html:
    """One row for each path; empty when there is nothing to show."""
    made = [_row(row) for row in rows(fields, _SHOWN)]
    return element("table", *made, class_="fields") if made else Html("")


def _row(row: Row) -> Html:
    return element("tr", element("th", row.path, scope="row"), element("td", *_told(row)))


def _told(row: Row) -> Iterator[Html]:
    if row.items:
        yield from map(_item, row.items)
        return
    if row.before is not None:
        yield _line("-", row.before)
        yield _line("+", row.after or "")
    else:
        yield element("span", row.after, class_="new")
    if row.note:
        yield element("span", f" {row.note}", class_="dim")


def _item(item: Item) -> Html:
    return _line(item.sign, item.text)


def _line(sign: str, text: str) -> Html:
    told = f"{_SIGNS.get(sign, sign)} {text}"
    if sign in _ELEMENTS:
        return element(_ELEMENTS[sign], told)
    return element("span", told, class_="edit" if sign == "~" else "line")
