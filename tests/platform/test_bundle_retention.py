"""What a plan, `status` and `run` tell of the retention of release bundles."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Exit
from reconciler.operating import operate, order, status
from reconciler.sandbox.policies.bundle_retention import BY_AGE, BY_NUMBER, matching
from tests.platform.test_convergence import FUZZ, assert_done
from tests.platform.test_policy_evidence import NOW, blocked, frozen, impact, only
from tests.support.estate import Estate, manifest

ADDRESS = "ReleaseBundleRetention/default"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """Five versions of a bundle, one of them kept, and one that is very old."""
    made = frozen(tmp_path)
    hold(made, *({"name": "app", "version": str(n), "createdDaysAgo": 50 - n} for n in range(5)))
    hold(made, {"name": "old", "version": "1", "createdDaysAgo": 2000})
    keep(made, "app", "0")
    return made


def hold(estate: Estate, *rows: Mapping[str, Any]) -> None:
    """Versions of release bundles on the platform."""
    estate.tell("POST", "/_sandbox/bundles", {"bundles": list(rows)})


def keep(estate: Estate, name: str, version: str) -> None:
    """Mark a version to be kept."""
    for one in estate.platform.store.retention.bundles:
        one.keep = one.keep or (one.name, one.version) == (name, version)


def declare(estate: Estate, **spec: Any) -> None:
    """The retention as it is to be."""
    estate.declare(manifest("ReleaseBundleRetention", "default", spec))


def truth(estate: Estate) -> int:
    """How many versions break one of the figures that are set, and are not kept."""
    now = estate.sandbox.clock.now()
    found = [one for kind in (BY_NUMBER, BY_AGE) for one in matching(estate.platform, kind, now)]
    return len({id(one) for one in found if not one.keep})


rows = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(("app", "lib", "core")), "createdDaysAgo": st.integers(0, 60)}
    ),
    max_size=20,
    unique_by=lambda row: row["createdDaysAgo"],
)


@FUZZ
@given(
    rows,
    st.sets(st.integers(0, 19)),
    st.tuples(st.integers(1, 4), st.integers(1, 60)),
    st.tuples(st.integers(0, 3), st.integers(0, 30)),
)
def test_a_plan_counts_what_would_be_deleted_property(
    held: list[dict[str, Any]], kept: set[int], live: tuple[int, int], more: tuple[int, int]
) -> None:
    """The figures as they are, or raised, select as many versions as the platform has then."""
    with tempfile.TemporaryDirectory() as folder:
        estate = frozen(Path(folder))
        hold(estate, *({**row, "version": str(n)} for n, row in enumerate(held)))
        for number in kept:
            for row in held[number : number + 1]:
                keep(estate, row["name"], str(number))
        names = ("numOfVersionsToKeepPerReleaseBundle", "maxDaysToKeep")
        declare(estate, enable=False, **dict(zip(names, live, strict=True)))
        estate.apply()
        raised = [before + by for before, by in zip(live, more, strict=True)]
        declare(estate, enable=True, **dict(zip(names, raised, strict=True)))
        told = impact(only(estate))
        estate.apply()
        assert (told["source"], told["candidates"]) == ("preview", truth(estate))


def test_a_plan_names_the_oldest_and_no_share_of_a_repository(estate: Estate) -> None:
    """Bundles lie in no repository: a limit on its share has nothing to say of them."""
    estate.workspace(limits={"policy": {"percentOfRepository": 1, "artifacts": 3}})
    declare(estate, enable=True)
    told = impact(only(estate))
    assert told["candidates"] == 3  # versions 1 and 2 of app, and the old one
    assert told["oldest"]["name"] == "old 1"
    assert told["percentOfRepository"] is None
    assert blocked(estate) == ([], Exit.DONE)
    estate.workspace(limits={"policy": {"artifacts": 2}})
    (message,), code = blocked(estate)
    assert "3 artifacts are more than 2" in message
    assert code == Exit.BLOCKED


def test_a_figure_that_is_lowered_is_unknown(estate: Estate) -> None:
    """The platform counts by the figures that are set, so it lists too few."""
    declare(estate, maxDaysToKeep=10)
    told = impact(only(estate))
    assert told["candidates"] == "unknown"
    assert told["gaps"] == [
        "max_days_to_keep is lowered from 1100 to 10, and the platform lists only what is a "
        "candidate now (3)"
    ]


def test_a_report_of_many_pages_is_read_whole(estate: Estate) -> None:
    """A thousand at a time; the budget bounds them."""
    hold(
        estate,
        *({"name": "big", "version": str(n), "createdDaysAgo": n / 100} for n in range(2500)),
    )
    declare(estate, enable=True)
    assert impact(only(estate))["candidates"] == 3 + 2498
    assert impact(only(estate, evidence_budget=3))["candidates"] == "unknown"


def test_status_tells_what_it_deleted_and_when_it_does_next(estate: Estate) -> None:
    """Off, by hand, and by itself."""
    declare(estate, enable=False)
    assert told(estate) == (
        "not in force; marks that keep a version are ignored; no deletion in its newest history"
    )
    declare(estate, enable=True, automatic=True, cronPattern="0 0 0 * * ?")
    assert_done(estate.apply(), set())
    estate.sandbox.clock.advance(86400)
    assert told(estate).startswith(
        "in force; deletes in the background; last deletion 2026-01-02T00:00:00.000+0000: "
    )
    declare(estate, enable=True, automatic=False)
    estate.apply()
    assert "deletes nothing by itself" in told(estate)


def told(estate: Estate) -> str:
    """What `status` says."""
    with estate.session() as run:
        ((_, found),) = status(run, [ADDRESS]).objects
    assert found.state == "healthy"
    return found.words


def test_its_candidates_are_listed(estate: Estate) -> None:
    """By the figures that are set; the report has them all."""
    declare(estate, enable=False)
    with estate.session() as run:
        done = operate(run, order(run, ADDRESS, "candidates", {}), wants_report=True)
    assert done.said == "3 release bundle versions: old 1, app 1, app 2"
    assert done.report is not None
    assert [row["bundle"] for row in json.loads(done.report)] == ["old", "app", "app"]
    assert estate.sandbox.clock.now() == NOW
