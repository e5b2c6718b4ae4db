"""Fixtures of the command line's tests: a desk with one platform, and one with two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import Desk, served


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace of one platform, which is empty."""
    with served() as server:
        made = Desk(tmp_path, monkeypatch, server.sandbox, server.urls)
        made.workspace()
        yield made


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The same at a server that has no bulk read."""
    with served(version="7.49.0") as server:
        made = Desk(tmp_path, monkeypatch, server.sandbox, server.urls)
        made.workspace()
        yield made


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace of two platforms, each with a token of its own."""
    with served("east", "west") as server:
        made = Desk(tmp_path, monkeypatch, server.sandbox, server.urls)
        monkeypatch.delenv("JFROG_URL")
        monkeypatch.delenv("JFROG_ACCESS_TOKEN")
        for name, url in server.urls.items():
            monkeypatch.setenv(f"{name.upper()}_URL", url)
            monkeypatch.setenv(
                f"{name.upper()}_TOKEN", server.sandbox.platforms[name].tokens["admin"]
            )
        made.workspace(
            platforms={
                name: {
                    "url": {"env": f"{name.upper()}_URL"},
                    "token": {"env": f"{name.upper()}_TOKEN"},
                }
                for name in server.urls
            },
            defaultPlatforms=["east"],
        )
        yield made
