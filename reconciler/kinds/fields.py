"""A spec class in, a table of its fields out: the marks, readable by the engine.

The table is built once for a kind, from the pydantic model, and knows for each field its wire
name, its shape and what the server does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from reconciler.kinds import marks
from reconciler.kinds.spec import SecretRef

Shape = Literal["text", "integer", "number", "boolean", "list", "map", "object", "secret", "any"]
FieldTable = Mapping[str, "Field"]

PASS_THROUGH = "extra"
"""The field of every spec that holds what is not modelled yet."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind, as the engine sees it."""

    name: str
    shape: Shape
    wire: str
    wire_also: tuple[str, ...] = ()
    nullable: bool = False
    required: bool = False
    element: Field | None = None
    fields: FieldTable = field(default_factory=dict)
    refs: tuple[str, ...] = ()
    ref_check: marks.RefCheck = "declared"
    refs_in: Callable[[str], Iterable[tuple[str, int]]] | None = None
    only_for: frozenset[str] | None = None
    not_for: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    since: str = ""
    default: marks.Default | None = None
    clear_by: marks.ClearBy | None = None
    same: tuple[Callable[[Any], Any], ...] = ()
    written_as: tuple[Callable[[Any], Any], ...] = ()
    """Those of `same` whose result is a value of the field."""
    secret: bool = False
    unordered: bool = False
    fixed: bool = False
    write_only: bool = False
    unsaid: bool = False
    outlook: marks.Outlook | None = None
    cannot_clear: bool = False
    whole: bool = False
    slow: bool = False
    forgets: bool = False
    inline: bool = False
    identity: bool = False
    implied: Callable[[Any], bool] | None = None
    risks: tuple[marks.Risk, ...] = ()
    notes: tuple[str, ...] = ()

    def applies_to(self, variant: str | None) -> bool:
        """Whether the field exists for this value of the kind's discriminator."""
        if variant is None:
            return True
        return variant not in self.not_for and (self.only_for is None or variant in self.only_for)

    def has_part(self, is_meant: Callable[[Field], bool]) -> bool:
        """Whether the field itself, its elements or its own fields are meant, at any depth."""
        parts = [*self.fields.values(), *([self.element] if self.element else ())]
        return is_meant(self) or any(part.has_part(is_meant) for part in parts)

    def live_value(self, raw: Mapping[str, Any], missing: Any) -> Any:
        """The field's value in an answer of the API, under any of its names."""
        if self.inline:
            return raw
        if self.wire in raw:
            return raw[self.wire]
        for name in self.wire_also:
            if name in raw:
                return raw[name]
        return missing

    def default_for(self, variant: str | None, version: str) -> Any:
        """What the server fills in for this discriminator value and version, or None."""
        if self.default is None:
            return None
        if variant is not None and variant in self.default.by_type:
            return self.default.by_type[variant]
        value = self.default.value
        for since, later in self.default.by_version:
            if at_least(version, since):
                value = later
        return value


@cache  # asked for every object of a plan, of a few versions
def version_key(version: str) -> tuple[int, ...]:
    """`7.104.2` as numbers that compare; anything after the numbers is ignored."""
    parts: list[int] = []
    for part in version.split("."):
        digits = "".join(c for c in part if c.isdigit())
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts)


def at_least(version: str, since: str) -> bool:
    """Whether a server of this version has something that came with `since`.

    An unknown (empty) version counts as new enough: the server will say so if it is not.
    """
    return not version or not since or version_key(version) >= version_key(since)


@cache
def field_table(spec: type[BaseModel], wire_name: Callable[[str], str] = str) -> FieldTable:
    """The fields of a spec class by manifest name; `wire_name` maps a name to the API's."""
    return {
        name: _field(name, info.annotation, info.metadata, info.is_required(), wire_name)
        for name, info in spec.model_fields.items()
        if name != PASS_THROUGH
    }


def _field(
    name: str,
    annotation: Any,
    metadata: list[Any],
    required: bool,
    wire_name: Callable[[str], str],
) -> Field:
    annotation, nullable, inner_marks = _unwrap(annotation)
    found = [m for m in (*metadata, *inner_marks) if isinstance(m, marks.Mark)]
    shape, element, nested = _shape(name, annotation, wire_name)
    return Field(
        name=name,
        shape=shape,
        nullable=nullable,
        required=required,
        element=element,
        fields=nested,
        **_marked(found, wire_name(name)),
    )


def _unwrap(annotation: Any) -> tuple[Any, bool, list[Any]]:
    """Take `| None` and inner `Annotated` off a type: the bare type, nullable, the marks met."""
    met: list[Any] = []
    nullable = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            met += more
        elif origin in (Union, UnionType) and NoneType in get_args(annotation):
            rest = tuple(a for a in get_args(annotation) if a is not NoneType)
            nullable = True
            annotation = rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007
        else:
            return annotation, nullable, met


def _shape(
    name: str, annotation: Any, wire_name: Callable[[str], str]
) -> tuple[Shape, Field | None, FieldTable]:
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        return "list", _field(name, item, [], False, wire_name), {}
    if get_origin(annotation) is dict:
        return "map", None, {}
    if get_origin(annotation) is Literal and all(isinstance(v, str) for v in get_args(annotation)):
        return "text", None, {}
    if isinstance(annotation, type):
        if issubclass(annotation, SecretRef):
            return "secret", None, {}
        if issubclass(annotation, BaseModel):
            return "object", None, field_table(annotation, wire_name)
        return _SCALARS.get(annotation, "any"), None, {}
    return "any", None, {}


_SCALARS: dict[type, Shape] = {str: "text", int: "integer", float: "number", bool: "boolean"}


def _marked(found: list[marks.Mark], wire: str) -> dict[str, Any]:
    values: dict[str, Any] = {"wire": wire}
    notes: list[str] = []
    for mark in found:
        match mark:
            case marks.Ref(kinds=kinds, check=check, found_in=found_in):
                values |= {"refs": kinds, "ref_check": check, "refs_in": found_in}
            case marks.Outlook():
                values["outlook"] = mark
            case marks.OnlyFor(values=only):
                values["only_for"] = only
            case marks.NotFor(values=but):
                values["not_for"] = but
            case marks.Known(values=known):
                values["known"] = known
            case marks.Default():
                values["default"] = mark
            case marks.Wire(name=name, also=also):
                values |= {"wire": name, "wire_also": also}
            case marks.Since(version=version):
                values["since"] = version
            case marks.ClearBy():
                values["clear_by"] = mark
            case marks.Same(normalise=function, note=note):
                values["same"] = (*values.get("same", ()), function)
                if not mark.only_compared:
                    values["written_as"] = (*values.get("written_as", ()), function)
                notes.append(note)
            case marks.Implied(by_server=by_server, note=note):
                values["implied"] = by_server
                notes.append(note)
            case marks.Risk(note=note):
                values["risks"] = (*values.get("risks", ()), mark)
                notes += [note] if note else []
            case marks.MayForce(note=note):
                notes.append(note)
            case marks._Flag(name=flag, note=note):
                notes.append(note)
                if flag != "cloud-only":
                    values[flag.replace("-", "_")] = True
    return values | {"notes": tuple(notes)}
