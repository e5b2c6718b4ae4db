"""Paths in, documents out: the stage that reads files; `files.py` says which ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from reconciler.errors import Diagnostic
from reconciler.manifests.files import Digest, File, cannot_read, manifest_files
from reconciler.manifests.findings import locate
from reconciler.manifests.placeholders import may_have_placeholders
from reconciler.manifests.workspace import API_VERSION
from reconciler.manifests.yaml.nodes import ReadDocument
from reconciler.manifests.yaml.reader import Text, read_all
from reconciler.model import Document, Finding, Origin


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the files hold, and what is wrong with their text."""

    documents: tuple[Document, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()
    digest: str = ""


def load(paths: Iterable[Path], root: Path) -> Loaded:
    """Read every manifest below the paths; faults are collected, nothing is raised."""
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    digest = Digest()
    files = manifest_files(paths, root, diagnostics)
    texts: list[Text] = []
    for file in files:
        content = _content(file, diagnostics)
        if content is not None:
            digest.add(file.name, content)
            texts.append(Text(file.name, content))
    for text, (found, faults) in zip(texts, read_all(texts), strict=True):
        diagnostics += faults
        documents += _documents(text, found, diagnostics)
    names = tuple(file.name for file in files)
    return Loaded(tuple(documents), tuple(diagnostics), names, digest.text())


def _content(file: File, diagnostics: list[Diagnostic]) -> bytes | None:
    try:
        return file.read()
    except OSError as error:
        diagnostics.append(
            Diagnostic(
                "unreadable-file",
                "error",
                cannot_read(error),
                hint="does it exist, and may you read it? A link may lead nowhere",
                file=file.name,
            )
        )
        return None


def _documents(
    text: Text, found: Iterable[ReadDocument], diagnostics: list[Diagnostic]
) -> Iterator[Document]:
    may_have = may_have_placeholders(text.content)
    for document in found:
        data = document.data
        if data is None:
            continue
        origin = Origin(text.file, document.line, document.column)
        if isinstance(data, dict) and data.get("apiVersion") == API_VERSION:
            yield Document(origin, data, document.index, may_have)
        else:
            not_ours = _not_ours(Document(origin, data, document.index))
            diagnostics += locate([not_ours], lambda _: text.content)


def _not_ours(document: Document) -> Finding:
    data = document.data
    path: tuple[str, ...] = ()
    hint = f"begin the document with 'apiVersion: {API_VERSION}'"
    if isinstance(data, list):
        text = "a manifest is a mapping with apiVersion and kind, not a list"
        hint = "write one document for each object, with a line '---' between them"
    elif not isinstance(data, dict):
        text = "a manifest is a mapping with apiVersion and kind"
    elif "apiVersion" in data:
        path = ("apiVersion",)
        text, hint = "this version does not read this apiVersion", f"write {API_VERSION}"
    else:
        text = "the document has no apiVersion"
        if near := get_close_matches("apiVersion", [str(key) for key in data], 1, 0.7):
            path, hint = (near[0],), "did you mean 'apiVersion'?"
        elif "kind" not in data:
            hint += "; other YAML files cannot lie below spec.manifests"
    at: Literal["key", "value"] = "value" if "apiVersion" in path else "key"
    return Finding(document.origin, document.index, path, "api-version", text, hint, at=at)
