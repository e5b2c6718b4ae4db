"""A workspace document in, findings for what it asks for and this version does not have out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model import Document, Finding, Path


def unavailable(document: Document, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """One finding for each."""
    if spec.get("connect"):
        yield _tell(
            document, ("spec", "connect"), "JFrog Connect is asked for", "take spec.connect out"
        )


def _tell(document: Document, path: Path, summary: str, hint: str) -> Finding:
    text = f"{summary}, which this version does not have yet"
    return Finding(document.origin, document.index, path, "not-available", text, hint, at="key")
