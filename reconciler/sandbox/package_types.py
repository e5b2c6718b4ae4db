"""A package type in, what is known about the type itself out: classes, names, layout.

Which type exists in which class is the union of the reference's lists and the vendor's own client:
where only one of them knows a combination, it is allowed.
"""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """A line of names in, the names out: tables of many short names read better so."""
    return tuple(text.split())


CLASSES = ("local", "remote", "virtual", "federated")

MAVEN_FAMILY = words("maven gradle ivy sbt")
DOCKER_LIKE = words("docker oci helmoci")
CURATED = words("conan docker gems go gradle huggingfaceml maven npm nuget pypi")
CACHED_VIRTUALS = words("alpine ansible chef conan conda cran debian helm npm rpm")
"""Types whose virtual repositories cache metadata for a while."""

SIGNED = words("alpine ansible debian hex opkg rpm")
"""Types whose metadata is signed with a key pair."""

ALIASES = {"yum": "rpm"}
"""Package types accepted under an old name and stored under the new one."""

SINCE = {"ansible": "7.90.1"}
"""The server version that brought a type."""

_EVERYWHERE = frozenset(
    words(
        "alpine ansible bower chef cocoapods composer conan conda cran debian docker gems generic "
        "gitlfs go gradle helm helmoci ivy maven npm nuget oci opkg pub puppet pypi rpm sbt swift "
        "terraform"
    )
)
BY_CLASS: dict[str, frozenset[str]] = {
    "local": _EVERYWHERE.union(
        words("cargo hex nix huggingfaceml machinelearning terraformbackend vagrant releasebundles")
    ),
    "remote": _EVERYWHERE.union(words("cargo hex nix huggingfaceml p2 vcs")),
    "virtual": _EVERYWHERE.union(words("hex nix p2 huggingfaceml")),
    "federated": _EVERYWHERE.union(
        words("cargo huggingfaceml machinelearning vagrant releasebundles")
    ),
}

_DISPLAY = {
    "cocoapods": "CocoaPods",
    "cran": "CRAN",
    "gitlfs": "GitLfs",
    "helmoci": "HelmOCI",
    "huggingfaceml": "HuggingFaceML",
    "machinelearning": "MachineLearning",
    "nuget": "NuGet",
    "oci": "OCI",
    "releasebundles": "ReleaseBundles",
    "sbt": "SBT",
    "terraformbackend": "TerraformBackend",
    "vcs": "VCS",
}

API_LAYOUT = "maven-2-default"
"""The layout of a repository made through the API without naming one, whatever its type."""

_OWN_LAYOUT = words("ansible bower composer conan go ivy npm nix nuget puppet sbt swift")
LAYOUT_NAMES = (
    *(f"{name}-default" for name in _OWN_LAYOUT),
    *words("maven-1-default maven-2-default gradle-default simple-default vcs-default"),
    *words("terraform-module-default terraform-provider-default"),
)
"""Layouts every server has; their names are taken for repositories."""


def stored(sent: object) -> str:
    """What was sent as package type in, the type the server stores out."""
    name = str(sent or "generic").lower()
    return ALIASES.get(name, name)


def display(package_type: str) -> str:
    """A type in, how the list of repositories spells it out."""
    return _DISPLAY.get(package_type, package_type.capitalize())
