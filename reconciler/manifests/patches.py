"""Manifests and an environment's patches in, the patched manifests out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.manifests.environment import Patch
from reconciler.manifests.json_patch import PatchError, apply_operation
from reconciler.model import Document, Finding, Overlay, Path


@dataclass
class Patching:
    """Applies patches to one manifest after the other; what went wrong is in `findings`."""

    patches: tuple[Patch, ...]
    findings: list[Finding] = field(default_factory=list)
    hits: set[int] = field(default_factory=set)
    _failed: set[Path] = field(default_factory=set)
    _merged: dict[int, tuple[tuple[Path, Path], ...]] = field(default_factory=dict)

    def apply(self, document: Document) -> Document:
        """The manifest after every patch that selects it, in the order they are written."""
        data, overlays = document.data, []
        for number, patch in enumerate(self.patches):
            if not patch.selects(data):
                continue
            self.hits.add(number)
            if patch.merge is not None:
                data = merged(data, patch.merge)
                written = self._merged.setdefault(number, _leaves_of(patch))
            else:
                data, written = self._operations(patch, data)
            overlays.append(Overlay(patch.origin, patch.index, written))
        if not overlays:
            return document
        origin = replace(document.origin, overlays=tuple(overlays))
        return replace(document, data=data, origin=origin)

    def _operations(
        self, patch: Patch, data: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[tuple[Path, Path], ...]]:
        """All of the operations or, when one does not fit, none."""
        changed: Any = data
        written: list[tuple[Path, Path]] = []
        for number, operation in enumerate(patch.operations):
            at = (*patch.at, "jsonPatch", number)
            try:
                changed, path = apply_operation(changed, operation)
                if path is not None and not isinstance(changed, dict):
                    raise PatchError("a manifest must stay a mapping")
            except PatchError as error:
                self._does_not_fit(patch, at, data, str(error))
                return data, ()
            if path is not None:
                written.insert(0, (path, (*at, "value" if "value" in operation else "path")))
        return changed, tuple(written)

    def _does_not_fit(self, patch: Patch, at: Path, data: Mapping[str, Any], why: str) -> None:
        """Told once for an operation, with the first manifest it does not fit."""
        if at in self._failed:
            return
        self._failed.add(at)
        name = (data.get("metadata") or {}).get("name")
        text = f"the patch does not fit {data.get('kind')}/{name}: {why}"
        hint = "narrow the target, or correct the path"
        self.findings.append(Finding(patch.origin, patch.index, at, "patch-failed", text, hint))

    def without_hit(self) -> Iterator[Finding]:
        """The patches that selected no manifest."""
        for number, patch in enumerate(self.patches):
            if number not in self.hits:
                yield Finding(
                    patch.origin,
                    patch.index,
                    (*patch.at, "target"),
                    "patch-without-hit",
                    "the patch changes nothing: no manifest is selected by its target",
                    "correct kind, name or labels, or take the patch out; "
                    "`reconciler render` lists the manifests",
                )


def merged(data: Any, patch: Any) -> Any:
    """Mappings are merged at every depth, all else is replaced; null is a value like others."""
    if not isinstance(data, dict) or not isinstance(patch, Mapping):
        return patch
    changed = {name: merged(data.get(name), value) for name, value in patch.items()}
    return {**data, **changed}


def _leaves_of(patch: Patch) -> tuple[tuple[Path, Path], ...]:
    at = (*patch.at, "merge")
    return tuple((path, at + path) for path in _leaves(patch.merge or {}, ()))


def _leaves(data: Mapping[str, Any], path: Path) -> Iterable[Path]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name)
