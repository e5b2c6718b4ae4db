"""Kill -9 at some moments of the mixed apply; `make reliability` does it at every one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reliability.disturbed import calm
from tests.reliability.killed import Kill, When, forks, killed, steps
from tests.reliability.mixed import TOGETHER


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    """The process that forks lives as long as the tests of this file."""
    yield
    forks().close()
    forks.cache_clear()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", ["v2/repositories/batch", "api/v1/projects", "federation/migrate"])
def test_killed_at_a_write(when: When, path: str) -> None:
    """Before the write landed and after it: the next apply ends converged, nothing twice."""
    point = next(p for p in calm(TOGETHER).points if path in p.path and not p.is_read)
    verdict = killed(Kill(TOGETHER, when, point))

    assert verdict.faults == (), verdict


@pytest.mark.parametrize(
    "step, when",
    [("open .lock", "inventory"), ("sync", "torn"), ("os.rename", "inventory")],
    ids=["before it is locked", "torn", "before it is replaced"],
)
def test_killed_at_the_inventory(step: str, when: When) -> None:
    """What was recorded is there or is not, whole; the next apply knows what it has to know."""
    passed = steps(TOGETHER)
    number = [i for i, name in enumerate(passed) if name.startswith(step)][-2:][0]
    verdict = killed(Kill(TOGETHER, when, step=number))

    assert verdict.faults == (), verdict
