"""Who names whom: order, dangling names, circles (M17)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.resolve import findings, resolve
from reconciler.model import Manifest
from tests.engine.toys import REGISTRY, at, toy


def order(*manifests: Manifest) -> list[str]:
    return [m.address.name for m in resolve(manifests, REGISTRY).manifests]


def test_what_is_named_comes_first() -> None:
    """Single names and lists both count; equal ones go by address."""
    found = order(toy("a", friend="c"), toy("b", friends=["a", "d"]), toy("c"), toy("d"))
    assert found == ["c", "d", "a", "b"]


@given(st.permutations([("a", ["b", "c"]), ("b", ["d"]), ("c", ["d"]), ("d", []), ("e", [])]))
def test_the_order_does_not_depend_on_the_files(rows: list[tuple[str, list[str]]]) -> None:
    """Shuffled manifests are carried out in the same order."""
    assert order(*(toy(name, friends=friends) for name, friends in rows)) == list("debca")


@given(st.integers(0, 10**9))
def test_any_graph_is_ordered(seed: int) -> None:
    """In a random graph without circles, every object comes after those it names."""
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(12)]
    manifests = [
        toy(name, friends=rng.sample(names[:i], min(i, rng.randrange(4))))
        for i, name in enumerate(names)
    ]
    rng.shuffle(manifests)
    resolved = resolve(manifests, REGISTRY)
    seen: set[str] = set()
    for manifest in resolved.manifests:
        assert set(manifest.spec["friends"]) <= seen
        seen.add(manifest.address.name)
    assert resolved.cycles == ()


@pytest.mark.parametrize(
    "links, expected",
    [
        ({"a": "b", "b": "a"}, ["Widget/a -> Widget/b -> Widget/a"]),
        ({"a": "b", "b": "c", "c": "a"}, ["Widget/a -> Widget/b -> Widget/c -> Widget/a"]),
        (
            {"a": "b", "b": "a", "c": "d", "d": "c", "e": "a"},
            ["Widget/a -> Widget/b -> Widget/a", "Widget/c -> Widget/d -> Widget/c"],
        ),
    ],
)
def test_a_circle_is_told_with_its_path(links: dict[str, str], expected: list[str]) -> None:
    """The way round, from the first name on; an object beside it is no part of it."""
    resolved = resolve([toy(name, friend=friend) for name, friend in links.items()], REGISTRY)
    told = [f for f in findings(resolved, dangling=True) if f.rule == "reference-cycle"]
    assert sorted(f.summary.partition(": ")[2] for f in told) == expected
    assert len(resolved.manifests) == len(links)


def test_an_object_may_name_itself() -> None:
    """That is for the kind's rules to judge, and no circle."""
    resolved = resolve([toy("a", friend="a")], REGISTRY)
    assert (resolved.cycles, resolved.requires[at("a")]) == ((), ())


def test_a_dangling_name_is_told_with_its_place() -> None:
    """The path leads to the element of the list; a near name is suggested."""
    resolved = resolve([toy("alpha"), toy("b", friends=["alpha", "alpah"])], REGISTRY)
    (finding,) = findings(resolved, dangling=True)
    assert (finding.rule, finding.path) == ("dangling-reference", ("spec", "friends", 1))
    assert finding.hint == "did you mean 'alpha'?"
    assert list(findings(resolved, dangling=False)) == []


def test_an_open_reference_may_dangle() -> None:
    """It names something that is usually not managed here; declared, it gives the order."""
    assert resolve([toy("a", stranger="nobody")], REGISTRY).missing == ()
    assert order(toy("a", stranger="z"), toy("z", "Gadget")) == ["z", "a"]


def test_a_name_means_an_object_of_the_same_platform() -> None:
    """East's object does not answer west's reference."""
    resolved = resolve([toy("a", platform="east"), toy("b", platform="west", friend="a")], REGISTRY)
    (gap,) = resolved.missing
    assert gap.manifest.address == at("b", platform="west")


@pytest.mark.parametrize("nothing", [None, "", [], [""]])
def test_no_name_is_no_reference(nothing: object) -> None:
    """Null and empty texts name nobody."""
    manifest = toy("a", friends=nothing) if isinstance(nothing, list) else toy("a", friend=nothing)
    assert resolve([manifest], REGISTRY).missing == ()
