"""Fixtures all rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.estate import Estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A fresh workspace beside a fresh platform."""
    return Estate(tmp_path)
