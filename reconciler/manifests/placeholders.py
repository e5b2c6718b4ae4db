"""Data with placeholders in, a way to fill them out.

`${value.NAME}` is an environment's value, `${matrix.NAME}` and `${matrix.NAME.KEY}` are what a set
is at. A scalar that is exactly one placeholder takes the value as it is, whatever its type; inside
of a longer text the value must be a scalar. `$${value.` and `$${matrix.` are the text without the
first `$`; every other `${` is text. What was filled in is not looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import Severity
from reconciler.manifests.environment import PLACEHOLDER_NAME
from reconciler.manifests.messages import nearest_hint
from reconciler.model import Document, Finding, Path

_PLACEHOLDER = re.compile(
    rf"\$(?P<literal>\$\{{(?:value|matrix)\.)"
    rf"|\$\{{value\.(?P<value>{PLACEHOLDER_NAME})\}}"
    rf"|\$\{{matrix\.(?P<axis>{PLACEHOLDER_NAME})(?:\.(?P<key>{PLACEHOLDER_NAME}))?\}}"
)
_NEARLY = re.compile(r"\$\{\s*(?:values?|matrix|matrices)\b[^{}]{0,80}\}?", re.IGNORECASE)

_STAND_IN = "x"
"""Stands where a placeholder could not be filled in, so that nothing else is told of the text."""
MAX_WRITTEN = 64 * 1024 * 1024

Picks = Mapping[str, Any]
"""One combination of a matrix: the item of each of its names."""
Maker = Callable[[Picks], Any]


_LIKE_A_PLACEHOLDER = re.compile(r"\$\{(?:value|matrix)\.")


def escaped(data: Any) -> Any:
    """Data as it stands in a manifest to mean itself: its texts hold no placeholder.

    Filled, the result is the data again. Only texts in values can be escaped, keys cannot.
    """
    if isinstance(data, str):
        return _LIKE_A_PLACEHOLDER.sub(r"$\g<0>", data) if "${" in data else data
    if isinstance(data, dict):
        return {key: escaped(value) for key, value in data.items()}
    return [escaped(item) for item in data] if isinstance(data, list) else data


def may_have_placeholders(content: bytes) -> bool:
    """Whether a file's text can hold a placeholder, or one that is misspelt, at all."""
    return b"{value" in content or b"{matrix" in content or b"${ " in content


def values_named(data: Any) -> Iterator[str]:
    """The names of the environment's values in a part of a manifest, as its author wrote it."""
    if isinstance(data, str):
        yield from (found["value"] for found in _PLACEHOLDER.finditer(data) if found["value"])
    elif isinstance(data, Mapping):
        for inner in data.values():
            yield from values_named(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from values_named(inner)


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands at one path: a value that is the same always, or one to be made of a matrix."""

    value: Any = None
    make: Maker | None = None

    def __call__(self, picks: Picks) -> Any:
        """The value for one combination; parts may be shared between combinations."""
        return self.value if self.make is None else self.make(picks)


@dataclass
class Filling:
    """Fills the placeholders of one document; what is wrong with them is in `findings`.

    `values` are None without an environment, `environments` those there are. `axes` are the lists
    of the matrix, None outside of a template; `axes_at` is where they stand in the document.
    `used_values` and `used_axes` collect the names that were met.
    """

    document: Document
    values: Mapping[str, Any] | None
    environments: Sequence[str] = ()
    axes: Mapping[str, Sequence[Any]] | None = None
    axes_at: Path = ("spec", "matrix")
    findings: list[Finding] = field(default_factory=list)
    used_values: set[str] = field(default_factory=set)
    used_axes: set[str] = field(default_factory=set)
    count: int = 0
    """Placeholders met so far."""
    escapes: int = 0
    """Texts met so far that only look like one: `$${value.` and `$${matrix.`."""
    written: int = 0
    """Characters of the texts that were put together so far."""

    def fill(self, data: Any, path: Path = ()) -> Filled:
        """Look at the value at a path and everything below it."""
        if isinstance(data, str):
            return self._text(data, path) if "${" in data else Filled(data)
        if isinstance(data, dict):
            return self._mapping(data, path)
        if isinstance(data, list):
            return self._list(data, path)
        return Filled(data)

    def _mapping(self, data: dict[str, Any], path: Path) -> Filled:
        for key in data:
            if isinstance(key, str) and "${" in key and _PLACEHOLDER.search(key):
                text = f"a placeholder cannot stand in a key: '{key}'"
                hint = "placeholders stand in values; '$${' in front makes it text in a value only"
                self._tell((*path, key), "placeholder-key", text, hint, at="key")
        parts = {key: self.fill(value, (*path, key)) for key, value in data.items()}
        changing = {key: part.make for key, part in parts.items() if part.make is not None}
        same = {key: part.value for key, part in parts.items()}
        if not changing:
            is_same = all(same[key] is value for key, value in data.items())
            return Filled(data if is_same else same)
        makers = tuple(changing.items())
        return Filled(make=lambda picks: same | {key: make(picks) for key, make in makers})

    def _list(self, data: list[Any], path: Path) -> Filled:
        parts = [self.fill(value, (*path, index)) for index, value in enumerate(data)]
        if any(part.make for part in parts):
            return Filled(make=lambda picks: [part(picks) for part in parts])
        same = [part.value for part in parts]
        return Filled(data if all(a is b for a, b in zip(same, data, strict=True)) else same)

    def _text(self, text: str, path: Path) -> Filled:
        pieces = [self._piece(piece, text, path) for piece in _pieces(text)]
        self._misspelt(text, path)
        if len(pieces) == 1:
            return pieces[0]
        if not any(piece.make for piece in pieces):
            return Filled(self._joined([_as_text(piece.value) for piece in pieces], path))
        return Filled(make=lambda picks: "".join(_as_text(piece(picks)) for piece in pieces))

    def _joined(self, texts: list[str], path: Path) -> str:
        self.written += sum(map(len, texts))
        if self.written <= MAX_WRITTEN:
            return "".join(texts)
        text = f"placeholders write more than {MAX_WRITTEN:,} characters into this document"
        self._tell(path, "expansion-limit", text, "use shorter values, or fewer of them")
        return ""

    def _piece(self, piece: str | re.Match[str], text: str, path: Path) -> Filled:
        if isinstance(piece, str):
            return Filled(piece)
        if literal := piece["literal"]:
            self.escapes += 1
            return Filled(literal)
        self.count += 1
        is_whole = piece[0] == text
        if name := piece["value"]:
            return self._value(name, path, is_whole)
        return self._pick(piece["axis"], piece["key"], path, is_whole)

    def _misspelt(self, text: str, path: Path) -> None:
        rest = _PLACEHOLDER.sub("", text)
        if found := _NEARLY.search(rest):
            self._tell(
                path,
                "placeholder-form",
                f"'{found[0]}' is no placeholder and stays as it is",
                "placeholders are ${value.NAME}, ${matrix.NAME} and ${matrix.NAME.KEY}, "
                "without blanks; names are letters, digits, '-' and '_'",
                severity="warning",
            )

    def _value(self, name: str, path: Path, is_whole: bool) -> Filled:
        self.used_values.add(name)
        if self.values is None:
            self._tell(path, "environment-needed", *self._without_environment(name))
        elif name not in self.values:
            known = ", ".join(self.values) or "no values"
            hint = nearest_hint(name, self.values) or f"the environment has {known}"
            text = f"the environment has no value '{name}'"
            self._tell(path, "placeholder-undefined", text, hint)
        else:
            value = self.values[name]
            if is_whole or _is_text_like(value):
                return Filled(value)
            text = f"the value '{name}' is {_described(value)} and cannot be part of a text"
            self._tell(path, "placeholder-type", text, _type_hint(value))
        return Filled(_STAND_IN)

    def _without_environment(self, name: str) -> tuple[str, str]:
        text = f"the value '{name}' depends on the environment, and none was named"
        if self.environments:
            return text, f"add --environment {' or '.join(self.environments)}"
        return text, "declare it in environments/NAME.yaml, and add --environment NAME"

    def _pick(self, name: str, key: str | None, path: Path, is_whole: bool) -> Filled:
        if self.axes is None:
            text = f"there is no matrix here to take '{name}' from"
            hint = "${matrix.NAME} stands in spec.template of a ManifestSet; '$${' means the text"
            self._tell(path, "placeholder-undefined", text, hint)
            return Filled(_STAND_IN)
        self.used_axes.add(name)
        if name not in self.axes:
            known = ", ".join(self.axes) or "nothing"
            hint = nearest_hint(name, self.axes) or f"spec.matrix has {known}"
            self._tell(path, "placeholder-undefined", f"the matrix has no '{name}'", hint)
            return Filled(_STAND_IN)
        sound = [
            self._check_item(name, key, i, path, is_whole) for i in range(len(self.axes[name]))
        ]
        if not all(sound):
            return Filled(_STAND_IN)
        return Filled(make=_picker(name, key))

    def _check_item(self, name: str, key: str | None, index: int, path: Path, whole: bool) -> bool:
        """Whether one item of the matrix can stand where the placeholder does."""
        item = (self.axes or {})[name][index]
        at: Path = (*self.axes_at, name, index)
        if key is not None:
            if not isinstance(item, dict) or key not in item:
                self._no_key(name, key, index, item, path)
                return False
            item, at = item[key], (*at, key)
        if whole or _is_text_like(item):
            return True
        what = f"'{name}.{key}'" if key else f"'{name}'"
        if isinstance(item, dict) and key is None:
            near = f"such as ${{matrix.{name}.{next(iter(item), 'KEY')}}}"
            text = f"an item of {what} is a mapping and cannot be part of a text"
            self._tell(path, "placeholder-type", text, f"name one of its keys, {near}")
        else:
            text = f"{what} is {_described(item)} here and cannot be part of a text"
            self._tell(at, "placeholder-type", text, _type_hint(item))
        return False

    def _no_key(self, name: str, key: str, index: int, item: Any, path: Path) -> None:
        if isinstance(item, dict):
            text = f"item {index + 1} of '{name}' has no '{key}'"
            keys = [str(known) for known in item]
            hint = nearest_hint(key, keys) or f"it has {', '.join(keys) or 'nothing'}"
        else:
            text = f"item {index + 1} of '{name}' is no mapping and has no '{key}'"
            hint = f"write ${{matrix.{name}}}, or make the items mappings"
        self._tell(path, "placeholder-undefined", text, hint)

    def _tell(
        self,
        path: Path,
        rule: str,
        text: str,
        hint: str,
        at: Any = "value",
        severity: Severity = "error",
    ) -> None:
        document = self.document
        self.findings.append(
            Finding(document.origin, document.index, path, rule, text, hint, severity, at)
        )


def _pieces(text: str) -> Iterator[str | re.Match[str]]:
    """The placeholders of a text, and what stands between them."""
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield match
        end = match.end()
    if end < len(text):
        yield text[end:]


def _picker(name: str, key: str | None) -> Maker:
    if key is None:
        return lambda picks: picks[name]
    return lambda picks: picks[name][key]


def _is_text_like(value: Any) -> bool:
    """Whether a value has one spelling: 1.10 may have been meant as text, null as nothing."""
    return isinstance(value, str | int)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(value: Any) -> str:
    match value:
        case None:
            return "null"
        case float():
            return "a decimal number"
        case list():
            return "a list"
    return "a mapping"


def _type_hint(value: Any) -> str:
    if isinstance(value, float):
        return "put the number in quotes, so that it keeps its spelling"
    if value is None:
        return 'write "" for an empty text'
    return "only text, whole numbers and booleans can; as the whole value everything can"
