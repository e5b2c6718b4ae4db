"""How two sides declare the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import UNSET, FieldChange
from reconciler.model.origin import JsonValue, Origin, Path


@dataclass(frozen=True, slots=True)
class Declared:
    """One object as a side declares it, everything written out."""

    address: Address
    document: Mapping[str, Any]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Differing:
    """An object both sides declare otherwise.

    `fields` hold the left value as `before`, the right one as `after`; `paths` lead to the same
    places in the document.
    """

    left: Declared
    right: Declared
    fields: tuple[FieldChange, ...]
    paths: tuple[Path, ...]

    def json_patch(self) -> list[dict[str, JsonValue]]:
        """The JSON Patch (RFC 6902) that makes the left document the right one."""
        return [_operation(p, f) for p, f in zip(self.paths, self.fields, strict=True)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two sides differ; objects are in the order of their names."""

    left: str
    right: str
    only_left: tuple[Declared, ...] = ()
    only_right: tuple[Declared, ...] = ()
    differing: tuple[Differing, ...] = ()
    equal: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether both sides declare the same."""
        return not (self.only_left or self.only_right or self.differing)


def _operation(path: Path, field: FieldChange) -> dict[str, JsonValue]:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = "".join(f"/{step}" for step in steps)
    if field.after is UNSET:
        return {"op": "remove", "path": pointer}
    op = "add" if field.before is UNSET else "replace"
    return {"op": op, "path": pointer, "value": field.after}
