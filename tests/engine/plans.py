"""Random plans, as hypothesis strategies: any sort of change, block, scope and target."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.model import (
    UNSET,
    Action,
    Block,
    Change,
    FieldChange,
    Plan,
    PlatformInfo,
    Scope,
    Shard,
)
from tests.engine.toys import at

URLS = {"default": "https://acme.example.com", "west": "https://west.example.com:8443"}
PATHS = [f"spec.{name}" for name in ("text", "number", "flag", "names", "part.color", "free")]
TERMS = ["Widget/*", "kind=Gadget", "label=team=a", "path=x/*"]

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)


@st.composite
def plain_fields(draw: st.DrawFn, path: str, *, creating: bool) -> FieldChange:
    """One field with values; that of a create has none before."""
    before = UNSET if creating else draw(st.just(UNSET) | values)
    return FieldChange(path, before, draw(values))


@st.composite
def secret_fields(draw: st.DrawFn, *, creating: bool) -> FieldChange:
    """A secret that is written, or left alone."""
    state = "set" if creating else draw(st.sampled_from(["changed", "unverifiable"]))
    reference = draw(st.sampled_from(["env:ONE", "env:TWO", "file:three"]))
    return FieldChange("spec.password", secret=state, reference=reference)


@st.composite
def changes(draw: st.DrawFn, name: str) -> Change:
    """One change of one object, as a planner could make it."""
    action = draw(st.sampled_from(list(Action)))
    creating = action is Action.CREATE
    fields: list[FieldChange] = []
    if action not in (Action.DELETE, Action.ADOPT, Action.RELEASE):
        paths = draw(st.lists(st.sampled_from(PATHS), unique=True, min_size=1, max_size=4))
        fields = [draw(plain_fields(path, creating=creating)) for path in paths]
        if draw(st.booleans()):
            fields.append(draw(secret_fields(creating=creating)))
    adopting = action is Action.ADOPT or (
        action in (Action.UPDATE, Action.CONVERT) and draw(st.booleans())
    )
    code = draw(st.none() | st.sampled_from(["immutable", "other-owner"]))
    return Change(
        at(name, draw(st.sampled_from(["Widget", "Gadget"])), draw(st.sampled_from(list(URLS)))),
        action,
        "field-differs",
        tuple(fields),
        adopting=adopting,
        blocked=Block(code, "words") if code and action.writes else None,
    )


@st.composite
def plans(draw: st.DrawFn, least: int = 0) -> Plan:
    """A plan of several objects."""
    names = draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=least, max_size=5))
    scope = Scope(
        tuple(draw(st.lists(st.sampled_from(TERMS), unique=True, max_size=2))),
        tuple(draw(st.lists(st.sampled_from(TERMS), unique=True, max_size=2))),
        draw(st.none() | st.just(Shard(1, 3))),
    )
    return Plan(
        tuple(draw(changes(name)) for name in names),
        platforms=tuple(PlatformInfo(name, url) for name, url in URLS.items()),
        scope=scope,
    )
