"""Which paths patterns let through, and who may answer for our packages: by brute force."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.engine.guardrails.confusion import Route, confusable, routes
from reconciler.engine.guardrails.patterns import TOO_MANY, Filter, admitted, automaton
from reconciler.sandbox.ant_patterns import accepts, matches

PATHS = sorted(
    {
        "/".join(parts)
        for count in (1, 2, 3)
        for parts in itertools.product(("a", "b", "ab", "ax", "x", "y"), repeat=count)
    }
)
"""Every path of up to three folders over a few names: what brute force tries."""

PATTERNS = st.lists(
    st.sampled_from(["a", "b", "ab", "*", "a*", "?", "**"]), min_size=1, max_size=3
).map("/".join)
LISTS = st.lists(PATTERNS, max_size=2).map(",".join)


def walks(pattern: str, path: str) -> bool:
    made = automaton(pattern)
    state = made.begin()
    for letter in path:
        state = made.after(state, letter)
    return made.accepts(state)


@given(PATTERNS, st.sampled_from(PATHS))
@settings(max_examples=400, deadline=None)
def test_an_automaton_matches_as_the_server_does(pattern: str, path: str) -> None:
    """Letter by letter, the same paths as the sandbox's own reading of Ant patterns."""
    assert walks(pattern, path) == matches(pattern, path)


@given(LISTS, LISTS, PATTERNS)
@settings(max_examples=200, deadline=None)
def test_what_is_admitted_is_a_path_that_passes(inc: str, exc: str, namespace: str) -> None:
    """The answer is a path of the namespace that the server would let through, or there is none."""
    found = admitted([(inc, exc)], namespace)

    if found is None:
        assert not [p for p in PATHS if matches(namespace, p) and accepts(inc, exc, p)]
    else:
        assert matches(namespace, found)
        assert accepts(inc, exc, found)


@pytest.mark.parametrize(
    "excludes, namespace, expected",
    [
        ("@acme/**", "@acme/**", None),
        ("@acme/*", "@acme/**", "@acme"),
        ("com/acme/**", "com/acme/sub/**", None),
        ("com/acme/sub/**", "com/acme/**", "com/acme"),
        ("**", "anything/**", None),
        ("", "x/**", "x"),
    ],
)
def test_known_cases(excludes: str, namespace: str, expected: str | None) -> None:
    """A part of a namespace that is left open is found; the shortest path is named."""
    assert admitted([("**/*", excludes)], namespace) == expected


def test_patterns_without_end_are_not_trusted() -> None:
    """Patterns whose automata grow too large are said to let something through."""
    many = ",".join(f"**/{'?' * n}a{'?' * n}/**" for n in range(12, 20))

    assert admitted([("**/*", many)], "**/*") in (TOO_MANY, "x", "b", "y")


# --- virtual repositories: a model, and a resolver that tries everything

REPOSITORIES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Own", "Foreign"]),
        "includesPattern": LISTS,
        "excludesPattern": LISTS,
        "priorityResolution": st.booleans(),
    }
)


def member(number: int, found: dict[str, Any]) -> dict[str, Any]:
    spec = {name: value for name, value in found.items() if name != "kind"}
    return {"name": f"r{number}", "kind": found["kind"], "spec": spec, "references": {}}


@st.composite
def virtuals(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """A virtual repository and its members, one of which may be virtual too."""
    leaves = [
        member(n, found)
        for n, found in enumerate(draw(st.lists(REPOSITORIES, min_size=1, max_size=3)))
    ]
    own = {"includesPattern": draw(LISTS), "excludesPattern": draw(LISTS)}
    if draw(st.booleans()):
        nested = {"includesPattern": draw(LISTS), "excludesPattern": draw(LISTS)}
        below = [member(9, draw(REPOSITORIES))]
        inner = {"name": "v", "kind": "Both", "spec": nested}
        leaves.append({**inner, "references": {"repositories": below}})
    return own, leaves


def leaves_of(
    spec: dict[str, str], members: Sequence[dict[str, Any]], above: tuple[Filter, ...] = ()
) -> Iterator[tuple[dict[str, Any], tuple[Filter, ...]]]:
    """Every member that holds files, with the filters a request passes on its way there."""
    here = (*above, (spec["includesPattern"], spec["excludesPattern"]))
    for one in members:
        if below := one["references"].get("repositories"):
            yield from leaves_of(one["spec"], below, here)
        else:
            own = (one["spec"]["includesPattern"], one["spec"]["excludesPattern"])
            yield one, (*here, own)


def answers(
    found: Sequence[tuple[dict[str, Any], tuple[Filter, ...]]], path: str, holding: set[str]
) -> set[str]:
    """Who answers a request: all members that have the path, or those with priority alone.

    Members that fetch have every path, because anybody may publish there.
    """
    having = [
        (one, one["spec"]["priorityResolution"] and one["kind"] == "Own")
        for one, filters in found
        if (one["kind"] == "Foreign" or one["name"] in holding)
        and all(accepts(inc, exc, path) for inc, exc in filters)
    ]
    first = [one for one, has_priority in having if has_priority]
    return {one["name"] for one in first or [one for one, _ in having]}


@given(virtuals(), PATTERNS)
@settings(max_examples=150, deadline=None)
def test_dependency_confusion_against_brute_force(
    made: tuple[dict[str, str], list[dict[str, Any]]], namespace: str
) -> None:
    """Whom the rule calls harmless answers for no path of ours, whichever member holds it.

    Whom it accuses does answer for the path that is named, for some content of our members.
    """
    spec, members = made
    ways: list[Route] = list(routes(spec, members, ["Foreign"]))
    accused = dict(confusable(ways, namespace))
    leaves = list(leaves_of(spec, members))
    own = [one["name"] for one, _ in leaves if one["kind"] == "Own"]
    foreign = {one["name"] for one, _ in leaves if one["kind"] == "Foreign"}

    def may_answer(path: str) -> set[str]:
        admits = [
            one["name"]
            for one, filters in leaves
            if one["kind"] == "Own" and all(accepts(inc, exc, path) for inc, exc in filters)
        ]
        held = [{name} for name in own if name in admits] or [set()]
        return set().union(*(answers(leaves, path, holding) & foreign for holding in held))

    for path in PATHS:
        if matches(namespace, path):
            assert may_answer(path) <= set(accused), path
    for name, path in accused.items():
        assert matches(namespace, path)
        assert name in may_answer(path)
