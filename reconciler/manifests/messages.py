"""What pydantic found in, findings in the user's words out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.kinds.fields import Field, FieldTable
from reconciler.model import Finding, Origin, Path

_NAMES = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}

_BOUNDS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_long": "no longer than {max_length} elements",
    "too_short": "at least {min_length} elements",
    "string_too_long": "no longer than {max_length} characters",
    "string_too_short": "at least {min_length} characters",
}


def findings(
    error: ValidationError,
    model: type[BaseModel],
    fields: FieldTable,
    origin: Origin,
    index: int,
    at: Path,
) -> Iterator[Finding]:
    """Every fault pydantic found in the value at `at`, one finding a place."""
    seen: set[Path] = set()
    for fault in error.errors(include_url=False, include_context=True, include_input=True):
        loc = _real_path(fault["loc"], error_input=fault)
        path = (*at, *loc)
        if path in seen:
            continue
        seen.add(path)
        yield _finding(dict(fault), loc, path, model, fields, origin, index)


def _real_path(loc: tuple[int | str, ...], error_input: Any) -> tuple[int | str, ...]:
    """The path without the names pydantic adds for union members and mapping keys."""
    return tuple(p for p in loc if isinstance(p, int) or not _is_marker(p))


def _is_marker(part: str) -> bool:
    return part in ("str", "int", "bool", "SecretRef", "[key]") or part.startswith("function-")


def _finding(
    fault: dict[str, Any],
    loc: tuple[int | str, ...],
    path: Path,
    model: type[BaseModel],
    fields: FieldTable,
    origin: Origin,
    index: int,
) -> Finding:
    kind = str(fault["type"])
    field = field_at(fields, loc)
    name = dotted(loc)
    context: dict[str, Any] = fault.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown(loc, path, model, origin, index)
    if kind == "missing":
        return Finding(origin, index, path[:-1], "missing-field", f"'{name}' is required", at="key")
    if field is not None and field.shape == "secret" and not isinstance(fault["input"], dict):
        return secret_literal(origin, index, path, name)
    if kind in _NAMES:
        return _wrong_type(kind, fault["input"], name, path, origin, index)
    if kind in _BOUNDS:
        text = f"'{name}' must be {_BOUNDS[kind].format(**context)}"
        return Finding(origin, index, path, "out-of-range", text)
    if kind == "literal_error":
        return Finding(
            origin,
            index,
            path,
            "wrong-value",
            f"'{name}' must be {context.get('expected', 'another value')}",
            hint=nearest_hint(str(fault["input"]), _quoted(context.get("expected", ""))),
        )
    if kind == "string_pattern_mismatch":
        text = f"'{name}' does not match the pattern {context.get('pattern')}"
        return Finding(origin, index, path, "wrong-value", text)
    return Finding(origin, index, path, "wrong-value", f"'{name}': {fault['msg']}")


def secret_literal(origin: Origin, index: int, path: Path, name: str) -> Finding:
    """The error for a secret written out; its value is never repeated."""
    return Finding(
        origin,
        index,
        path,
        "secret-literal",
        f"'{name}' is a secret and must not be written in a manifest",
        hint=f"refer to it: '{name.rpartition('.')[2]}: {{env: NAME}}' or '{{file: PATH}}', "
        "and change the secret, it has been seen",
    )


def _unknown(
    loc: tuple[int | str, ...], path: Path, model: type[BaseModel], origin: Origin, index: int
) -> Finding:
    word = str(loc[-1])
    return Finding(
        origin,
        index,
        path,
        "unknown-field",
        f"there is no field '{dotted(loc)}'",
        hint=nearest_hint(word, _names_at(model, loc[:-1])),
        at="key",
    )


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known name, also from snake_case; else nothing."""
    folded = {name.replace("_", "").lower(): name for name in known}
    near = get_close_matches(word.replace("_", "").replace("-", "").lower(), folded, 1, 0.7)
    return f"did you mean '{folded[near[0]]}'?" if near else ""


def _names_at(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        info = getattr(current, "model_fields", {}).get(part)
        current = _model_in(info.annotation) if info is not None else None
    return list(getattr(current, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _wrong_type(
    kind: str, value: Any, name: str, path: Path, origin: Origin, index: int
) -> Finding:
    text = f"'{name}' must be {_NAMES[kind]}, not {_described(value)}"
    hint = ""
    if value is None:
        hint = "leave the field out to leave it alone; it cannot be cleared"
    elif kind == "bool_type" and isinstance(value, str):
        word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.lower())
        hint = f"write {word}: in YAML 1.2 only true and false are booleans" if word else ""
    elif kind == "list_type":
        hint = "a list of one element is written [value]"
    is_scalar = isinstance(value, bool | int | float)
    quote = kind == "string_type" and is_scalar
    return Finding(origin, index, path, "wrong-type", text, hint, quote=quote)


def _described(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return "a number"
        case str():
            return f"the text '{value[:40]}'"
        case list():
            return "a list"
    return "a mapping"


def _quoted(text: str) -> list[str]:
    return text.replace(" or ", ", ").replace("'", "").split(", ")


def dotted(path: Sequence[int | str]) -> str:
    """A path as it is printed: `members[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def field_at(fields: FieldTable, path: Sequence[int | str]) -> Field | None:
    """The field a path below a spec leads to, if it is a known one."""
    field: Field | None = None
    for part in path:
        if isinstance(part, int):
            field = field.element if field is not None else None
        else:
            table = fields if field is None else field.fields
            field = table.get(part)
        if field is None:
            return None
    return field
