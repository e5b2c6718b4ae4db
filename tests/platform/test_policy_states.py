"""Policies that run, are off, were switched on or edited elsewhere: every field converges in each.

What each field is worth is in `test_policy_convergence.py`; here all of them get another value at
once, and one by one, while the policy is in one of these states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.fields import Field
from tests.platform.test_convergence import assert_converged, assert_done
from tests.platform.test_policy_convergence import (
    FULL,
    KINDS,
    READ_ONLY,
    bare,
    declare,
    furnish,
    other,
    path_of,
    stored,
)
from tests.support.estate import Estate

CLEANUP = ("PackageCleanupPolicy", "ReleaseBundleCleanupPolicy")
NOW = 1_767_225_600.0


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A platform whose time goes on while we wait."""
    made = furnish(Estate(tmp_path))
    made.sandbox.clock.freeze(NOW)
    made.time.followers.append(made.sandbox.clock.advance)
    return made


def running(estate: Estate, what: str) -> None:
    """A run of twenty seconds has begun."""
    estate.tell("PUT", "/_sandbox/retention", {"runSeconds": 20})
    if FULL[what][0] == "ArchivePolicy":
        estate.tell("POST", f"{path_of(what)}/trigger")
    elif FULL[what][0] in CLEANUP:
        estate.tell("PUT", f"{path_of(what)}/run")


def switched(estate: Estate, what: str, *, on: bool) -> None:
    """Somebody switched it elsewhere."""
    if FULL[what][0] in CLEANUP:
        estate.tell("POST", f"{path_of(what)}/enablement", {"enabled": on})
    elif what == "retention":
        estate.tell("POST", f"{path_of(what)}/enable", {"enable": on})
    else:
        live = {n: v for n, v in stored(estate, what).items() if n not in READ_ONLY}
        estate.tell("PUT", path_of(what), {**live, "enabled": on})


def disabled(estate: Estate, what: str) -> None:
    """Off, though the manifest says on."""
    switched(estate, what, on=False)


def enabled_outside(estate: Estate, what: str) -> None:
    """Off and on again, behind our back."""
    switched(estate, what, on=False)
    switched(estate, what, on=True)


def edited(estate: Estate, what: str) -> None:
    """Whatever may be missing is gone."""
    if what == "retention":
        figures = {"automatic": False, "max_days_to_keep": 9, "cron_pattern": "0 0 1 * * ?"}
        estate.tell("POST", path_of(what), figures)
        return
    live = {n: v for n, v in stored(estate, what).items() if n not in READ_ONLY}
    kept = {*bare(what), "key", "itemType", "enabled", "projectKey"}
    estate.tell("PUT", path_of(what), {n: v for n, v in live.items() if n in kept})


STATES: Mapping[str, Callable[[Estate, str], None]] = {
    "running": running,
    "disabled": disabled,
    "enabled outside": enabled_outside,
    "edited": edited,
}
in_each_state = pytest.mark.parametrize("state", STATES)
each = pytest.mark.parametrize("what", FULL)


def changeable(
    fields: Mapping[str, Field], spec: Mapping[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each field that may get another value as long as the object exists, and such a value."""
    for name, value in spec.items():
        field = fields[name]
        if field.fields and isinstance(value, dict):
            yield from changeable(field.fields, value, (*at, name))
        elif not field.fixed and name not in ("packageRetention", "includedPackages"):
            yield (*at, name), another(field, name, value)


def another(field: Field, name: str, value: Any) -> Any:
    """Another value that the field may have."""
    if name.endswith("Properties"):
        return {"other": ["value"]}
    if name == "values" and isinstance(value[0], dict):
        return [{"propertyKey": "other", "propertyValue": "value"}]
    if name == "releaseBundles":
        return [{"name": "other", "projectKey": ""}]
    if isinstance(value, list):
        return value[:1]
    if name == "operator":
        return "or" if value == "and" else "and"
    plain = {"packageType": "npm", "componentName": "org.*", "version": "2.*"}
    return plain[name] if name in plain else other(field, value)


def with_value(spec: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The same with one value replaced."""
    head, *rest = path
    return {**spec, head: with_value(spec[head], tuple(rest), value) if rest else value}


@in_each_state
@each
def test_everything_is_changed_in_each_state(what: str, state: str, estate: Estate) -> None:
    """Every field gets another value in one apply; a run is waited for."""
    kind, full = FULL[what]
    declare(estate, what, full)
    assert_done(estate.apply(), set())
    STATES[state](estate, what)
    wanted: dict[str, Any] = dict(full)
    for path, value in changeable(KINDS[kind].fields, full):
        wanted = with_value(wanted, path, value)
    declare(estate, what, wanted)
    assert_done(estate.apply(), set())
    assert_converged(estate)


@each
def test_each_field_alone_is_changed_in_one_of_the_states(what: str, estate: Estate) -> None:
    """One field after the other, and one state after the other."""
    kind, full = FULL[what]
    states = cycle(STATES.values())
    for path, value in changeable(KINDS[kind].fields, full):
        declare(estate, what, full)
        assert_done(estate.apply(), set())
        next(states)(estate, what)
        declare(estate, what, with_value(full, path, value))
        assert_done(estate.apply(), set())
        assert_converged(estate)
        estate.sandbox.clock.advance(100)


@in_each_state
@each
def test_each_state_is_put_right(what: str, state: str, estate: Estate) -> None:
    """With nothing new in the manifest, what was done elsewhere is undone, and nothing else."""
    declare(estate, what, FULL[what][1])
    assert_done(estate.apply(), set())
    STATES[state](estate, what)
    assert_done(estate.apply(), set())
    assert_converged(estate)
