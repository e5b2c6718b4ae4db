"""One stored file or folder, as queries see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A file or a folder. Times are seconds since 1970."""

    repo: str
    path: str
    """The folder it is in; `.` for the root."""

    name: str
    created: float
    modified: float
    updated: float
    created_by: str = ""
    modified_by: str = ""
    type: str = "file"
    size: int = 0
    depth: int = 1
    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    virtual_repos: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    """Pairs of key and value; a key may come more than once."""

    downloaded: float | None = None
    """When it was last downloaded, None for never."""

    downloads: int | None = None
    """How often; None, not 0, for never."""

    downloaded_by: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names of its repository: virtual ones around it, the remote of a cache."""

    @property
    def full_path(self) -> str:
        """The path inside its repository, name included."""
        return self.name if self.path == "." else f"{self.path}/{self.name}"
