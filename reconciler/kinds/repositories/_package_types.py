"""Package types: which classes have them, which share settings, which layout each gets.

Sources: the REST reference's lists, and what released clients create. Where one of them knows a
combination, it is listed. Release-bundle repositories are made by the server and not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

PACKAGE_TYPES = (
    "alpine", "ansible", "bower", "cargo", "chef", "cocoapods", "composer", "conan", "conda",
    "cran", "debian", "docker", "gems", "generic", "gitlfs", "go", "gradle", "helm", "helmoci",
    "hex", "huggingfaceml", "ivy", "machinelearning", "maven", "nix", "npm", "nuget", "oci", "opkg",
    "p2", "pub", "puppet", "pypi", "rpm", "sbt", "swift", "terraform", "terraformbackend",
    "vagrant", "vcs",
)  # fmt: skip
"""Every package type of any class, under the name that configurations use."""

ALIASES = {"yum": "rpm"}
"""Old names the server accepts and stores under the new one."""


def _all_but(*absent: str) -> tuple[str, ...]:
    return tuple(name for name in PACKAGE_TYPES if name not in absent)


LOCAL = _all_but("p2", "vcs")
REMOTE = _all_but("machinelearning", "terraformbackend", "vagrant")
VIRTUAL = _all_but("cargo", "machinelearning", "terraformbackend", "vagrant", "vcs")
FEDERATED = _all_but("hex", "nix", "p2", "terraformbackend", "vcs")

CLASSES: Mapping[str, tuple[str, ...]] = {
    "local": LOCAL,
    "remote": REMOTE,
    "virtual": VIRTUAL,
    "federated": FEDERATED,
}
"""Package types by repository class (`rclass`)."""

RPM = ("rpm", "yum")
MAVEN_LIKE = ("maven", "gradle", "ivy", "sbt")
OCI_LIKE = ("docker", "oci", "helmoci")
AGGREGATES_ANY = ("generic", "p2")
"""A virtual repository of these types may list members of every type."""

SIGNED = ("alpine", "debian", "opkg", *RPM)
"""Types whose index the server signs with a key pair."""

CURATED = (
    "conan", "docker", "gems", "go", "gradle", "huggingfaceml", "maven", "npm", "nuget", "pypi",
)  # fmt: skip
"""Types whose remotes the Curation service can guard."""

GIT_HOSTED = ("bower", "cocoapods", "composer", "vcs")
"""Types whose packages come from a Git server."""

WITHOUT_PRIORITY = ("cocoapods", "gitlfs", "opkg", "cargo", "vagrant", "vcs")
"""Types whose virtual repositories know no priority among members."""

CACHED_BY_VIRTUAL = (
    "alpine", "ansible", "chef", "conan", "conda", "cran", "debian", "helm", "npm", *RPM,
)  # fmt: skip
"""Types whose virtual repositories keep an index of their own for a while."""


def stored_name(package_type: str) -> str:
    """The name under which the server keeps a package type."""
    return ALIASES.get(package_type.lower(), package_type.lower())


@cache  # asked for every repository, of which there are thousands
def classes_of(package_type: str) -> tuple[str, ...]:
    """The repository classes that exist for a package type; none for an unknown one."""
    name = stored_name(package_type)
    return tuple(rclass for rclass, known in CLASSES.items() if name in known)


@cache
def may_aggregate(virtual: str, member: str) -> bool:
    """Whether a virtual repository of one package type may list a member of another."""
    virtual, member = stored_name(virtual), stored_name(member)
    if virtual == member or virtual in AGGREGATES_ANY:
        return True
    return virtual in MAVEN_LIKE and member in MAVEN_LIKE
