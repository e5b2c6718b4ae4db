"""Few requests, whatever the size: what a plan and an apply of many repositories cost (spec 13)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.estate import Estate, local, remote, virtual

TEAMS = 60
BATCH = "/artifactory/api/v2/repositories/batch"


@pytest.fixture
def many(estate: Estate) -> Estate:
    """300 new repositories: locals, remotes, and virtuals that name one of each."""
    for team in range(TEAMS):
        names = [f"team{team}-{word}" for word in ("a-local", "b-local", "c-local", "remote")]
        estate.write(
            {
                f"team{team}.yaml": [
                    *(local(name, "npm", description=name) for name in names[:3]),
                    remote(names[3]),
                    virtual(f"team{team}-npm", "npm", repositories=[names[0], names[3]]),
                ]
            }
        )
    return estate


def test_a_plan_reads_everything_at_once(many: Estate) -> None:
    """Two requests for 300 converged repositories: the version, and one listing."""
    assert set(many.apply().results().values()) == {"done"}
    many.forget_requests()

    assert many.plan().is_empty
    assert many.requests() == [
        "GET /artifactory/api/system/version",
        "GET /artifactory/api/repositories/configurations",
    ]


def test_an_apply_writes_and_reads_back_in_batches(many: Estate) -> None:
    """Four batches for 300 new repositories, two steps; each is looked at twice, read back once."""
    assert set(many.apply().results().values()) == {"done"}

    asked = Counter(many.requests())
    assert asked[f"PUT {BATCH}"] == 4  # 240 that name nobody, then 60 that name them
    assert asked[f"GET {BATCH}"] <= 7  # 3 before the plan, then what was written
    assert sum(asked.values()) <= 15


def test_what_is_absent_is_asked_for_by_name_once(many: Estate) -> None:
    """The second look of the plan counts for the apply within the minute, as its listing does."""
    with many.session() as run:
        addresses = [manifest.address for manifest in run.chosen]
        first = run.observer.observe(addresses).objects
        many.forget_requests()
        again = run.observer.fresh(addresses, newest=60)
        known = many.requests()
        many.time.sleep(61)
        run.observer.fresh(addresses, newest=60)

    assert again == first
    assert known == []
    assert many.requests()
