"""Two sets of declared documents in, how they differ out: what one lacks, and field by field.

Unset is not null: a field that only one side declares differs, whatever a server makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.values import same
from reconciler.model import UNSET, Comparison, Declared, Differing, FieldChange, Path


def compare(
    names: tuple[str, str],
    left: Mapping[str, Declared],
    right: Mapping[str, Declared],
    kind_of: Callable[[str], Kind],
) -> Comparison:
    """Compare two sides; the keys of the mappings say which objects belong together."""
    differing: list[Differing] = []
    equal = 0
    for key in sorted(left.keys() & right.keys()):
        one, other = left[key], right[key]
        found = list(_differences(one.document, other.document, kind_of(one.address.kind)))
        if found:
            paths, fields = zip(*found, strict=True)
            differing.append(Differing(one, other, fields, paths))
        else:
            equal += 1
    return Comparison(
        *names,
        tuple(left[key] for key in sorted(left.keys() - right.keys())),
        tuple(right[key] for key in sorted(right.keys() - left.keys())),
        tuple(differing),
        equal,
    )


def _differences(
    one: Mapping[str, Any], other: Mapping[str, Any], kind: Kind
) -> Iterator[tuple[Path, FieldChange]]:
    # Both are of one kind, and the platform is what they are compared across.
    for part, fields in (("metadata", {}), ("spec", kind.fields)):
        left, right = ({k: v for k, v in d[part].items() if k != "platforms"} for d in (one, other))
        yield from _below(left, right, fields, (part,))


def _below(
    one: Mapping[str, Any], other: Mapping[str, Any], fields: FieldTable, at: Path
) -> Iterator[tuple[Path, FieldChange]]:
    for name in dict.fromkeys((*one, *other)):
        before, after = one.get(name, UNSET), other.get(name, UNSET)
        known = fields.get(name)
        if _goes_on(before, after, known):
            yield from _below(before, after, known.fields if known else {}, (*at, name))
        elif not _is_same(before, after, known):
            path = (*at, name)
            ordered = known is not None and known.shape == "list" and not known.unordered
            yield path, FieldChange(".".join(map(str, path)), before, after, ordered=ordered)


def _goes_on(before: Any, after: Any, known: Field | None) -> bool:
    both = isinstance(before, Mapping) and isinstance(after, Mapping)
    return both and (known is None or known.shape == "object")


def _is_same(before: Any, after: Any, known: Field | None) -> bool:
    if before is UNSET or after is UNSET:
        return before is after
    if known is None or known.shape in ("secret", "any"):
        return bool(before == after and type(before) is type(after))
    return same(known, before, after)
