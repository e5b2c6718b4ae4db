"""A bench for the action: a workspace, a platform, a fake GitHub and a runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import served
from tests.github.bench import Bench
from tests.support.fake_github import listening


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An empty platform, and a repository whose workspace declares nothing yet."""
    workspace, folder = tmp_path / "checkout", tmp_path / "runner"
    workspace.mkdir()
    folder.mkdir()
    with served("main") as server, listening() as github:
        yield Bench(workspace, folder, monkeypatch, server, github)
