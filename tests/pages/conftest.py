"""One headless browser for all tests of pages; without one they are skipped, and say why.

With RECONCILER_PAGES=all (`make pages`) the thorough ones run too, and a missing browser fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.support.browser import browser, missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ALL = os.environ.get("RECONCILER_PAGES") == "all"

thorough = pytest.mark.skipif(not ALL, reason="`make pages` runs it")

Show = Callable[..., "Page"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    if why := missing():
        without(why)
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(browser())
        except Exception as error:  # a browser that may not start here is like none
            without(f"the browser does not start: {str(error).partition(chr(10))[0]}")
        yield opened


def without(why: str) -> NoReturn:
    """Skip what needs a browser, or fail where all tests were asked for."""
    if ALL:
        pytest.fail(why)
    pytest.skip(why)


class Strange(list[str]):
    """What a page should not have done."""


@pytest.fixture
def strange() -> Strange:
    """Messages on the console, uncaught errors, dialogs and requests of the pages of this test."""
    return Strange()


def watched(page: Page, strange: Strange, home: str) -> Page:
    """A page of which everything strange is noted; it may load nothing but pages of this test."""
    page.set_default_timeout(5000)
    page.on("console", lambda message: strange.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: strange.append(f"uncaught: {error}"))
    page.on("dialog", lambda dialog: strange.append(f"dialog: {dialog.message}"))
    page.on("request", lambda r: None if r.url.startswith(home) else strange.append(r.url))
    return page


@pytest.fixture
def show(chromium: Browser, tmp_path: Path, strange: Strange) -> Iterator[Show]:
    """A function that opens the text of a page; nothing strange may have happened in the end."""
    contexts = []
    names = count()

    def open_(text: str, anchor: str = "", page: Page | None = None, **options: object) -> Page:
        file = tmp_path / f"{next(names)}.html"
        file.write_text(text, encoding="utf-8")
        if page is None:
            context = chromium.new_context(**options)  # type: ignore[arg-type]
            contexts.append(context)
            page = watched(context.new_page(), strange, tmp_path.as_uri())
        page.goto(file.as_uri() + anchor)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not strange
