"""What the readers return: documents, and where every part of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.manifests.yaml.characters import character_in
from reconciler.model import Path


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One document as plain data, and where its content begins.

    `index` counts every document of the file, empty ones too, although those are not returned.
    Parts of the data may be shared (aliases): nobody may change them in place.
    """

    data: Any
    line: int
    column: int
    index: int


@dataclass(slots=True)
class Node:
    """One value as it was written: its data, its place, its parts.

    `start` and `end` are offsets in the text (without a byte order mark); `style` is empty for a
    plain scalar, else its first sign (`"`, `'`, `|`, `>`), and `{`, `[` or `block` for
    collections. An alias has `alias` set, and the parts of what it stands for.
    """

    data: Any
    start: int
    end: int
    line: int
    column: int
    style: str = ""
    anchor: str | None = None
    alias: Node | None = None
    size: int = 1
    written: str = ""
    parts: dict[str | int, tuple[Node, Node]] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, from 1."""
        return self.line, self.column


class Positions:
    """Where the parts of one document are; places are (line, column), from 1."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def key(self, path: Path) -> tuple[int, int] | None:
        """The place of the key, or of the list item itself; None when the path does not exist."""
        found = self._find(path)
        return found[0].place if found and path else None

    def value(self, path: Path) -> tuple[int, int] | None:
        """The place of the value; None when the path does not exist."""
        found = self._find(path)
        return found[1].place if found else None

    def source(self, path: Path) -> str | None:
        """The scalar exactly as written, with its quotes; None for anything but a scalar."""
        found = self._find(path)
        if not found:
            return None
        node = found[1].alias or found[1]
        return None if isinstance(node.data, dict | list) else node.written

    def inside(self, path: Path, offset: int) -> tuple[int, int] | None:
        """The place of one character of a text, by its number in the value; None for no text."""
        found = self._find(path)
        if not found:
            return None
        node = found[1].alias or found[1]
        if not isinstance(node.data, str):
            return None
        skipped = node.end - node.start - len(node.written)  # an anchor stands before the text
        return character_in(
            node.written, node.style, node.data, offset, node.line, node.column + skipped
        )

    def nearest(self, path: Path) -> tuple[int, int]:
        """The place of the longest part of the path that exists: of its key, if it has one."""
        key = node = self.root
        for step in path:
            if step not in node.parts:
                break
            key, node = node.parts[step]
        return key.place

    def _find(self, path: Path) -> tuple[Node, Node] | None:
        key = node = self.root
        for step in path:
            if step not in node.parts:
                return None
            key, node = node.parts[step]
        return key, node
