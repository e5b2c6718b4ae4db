"""Where something was written, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from reconciler.errors import Severity

JsonValue = Any
"""A value of JSON: None, bool, int, float, str, list or dict with text keys."""

Path = tuple[str | int, ...]
"""A way from a document's root to a place in it, such as `("spec", "repositories", 2)`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was written: a file relative to the workspace, line and column from 1.

    A manifest of a set was written in the template: `base` leads there from the root of the
    document that line and column lie in, and `combination` says what the matrix filled in, such as
    `team=payments`. `overlays` are the patches of the environment that changed it, in their order.
    `filled` says that a placeholder stood in it.
    """

    file: str
    line: int
    column: int = 1
    base: Path = ()
    combination: str = ""
    overlays: tuple[Overlay, ...] = ()
    filled: bool = False

    @property
    def is_derived(self) -> bool:
        """Whether the manifest differs from what the file says: then nothing may edit it there."""
        return self.filled or bool(self.base or self.overlays)

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """`file:line`, and which manifest of a set it is."""
        return f"{self.place} ({self.combination})" if self.combination else self.place

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 4; `combination` and `patches` only where there are any."""
        shown: dict[str, JsonValue] = {"file": self.file, "line": self.line}
        if self.combination:
            shown["combination"] = self.combination
        if self.overlays:
            shown["patches"] = [overlay.origin.place for overlay in self.overlays]
        return shown

    def at(self, path: Path) -> tuple[Origin, Path, int | None]:
        """Where the value at a path of the manifest was written: origin, path, document's index.

        The path leads from the root of the document in the file; the index is None where it is
        that of the manifest itself.
        """
        for overlay in reversed(self.overlays):
            for begin, written in overlay.written:
                if path[: len(begin)] == begin:
                    return overlay.origin, written + path[len(begin) :], overlay.index
        return self, self.base + path, None


@dataclass(frozen=True, slots=True)
class Overlay:
    """One patch that changed a manifest, and where it stands: a document of a file.

    `written` pairs each path of the manifest that the patch wrote with the patch's own path.
    """

    origin: Origin
    index: int
    written: tuple[tuple[Path, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document as plain data, and where it begins.

    `index` is its place among the documents of its file, from 0: with it, the exact position of
    any value in the document can be looked up later. Without `may_have_placeholders`, nobody has
    to look for any.
    """

    origin: Origin
    data: JsonValue
    index: int = 0
    may_have_placeholders: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at a path of one document; `at` says whether its key or its value is meant.

    `quote` asks for a hint that shows the value as written, in quotes.
    """

    origin: Origin
    index: int
    path: Path
    rule: str
    summary: str
    hint: str = ""
    severity: Severity = "error"
    at: Literal["key", "value"] = "value"
    address: str | None = None
    detail: str = ""
    quote: bool = False
    offset: int | None = None
    """Where in the text at `path` it is, in characters from the beginning of its value."""
    instead: str = ""
    """The key or the text that was meant, where that is certain enough to be written for people."""
