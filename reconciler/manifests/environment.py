"""What a run is told by the environment it was started for: values and patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from reconciler.model import Origin, Path

PLACEHOLDER_NAME = r"[A-Za-z0-9_-]+"
"""What a value and a list of a matrix may be called."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A change to every manifest the target selects; either `merge` or `operations` is set.

    `origin` and `index` say where the patch stands, `at` leads there from the document's root.
    """

    origin: Origin
    index: int
    at: Path
    kind: str | None = None
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    merge: Mapping[str, Any] | None = None
    operations: tuple[Mapping[str, Any], ...] = ()

    def selects(self, document: Mapping[str, Any]) -> bool:
        """Whether a manifest is meant, as it stands before it is patched."""
        metadata = document.get("metadata")
        if not isinstance(metadata, dict):
            return False
        if self.kind is not None and document.get("kind") != self.kind:
            return False
        name, labels = metadata.get("name"), metadata.get("labels")
        if self.name is not None and not (isinstance(name, str) and fnmatchcase(name, self.name)):
            return False
        has = labels if isinstance(labels, dict) else {}
        return all(has.get(label) == value for label, value in self.labels.items())


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, or (without a name) none: then nothing has a value.

    `origin` and `index` are those of its document.
    """

    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    patches: tuple[Patch, ...] = ()
    origin: Origin = Origin("", 1)
    index: int = 0


NO_ENVIRONMENT = Environment()
