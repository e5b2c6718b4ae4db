"""Fixtures: a sandbox with Connect whose clock stands still."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.connect.support import START, ConnectApi


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox with Connect."""
    made = Sandbox(connect=True)
    made.clock.freeze(START)
    return made


@pytest.fixture
def api(sandbox: Sandbox) -> ConnectApi:
    """Somebody who may do everything."""
    return ConnectApi(sandbox)
