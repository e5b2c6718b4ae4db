"""What pydantic found in, findings in the user's words out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reconciler.kinds.spec import SecretRef
from reconciler.manifests.environment import PLACEHOLDER_NAME
from reconciler.manifests.workspace import NAME_PATTERN
from reconciler.model import Document, Finding, Origin, Path

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
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_long": "may have {max_length} elements at most",
    "too_short": "must have at least {min_length} elements",
    "string_too_long": "may have {max_length} characters at most",
    "string_too_short": "must have at least {min_length} characters",
}

_PATTERNS = {
    NAME_PATTERN: "use letters, digits, '-', '_' and '.', and begin with a letter or a digit",
    f"^{PLACEHOLDER_NAME}$": "use letters, digits, '-' and '_'",
}

_FEW = 12
"""So many field names fit into a hint."""

REFERENCE_HINT = "write {env: NAME} or {file: PATH}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What is being checked: a value at `at` of one document, by a model, for a kind."""

    model: type[BaseModel]
    origin: Origin
    index: int
    at: Path = ()
    kind: str = ""

    def findings(self, error: ValidationError, *, partial: bool = False) -> list[Finding]:
        """Every fault pydantic found, one a place; with `partial`, a missing field is none."""
        found: dict[Path, Finding] = {}
        suggested: set[Path] = set()
        for fault in error.errors(include_url=False):
            told, meant = self._finding(dict(fault))
            found.setdefault(told.path, told)
            suggested |= meant
        missing = {p for p, told in found.items() if told.rule == "missing-field"}
        # Who misspelt a required field is told so; that the right one is missing follows.
        dropped = missing if partial else missing & suggested
        # A list with one wrong element is no text either, where both are taken: not worth a word.
        dropped |= {p for p, f in found.items() if f.rule == "wrong-type" and _has_below(p, found)}
        return [_at_parent(told) for path, told in found.items() if path not in dropped]

    def _finding(self, fault: dict[str, Any]) -> tuple[Finding, set[Path]]:
        """The finding, and the paths of the fields that were probably meant."""
        loc, is_key = self._real(fault["loc"])
        kind = str(fault["type"])
        secret = self._secret_above(loc)
        if secret is not None and not (kind == "missing" and secret == loc):
            return self._of_secret(secret, fault), set()
        if kind == "extra_forbidden":
            return self._unknown(loc)
        if kind == "missing":
            return self._missing(loc), set()
        if kind in _NAMES:
            return self._wrong_type(kind, fault["input"], loc), set()
        return self._wrong_value(kind, fault, loc, is_key), set()

    def _tell(self, loc: Path, rule: str, summary: str, hint: str = "", **more: Any) -> Finding:
        return Finding(self.origin, self.index, (*self.at, *loc), rule, summary, hint, **more)

    def _named(self, loc: Path) -> str:
        """How a field is called: fields of a spec by their names, all others from the root."""
        return dotted(loc if loc and self.at == ("spec",) else (*self.at, *loc))

    def _real(self, loc: tuple[int | str, ...]) -> tuple[Path, bool]:
        """The path without what pydantic adds for union members; and whether a key is meant."""
        real: list[int | str] = []
        is_key = False
        for part in loc:
            annotation = annotation_at(self.model, real)
            if part == "[key]":
                is_key = True
            elif not isinstance(part, str) or not _is_member(annotation, part):
                real.append(part)
        return tuple(real), is_key

    def _secret_above(self, loc: Path) -> Path | None:
        """The field on the way to `loc` that takes a secret, if there is one."""
        for length in range(1, len(loc) + 1):
            if _takes_secret(annotation_at(self.model, loc[:length])):
                return loc[:length]
        return None

    def _of_secret(self, loc: Path, fault: dict[str, Any]) -> Finding:
        """Never repeats the value, nor points into it: it may be the secret itself."""
        is_written_out = fault["type"] in _NAMES and not _is_part_of_reference(fault)
        if is_written_out and not _also_takes_text(annotation_at(self.model, loc)):
            return self._literal(loc)
        name = self._named(loc)
        if is_written_out:
            text = f"'{name}' must be text or name the source of a secret"
            return self._tell(loc, "secret-reference", text, f"quote the text, or {REFERENCE_HINT}")
        text = f"'{name}' must name exactly one source of the secret"
        return self._tell(loc, "secret-reference", text, REFERENCE_HINT)

    def _literal(self, loc: Path) -> Finding:
        name = self._named(loc)
        return self._tell(
            loc,
            "secret-literal",
            f"'{name}' is a secret and must not be written in a manifest",
            f"refer to it: '{name.rpartition('.')[2]}: {{env: NAME}}' or '{{file: PATH}}', "
            "and change the secret, it has been seen",
        )

    def _missing(self, loc: Path) -> Finding:
        from reconciler.kinds.documentation import field_docs

        model = _model_in(annotation_at(self.model, loc[:-1]))
        hint = field_docs(model).get(str(loc[-1]), "") if model is not None else ""
        summary = f"'{dotted((*self.at, *loc))}' is required"
        return self._tell(loc, "missing-field", summary, hint)

    def _unknown(self, loc: Path) -> tuple[Finding, set[Path]]:
        names = self._names_at(loc[:-1])
        near = nearest(str(loc[-1]), names)
        meant = {(*self.at, *loc[:-1], near)} if near else set()
        hint = f"did you mean '{near}'?" if near else self._fields_hint(names)
        text = f"there is no field '{self._named(loc)}'"
        told = self._tell(loc, "unknown-field", text, hint, at="key", instead=near or "")
        return told, meant

    def _fields_hint(self, names: list[str]) -> str:
        if len(names) > _FEW:
            return f"`reconciler explain {self.kind}` lists the fields"
        one = f"the only field here is {names[0]}" if len(names) == 1 else ""
        return one or f"the fields here are {', '.join(names)}" if names else ""

    def _names_at(self, loc: Path) -> list[str]:
        model = _model_in(annotation_at(self.model, loc))
        fields = model.model_fields if model is not None else {}
        return [info.alias or name for name, info in fields.items()]

    def _wrong_type(self, kind: str, value: Any, loc: Path) -> Finding:
        name = f"'{self._named(loc)}'" if self._named(loc) else "the document"
        text = f"{name} must be {_NAMES[kind]}, not {_described(kind, value)}"
        is_scalar = isinstance(value, bool | int | float)
        return self._tell(
            loc,
            "wrong-type",
            text,
            self._type_hint(kind, value, loc),
            quote=kind == "string_type" and is_scalar,
        )

    def _type_hint(self, kind: str, value: Any, loc: Path) -> str:
        match kind, value:
            case _, None if self.at == ("spec",) and loc and isinstance(loc[-1], str):
                return "leave the field out to leave it alone; it cannot be cleared"
            case _, None:
                return "give it a value, or take it out"
            case "bool_type", str() if value.lower() in _BOOLEANS:
                return _BOOLEANS[value.lower()]
            case "bool_type", int() if value in (0, 1):
                return f"write {str(bool(value)).lower()}"
            case "int_type", str() if value.isascii() and value.isdigit() and len(value) < 20:
                return f"without quotes: {int(value)}"
            case "int_type", float() if value.is_integer() and abs(value) < 1e15:
                return f"write {int(value)}"
            case "list_type", str() if value.isprintable() and len(value) <= 40:
                return f"a list of one element is written [{value}]"
            case "list_type", _:
                return "a list is written [one, two], or with '- ' before each element"
            case "model_type" | "model_attributes_type", _:
                return self._fields_hint(self._names_at(loc))
        return ""

    def _wrong_value(self, kind: str, fault: dict[str, Any], loc: Path, is_key: bool) -> Finding:
        context: dict[str, Any] = fault.get("ctx") or {}
        name, value = self._named(loc), fault["input"]
        rule, hint = "wrong-value", ""
        if kind == "string_too_short" and context["min_length"] == 1:
            what = f"a key of '{self._named(loc[:-1])}'" if is_key else f"'{name}'"
            text, rule = f"{what} is empty", "out-of-range"
        elif kind in _BOUNDS:
            text = f"'{name}' {_BOUNDS[kind].format(**context)}"
            rule = "out-of-range"
        elif kind == "literal_error":
            expected = str(context["expected"])
            text = f"'{name}' must be {expected}"
            hint = nearest_hint(str(value), expected.replace(" or ", ", ").strip("'").split("', '"))
        elif kind == "string_pattern_mismatch":
            hint = _PATTERNS.get(context["pattern"], "")
            why = "cannot be a name" if hint else f"does not match {context['pattern']}"
            text = f"'{_cut(str(value))}' {why}"
        else:
            text = f"'{name}': {fault['msg']}"
        return self._tell(loc, rule, text, hint, at="key" if is_key else "value")


_BOOLEANS = {
    **dict.fromkeys(("yes", "on", "y"), "write true: in YAML 1.2 only true and false are booleans"),
    **dict.fromkeys(
        ("no", "off", "n"), "write false: in YAML 1.2 only true and false are booleans"
    ),
    "true": "without quotes: true",
    "false": "without quotes: false",
}


def _at_parent(told: Finding) -> Finding:
    """A missing field is shown at the key of what lacks it."""
    return replace(told, path=told.path[:-1], at="key") if told.rule == "missing-field" else told


def _is_part_of_reference(fault: dict[str, Any]) -> bool:
    """Whether the fault is inside of `{env: ...}`, not in the place where it should stand."""
    return isinstance(fault["input"], dict) or fault["loc"][-1] in ("env", "file")


def _has_below(path: Path, paths: Iterable[Path]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in paths)


def _is_member(annotation: Any, part: str) -> bool:
    """Whether pydantic added the part for a member of the union that stands here."""
    members = _members(annotation)
    return len(members) > 1 and part in map(_label, members)


def _label(member: Any) -> str:
    """What pydantic calls a member of a union: `str`, `list[str]`."""
    return str(member) if get_origin(member) else str(getattr(member, "__name__", member))


def _members(annotation: Any) -> list[Any]:
    """The types a value may have, `Annotated` and unions taken apart."""
    if hasattr(annotation, "__metadata__"):
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [m for a in get_args(annotation) for m in _members(a) if m is not type(None)]
    return [annotation]


def annotation_at(model: type[BaseModel], loc: Sequence[int | str]) -> Any:
    """The type at a path below a model; None where the model says nothing."""
    current: Any = model
    for part in loc:
        found = None
        for member in _members(current):
            if get_origin(member) is list and isinstance(part, int):
                found = get_args(member)[0]
            elif get_origin(member) is dict:
                found = get_args(member)[1]
            elif isinstance(member, type) and issubclass(member, BaseModel):
                info = member.model_fields.get(str(part))
                found = info.annotation if info is not None else found
        current = found
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            return member
    return None


def _takes_secret(annotation: Any) -> bool:
    return SecretRef in _members(annotation)


def _also_takes_text(annotation: Any) -> bool:
    return str in _members(annotation)


def nearest(word: str, known: Iterable[str]) -> str:
    """The nearest known name, also from snake_case; else nothing."""
    folded = {name.replace("_", "").lower(): name for name in known}
    near = get_close_matches(word.replace("_", "").replace("-", "").lower(), folded, 1, 0.7)
    return folded[near[0]] if near else ""


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known name; else nothing."""
    near = nearest(word, known)
    return f"did you mean '{near}'?" if near else ""


def _described(kind: str, value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case float() if kind == "int_type":
            return "a decimal number"
        case int() | float():
            return "a number"
        case str():
            return f"the text '{_cut(value)}'"
        case list():
            return "a list"
    return "a mapping"


_FILES = ("Workspace", "Environment")
"""Kinds of documents whose spec is not that of an object."""


def field_name(document: Document, path: Path) -> str:
    """How a field of a document is called, as `Checked` calls it."""
    is_manifest = isinstance(document.data, dict) and document.data.get("kind") not in _FILES
    return dotted(path[1:] if is_manifest and path[:1] == ("spec",) else path)


def _cut(text: str) -> str:
    line, *more = text.split("\n", 1)
    return line if not more and len(line) <= 40 else f"{line[:40]}…"


def dotted(path: Sequence[int | str]) -> str:
    """A path as it is printed: `members[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
