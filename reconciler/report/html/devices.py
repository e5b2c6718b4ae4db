"""The devices of a deployment in, a table of them that unfolds out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model import JsonValue
from reconciler.report.figures import counted
from reconciler.report.html.markup import Html, element

MOST = 1000
"""Devices of one deployment that a page lists; the plan as JSON has all of them."""

_COLUMNS = ("Device", "Name", "Group", "Is", "Gets", "Class", "Why")


def device_list(evidence: Mapping[str, JsonValue]) -> Html | None:
    """Every device with what it runs, what it gets and why; None where there are none."""
    found: Any = evidence.get("devices")
    if "waves" not in evidence or not isinstance(found, list) or not found:
        return None
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    left = len(found) - MOST
    return element(
        "details",
        element("summary", counted(len(found), "device")),
        element(
            "div",
            element("table", element("thead", head), element("tbody", *_rows(found[:MOST]))),
            class_="wide",
        ),
        element("p", f"{left:,} more are in the plan as JSON.") if left > 0 else None,
        class_="devices",
    )


def _rows(found: Iterable[Mapping[str, Any]]) -> Iterable[Html]:
    for one in found:
        cells = (one.get("name"), one.get("group"), one.get("from") or "none")
        more = (one.get("to") or "", one.get("status"), one.get("reason"))
        yield element(
            "tr",
            element("th", str(one.get("uuid", "")), scope="row"),
            *(element("td", str(cell or "")) for cell in (*cells, *more)),
        )
