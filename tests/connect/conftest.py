"""An empty fleet for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connect.support import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """A workspace and an empty fleet."""
    return Fleet(tmp_path)
