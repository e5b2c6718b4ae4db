"""A YAML text in, its parts out: documents, scalars, comments, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.manifests.yaml.nodes import Node
from reconciler.manifests.yaml.reader import positions, read

LINE_END = re.compile(r"\r|\n|\Z")
COMMENT = re.compile(r"(?:^|(?<=\s))#(?:[^\r\n]*[^\s])?", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
MODELINE = re.compile(r"# *yaml-language-server:")


def data_of(text: str) -> dict[int, Any]:
    """The data of each document by its number. Raises ValueError for a faulty text."""
    documents, found = read(text.encode(), "")
    if found:
        raise ValueError(f"line {found[0].line}: {found[0].summary}")
    return {document.index: document.data for document in documents}


def root_of(text: str) -> Node:
    """The root of a text with one document. Raises ValueError for any other text."""
    found = positions(text.encode())
    if len(found) != 1:
        raise ValueError("the document could not be found again")
    return found[0].root


def chunks_of(text: str) -> list[str]:
    """The text between the `---` marks; what stands before the first one comes first."""
    if re.search(r"^(%|\.\.\.(\s|\Z))", text, re.MULTILINE):
        raise ValueError("files with '%' directives or '...' lines are left as they are")
    return _SEPARATOR.split(text)


def has_content(text: str) -> bool:
    """Whether there is anything but comments and blank lines."""
    return any(line.strip() and line.lstrip()[0] != "#" for line in text.splitlines())


def scalars_of(node: Node) -> Iterator[tuple[Node, bool]]:
    """Every scalar of a document as written, and whether it is a key; an alias is a scalar."""
    if not node.parts or node.alias:
        yield node, False
        return
    for key, value in node.parts.values():
        if key is not value:
            yield key, True
        yield from scalars_of(value)


def comments_of(text: str, header: str = "") -> list[str]:
    """All comments, sorted: those that a scalar only looks like are no comments."""
    shown = list(text)
    for document in positions(text.encode()):
        for node, _ in scalars_of(document.root):
            start = node.start
            if node.style in ("|", ">"):
                start += len(first_line(text[start : node.end]))
            if node.style not in ("{", "[") and start < node.end:
                shown[start : node.end] = re.sub(r"[^\r\n]", " ", text[start : node.end])
    found = COMMENT.findall("".join(shown))
    return sorted(c.rstrip(" \t") for c in found if not (header and MODELINE.match(c)))


def first_line(text: str) -> str:
    """The text up to its first line end."""
    return LINE_END.split(text, maxsplit=1)[0]


def newline_of(text: str) -> str:
    """The line end the text uses first; a line feed without any."""
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"
