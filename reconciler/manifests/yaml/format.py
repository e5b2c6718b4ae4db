"""A YAML file in, its one canonical layout out: same data, same comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.manifests.yaml.data import is_same
from reconciler.manifests.yaml.nodes import Node
from reconciler.manifests.yaml.parts import (
    MODELINE,
    chunks_of,
    comments_of,
    data_of,
    first_line,
    has_content,
    newline_of,
    root_of,
    scalars_of,
)
from reconciler.manifests.yaml.rewrite import rewritten
from reconciler.model import Path


def format_text(text: str, *, header: str = "") -> str:
    """The canonical form of a file: same data, same comments, one layout.

    `header` is a comment line that shall stand once at the top. Raises ValueError with a sentence
    where the layout cannot be changed safely; running it on its own result changes nothing.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = newline_of(text)
    body = re.sub(r"\r\n|\r", "\n", text.removeprefix(mark))
    before = list(data_of(body).values())
    comments = comments_of(body, header)
    for _ in range(3):
        previous, body = body, _formatted(body, header)
        if not is_same(list(data_of(body).values()), before) and not _sorted_same(body, before):
            raise ValueError("formatting would change what the file means")
        if comments_of(body, header) != comments:
            raise ValueError("formatting would lose a comment")
        if body == previous:
            return mark + body.replace("\n", newline)
    raise ValueError("formatting does not come to rest on this file")


def _sorted_same(text: str, before: list[Any]) -> bool:
    """Equal but for the order of keys, which formatting may change."""

    def ordered(data: Any) -> str:
        return json.dumps(data, sort_keys=True)

    return ordered(list(data_of(text).values())) == ordered(before)


def _formatted(text: str, header: str) -> str:
    parts: list[str] = []
    loose = ""  # comments that stand in no document, kept for the next one
    for chunk in chunks_of(text):
        chunk = loose + chunk.lstrip(" \t")
        if has_content(chunk):
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
    top = [line for line in lines[:count] if not MODELINE.match(line)]
    return "".join([f"{header}\n", *top, *lines[count:]])


def _format_document(text: str) -> str:
    root = root_of(text)
    if not isinstance(root.data, dict):
        raise ValueError(f"line {root.line}: the document is no mapping and is left as it is")
    text = text.rstrip() + "\n" if not _keeps_line_ends(text) else text
    at: Path
    for at in ((), ("spec", "template")) if root.data.get("kind") == "ManifestSet" else ((),):
        text = _reordered(text, at, ("apiVersion", "kind", "metadata", "spec"))
        text = _reordered(text, (*at, "metadata"), ("name",))
    data_of(text)  # an alias may not stand before its anchor
    return _tidy(_compact(rewritten(text)))


def _reordered(text: str, path: Path, first: tuple[str, ...]) -> str:
    """The named keys of the mapping at `path` first, each with the comments right above it."""
    node = root_of(text)
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


def _fixed_lines(text: str) -> set[int]:
    """The lines (from 0) inside texts that span several: not one blank there may change."""
    fixed: set[int] = set()
    for node, _ in scalars_of(root_of(text)):
        written = text[node.start : node.end]
        if node.style in ("|", ">"):
            if "+" not in first_line(written):
                written = written.rstrip()
            fixed.update(range(node.line, node.line + written.rstrip(" ").count("\n")))
        elif node.style in ("'", '"') and "\n" in written:
            fixed.update(range(node.line - 1, node.line + written.count("\n")))
    return fixed


def _keeps_line_ends(text: str) -> bool:
    return any(node.written.startswith(("|+", ">+")) for node, _ in scalars_of(root_of(text)))
