"""Kinds in, JSON Schemas (2020-12) out: for editors and other tools.

The pydantic models are the truth; the schemas are made from them and never read at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.documentation import field_docs, nested_model
from reconciler.kinds.fields import Field, FieldTable
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import Registry
from reconciler.kinds.spec import SecretRef
from reconciler.manifests.envelope import MetadataSpec
from reconciler.manifests.environment_file import EnvironmentFile
from reconciler.manifests.guardrails import FILES as GUARDRAIL_FILES
from reconciler.manifests.sets import ManifestSetFile
from reconciler.manifests.tombstones import TombstoneFile
from reconciler.manifests.workspace import API_VERSION, WorkspaceFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UMBRELLA = "manifest.schema.json"
OTHERS = (
    "ManifestSet",
    "Tombstone",
    "Guardrail",
    "GuardrailTest",
    "Waiver",
    "Workspace",
    "Environment",
)
"""Documents that are no manifests of one object."""

Schema = dict[str, Any]


def schemas(registry: Registry) -> Iterator[tuple[str, Schema]]:
    """Every schema by file name: one a kind, those of the other files, one umbrella."""
    kinds = list(registry)
    for kind in kinds:
        yield f"{kind.name}.schema.json", kind_schema(kind)
    names = [kind.name for kind in kinds]
    yield "Workspace.schema.json", _file_schema("Workspace", WorkspaceFile)
    yield "Environment.schema.json", _file_schema("Environment", EnvironmentFile)
    yield "ManifestSet.schema.json", set_schema(names)
    yield "Tombstone.schema.json", _file_schema("Tombstone", TombstoneFile)
    for name, model in GUARDRAIL_FILES.items():
        yield f"{name}.schema.json", _file_schema(name, model)
    yield UMBRELLA, umbrella(names)


def kind_schema(kind: Kind) -> Schema:
    """The schema of one kind's manifests."""
    spec = _model_schema(kind.spec, kind.fields)
    return {
        "$schema": DIALECT,
        "title": kind.name,
        "description": kind.title,
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the manifest format."},
            "kind": {"const": kind.name, "description": kind.title},
            "metadata": _fillable(_metadata(kind)),
            "spec": _fillable(spec),
        },
        "required": ["apiVersion", "kind", "metadata", *(["spec"] if "required" in spec else [])],
        "additionalProperties": False,
    }


def _file_schema(name: str, model: type[BaseModel]) -> Schema:
    return {"$schema": DIALECT, "title": name, **_model_schema(model, {})}


def set_schema(names: list[str]) -> Schema:
    """The schema of a ManifestSet: its template is a manifest of the kind that is written there."""
    schema = _file_schema("ManifestSet", ManifestSetFile)
    properties = schema["properties"]["spec"]["properties"]
    for name in ("matrix", "exclude"):
        properties[name] = _fillable(properties[name])
    text = properties["template"]["description"]
    properties["template"] = {
        "type": "object",
        "description": text,
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the manifest format."},
            "kind": {
                "anyOf": [{"enum": names}, {"type": "string", "pattern": PLACEHOLDER}],
                "description": "What the template describes; decides its other fields.",
            },
            "metadata": {"type": "object", "description": "The objects' identities."},
            "spec": {"type": "object", "description": "The objects' fields."},
        },
        "required": ["kind", "metadata"],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {
                    "properties": {
                        part: {
                            "$ref": f"{name}.schema.json#/properties/{part}",
                            "description": text,
                        }
                        for part, text in (
                            ("metadata", "The objects' identities."),
                            ("spec", "The objects' fields."),
                        )
                    }
                },
            }
            for name in names
        ],
    }
    return schema


PLACEHOLDER = r"\$\{(value|matrix)\.[A-Za-z0-9_.-]+\}"
"""A text that holds a placeholder; where another type is wanted it is the whole text."""
_WHOLE = f"^{PLACEHOLDER}$"


def _fillable(schema: Schema) -> Schema:
    """The same, with a placeholder allowed wherever a value stands that is below the schema."""
    made = dict(schema)
    for word in ("properties", "patternProperties"):
        if word in made:
            made[word] = {n: _with_placeholder(inner) for n, inner in made[word].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(made.get(word), dict):
            made[word] = _with_placeholder(made[word])
    for word in ("anyOf", "oneOf"):
        if word in made:
            made[word] = [_fillable(option) for option in made[word]]
    return made


def _with_placeholder(schema: Schema) -> Schema:
    made = _fillable(schema)
    kind = made.get("type")
    if "anyOf" in made:
        if not any(_takes_any_text(option) for option in made["anyOf"]):
            made["anyOf"] = [*made["anyOf"], {"type": "string", "pattern": _WHOLE}]
        return made
    if "enum" in made or "const" in made or (kind == "string" and "pattern" in made):
        kept = {name: made.pop(name) for name in list(made) if name not in ("description", "title")}
        return {**made, "anyOf": [kept, {"type": "string", "pattern": PLACEHOLDER}]}
    if kind in ("boolean", "integer", "number", "array", "object"):
        # A pattern holds for text only, all the other words never do.
        return {**made, "type": [kind, "string"], "pattern": _WHOLE}
    return made


def _takes_any_text(schema: Schema) -> bool:
    return not schema or (schema.get("type") == "string" and "pattern" not in schema)


def umbrella(names: list[str]) -> Schema:
    """One schema for every document: `kind` chooses the rest."""
    return {
        "$schema": DIALECT,
        "title": "A manifest of reconciler",
        "description": "One object of a JFrog Platform, a set of them, or a file beside them.",
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the manifest format."},
            "kind": {
                "enum": [*names, *OTHERS],
                "description": "What the document describes; decides its other fields.",
            },
        },
        "required": ["apiVersion", "kind"],
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"{name}.schema.json"},
            }
            for name in (*names, *OTHERS)
        ],
    }


def _metadata(kind: Kind) -> Schema:
    schema = _model_schema(MetadataSpec, {})
    for parent in ("project", "provider", "fleet"):
        if parent in kind.parents:
            schema["required"].append(parent)
        else:
            del schema["properties"][parent]
    return schema


def _model_schema(model: type[BaseModel], fields: FieldTable) -> Schema:
    """Pydantic's schema of a model, references inlined, with our descriptions and marks."""
    if not model.__pydantic_complete__:
        model.model_rebuild()
    whole = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions = whole.pop("$defs", {})
    return _dressed(_inlined(whole, definitions), model, fields)


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _inlined({**target, **{k: v for k, v in node.items() if k != "$ref"}}, definitions)
    kept = {k: v for k, v in node.items() if k != "title" and (k != "default" or v is not None)}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False  # pydantic refuses other names, too
    return {
        k: {name: _inlined(inner, definitions) for name, inner in v.items()}
        if k == "properties"
        else _inlined(v, definitions)
        for k, v in kept.items()
    }


def _dressed(schema: Schema, model: type[BaseModel], fields: FieldTable) -> Schema:
    docs = field_docs(model)
    names = {info.alias: name for name, info in model.model_fields.items() if info.alias}
    for written, property_ in schema.get("properties", {}).items():
        name = names.get(written, written)
        known = fields.get(name)
        info = model.model_fields[name]
        nested = nested_model(info.annotation)
        if nested is not None:
            _dress_nested(property_, nested, _nested_fields(known))
        if known is not None and known.known:
            _suggest(property_, known)
        text = docs.get(name, "")
        property_["description"] = text + (_remarks(known) if known else "")
    doc = (model.__doc__ or "").strip()
    return {**schema, "description": " ".join(doc.split())}


def _nested_fields(known: Field | None) -> FieldTable:
    if known is None:
        return {}
    return known.fields or (known.element.fields if known.element else {})


def _dress_nested(schema: Schema, model: type[BaseModel], fields: FieldTable) -> None:
    """Describe the properties of a nested model wherever in the field's schema it stands."""
    written = {info.alias or name for name, info in model.model_fields.items()}
    if "properties" in schema and set(schema["properties"]) == written:
        schema.update(_dressed(schema, model, fields))
        if model is SecretRef:
            schema |= {"minProperties": 1, "maxProperties": 1}
            for source in schema["properties"].values():
                source["minLength"] = 1
        return
    for value in schema.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                _dress_nested(inner, model, fields)


def _suggest(schema: Schema, known: Field) -> None:
    """Offer the known values to editors without refusing others."""
    target = schema
    if known.shape == "list":
        for option in schema.get("anyOf", [schema]):
            if option.get("type") == "array":
                target = option["items"]
    if "anyOf" in target:
        target["anyOf"] = [{"enum": list(known.known)}, *target["anyOf"]]
    elif target.get("type") == "string":
        del target["type"]
        target["anyOf"] = [{"enum": list(known.known)}, {"type": "string"}]


def _remarks(known: Field) -> str:
    """What the marks say, as sentences for a hover."""
    remarks: list[str] = []
    if known.only_for is not None:
        remarks.append(f"Only for {', '.join(sorted(known.only_for))}.")
    if known.not_for:
        remarks.append(f"Not for {', '.join(sorted(known.not_for))}.")
    if known.since:
        remarks.append(f"Since {known.since}.")
    remarks += [f"{note[0].upper()}{note[1:]}." for note in known.notes]
    return "".join(f" {remark}" for remark in remarks)
