"""Fixtures all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.estate import Estate

# What another run found sound must not decide a test.
os.environ["RECONCILER_CACHE"] = "off"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A fresh workspace beside a fresh platform."""
    return Estate(tmp_path)
