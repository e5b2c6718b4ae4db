"""Data and text in, YAML text out: writes new documents, edits and formats old ones.

The only door to ruamel.yaml. An edit first tries to replace just the characters that mean the
value, found through the reader's offsets; where that is not possible ruamel writes the document
anew with its comments. Whatever way was taken, the result is read again and must mean exactly
what was asked for.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.manifests import yaml_reader
from reconciler.manifests.yaml_reader import Node, Path
from reconciler.model import UNSET

# --- writing new text ------------------------------------------------------------------------


def dump(document: Mapping[str, Any], *, header: str = "") -> str:
    """One new document in canonical style, below the header lines if there are any.

    Raises ValueError for what YAML 1.2's core schema cannot carry.
    """
    lines = _block(document, 0) if document else ["{}"]
    return "\n".join([*header.splitlines(), *lines, ""])


def _block(value: Any, indent: int) -> list[str]:
    """The lines of a mapping or list that is not empty."""
    return (
        _block_mapping(value, indent) if isinstance(value, Mapping) else _block_list(value, indent)
    )


def _block_mapping(value: Mapping[str, Any], indent: int) -> list[str]:
    lines = []
    for key, member in value.items():
        first, more = _member(member, indent)
        lines += [f"{' ' * indent}{_key(key)}:{first}", *more]
    return lines


def _block_list(value: Sequence[Any], indent: int) -> list[str]:
    lines = []
    for item in value:
        if _is_filled(item):
            inner = _block(item, indent + 2)
            lines += [f"{' ' * indent}- {inner[0][indent + 2 :]}", *inner[1:]]
        else:
            first, more = _member(item, indent)
            lines += [f"{' ' * indent}-{first}", *more]
    return lines


def _member(value: Any, indent: int) -> tuple[str, list[str]]:
    """What follows the colon (or dash) on its line, and the lines below."""
    if _is_filled(value):
        return "", _block(value, indent + 2)
    if isinstance(value, str) and _fits_literal(value):
        sign = "|" if value.endswith("\n") else "|-"
        padding = " " * (indent + 2)
        lines = value.removesuffix("\n").split("\n")
        return f" {sign}", [padding + line if line else "" for line in lines]
    return f" {_flow(value, '')}", []


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _is_filled(value: Any) -> bool:
    return _is_collection(value) and len(value) > 0


def _flow(value: Any, inside: str = ",[]{}") -> str:
    """The value on one line; `inside` are the signs that plain text there must not hold."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if _is_collection(value):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value, inside) else _quoted(value)
    return _constant(value)


def _constant(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 wants the point
    raise ValueError(f"{value!r} cannot be written as YAML")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{key!r} cannot be a key: keys are text")
    if len(key) > 200:  # YAML ends its search for the colon after 1024 characters, escaped
        raise ValueError("a key of more than 200 characters cannot be written")
    return _flow(key)


# What YAML 1.1 or 1.2 takes for something else than text.
_AMBIGUOUS = re.compile(
    r"""
    |~|null|true|false|yes|no|on|off|y|n
    |[-+]?\.(inf|nan)|\.\.\.
    |[-+]?(0b[01_]+|0x[0-9a-f_]+|0o[0-7_]+)
    |[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?
    |[-+]?(?=\.?[0-9])[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t\ ].*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOT_PLAIN = re.compile(r"""\A[-?:,\[\]{}#&*!|>'"%@`=~<\s]|:\s|\s\#|[:\s]\Z|[\t\n\r]""")


def _is_plain(text: str, inside: str = "") -> bool:
    """Whether the text may stand without quotes under both versions of YAML."""
    return not (
        _AMBIGUOUS.fullmatch(text)
        or _NOT_PLAIN.search(text)
        or yaml_reader.FORBIDDEN.search(text)
        or any(sign in text for sign in inside)
    )


def _quoted(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"{text!r} holds half a character and cannot be written")
    written = json.dumps(text, ensure_ascii=False)
    return yaml_reader.FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _fits_literal(text: str) -> bool:
    """Whether `|` can hold the text so that no trailing blank and no line end matters."""
    return (
        "\n" in text
        and text[0] not in " \t\n"
        and not text.endswith("\n\n")
        and not re.search(r"[ \t](\n|\Z)|\r|\n[ \t]*\t", text)
        and not yaml_reader.FORBIDDEN.search(text)
    )


# --- editing ---------------------------------------------------------------------------------


_LINE_END = re.compile(r"\r|\n|\Z")


class _NotBySplicingError(Exception):
    """This change cannot be made by replacing a few characters."""


Step = tuple[Node, Node]
"""A key and its value, or a list item twice."""


def edit(text: str, index: int, changes: Sequence[tuple[Path, Any]]) -> str:
    """The text with values set in document number `index`, everything else as it was.

    Missing parents are created, an index one past the end of a list appends to it, and UNSET
    removes. Raises ValueError when the text is faulty or the path leads through something else.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    for path, value in changes:
        body = _change(body, index, path, value)
    return mark + body


def _change(text: str, index: int, path: Path, value: Any) -> str:
    before = _data(text)
    if index not in before:
        raise ValueError(f"the file has no document number {index}")
    old = _found(before[index], path)
    if old is UNSET if value is UNSET else _same(old, value):
        return text
    wanted = before | {index: _applied(before[index], path, value)}
    for way in (_by_splicing, _by_rewriting):
        try:
            result = way(text, index, path, value)
        except _NotBySplicingError:
            continue
        if _means(result, wanted) and not _lost_comments(text, result, index, path, value):
            return result
    raise ValueError(f"{_shown(path)} cannot be changed without harm to the rest of the file")


def _data(text: str) -> dict[int, Any]:
    documents, found = yaml_reader.read(text.encode(), "")
    if found:
        raise ValueError(f"line {found[0].line}: {found[0].summary}")
    return {document.index: document.data for document in documents}


def _means(text: str, wanted: dict[int, Any]) -> bool:
    try:
        return _same(_data(text), wanted)
    except ValueError:
        return False


def _lost_comments(text: str, result: str, index: int, path: Path, value: Any) -> bool:
    """Whether a comment is gone that did not stand in what was replaced."""
    trail = _trail(text, index, path)
    key, node = trail[-1]
    replaced = ""
    if len(trail) > len(path):
        if value is UNSET and len(trail) > 1 and len(trail[-2][1].parts) == 1:
            key, node = trail[-2]  # its parent is empty now
        end = _LINE_END.search(text, node.end)
        replaced = text[key.start : end.start() if end else len(text)]
    gone = Counter(_comments(text)) - Counter(_comments(result))
    return bool(gone - Counter(_COMMENT.findall(replaced)))


def _same(one: Any, other: Any) -> bool:
    # 1, 1.0 and True are equal in Python, not in YAML
    try:
        return json.dumps(one) == json.dumps(other)
    except TypeError:
        return False


def _shown(path: Path) -> str:
    return ".".join(map(str, path)) or "the document"


def _found(data: Any, path: Path) -> Any:
    for step in path:
        in_list = isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)
        if not in_list and not (isinstance(data, dict) and step in data):
            return UNSET
        data = data[step]
    return data


def _applied(data: Any, path: Path, value: Any) -> Any:
    """The data as it shall be; the given one stays as it is."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if data is None:
        data = [] if isinstance(step, int) else {}
    if isinstance(data, list) and isinstance(step, int) and 0 <= step <= len(data):
        inner = _applied(data[step] if step < len(data) else None, rest, value)
        return [*data[:step], *([] if inner is UNSET else [inner]), *data[step + 1 :]]
    if isinstance(data, dict) and isinstance(step, str):
        inner = _applied(data.get(step), rest, value)
        if inner is UNSET:
            return {key: member for key, member in data.items() if key != step}
        return data | {step: inner}
    raise ValueError(f"there is no place for {_shown(path)}: its parent is something else")


def _by_splicing(text: str, index: int, path: Path, value: Any) -> str:
    trail = _trail(text, index, path)
    rest = path[len(trail) - 1 :]
    splice = _Splice(text, trail)
    if value is UNSET:
        return splice.remove() if not rest else _give_up()
    return (
        splice.insert(rest[0], _applied(None, rest[1:], value)) if rest else splice.replace(value)
    )


def _trail(text: str, index: int, path: Path) -> list[Step]:
    """The nodes along the path from the root on, as far as it exists in the document itself."""
    root = yaml_reader.positions(text.encode())[index].root
    trail: list[Step] = [(root, root)]
    for step in path:
        if step not in trail[-1][1].parts or trail[-1][1].alias:
            break
        trail.append(trail[-1][1].parts[step])
    return trail


def _give_up() -> str:
    raise _NotBySplicingError


class _Splice:
    """One change at the end of a trail of nodes that begins at the root of the document."""

    def __init__(self, text: str, trail: list[Step]) -> None:
        self.text = text
        self.trail = trail
        self.key, self.node = trail[-1]
        self.parent = trail[-2][1] if len(trail) > 1 else None
        self.in_flow = any(node.style in ("{", "[") for _, node in trail[:-1])
        self.newline = _newline(text)

    def replace(self, value: Any) -> str:
        """Another value in the place of the old one."""
        node, parent = self.node, self.parent
        if self.in_flow or (node.style in ("{", "[") and node.parts and _is_filled(value)):
            return self._in_flow(_flow(value))
        if parent is None:
            return self._in_flow(_flow(value)) if not node.parts else _give_up()
        if self._fits_the_line(value):
            return self._cut(node.start, node.end, self._like_before(value))
        return self._item(value) if self.key is node else self._member(value)

    def insert(self, step: str | int, value: Any) -> str:
        """A new member of the node: a key, or an item after the last one."""
        node = self.node
        if not node.parts:
            return self.replace(_applied(node.data, (step,), value))
        if node.alias:
            raise _NotBySplicingError  # the value belongs to the anchor too
        if node.style in ("{", "["):
            last = [member for _, member in node.parts.values()][-1].end
            written = f"{_key(step)}: {_flow(value)}" if node.style == "{" else _flow(value)
            return self._cut(last, last, f", {written}")
        at = self._line_end(self._true_end(node))
        entry = self._entry(next(iter(node.parts.values())), node)
        column = entry - self._line_start(entry)
        lines = _block({step: value} if isinstance(node.data, dict) else [value], column)
        return self._cut(at, at, "".join(self.newline + line for line in lines))

    def remove(self) -> str:
        """The key with its value, or the item, is gone."""
        parent = self.parent
        if parent is None:
            raise _NotBySplicingError
        steps = list(parent.parts.values())
        if len(steps) == 1:
            return _Splice(self.text, self.trail[:-1]).empty()
        place = next(i for i, step in enumerate(steps) if step[1] is self.node)
        start = self._entry(self.trail[-1], parent)
        own_line = not self.text[self._line_start(start) : start].strip()
        if parent.style == "block" and own_line:
            return self._without_lines(self._line_start(start), self._true_end(self.node))
        if place + 1 < len(steps):
            return self._up_to(start, self._entry(steps[place + 1], parent))
        return self._cut(steps[place - 1][1].end, self.node.end, "")

    def _up_to(self, start: int, following: int) -> str:
        # comments between the two belong to what follows
        end = self._line_end(self._true_end(self.node))
        if end < following and "#" in self.text[end:following]:
            return self.text[:start].rstrip(" ") + self.text[end:]
        return self._cut(start, following, "")

    def empty(self) -> str:
        """The collection holds nothing any more."""
        value: Any = {} if isinstance(self.node.data, dict) else []
        if self.parent is None:
            return self._cut(self.node.start, self._true_end(self.node), _flow(value))
        return self.replace(value)

    def _in_flow(self, written: str) -> str:
        node = self.node
        if node.style == "block" or "#" in self.text[node.start : node.end]:
            raise _NotBySplicingError  # a comment inside would be lost
        blank = "" if node.start < node.end else " "
        return self._cut(node.start, node.end, blank + written)

    def _fits_the_line(self, value: Any) -> bool:
        node = self.node
        return (
            node.start < node.end
            and node.style in ("", "'", '"')
            and not _is_filled(value)
            and not (isinstance(value, str) and _fits_literal(value))
        )

    def _like_before(self, value: Any) -> str:
        """The scalar in the quotes its predecessor had, where they can hold it."""
        if self.node.alias or not isinstance(value, str) or not self.node.style:
            return _flow(value, "")
        if self.node.style == "'" and _is_plain(f"x{value}x"):
            return "'" + value.replace("'", "''") + "'"
        return _quoted(value)

    def _item(self, value: Any) -> str:
        dash = self._entry(self.trail[-1], self._parent())
        column = dash - self._line_start(dash)
        first, *more = _block([value], column)
        written = self.newline.join([first[column + 1 :], *more])
        return self._cut(dash + 1, self._true_end(self.node), written)

    def _member(self, value: Any) -> str:
        """A new value for a key: what follows on the key's line stays if it is a comment."""
        node, key = self.node, self.key
        colon = re.compile(r"[ \t]*:").match(self.text, key.end)
        if not colon:
            raise _NotBySplicingError
        column = key.start - self._line_start(key.start)
        first, more = _member(value, column)
        end = self._line_end(self._true_end(node))
        rest = self.text[colon.end() : self._line_end(colon.end())]
        if node.line == key.line:
            rest = "" if node.style in ("|", ">", "block") else self.text[node.end : end]
        after = "".join(self.newline + line for line in more)
        return self._cut(colon.end(), end, first + rest.rstrip() + after)

    def _parent(self) -> Node:
        if self.parent is None:
            raise _NotBySplicingError
        return self.parent

    def _entry(self, step: Step, parent: Node) -> int:
        """Where a member begins: its key, or its dash."""
        start = step[0].start
        dashed = isinstance(parent.data, list) and parent.style == "block"
        return self.text.rfind("-", 0, start) if dashed else start

    def _true_end(self, node: Node) -> int:
        # a block scalar's end is after the blank lines below it
        return len(self.text[: node.end].rstrip()) if node.start < node.end else node.end

    def _line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def _line_end(self, at: int) -> int:
        found = _LINE_END.search(self.text, at)
        return found.start() if found else len(self.text)

    def _without_lines(self, start: int, end: int) -> str:
        stop = self._line_end(end)
        following = re.compile(r"\r\n|\r|\n").match(self.text, stop)
        if following:
            return self._cut(start, following.end(), "")
        before = self.text[:start].removesuffix("\n").removesuffix("\r")
        return before + self.text[stop:]

    def _cut(self, start: int, end: int, written: str) -> str:
        return self.text[:start] + written + self.text[end:]


def _newline(text: str) -> str:
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"


# --- ruamel.yaml -----------------------------------------------------------------------------


def _by_rewriting(text: str, index: int, path: Path, value: Any) -> str:
    """ruamel writes the whole document anew; the other documents stay as they are."""
    newline = _newline(text)
    chunks = _chunks(re.sub(r"\r\n|\r", "\n", text))
    place = index if _has_content(chunks[0]) else index + 1
    written = _rewritten(chunks[place], lambda data: _set(data, path, value))
    chunks[place] = f"\n{written}" if place else written
    return "---".join(chunks).replace("\n", newline)


def _set(data: Any, path: Path, value: Any) -> None:
    """The change on ruamel's own data, so that the comments around it stay."""
    step, rest = path[0], path[1:]
    exists = step in (data if isinstance(data, dict) else range(len(data)))
    if rest and exists and _is_collection(data[step]):
        _set(data[step], rest, value)
    else:
        _put(data, step, _applied(None, rest, value))


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
    if _is_collection(value):
        return [_for_ruamel(item) for item in value]
    if not isinstance(value, str):
        return value
    if _fits_literal(value):
        return LiteralScalarString(value)
    return value if _is_plain(value) else DoubleQuotedScalarString(value)


def _rewritten(text: str, change: Callable[[Any], None] | None = None) -> str:
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
    root = _root(text)
    for node, is_key in _scalars(root):
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


# --- formatting ------------------------------------------------------------------------------

_COMMENT = re.compile(r"(?:^|(?<=\s))#(?:[^\r\n]*[^\s])?", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_MODELINE = re.compile(r"# *yaml-language-server:")


def format_text(text: str, *, header: str = "") -> str:
    """The canonical form of a file: same data, same comments, one layout.

    `header` is a comment line that shall stand once at the top. Raises ValueError with a sentence
    where the layout cannot be changed safely; running it on its own result changes nothing.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = _newline(text)
    body = re.sub(r"\r\n|\r", "\n", text.removeprefix(mark))
    before = list(_data(body).values())
    comments = _comments(body, header)
    for _ in range(3):
        previous, body = body, _formatted(body, header)
        if not _same(list(_data(body).values()), before) and not _sorted_same(body, before):
            raise ValueError("formatting would change what the file means")
        if _comments(body, header) != comments:
            raise ValueError("formatting would lose a comment")
        if body == previous:
            return mark + body.replace("\n", newline)
    raise ValueError("formatting does not come to rest on this file")


def _sorted_same(text: str, before: list[Any]) -> bool:
    """Equal but for the order of keys, which formatting may change."""

    def ordered(data: Any) -> str:
        return json.dumps(data, sort_keys=True)

    return ordered(list(_data(text).values())) == ordered(before)


def _formatted(text: str, header: str) -> str:
    parts: list[str] = []
    loose = ""  # comments that stand in no document, kept for the next one
    for chunk in _chunks(text):
        chunk = loose + chunk.lstrip(" \t")
        if _has_content(chunk):
            parts.append(_format_document(chunk))
            loose = ""
        else:
            loose = "".join(f"{line.strip()}\n" for line in chunk.splitlines() if line.strip())
    if loose:
        parts[-1:] = [f"{parts[-1]}{loose}" if parts else loose]
    return _with_header("---\n".join(parts), header)


def _with_header(text: str, header: str) -> str:
    if not header:
        return text
    lines = text.splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if line[0] != "#" and line.strip()), len(lines))
    top = [line for line in lines[:count] if not _MODELINE.match(line)]
    return "".join([f"{header}\n", *top, *lines[count:]])


def _chunks(text: str) -> list[str]:
    """The text between the `---` marks; what stands before the first one comes first."""
    if re.search(r"^(%|\.\.\.(\s|\Z))", text, re.MULTILINE):
        raise ValueError("files with '%' directives or '...' lines are left as they are")
    return _SEPARATOR.split(text)


def _has_content(text: str) -> bool:
    return any(line.strip() and line.lstrip()[0] != "#" for line in text.splitlines())


def _format_document(text: str) -> str:
    root = _root(text)
    if not isinstance(root.data, dict):
        raise ValueError(f"line {root.line}: the document is no mapping and is left as it is")
    text = text.rstrip() + "\n" if not _keeps_line_ends(text) else text
    text = _reordered(text, (), ("apiVersion", "kind", "metadata", "spec"))
    text = _reordered(text, ("metadata",), ("name",))
    _data(text)  # an alias may not stand before its anchor
    return _tidy(_compact(_rewritten(text)))


def _compact(text: str) -> str:
    """A list in a list begins on the line of its dash."""
    fixed = _fixed_lines(text)
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        dash = (
            re.fullmatch(r"[- ]*-", lines[-1])
            if lines and not fixed & {number, number - 1}
            else None
        )
        if dash and line.startswith(" " * len(dash[0]) + " - "):
            lines[-1] += line[len(dash[0]) :]
        elif dash and line == " " * len(dash[0]) + " -":
            lines[-1] += " -"
        else:
            lines.append(line)
    return "\n".join(lines)


def _keeps_line_ends(text: str) -> bool:
    return any(node.written.startswith(("|+", ">+")) for node, _ in _scalars(_root(text)))


def _root(text: str) -> Node:
    found = yaml_reader.positions(text.encode())
    if len(found) != 1:
        raise ValueError("the document could not be found again")
    return found[0].root


def _reordered(text: str, path: Path, first: tuple[str, ...]) -> str:
    """The named keys of the mapping at `path` first, each with the comments right above it."""
    node = _root(text)
    for step in path:
        if step not in node.parts or node.alias:
            return text
        node = node.parts[step][1]
    keys = list(node.parts)
    wanted = [key for key in first if key in keys] + [key for key in keys if key not in first]
    if keys == wanted or node.alias:
        return text
    if node.style == "{":
        return _reordered_flow(text, node, wanted)
    return _reordered_block(text, node, wanted)


def _reordered_flow(text: str, node: Node, wanted: list[str | int]) -> str:
    if "#" in (old := text[node.start : node.end]) or "\n" in old:
        return text
    pairs = {name: text[key.start : value.end] for name, (key, value) in node.parts.items()}
    opening = text[node.start : min(key.start for key, _ in node.parts.values())]
    written = opening + ", ".join(pairs[name] for name in wanted) + "}"
    return text[: node.start] + written + text[node.end :]


def _reordered_block(text: str, node: Node, wanted: list[str | int]) -> str:
    starts = [text.rfind("\n", 0, key.start) + 1 for key, _ in node.parts.values()]
    if any(
        text[start : key.start].strip()
        for start, (key, _) in zip(starts, node.parts.values(), strict=True)
    ):
        return text
    end = len(text[: node.end].rstrip())
    end = text.find("\n", end) + 1 or len(text)
    column = next(iter(node.parts.values()))[0].column - 1
    bounds = [starts[0], *(_with_comments(text, start, column) for start in starts[1:]), end]
    pieces = {name: text[bounds[i] : bounds[i + 1]] for i, name in enumerate(node.parts)}
    return text[: bounds[0]] + "".join(pieces[name] for name in wanted) + text[end:]


def _with_comments(text: str, start: int, column: int) -> int:
    """The start of the comment lines that stand right above a line, in the same column."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].startswith(" " * column + "#"):
            break
        start = above
    return start


def _tidy(text: str) -> str:
    """Blank lines, trailing blanks and the columns of comment lines."""
    fixed = _fixed_lines(text)
    lines = [
        line if number in fixed else line.rstrip()
        for number, line in enumerate(text.removesuffix("\n").split("\n"))
    ]
    kept: list[str] = []
    for number, line in enumerate(lines):
        if number in fixed:
            kept.append(line)
        elif line.startswith("#") or line.lstrip().startswith("#"):
            kept.append(" " * _comment_column(lines, number, fixed) + line.lstrip())
        elif line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1] and len(lines) - 1 not in fixed:
        kept.pop()
    return "\n".join(kept) + "\n"


def _comment_column(lines: list[str], number: int, fixed: set[int]) -> int:
    """A comment stands where the next content does, or at the end of a deeper block."""
    own = _column(lines[number])
    following = next(_content_columns(lines, range(number + 1, len(lines)), fixed), None)
    before = next(_content_columns(lines, range(number - 1, -1, -1), fixed), 0)
    if following is None:
        return min(own, before)
    return min(own, before) if own > following < before else following


def _content_columns(lines: list[str], numbers: range, fixed: set[int]) -> Iterator[int]:
    return (
        _column(lines[n])
        for n in numbers
        if n not in fixed and lines[n] and not lines[n].lstrip().startswith("#")
    )


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _scalars(node: Node) -> Iterator[tuple[Node, bool]]:
    """Every scalar of a document as written, and whether it is a key; an alias is a scalar."""
    if not node.parts or node.alias:
        yield node, False
        return
    for key, value in node.parts.values():
        if key is not value:
            yield key, True
        yield from _scalars(value)


def _first_line(text: str) -> str:
    return _LINE_END.split(text, maxsplit=1)[0]


def _fixed_lines(text: str) -> set[int]:
    """The lines (from 0) inside texts that span several: not one blank there may change."""
    fixed: set[int] = set()
    for node, _ in _scalars(_root(text)):
        written = text[node.start : node.end]
        if node.style in ("|", ">"):
            if "+" not in _first_line(written):
                written = written.rstrip()
            fixed.update(range(node.line, node.line + written.rstrip(" ").count("\n")))
        elif node.style in ("'", '"') and "\n" in written:
            fixed.update(range(node.line - 1, node.line + written.count("\n")))
    return fixed


def _comments(text: str, header: str = "") -> list[str]:
    """All comments, sorted: those that a scalar only looks like are no comments."""
    shown = list(text)
    for positions in yaml_reader.positions(text.encode()):
        for node, _ in _scalars(positions.root):
            start = node.start
            if node.style in ("|", ">"):
                start += len(_first_line(text[start : node.end]))
            if node.style not in ("{", "[") and start < node.end:
                shown[start : node.end] = re.sub(r"[^\r\n]", " ", text[start : node.end])
    found = _COMMENT.findall("".join(shown))
    return sorted(c.rstrip(" \t") for c in found if not (header and _MODELINE.match(c)))
