"""Mangled answers in: every command tells in its own words what it could not use, and harms nobody.

A few hundred examples of each property; `RECONCILER_FUZZ=N` asks for N.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reliability.answers import (
    COMMANDS,
    asked,
    bent_answers,
    endured,
    odd_answers,
    replaced,
    scratched_answers,
    with_value,
)
from tests.reliability.trouble import Trouble

BOUNDED = settings(
    max_examples=int(os.environ.get("RECONCILER_FUZZ") or 60),
    deadline=None,
    derandomize="RECONCILER_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
PLACES = st.integers(0, 200)
HOW_OFTEN = st.sampled_from([1, 1, 2])
each_command = st.sampled_from(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_asks_something(words: tuple[str, ...]) -> None:
    """The properties say something only where there are answers to mangle."""
    assert len(asked(words)) >= 3


@BOUNDED
@given(each_command, PLACES, odd_answers(), HOW_OFTEN)
def test_fuzz_answers(words: tuple[str, ...], place: int, mangle: Trouble, times: int) -> None:
    """Any status with any headers and any body."""
    assert endured(words, place, mangle, times) == []


@BOUNDED
@given(each_command, PLACES, scratched_answers(), HOW_OFTEN)
def test_fuzz_bytes_of_answers(
    words: tuple[str, ...], place: int, mangle: Trouble, times: int
) -> None:
    """A body with some broken bytes."""
    assert endured(words, place, mangle, times) == []


@BOUNDED
@given(each_command, PLACES, bent_answers(), HOW_OFTEN)
def test_fuzz_fields_of_answers(
    words: tuple[str, ...], place: int, mangle: Trouble, times: int
) -> None:
    """A document with fields missing, doubled, of other types and of impossible sizes."""
    assert endured(words, place, mangle, times) == []


# --- what was found, and must not come back ---------------------------------------------------

PLAN = ("plan", "--output", "json")
CONFIGURATIONS = "/artifactory/api/repositories/configurations"
GROUP = "/access/api/v2/groups/operators"
STATES = "/artifactory/api/federation/status/stateList"
_GZIP = {"content-encoding": "gzip"}
FOUND = {
    "a body that is no gzip": (CONFIGURATIONS, replaced(lambda b: (b, {"headers": _GZIP}))),
    "an address that is a list": (CONFIGURATIONS, with_value(("REMOTE", 0, "url"), [None])),
    "a type that is a list": (CONFIGURATIONS, with_value(("LOCAL", 0, "packageType"), [])),
    "an address with half a bracket": (
        "/artifactory/api/repositories",
        with_value((0, "url"), "https://["),
    ),
    "a member that is an object": (GROUP, with_value(("members", 1), {"a": 1})),
    "a member that is a list": (GROUP, with_value(("members", 1), [])),
    "members that are none": (GROUP, with_value(("members",), True)),
    "a key that is a list": (STATES, with_value(("federations", 0, "localRepoKey"), [])),
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize(
    "words", [PLAN, ("plan", "--unmanaged"), ("apply", "--yes"), ("export", "-")], ids=" ".join
)
def test_found_by_fuzzing(words: tuple[str, ...], name: str) -> None:
    """Told in words, by every command."""
    path, mangle = FOUND[name]
    for place, point in enumerate(asked(words)):
        if point.path == path and point.site == "east":
            assert endured(words, place, mangle) == []


def test_a_text_that_turns_its_surroundings_is_escaped() -> None:
    """A manifest says what its reader sees, whichever way signs in it would turn the text."""
    turned = with_value(("LOCAL", 0, "notes"), "\u202etxet")
    (place,) = [
        n
        for n, p in enumerate(asked(("export", "-")))
        if (p.site, p.path) == ("east", CONFIGURATIONS)
    ]
    assert endured(("export", "-"), place, turned) == []
