"""Fixtures: a sandbox and its administrator."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.support import Api


@pytest.fixture
def sandbox() -> Sandbox:
    """A quiet sandbox: sets keep their order, descriptions stay as sent."""
    return Sandbox(quirks={"reorder_sets": False, "cache_suffix": False})


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    """The administrator of its only platform."""
    return Api(sandbox.platforms["default"])
