"""A drifted field and its manifest in, what accepting the live value would change out. Pure.

Accepting writes what is live into the manifest and records it as applied, so that neither drift nor
plan has anything left to say of the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.engine.diff import declared
from reconciler.kinds.fields import PASS_THROUGH, Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.values import comparable, is_masked, same
from reconciler.model import UNSET, Entry, FieldChange, JsonValue, Manifest, Origin, Path

Edit = tuple[Path, JsonValue]
"""A place in a document and its new value; UNSET takes the place away."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a field or an object is not accepted, and what to do instead."""

    reason: str
    hint: str = ""


def derived(origin: Origin) -> Refusal | None:
    """Why no writer may change a manifest where it comes from; None for one written out there.

    The reason continues a sentence about the manifest.
    """
    if not origin.is_derived:
        return None
    if origin.base:
        return Refusal(
            f"comes from the set at {origin}", "edit the set, or exclude the object there"
        )
    if origin.overlays:
        patches = ", ".join(overlay.origin.place for overlay in origin.overlays)
        return Refusal(f"is patched by {patches}", "edit the manifest or the patch by hand")
    return Refusal("has placeholders in it", "edit the manifest or the value by hand")


def field_of(kind: Kind, path: str) -> Field | None:
    """The field at a path such as `spec.part.color`; None for one passed through."""
    fields, found = kind.fields, None
    for name in path.split(".")[1:]:
        found = fields.get(name)
        if found is None:
            return None
        fields = found.fields
    return found


def accepted(
    kind: Kind, manifest: Manifest, written: Mapping[str, Any], field: FieldChange
) -> list[Edit] | Refusal:
    """The edits that make the manifest say what is live; none where it says so already.

    `written` is the document as it stands in its file: a value that comes from the workspace's
    defaults is not in it. `field` holds what was applied as `before` and what is live as `after`.
    """
    if not field.path.startswith("spec."):
        return Refusal(f"the live object is another one: its {field.path} is {field.after!r}")
    known = field_of(kind, field.path)
    wanted = {f.path: f.after for f in declared(kind, manifest) if f.secret is None}
    if field.path not in wanted or _equal(known, wanted[field.path], field.after):
        return []
    if not _equal(known, wanted[field.path], field.before):
        return Refusal(
            f"the manifest was changed too, to {wanted[field.path]!r}",
            "decide which value is right, and write it into the manifest",
        )
    if (known is not None and holds_secret(known)) or is_masked(field.after):
        return Refusal("it holds a secret, which stays a reference", "change it by hand")
    path = path_of(field.path)
    return _edits(known, path, _at(written, path), field.after)


def path_of(text: str) -> Path:
    """A printed path as steps; a name passed through may hold dots."""
    _, name, *rest = text.split(".")
    if name == PASS_THROUGH:
        return ("spec", name, ".".join(rest))
    return ("spec", name, *rest)


def holds_secret(field: Field) -> bool:
    """Whether a secret stands in the field, at any depth."""
    inner = [*field.fields.values(), *([field.element] if field.element else [])]
    return field.secret or field.shape == "secret" or any(map(holds_secret, inner))


def recorded(entry: Entry, fields: Iterable[FieldChange]) -> Entry:
    """The entry with live values as those last applied."""
    applied, rewritten = dict(entry.applied), dict(entry.rewritten)
    for field in fields:
        rewritten.pop(field.path, None)
        if field.after is UNSET:
            applied.pop(field.path, None)
        else:
            applied[field.path] = field.after
    return replace(entry, applied=applied, rewritten=rewritten)


def _equal(known: Field | None, one: Any, other: Any) -> bool:
    return one == other if known is None else same(known, one, other)


def _edits(known: Field | None, path: Path, old: Any, live: Any) -> list[Edit] | Refusal:
    if known is None:
        return [(path, live)]
    if comparable(known, live) is None:
        return _cleared(known, path, live)
    if isinstance(old, list) and isinstance(live, list) and known.element is not None:
        return _list_edits(known, known.element, path, old, live)
    return [(path, _authored(known, live))]


def _cleared(known: Field, path: Path, live: Any) -> list[Edit] | Refusal:
    """A field that is empty now: null where that is allowed, its own empty value, else left out."""
    if known.nullable:
        return [(path, None)]
    if live is not None and live is not UNSET:
        return [(path, live)]
    if known.required:
        return Refusal("the live object has no value for it, and a manifest must have one")
    return [(path, UNSET)]


def _authored(known: Field, live: Any) -> Any:
    """The value as an author writes it: without what the server adds."""
    if isinstance(live, str):
        for normalise in known.same:
            live = normalise(live)
    return live


def _list_edits(
    known: Field, element: Field, path: Path, old: list[Any], live: list[Any]
) -> list[Edit]:
    """Only what came and went, so that order and comments of the other elements stay.

    A list whose order has a meaning is written anew when the order changed.
    """
    kept = [item for item in old if any(same(element, item, other) for other in live)]
    new = [item for item in live if not any(same(element, item, other) for other in old)]
    if not kept or not (known.unordered or same(known, [*kept, *new], live)):
        return [(path, live)]
    gone: list[Edit] = [
        ((*path, index), UNSET) for index, item in reversed([*enumerate(old)]) if item not in kept
    ]
    return [*gone, *(((*path, len(kept) + n), item) for n, item in enumerate(new))]


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return UNSET
        data = data[step]
    return data
