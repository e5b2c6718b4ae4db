"""A manifest's fields in, where each of them was written out: file and line, and what filled it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.manifests.findings import locate
from reconciler.manifests.placeholders import values_named
from reconciler.manifests.workspace_file import document_index
from reconciler.manifests.yaml.reader import read
from reconciler.model import Finding, Manifest, Origin, Path
from reconciler.pipeline.desiring import Desire
from reconciler.report.explanation import ValueUse


@dataclass(frozen=True, slots=True)
class Place:
    """Where one field is written: in the manifest, a patch, or the defaults of the workspace.

    `values` are those of the environment that its text was filled with.
    """

    origin: Origin | None = None
    from_workspace: bool = False
    values: tuple[ValueUse, ...] = ()


def places(wanted: Desire, manifest: Manifest, paths: Iterable[str]) -> Mapping[str, Place]:
    """Where each field of a manifest is written, as far as it can be told."""
    return _Looker(wanted, manifest).places(paths)


def steps(path: str) -> tuple[str, ...]:
    """A printed path as steps; a name passed through below `spec.extra` may hold dots."""
    found = path.split(".", 2) if path.startswith("spec.extra.") else path.split(".")
    return tuple(found)


class _Looker:
    """Reads the files of one manifest again; gone when its fields are found."""

    def __init__(self, wanted: Desire, manifest: Manifest) -> None:
        self.wanted, self.manifest = wanted, manifest
        self.root, self.file = wanted.workspace.root, wanted.workspace.file
        self.contents: dict[str, bytes] = {}

    def places(self, paths: Iterable[str]) -> Mapping[str, Place]:
        """The places by path."""
        written = self.written()
        found = [place for path in paths if (place := self.finding(path, written))]
        values = {finding.summary: tuple(self.values(finding)) for finding in found}
        return {
            d.summary: Place(
                Origin(d.file, d.line, d.column or 1), d.file == self.file, values[d.summary]
            )
            for d in locate(found, self.content)
            if d.file and d.line
        }

    def content(self, file: str) -> bytes:
        """The bytes of a file of the workspace."""
        if file not in self.contents:
            self.contents[file] = (self.root / file).read_bytes()
        return self.contents[file]

    def finding(self, path: str, written: Any) -> Finding | None:
        """The field's key, to be looked up: in the manifest, else in the workspace's defaults."""
        at = steps(path)
        if _has(written, at):
            return Finding(self.manifest.origin, self.manifest.index, at, path, path, at="key")
        workspace = self.wanted.workspace
        at = ("spec", "defaults", self.manifest.address.kind, *at[1:])
        if self.file is None or not _has({"spec": workspace.spec}, at):
            return None
        index = document_index(self.content(self.file), self.file)
        return Finding(Origin(self.file, 1), index, at, path, path, at="key")

    def written(self) -> Any:
        """The document as its author wrote it, before defaults."""
        manifest = self.manifest
        for document in self.wanted.documents:
            if (document.origin, document.index) == (manifest.origin, manifest.index) and _named(
                document.data, manifest.address.name
            ):
                return document.data
        return {}

    def values(self, finding: Finding) -> Iterator[ValueUse]:
        """The environment's values in the text of a field, each with its line."""
        environment = self.wanted.workspace.environment
        origin, path, index = finding.origin.at(finding.path)
        number = finding.index if index is None else index
        if not environment.values or not origin.file or origin.file == self.file:
            return
        documents, _ = read(self.content(origin.file), origin.file)
        text = next((_at(d.data, path) for d in documents if d.index == number), None)
        for name in dict.fromkeys(values_named(text)):
            at = ("spec", "values", name)
            where = Finding(environment.origin, environment.index, at, name, name, at="key")
            for d in locate([where], self.content):
                place = Origin(d.file, d.line, d.column or 1) if d.file and d.line else None
                yield ValueUse(name, place)


def _has(data: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _at(data: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _named(data: Any, name: str) -> bool:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    return isinstance(metadata, dict) and metadata.get("name") == name
