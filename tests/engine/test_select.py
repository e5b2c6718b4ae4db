"""`--only` and `--exclude`: what is in scope, and what comes along by reference (M25)."""

from __future__ import annotations

import pytest

from reconciler.engine.resolve import resolve
from reconciler.engine.select import in_scope, select
from reconciler.errors import UsageError
from reconciler.model import Scope
from tests.engine.toys import REGISTRY, at, toy

MANIFESTS = resolve(
    [
        toy("pay-a", friend="base", labels={"team": "pay", "tier": "one"}, file="pay/a.yaml"),
        toy("pay-b", labels={"team": "pay"}, file="pay/b.yaml"),
        toy("ops", "Gadget", labels={"team": "ops"}, file="ops/x.yaml"),
        toy("base", friend="root", file="base.yaml"),
        toy("root", file="base.yaml"),
    ],
    REGISTRY,
)


def chosen(only: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    """The selected names, those that came in by reference in brackets."""
    manifests, by_reference = select(MANIFESTS, Scope(only, exclude))
    return sorted(
        f"[{m.address.name}]" if m.address in by_reference else m.address.name for m in manifests
    )


@pytest.mark.parametrize(
    "only, exclude, expected",
    [
        ((), (), ["base", "ops", "pay-a", "pay-b", "root"]),
        (("Widget/pay-a",), (), ["[base]", "[root]", "pay-a"]),
        (("Widget/pay-*",), (), ["[base]", "[root]", "pay-a", "pay-b"]),
        (("*/base",), (), ["[root]", "base"]),
        (("kind=Gadget",), (), ["ops"]),
        (("kind=G*",), (), ["ops"]),
        (("label=team=pay",), (), ["[base]", "[root]", "pay-a", "pay-b"]),
        (("label=tier",), (), ["[base]", "[root]", "pay-a"]),
        (("label=team=pay,label=tier=one",), (), ["[base]", "[root]", "pay-a"]),
        (("label=team=ops", "Widget/pay-b"), (), ["ops", "pay-b"]),
        (("path=pay/*",), (), ["[base]", "[root]", "pay-a", "pay-b"]),
        (("platform=default", "Widget/x*"), (), None),
        (("default:*/ops",), (), ["ops"]),
        ((), ("kind=Gadget",), ["base", "pay-a", "pay-b", "root"]),
        (("Widget/*",), ("Widget/pay-*",), ["base", "root"]),
        (("Widget/pay-a",), ("*/base",), ["[root]", "pay-a"]),
        ((), ("Widget/nobody",), None),
        (("Widget/base",), ("Widget/base",), None),
    ],
    ids=str,
)
def test_selection(
    only: tuple[str, ...], exclude: tuple[str, ...], expected: list[str] | None
) -> None:
    """Commas mean and, repeated flags mean or, exclude wins, references come along."""
    if expected is None:
        with pytest.raises(UsageError, match=r"selects nothing|selection is empty"):
            chosen(only, exclude)
    else:
        assert chosen(only, exclude) == expected


@pytest.mark.parametrize("term", ["pay-a", "", ",", "color=red", "kind=Nobody", "Widget/nobody"])
def test_terms_that_cannot_be_meant(term: str) -> None:
    """A term that is no term, or selects nothing, is an error and never the whole workspace."""
    with pytest.raises(UsageError):
        chosen((term,))


def test_the_order_of_the_references_is_kept() -> None:
    """A selection is carried out in the order of the whole."""
    manifests, _ = select(MANIFESTS, Scope(("Widget/pay-a",)))
    assert [m.address.name for m in manifests] == ["root", "base", "pay-a"]


@pytest.mark.parametrize(
    "scope, expected",
    [
        (Scope(), True),
        (Scope(("Widget/x*",)), True),
        (Scope(("Gadget/*",)), False),
        (Scope((), ("*/xy",)), False),
        (Scope(("label=team=pay",)), False),
    ],
    ids=str,
)
def test_objects_without_a_manifest(scope: Scope, expected: bool) -> None:
    """They are judged by their address alone."""
    assert in_scope(at("xy"), scope) is expected
