"""A document in, the same written anew out, with its comments: the only door to ruamel.yaml."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.manifests.yaml.data import with_value
from reconciler.manifests.yaml.dump import fits_literal, is_collection, is_plain
from reconciler.manifests.yaml.nodes import Node
from reconciler.manifests.yaml.parts import chunks_of, has_content, newline_of, root_of, scalars_of
from reconciler.model import UNSET, Path


def by_rewriting(text: str, index: int, path: Path, value: Any) -> str:
    """ruamel writes the whole document anew; the other documents stay as they are."""
    newline = newline_of(text)
    chunks = chunks_of(re.sub(r"\r\n|\r", "\n", text))
    place = index if has_content(chunks[0]) else index + 1
    written = rewritten(chunks[place], lambda data: _set(data, path, value))
    chunks[place] = f"\n{written}" if place else written
    return "---".join(chunks).replace("\n", newline)


def _set(data: Any, path: Path, value: Any) -> None:
    """The change on ruamel's own data, so that the comments around it stay."""
    step, rest = path[0], path[1:]
    exists = step in (data if isinstance(data, dict) else range(len(data)))
    if rest and exists and is_collection(data[step]):
        _set(data[step], rest, value)
    else:
        _put(data, step, with_value(None, rest, value))


def _put(data: Any, step: str | int, value: Any) -> None:
    if value is UNSET:
        del data[step]
    elif isinstance(data, list) and step == len(data):
        data.append(_for_ruamel(value))
    else:
        data[step] = _for_ruamel(value)


def _for_ruamel(value: Any) -> Any:
    """The value in types that ruamel writes as we would."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, Mapping):
        return {_for_ruamel(key): _for_ruamel(member) for key, member in value.items()}
    if is_collection(value):
        return [_for_ruamel(item) for item in value]
    if not isinstance(value, str):
        return value
    if fits_literal(value):
        return LiteralScalarString(value)
    return value if is_plain(value) else DoubleQuotedScalarString(value)


def rewritten(text: str, change: Callable[[Any], None] | None = None) -> str:
    """One document through ruamel, in canonical indentation and with its comments."""
    from ruamel.yaml.error import YAMLError

    masked, scalars, word = _masked(text, keys=change is None)
    yaml, stream = _ruamel(), io.StringIO()
    try:
        data = yaml.load(masked)
        _keep_anchors(data)
        if change:
            change(data)
        yaml.dump(data, stream)
    except (YAMLError, TypeError, LookupError, AttributeError, AssertionError) as error:
        raise ValueError(f"ruamel.yaml cannot rewrite the document: {error}") from error
    return re.sub(f"{word}([0-9]+)z", lambda m: scalars[int(m[1])], stream.getvalue())


def _masked(text: str, *, keys: bool) -> tuple[str, list[str], str]:
    """The text with a word in the place of every scalar that stands on one line.

    ruamel interprets what it carries: it would turn `~` into nothing, respell floats, dates and
    the escapes in double quotes, and it breaks a list that begins with `{}` below a comment. So
    it gets to see words only; what they stand for is put back afterwards as it was written.
    """
    word = "z"
    while word in text:
        word += "q"
    scalars: list[str] = []
    pieces: list[str] = []
    end = 0
    root = root_of(text)
    for node, is_key in scalars_of(root):
        written = _on_one_line(text, node)
        if written and node is not root and (keys or not is_key):
            pieces += [text[end : node.end - len(written)], f"{word}{len(scalars)}z"]
            scalars.append(written)
            end = node.end
    return "".join([*pieces, text[end:]]), scalars, word


def _on_one_line(text: str, node: Node) -> str:
    """The scalar or empty collection as it was written, if a word can stand for it."""
    if node.alias or node.style in ("|", ">", "block"):
        return ""
    empty = node.style in ("{", "[") and not node.anchor
    written = text[node.start : node.end] if empty else node.written
    return "" if "\n" in written else written


def _keep_anchors(data: Any) -> None:
    """ruamel drops the anchors that no alias uses, unless told otherwise."""
    if getattr(data, "anchor", None) is not None and data.anchor.value:
        data.anchor.always_dump = True
    if isinstance(data, dict | list):
        for member in data.values() if isinstance(data, dict) else data:
            _keep_anchors(member)


def _ruamel() -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import RoundTripEmitter

    class Emitter(RoundTripEmitter):
        """ruamel would put a list in a list four columns further in: `-   - a`."""

        def increase_indent(
            self,
            flow: bool = False,
            sequence: bool | None = None,
            indentless: bool = False,
        ) -> None:
            in_list = bool(self.indents.values) and self.indents.values[-1][1]
            super().increase_indent(flow, sequence, indentless)
            if in_list and sequence and not flow and not indentless:
                self.indent = (self.indent or 0) - 2

    yaml = YAML(typ="rt", pure=True)
    yaml.Emitter = Emitter
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = 2**31
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
