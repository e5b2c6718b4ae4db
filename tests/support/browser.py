"""A real browser for tests, benchmarks and pictures: headless Chromium, if there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""Nothing is looked up, fetched or updated."""


def missing() -> str:
    """Why no browser can be started; empty when one can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "the Python package playwright is not installed"
    if not program():
        return f"no browser: none of {', '.join(NAMES)} is installed, RECONCILER_BROWSER is not set"
    return ""


def program() -> str | None:
    """The browser's path: what RECONCILER_BROWSER says, else the first one found."""
    found = (os.environ.get("RECONCILER_BROWSER"), *map(shutil.which, NAMES))
    return next((path for path in found if path), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that ends with the block."""
    from playwright.sync_api import sync_playwright

    # As root, Chromium starts without its sandbox only. It shows nothing but pages of ours.
    alone = ["--no-sandbox"] if not hasattr(os, "geteuid") or os.geteuid() == 0 else []
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=program(), args=[*QUIET, *alone])
        try:
            yield opened
        finally:
            opened.close()
