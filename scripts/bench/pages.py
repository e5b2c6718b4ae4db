"""What the HTML page of a large plan takes in headless Chromium: until painted, until filtered."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from reconciler.model import (
    Action,
    Address,
    Change,
    FieldChange,
    Origin,
    Plan,
    PlannedRequest,
    PlatformInfo,
)
from reconciler.report.html.parts import Surroundings
from reconciler.report.html.plan import plan_html
from scripts.bench.rows import Row
from tests.support.browser import browser, missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNT = 10_000
TEAMS = 97
KINDS = ("LocalRepository", "RemoteRepository", "VirtualRepository", "Group")
PLATFORMS = ("east", "west")


def large_plan(count: int) -> Plan:
    """Six creations to four updates, half a percent of deletions; as many objects unmanaged."""
    platforms = tuple(PlatformInfo(name, f"https://{name}.example.com") for name in PLATFORMS)
    strays = (Address("LocalRepository", (f"stray-{i}",)) for i in range(count))
    return Plan(
        tuple(map(_change, range(count))),
        unchanged=count,
        platforms=platforms,
        unmanaged=tuple(strays),
    )


def _change(number: int) -> Change:
    name = f"team{number % TEAMS}-npm-{number:05}"
    deletes = number % 200 == 0
    action = Action.DELETE if deletes else Action.CREATE if number % 10 < 6 else Action.UPDATE
    return Change(
        Address(KINDS[number % 4], (name,), PLATFORMS[number % 2], qualified=True),
        action,
        "absent" if action is Action.CREATE else "field-differs",
        _fields(number, action),
        risk="destructive" if deletes else ("safe", "notable", "disruptive")[number % 3],
        origin=Origin(f"manifests/team{number % TEAMS}/{number // 20}.yaml", number % 20 * 8 + 1),
        evidence={"artifacts": number, "bytes": number * 1000} if deletes else {},
        requests=(PlannedRequest("PUT", f"/artifactory/api/repositories/{name}"),),
    )


def _fields(number: int, action: Action) -> tuple[FieldChange, ...]:
    if action is Action.CREATE:
        return tuple(FieldChange(f"spec.field{i}", after=f"{number} of {i}") for i in range(6))
    if action is Action.DELETE:
        return ()
    names = [f"npm-{number}", "npm-shared", "npm-remote"]
    return (
        FieldChange("spec.description", f"Packages of {number}", f"All packages of {number}"),
        FieldChange("spec.repositories", names, names[::-1], ordered=True),
    )


STEPS = {
    "search": "search.value = 'team7 of npm'; tell(search, 'input')",
    "kind": "kind.value = 'Group'; tell(kind, 'change')",
    "action": "document.querySelector('input[value=update]').click()",
    "back to all": "document.getElementById('reset').click()",
}
"""What a reader does, in the order in which it is measured."""

MEASURE = """async () => {{
  const search = document.getElementById("search");
  const kind = document.querySelector("select[name=kind]");
  const tell = (field, event) => field.dispatchEvent(new Event(event, {{ bubbles: true }}));
  const start = performance.now();
  {step};
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}}"""
"""Milliseconds until the next frame is painted."""

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
READ_AHEAD = "new Promise((done) => requestIdleCallback(done))"


def rows(runs: int, count: int = COUNT) -> Iterator[Row]:
    """Every row of this file. Raises RuntimeError without a browser."""
    if why := missing():
        raise RuntimeError(f"{why}; without one there is nothing to measure")
    plan, around = large_plan(count), Surroundings("bench", _labels(count))
    start = time.perf_counter()
    text = plan_html(plan, surroundings=around)
    made = time.perf_counter() - start
    paints: list[float] = []
    loads: list[float] = []
    filters: dict[str, list[float]] = {step: [] for step in STEPS}
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        file = Path(folder) / "plan.html"
        file.write_text(text, encoding="utf-8")
        for _ in range(runs):
            page = opened.new_page(viewport={"width": 1280, "height": 900})
            page.goto(file.as_uri())
            paints.append(page.evaluate(FIRST_PAINT))
            loads.append(page.evaluate(LOADED))
            _filter(page, filters)
            page.close()
    what = f"page of {count:,} changes"
    detail = (
        f"rendered in {made:.1f} s, {len(text) / 1e6:.1f} MB; usable after {min(loads):,.0f} ms"
    )
    yield Row(f"{what}: first paint", median(paints), 1000, "ms", detail)
    for step, times in filters.items():
        yield Row(f"{what}: filter, {step}", median(times), 200, "ms", f"most {max(times):.0f} ms")


def _filter(page: Page, filters: dict[str, list[float]]) -> None:
    page.evaluate(READ_AHEAD)
    for step, times in filters.items():
        times.append(page.evaluate(MEASURE.format(step=STEPS[step])))


def _labels(count: int) -> dict[Address, dict[str, str]]:
    return {_change(i).address: {"team": f"team{i % TEAMS}"} for i in range(count)}
