"""Toy kinds for the engine: it must know no real one."""

from __future__ import annotations

from typing import Annotated, Any

from reconciler.kinds.kind import Kind
from reconciler.kinds.marks import (
    CANNOT_CLEAR,
    FIXED,
    UNORDERED,
    WHOLE,
    WRITE_ONLY,
    Known,
    Ref,
    Same,
    Since,
    Wire,
)
from reconciler.kinds.registry import Registry
from reconciler.kinds.shapes import Collection
from reconciler.kinds.spec import ObjectSpec, SecretRef, SecretValue, Spec, unset
from reconciler.model import Address, Lifecycle, Manifest, Origin


class Part(Spec):
    """A part of a widget."""

    color: str | None = unset()
    size: int = unset()
    tags: Annotated[list[str] | None, UNORDERED] = unset()
    password: SecretValue = unset()


class Header(Spec):
    """One element of a list of objects."""

    name: str
    value: str | SecretRef


class WidgetSpec(ObjectSpec):
    """A thing with every sort of field."""

    text: str | None = unset()
    number: int | None = unset()
    flag: bool = unset()
    names: list[str] | None = unset()
    tags: Annotated[list[str] | None, UNORDERED] = unset()
    level: Annotated[str, Known("low", "high")] = unset()
    part: Part = unset()
    whole: Annotated[Part, WHOLE] = unset()
    parts: Annotated[list[Part] | None, UNORDERED] = unset()
    password: Annotated[SecretValue | None, WRITE_ONLY] = unset()
    hidden: Annotated[str | None, WRITE_ONLY] = unset()
    headers: Annotated[list[Header] | None, WRITE_ONLY] = unset()
    fixed: Annotated[str, FIXED] = unset()
    sticky: Annotated[str | None, CANNOT_CLEAR] = unset()
    alias: Annotated[str | None, Same(str.lower, "case does not matter")] = unset()
    wired: Annotated[str | None, Wire("wireName", also=("oldName",))] = unset()
    free: dict[str, Any] = unset()
    friend: Annotated[str | None, Ref("Widget")] = unset()
    friends: Annotated[list[str] | None, Ref("Widget", "Gadget")] = unset()
    stranger: Annotated[str | None, Ref("Gadget", check="server")] = unset()
    newer: Annotated[str | None, Since("2.0.0")] = unset()


class GadgetSpec(ObjectSpec):
    """Another thing, of the same namespace."""

    text: str | None = unset()
    friend: Annotated[str | None, Ref("Widget")] = unset()


WIDGET = Kind(
    "Widget",
    WidgetSpec,
    Collection("/toys/widgets", constants={"sort": "widget"}, complete_by=("made",)),
    service="toys",
    since="1.0.0",
    namespace="toy",
    lane="toys",
)
GADGET = Kind("Gadget", GadgetSpec, Collection("/toys/gadgets"), service="toys", namespace="toy")
REGISTRY = Registry({}, (WIDGET, GADGET))


def at(name: str, kind: str = "Widget", platform: str = "default") -> Address:
    """An address of a toy."""
    return Address(kind, (name,), platform)


def toy(name: str, kind: str = "Widget", platform: str = "default", **more: Any) -> Manifest:
    """A manifest of a toy; `lifecycle`, `labels` and `file` are taken out of the spec."""
    lifecycle = Lifecycle(**more.pop("lifecycle", {}))
    labels = more.pop("labels", {})
    origin = Origin(more.pop("file", "toys.yaml"), 1)
    return Manifest(at(name, kind, platform), more, origin, labels=labels, lifecycle=lifecycle)
