"""Fixtures all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.estate import Estate

# What another run found sound must not decide a test.
os.environ["RECONCILER_CACHE"] = "off"

# A busy machine fails no property, and the suite plays the same examples each time: new ones are
# for `make fuzz`.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize="RECONCILER_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A fresh workspace beside a fresh platform."""
    return Estate(tmp_path)
