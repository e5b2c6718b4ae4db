"""The page in a real browser: quiet, filtered at once, usable with keys, on paper, in the dark."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from reconciler.model import Action
from reconciler.report.html.drift import drift_html
from reconciler.report.html.outcome import outcome_html
from reconciler.report.html.plan import plan_html
from tests.pages.conftest import Show, Strange, thorough
from tests.report import samples
from tests.report.renderers import HTML
from tests.report.test_html import many

if TYPE_CHECKING:
    from playwright.sync_api import Page

FULL = plan_html(samples.FULL, surroundings=samples.SURROUNDINGS)
PAGES = {
    "plan": FULL,
    "quiet": plan_html(samples.CONVERGED),
    "outcome": outcome_html(samples.FULL, samples.OUTCOMES, 5, surroundings=samples.SURROUNDINGS),
    "drift": drift_html(samples.DRIFT),
}


def names(page: Page) -> list[str]:
    """The names of the objects that are to be seen, in order."""
    return page.locator(".entry:visible h3 b").all_inner_texts()


def told(page: Page) -> str:
    """What the page says of its filter."""
    return page.locator("#shown").inner_text()


def focused(page: Page) -> str:
    """The text of the element that has the focus."""
    return str(page.evaluate("document.activeElement.innerText.split('\\n')[0]"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_quietly(show: Show, name: str) -> None:
    """Nothing appears on the console, nothing is fetched, and nothing is wider than the window."""
    page = show(PAGES[name], viewport={"width": 360, "height": 800})

    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_search(show: Show) -> None:
    """Words are looked for in names, fields, values, files and labels; all must be there."""
    page = show(FULL)
    search = page.get_by_role("searchbox")

    for words, found in {
        "OLD-maven": ["old-maven"],
        "everything place": ["npm"],
        "manifests/core.yaml": ["core-maven"],
        "tier=1": ["payments-npm-local"],
        "everything nowhere": [],
    }.items():
        search.fill(words)
        assert names(page) == found
    assert told(page) == "0 of 12 changes"
    assert page.get_by_text("No changes match.").is_visible()
    search.press("Escape")
    assert told(page) == "12 changes"


def test_filters(show: Show) -> None:
    """Kind, risk, platform and label narrow down together, several actions widen."""
    page = show(FULL)
    page.get_by_label("Kind").select_option("LocalRepository")
    assert names(page) == ["core-maven", "old-maven", "scratch", "payments-npm-local"]
    page.get_by_label("Risk").select_option("destructive")
    assert names(page) == ["core-maven", "old-maven", "scratch"]
    assert page.locator("h2:visible").first.inner_text() == "Blocked 1"
    page.get_by_role("button", name="Reset").click()
    assert told(page) == "12 changes"
    page.get_by_label("Platform").select_option("west")
    assert told(page) == "2 of 12 changes"
    page.get_by_label("Platform").select_option("")
    page.get_by_label("Label").select_option("team=web")
    assert names(page) == ["npm"]
    page.get_by_label("Label").select_option("")
    for action in ("delete", "create"):
        page.get_by_role("checkbox", name=action).check(force=True)
    assert names(page) == ["old-maven", "payments-npm-local"]


def test_a_page_of_outcomes_is_filtered_by_result(show: Show) -> None:
    """What failed is one click away."""
    page = show(PAGES["outcome"])

    page.get_by_role("checkbox", name="failed").check(force=True)

    assert names(page) == ["npm-remote"]
    assert told(page) == "1 of 6 outcomes"


def test_keyboard(show: Show) -> None:
    """The list is one key away, arrows lead through it, Enter opens, and the focus is seen."""
    page = show(FULL)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the changes"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator("summary").first
    assert first.evaluate("e => e === document.activeElement")
    assert first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"

    page.keyboard.press("ArrowDown")
    assert page.locator("summary").nth(1).evaluate("e => e === document.activeElement")
    was = page.locator(".entry").nth(1).evaluate("e => e.open")
    page.keyboard.press("Enter")
    assert page.locator(".entry").nth(1).evaluate("e => e.open") is not was
    page.keyboard.press("End")
    assert page.locator("summary").last.evaluate("e => e === document.activeElement")


def test_everything_can_be_reached_with_tab(show: Show) -> None:
    """Fields, buttons and headlines get the focus in the order in which they stand."""
    page = show(FULL)
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))

    order = [s for s in seen if s in ("search", "SELECT", "INPUT", "open", "close", "SUMMARY")]
    assert order[0] == "search"
    assert order[1] == "SELECT"
    assert seen.index("open") < seen.index("SUMMARY")
    assert order.count("SUMMARY") >= 12


def test_a_link_to_an_object_opens_it(show: Show) -> None:
    """A link works from outside and from within, even to an object that is filtered away."""
    page = show(plan_html(many(60)), "#c30")
    assert page.locator("#c30").evaluate("e => e.open")
    page.get_by_role("searchbox").fill("gone")
    assert names(page) == ["gone"]

    page.evaluate("location.hash = '#c40'")
    page.wait_for_function("document.getElementById('c40').open")

    assert page.locator("#c40 summary").evaluate("e => e === document.activeElement")
    assert told(page) == "61 changes"


def test_the_picture_leads_to_the_objects(show: Show) -> None:
    """An object of this plan is a link in the picture of the references."""
    page = show(FULL)
    page.get_by_role("button", name="Close all").click()

    page.locator(".graph a", has_text="payments-npm-local").first.click()

    page.wait_for_function("document.querySelectorAll('.entry[open]').length === 1")
    assert page.locator(".entry[open] h3 b").inner_text() == "payments-npm-local"


def test_hostile_texts_stay_texts(show: Show) -> None:
    """A plan of nothing but hostile names runs no script and violates no policy."""
    plans = [samples.hostile_plan(text) for text in samples.HOSTILE]
    changes = [change for plan in plans for change in plan.changes]
    found = [finding for plan in plans for finding in plan.diagnostics]
    platforms = [info for plan in plans for info in plan.platforms]
    plan = replace(plans[0], changes=(*changes,), diagnostics=(*found,), platforms=(*platforms,))

    page = show(plan_html(plan))

    assert page.locator("script").count() == 1
    assert page.locator(".entry").count() == len(changes)
    page.get_by_role("searchbox").fill("<img src=x onerror=alert(1)>")
    assert 0 < page.locator(".entry:visible").count() < len(changes)


@thorough
@pytest.mark.parametrize("render", HTML)
def test_each_hostile_text_stays_a_text(show: Show, render: str) -> None:
    """The same for every text alone, in every place of every page."""
    page = show("<!DOCTYPE html>")
    for text in samples.HOSTILE:
        show(HTML[render](text), page=page)
        assert page.locator("script").count() == 1


def test_the_policy_holds(show: Show, strange: Strange) -> None:
    """Even markup that got in could load nothing and run nothing."""
    page = show(FULL)

    blocked = page.evaluate(
        """() => new Promise(done => {
          const seen = [];
          addEventListener('securitypolicyviolation', event => {
            seen.push(event.effectiveDirective);
            if (seen.length === 3) done(seen.sort());
          });
          for (const [tag, name, value] of [
            ['img', 'src', 'https://evil.example.com/x.png'],
            ['style', 'textContent', 'body { display: none }'],
            ['div', 'style', 'color: red'],
          ]) {
            const made = document.createElement(tag);
            if (name === 'textContent') made.textContent = value;
            else made.setAttribute(name, value);
            document.body.append(made);
          }
        })"""
    )

    assert blocked == ["img-src", "style-src-attr", "style-src-elem"]
    assert [s for s in strange if "Content Security Policy" not in s and "evil" not in s] == []
    strange.clear()


def test_without_a_script_everything_is_there(show: Show) -> None:
    """Where scripts are off, the filter is gone and every object can still be opened."""
    page = show(plan_html(many(60)), java_script_enabled=False)

    assert page.locator("#filter").is_hidden()
    assert page.locator(".entry").count() == 61
    page.locator("summary").last.click()
    assert page.locator(".entry .body").last.is_visible()


def test_paper(show: Show) -> None:
    """Printed, everything is opened, nothing to click is left, and it is black on white."""
    page = show(plan_html(many(60)), color_scheme="dark")
    folded = page.pdf()
    assert not page.locator(".entry").last.evaluate("e => e.open")  # closed again
    page.get_by_role("button", name="Open all").click()
    unfolded = page.pdf()
    page.emulate_media(media="print")

    pages = [len(re.findall(rb"/Type\s*/Page\b", pdf)) for pdf in (folded, unfolded)]
    assert pages[0] == pages[1] > 1
    assert page.locator("#filter").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_readers_theme(show: Show, scheme: str) -> None:
    """Light text on a dark page where the reader wants that, the other way round elsewhere."""
    page = show(FULL, color_scheme=scheme)

    text, ground = (
        sum(map(int, re.findall(r"\d+", page.evaluate(f"getComputedStyle(document.body).{name}"))))
        for name in ("color", "backgroundColor")
    )
    assert (text > ground) is (scheme == "dark")


def test_devices_unfold(show: Show) -> None:
    """A long table scrolls in itself, and arrow keys on its headline lead nowhere."""
    names = ("uuid", "name", "group", "from", "to", "status", "reason")
    found = [{name: f"{name} of device {i}" for name in names} for i in range(20)]
    deploy = next(c for c in samples.FULL.changes if c.action is Action.DEPLOY)
    counts = {"classes": {"to-update": 20}, "reads": 1, "writes": 1, "selector": "everything"}
    where = {"fleet": {"key": "demo", "devices": 20, "matched": 20}, "waves": [], "aborts": []}
    evidence = {"devices": found, **counts, **where}
    plan = replace(samples.FULL, changes=(replace(deploy, evidence=evidence),))
    page = show(plan_html(plan), viewport={"width": 360, "height": 800})
    headline = page.locator(".devices summary")
    headline.press("Enter")
    headline.press("ArrowDown")

    assert page.locator(".devices tbody tr").count() == 20
    assert page.get_by_text("reason of device 19").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert headline.evaluate("e => e === document.activeElement")


def test_landmarks(show: Show) -> None:
    """A screen reader finds the parts of the page, and headings without gaps."""
    page = show(FULL)

    for role in ("banner", "search", "main", "navigation", "contentinfo"):
        assert page.get_by_role(role).count() == 1  # type: ignore[arg-type]
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(show: Show, name: str, scheme: str, strange: Strange) -> None:
    """axe-core has nothing to say about any page in either theme, contrast included."""
    from axe_playwright_python.sync_playwright import Axe

    page = show(PAGES[name], color_scheme=scheme, bypass_csp=True)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
