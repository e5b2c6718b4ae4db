"""A repository's files in, the versions of packages they make out.

A package is found by its lead artifact, the file its kind is known by; age and last download of a
version are those of that file. Files that belong to no lead are no package, and no policy on
packages touches them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.package_types import DOCKER_LIKE, MAVEN_FAMILY, words

Named = tuple[str, str]
"""The name and the version of a package."""

LEADS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(DOCKER_LIKE, ("/manifest.json", "/list.manifest.json")),
    **dict.fromkeys(words("maven gradle ivy"), (".pom",)),
    "sbt": (".pom", ".xml"),
    "alpine": (".apk", ".tar.gz"),
    "ansible": (".tar.gz",),
    "cargo": (".crate",),
    "cocoapods": (".tar.gz", ".tgz"),
    "conan": ("/conanfile.py",),
    "conda": (".tar.bz2",),
    "debian": (".deb", ".ddeb"),
    "gems": (".gem",),
    "go": (".mod",),
    "helm": (".tgz",),
    "huggingfaceml": (".jfrog_huggingface_model_info.json", ".jfrog_huggingface_dataset_info"),
    "machinelearning": ("/model-manifest.json",),
    "npm": (".tgz",),
    "nuget": (".nupkg",),
    "pypi": (".tar.gz", ".tgz", ".gz", ".whl", ".egg", ".bz2"),
    "rpm": (".rpm",),
    "terraform": (".zip",),
    "terraformbackend": (".json",),
}
"""How the path of a lead artifact ends. Types that are not here take every file for one."""

BY_FOLDER = frozenset([*DOCKER_LIKE, *MAVEN_FAMILY, *words("conan huggingfaceml machinelearning")])
"""Types whose versions are folders: whatever lies beside the lead belongs to it."""

FILE = re.compile(r"(?P<name>.+?)[-_.]v?(?P<version>\d[^/]*)")
ENDINGS = re.compile(r"\.(tar\.gz|tar\.bz2|tgz|[A-Za-z][A-Za-z0-9]*)$")


@dataclass(frozen=True)
class PackageVersion:
    """One version of a package in one repository."""

    name: str
    version: str
    lead: str
    paths: tuple[str, ...]
    size: int
    created: float
    downloaded: float | None
    properties: Mapping[str, list[str]]


def versions(package_type: str, files: Mapping[str, Artifact]) -> list[PackageVersion]:
    """A package type and the files of a repository by path in, the versions out."""
    endings = LEADS.get(package_type, ("",))
    leads: dict[Named, str] = {}
    for path in sorted(files):
        named = name_of(package_type, path) if f"/{path}".endswith(endings) else None
        if named is not None:
            leads.setdefault(named, path)
    owners = by_folder if package_type in BY_FOLDER else by_name
    held: dict[Named, list[str]] = {}
    for path in sorted(files):
        owner = owners(package_type, path, leads)
        if owner is not None:
            held.setdefault(owner, []).append(path)
    return [made(named, lead, held[named], files) for named, lead in leads.items()]


def made(
    named: Named, lead: str, paths: Iterable[str], files: Mapping[str, Artifact]
) -> PackageVersion:
    """A name, its lead and its files in, the version out."""
    kept = tuple(paths)
    first = files[lead]
    size = sum(files[path].size for path in kept)
    return PackageVersion(
        *named, lead, kept, size, first.created, first.downloaded, first.properties
    )


def by_folder(package_type: str, path: str, leads: Mapping[Named, str]) -> Named | None:
    """A file in, the version in whose folder it is out."""
    parts = path.split("/")
    for end in range(len(parts) - 1, 0, -1):
        named = name_of(package_type, "/".join([*parts[:end], "x"]))
        if (
            named is not None
            and named in leads
            and path.startswith(root(package_type, leads[named]))
        ):
            return named
    return None


def root(package_type: str, lead: str) -> str:
    """A lead in, the folder everything of its version is below out."""
    if package_type == "conan":
        return "/".join([*lead.split("/")[:4], ""])
    return f"{lead.rpartition('/')[0]}/"


def by_name(package_type: str, path: str, leads: Mapping[Named, str]) -> Named | None:
    """A file in, the version it is named after out: its own name, or that of a lead and more."""
    named = name_of(package_type, path)
    while path and (named is None or named not in leads):
        path = path.rpartition(".")[0]
        named = name_of(package_type, path)
        named = named if named is not None and leads.get(named) == path else None
    return named


def name_of(package_type: str, path: str) -> Named | None:
    """The path of a file in, name and version of the package it would lead out."""
    special: dict[str, Callable[[str], Named | None]] = {
        "generic": lambda path: (path, ""),
        "terraformbackend": lambda path: (path, ""),
        "npm": npm,
        "go": go,
        "conan": conan,
        "pypi": pypi,
        "rpm": rpm,
        "debian": debian,
        **dict.fromkeys(MAVEN_FAMILY, maven),
    }
    if package_type in special:
        return special[package_type](path)
    return folders(path) if package_type in BY_FOLDER else by_file(path)


def folders(path: str) -> Named | None:
    """`image/tag/manifest.json`: the folder is the version, what is above it the name."""
    parts = path.split("/")[:-1]
    return ("/".join(parts[:-1]), parts[-1]) if len(parts) > 1 else None


def maven(path: str) -> Named | None:
    """`org/acme/lib/1.0/lib-1.0.pom` is `org.acme:lib`."""
    *group, version = path.split("/")[:-1] or [""]
    if not group:
        return None
    return (":".join([".".join(group[:-1]), group[-1]]) if len(group) > 1 else group[0], version)


def npm(path: str) -> Named | None:
    """`@scope/name/-/@scope/name-1.0.0.tgz`."""
    name, dash, file = path.partition("/-/")
    stem = file.rpartition("/")[2]
    short = name.rpartition("/")[2]
    if not dash or not stem.startswith(f"{short}-"):
        return by_file(path)
    return name, ENDINGS.sub("", stem.removeprefix(f"{short}-"))


def go(path: str) -> Named | None:
    """`module/path/@v/v1.0.0.mod`."""
    name, found, file = path.partition("/@v/")
    return (name, ENDINGS.sub("", file)) if found else None


def conan(path: str) -> Named | None:
    """`user/name/version/channel/...`."""
    parts = path.split("/")
    return (parts[1], parts[2]) if len(parts) > 4 else None


def pypi(path: str) -> Named | None:
    """Sources end with the version; wheels have tags behind it. Names are compared in one form."""
    file = path.rpartition("/")[2]
    stem = file.removesuffix(".whl") if file.endswith(".whl") else ENDINGS.sub("", file)
    parts = stem.split("-")
    if len(parts) < 2:
        return None
    name, version = (parts[0], parts[1]) if file.endswith(".whl") else stem.rsplit("-", 1)
    return re.sub(r"[-_.]+", "-", name).lower(), version


def rpm(path: str) -> Named | None:
    """`name-version-release.arch.rpm`."""
    parts = path.rpartition("/")[2].removesuffix(".rpm").rpartition(".")[0].rsplit("-", 2)
    return (parts[0], "-".join(parts[1:])) if len(parts) == 3 else None


def debian(path: str) -> Named | None:
    """`pool/name_version_arch.deb`."""
    parts = ENDINGS.sub("", path.rpartition("/")[2]).split("_")
    return (parts[0], parts[1]) if len(parts) > 1 else None


def by_file(path: str) -> Named | None:
    """`name-1.0.tgz`, `Name.1.0.nupkg`; else `name/1.0/file`."""
    file = ENDINGS.sub("", path.rpartition("/")[2])
    found = FILE.fullmatch(file)
    return (found["name"], found["version"]) if found else folders(path)
