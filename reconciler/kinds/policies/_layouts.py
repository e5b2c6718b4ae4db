"""The files of a repository in, the versions of packages they make up out.

A package type is known by its lead files; age, download and properties of a version are those of
its lead. How the files of a type lie is said here for the types whose layout is plain; of others
nobody here can tell which file belongs to which version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

Name = tuple[str, str]
"""A package and its version."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a repository: its path below the key, its size, when it was created (ISO)."""

    path: str
    size: int
    created: str


@dataclass
class Version:
    """One version of a package, and the files of it."""

    name: str
    version: str
    lead: StoredFile
    files: list[StoredFile] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """The size of all its files."""
        return sum(file.size for file in self.files)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Layout:
    """How the files of one package type lie.

    `leads` are the ends of a lead's path. With `folders`, all files below the lead's folder are of
    its version; else those that are named after it.
    """

    name_of: Callable[[str], Name | None]
    leads: tuple[str, ...] = ("",)
    folders: bool = False

    def versions(self, files: Iterable[StoredFile]) -> list[Version]:
        """The versions the files make up; what belongs to none is left out."""
        ordered = sorted(files, key=lambda file: file.path)
        found: dict[Name, Version] = {}
        for file in ordered:
            if f"/{file.path}".endswith(self.leads):
                name = self.name_of(file.path)
                if name is not None and name not in found:
                    found[name] = Version(*name, file)
        owner = self._by_folder(found) if self.folders else self._by_name(found)
        for file in ordered:
            version = owner(file.path)
            if version is not None:
                version.files.append(file)
        return list(found.values())

    def _by_folder(self, found: Mapping[Name, Version]) -> Callable[[str], Version | None]:
        folders = {version.lead.path.rpartition("/")[0]: version for version in found.values()}

        def owner(path: str) -> Version | None:
            while "/" in path:
                path = path.rpartition("/")[0]
                if path in folders:
                    return folders[path]
            return None

        return owner

    def _by_name(self, found: Mapping[Name, Version]) -> Callable[[str], Version | None]:
        leads = {version.lead.path: version for version in found.values()}

        def owner(path: str) -> Version | None:
            name = self.name_of(path)
            if name is not None and name in found:
                return found[name]
            while "." in path.rpartition("/")[2]:  # lib-1.0.tgz.asc goes with lib-1.0.tgz
                path = path.rpartition(".")[0]
                if path in leads:
                    return leads[path]
            return None

        return owner


_ENDING = re.compile(r"\.(tar\.gz|tar\.bz2|tgz|[A-Za-z][A-Za-z0-9]*)$")
_STEM = re.compile(r"(.+?)[-_.]v?(\d[^/]*)")


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _whole_path(path: str) -> Name | None:
    return path, ""


def _image(path: str) -> Name | None:
    """`team/app/1.0/manifest.json`."""
    above, _, _ = path.rpartition("/")
    name, _, tag = above.rpartition("/")
    return (name, tag) if name else None


def _maven(path: str) -> Name | None:
    """`org/acme/lib/1.0/lib-1.0.pom` is `org.acme:lib`."""
    above, _, _ = path.rpartition("/")
    place, _, version = above.rpartition("/")
    group, _, artifact = place.rpartition("/")
    if not version:
        return None
    return (f"{group.replace('/', '.')}:{artifact}" if group else artifact), version


def _npm(path: str) -> Name | None:
    """`@acme/lib/-/@acme/lib-1.0.0.tgz`."""
    name, dash, file = path.partition("/-/")
    stem, short = _file(file), _file(name)
    if not dash or not stem.startswith(f"{short}-"):
        return _stem(path)
    return name, _ENDING.sub("", stem[len(short) + 1 :])


def _pypi(path: str) -> Name | None:
    """Sources end with the version, wheels go on with tags; spellings of a name are one."""
    file = _file(path)
    if file.endswith(".whl"):
        parts = file.removesuffix(".whl").split("-")
        name, version = (parts[0], parts[1]) if len(parts) > 1 else ("", "")
    else:
        name, _, version = _ENDING.sub("", file).rpartition("-")
    return (re.sub(r"[-_.]+", "-", name).lower(), version) if name else None


def _go(path: str) -> Name | None:
    """`example.com/lib/@v/v1.0.0.mod`."""
    name, found, file = path.partition("/@v/")
    return (name, _ENDING.sub("", file)) if found else None


def _rpm(path: str) -> Name | None:
    """`name-version-release.arch.rpm`."""
    stem = _file(path).removesuffix(".rpm").rpartition(".")[0]
    parts = stem.rsplit("-", 2)
    return (parts[0], f"{parts[1]}-{parts[2]}") if len(parts) == 3 else None


def _debian(path: str) -> Name | None:
    """`pool/name_version_arch.deb`."""
    parts = _ENDING.sub("", _file(path)).split("_")
    return (parts[0], parts[1]) if len(parts) > 1 else None


def _stem(path: str) -> Name | None:
    """`lib-1.0.tgz`; else `lib/1.0/anything`."""
    found = _STEM.fullmatch(_ENDING.sub("", _file(path)))
    return (found[1], found[2]) if found else _image(path)


_IMAGES = Layout(_image, ("/manifest.json", "/list.manifest.json"), folders=True)
_POMS = Layout(_maven, (".pom",), folders=True)

LAYOUTS: Mapping[str, Layout] = {
    "docker": _IMAGES,
    "oci": _IMAGES,
    "helmoci": _IMAGES,
    "maven": _POMS,
    "gradle": _POMS,
    "ivy": _POMS,
    "npm": Layout(_npm, (".tgz",)),
    "pypi": Layout(_pypi, (".tar.gz", ".tgz", ".gz", ".whl", ".egg", ".bz2")),
    "generic": Layout(_whole_path),
    "helm": Layout(_stem, (".tgz",)),
    "nuget": Layout(_stem, (".nupkg",)),
    "gems": Layout(_stem, (".gem",)),
    "cargo": Layout(_stem, (".crate",)),
    "go": Layout(_go, (".mod",)),
    "rpm": Layout(_rpm, (".rpm",)),
    "debian": Layout(_debian, (".deb", ".ddeb")),
    "alpine": Layout(_stem, (".apk", ".tar.gz")),
    "ansible": Layout(_stem, (".tar.gz",)),
    "cocoapods": Layout(_stem, (".tar.gz", ".tgz")),
    "conda": Layout(_stem, (".tar.bz2",)),
    "terraformbackend": Layout(_whole_path, (".json",)),
}
"""The layouts that are known, by package type; leads as the vendor's help lists them ("Cleanup
Supported Packages")."""
