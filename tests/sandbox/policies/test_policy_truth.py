"""Policies on packages against a count made another way, on random repositories."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Sandbox
from tests.sandbox.policies.support import (
    ARCHIVE,
    PACKAGES,
    frozen,
    held,
    maven,
    package_policy,
    pass_time,
    report,
    rows_of,
    run,
    seed,
)
from tests.sandbox.support import Api

Version = tuple[str, str, int]

stores = st.dictionaries(
    st.tuples(st.sampled_from(("lib", "app")), st.integers(1, 9)),
    st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60), st.booleans()),
    max_size=10,
)
conditions = st.one_of(
    st.fixed_dictionaries({"keepLastNVersions": st.integers(1, 4)}),
    st.fixed_dictionaries(
        {"createdBeforeInDays": st.integers(1, 60)},
        optional={
            "lastDownloadedBeforeInDays": st.integers(1, 60),
            "includedProperties": st.just({"stage": ["test"]}),
            "includedPackages": st.sampled_from((["org.acme:lib"], ["*:a*"], ["**"])),
        },
    ),
)


def expected(store: dict[tuple[str, int], Any], criteria: dict[str, Any]) -> set[tuple[str, str]]:
    """A store and the conditions in, name and version of what they hit out."""
    found = set()
    for (name, number), (age, unused, marked) in store.items():
        if "keepLastNVersions" in criteria:
            newer = [
                other
                for other, (other_age, _, _) in store.items()
                if other[0] == name and (-other_age, str(other[1])) > (-age, str(number))
            ]
            hit = len(newer) >= criteria["keepLastNVersions"]
        else:
            wanted = criteria.get("includedPackages", ["**"])[0]
            hit = age > criteria["createdBeforeInDays"]
            limit = criteria.get("lastDownloadedBeforeInDays")
            hit = hit and (limit is None or unused is None or unused > limit)
            hit = hit and (marked or "includedProperties" not in criteria)
            hit = hit and (wanted == "**" or (name == "lib") == wanted.endswith("lib"))
        if hit:
            found.add((f"org.acme:{name}", str(number)))
    return found


def filled(store: dict[tuple[str, int], Any]) -> Api:
    """A store in, a platform that holds it out."""
    api = Api(Sandbox().platforms["default"])
    frozen(api)
    api.create("libs", package_type="maven")
    for (name, number), (age, unused, marked) in store.items():
        more: dict[str, Any] = {"properties": {"stage": "test"}} if marked else {}
        seed(api, "libs", *maven(str(number), age, name, downloadedDaysAgo=unused, **more))
    return api


@settings(max_examples=80, deadline=None)
@given(stores, conditions)
def test_runs_hit_what_the_conditions_say(
    store: dict[tuple[str, int], Any], criteria: dict[str, Any]
) -> None:
    """The trial tells what is deleted, the run deletes it, and nothing else goes."""
    api = filled(store)
    api.send("POST", f"{PACKAGES}/old", package_policy(**criteria))
    api.send("POST", f"{PACKAGES}/old/enablement", {"enabled": True})
    trial = run(api, PACKAGES, "old", dry=True).json()["runId"]
    pass_time(api, 60)
    rows = rows_of(report(api, "old", trial))
    assert len(held(api, "libs")) == 2 * len(store)
    api.platform.sandbox.clock.freeze(api.platform.sandbox.clock.now() - 60)
    run(api, PACKAGES, "old")
    pass_time(api, 60)

    gone = expected(store, criteria)
    assert {(row["Package Name"], row["Version"]) for row in rows} == gone
    assert len(held(api, "libs")) == 2 * (len(store) - len(gone))


@settings(max_examples=40, deadline=None)
@given(stores, st.integers(1, 60))
def test_previews_count_what_moves(store: dict[tuple[str, int], Any], days: int) -> None:
    """The preview of an archive policy is what its run moves."""
    api = filled(store)
    query = f'items.find({{"created": {{"$before": "{days}d"}}}})'
    api.send("POST", f"{ARCHIVE}/cold", {"key": "cold", "enabled": True, "aqlQuery": query})
    counted = api.send("POST", f"{ARCHIVE}/cold/preview").json()
    api.send("POST", f"{ARCHIVE}/cold/trigger")
    pass_time(api, 60)

    old = sum(age > days for age, _, _ in store.values())
    assert counted == {"count": 2 * old, "totalSize": 100 * old}
    assert len(held(api, "libs")) == 2 * (len(store) - old)
