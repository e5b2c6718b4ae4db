"""Live objects in, manifests out: only what differs from what the server fills in by itself.

Exported and planned again, an object has no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.values import comparable, same, shown, without_credentials
from reconciler.manifests.placeholders import escaped
from reconciler.manifests.workspace import API_VERSION
from reconciler.model import Address


def manifest_of(
    kind: Kind,
    address: Address,
    raw: Mapping[str, Any],
    defaults: Mapping[str, Any],
    version: str,
) -> dict[str, Any]:
    """One live object as a manifest document.

    `defaults` are the workspace's for the kind: a field they set is written whenever the live
    value is another one, even an empty one.
    """
    metadata: dict[str, Any] = {"name": escaped(address.name)}
    for parent, value in zip(kind.parents, address.parts, strict=False):
        metadata[parent] = escaped(value)
    return {
        "apiVersion": API_VERSION,
        "kind": kind.name,
        "metadata": metadata,
        "spec": escaped(spec_of(kind, address.name, raw, defaults, version)),
    }


def spec_of(
    kind: Kind, name: str, raw: Mapping[str, Any], defaults: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """The fields worth writing, required ones first."""
    variant = kind.variant(
        {n: shown(f, f.live_value(raw, None)) for n, f in kind.fields.items() if f.required}
    )
    ordered = sorted(kind.fields.items(), key=lambda item: not item[1].required)
    spec = _fields(dict(ordered), raw, defaults, variant, version)
    return spec | _secrets(kind.fields, name, raw)


def _fields(
    fields: FieldTable,
    raw: Mapping[str, Any],
    defaults: Mapping[str, Any],
    variant: str | None,
    version: str,
) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    for name, field in fields.items():
        if field.secret or field.write_only or not field.applies_to(variant):
            continue
        live = field.live_value(raw, None)
        if field.shape == "object":
            inner = defaults.get(name) or {}
            if not live and not inner and not field.required:
                continue
            written = _fields(field.fields, _mapping(live), inner, variant, version)
            if written:
                spec[name] = written
            continue
        value = shown(field, _chosen(field, live))
        if _is_worth_writing(field, name, value, defaults, variant, version):
            spec[name] = without_credentials(_written(field, value), "")
    return spec


def _chosen(field: Field, value: Any) -> Any:
    """A list without the elements that the server adds by itself and nobody changed."""
    if field.implied is None or field.element is None or not isinstance(value, list):
        return value
    _, *others = field.element.fields.values()
    return [item for item in value if not (field.implied(item) and _is_usual(others, item))]


def _is_usual(fields: Iterable[Field], item: Mapping[str, Any]) -> bool:
    return all(same(f, f.live_value(item, None), f.default_for(None, "")) for f in fields)


def _is_worth_writing(
    field: Field,
    name: str,
    value: Any,
    defaults: Mapping[str, Any],
    variant: str | None,
    version: str,
) -> bool:
    if field.required:
        return True
    if name in defaults:
        return not same(field, value, defaults[name])
    if comparable(field, value) is None:
        return False
    return not same(field, value, field.default_for(variant, version))


def _written(field: Field, value: Any) -> Any:
    """The value as an author would write it: without what the server adds."""
    if comparable(field, value) is None:
        return None if field.nullable else value
    if isinstance(value, str):
        for normalise in field.written_as:
            value = normalise(value)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _secrets(fields: FieldTable, name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """References for the secrets the object seems to have; their values are never returned."""
    found: dict[str, Any] = {}
    for key, field in fields.items():
        if field.shape == "secret" and (raw.get(field.wire) or raw.get("username")):
            found[key] = {"env": secret_variable(name, key)}
    return found


def secret_variable(name: str, field: str) -> str:
    """The environment variable an exported secret refers to: `CORP_NPM_PASSWORD`."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", f"{name}_{field}").strip("_").upper()
    return f"_{words}" if words[0].isdigit() else words


def file_of(address: Address) -> str:
    """Where an exported manifest lies below the manifests folder: `<kind>/<name>.yaml`.

    No name begins with a dot: such files would be written and never read.
    """
    parts = [quote(part, safe=" !'()+,;=@~-") for part in address.parts]
    parts = [f"%2E{part[1:]}" if part.startswith(".") else part for part in parts]
    return f"{address.kind}/{'/'.join(parts)}.yaml"
