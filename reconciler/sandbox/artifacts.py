"""One stored file, as every part of the sandbox remembers it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Artifact:
    """One stored file. Small bodies are kept (base64) so they can be downloaded again."""

    size: int
    sha1: str
    sha256: str
    md5: str
    created: float
    modified: float
    created_by: str
    modified_by: str
    content: str | None = None
    properties: dict[str, list[str]] = field(default_factory=dict)
    downloads: int = 0
    downloaded: float | None = None
    downloaded_by: str | None = None
