"""Packages: which files of a repository make a version, and which file leads it."""

from __future__ import annotations

import pytest

from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.policies.packages import versions


def file(created: float = 0.0) -> Artifact:
    """A file of one byte."""
    return Artifact(1, "", "", "", created, created, "admin", "admin")


def found(package_type: str, *paths: str) -> list[tuple[str, str, int]]:
    """Paths in, name, version and number of files of what they make out."""
    made = versions(package_type, {path: file() for path in paths})
    return [(one.name, one.version, len(one.paths)) for one in made]


@pytest.mark.parametrize(
    ("package_type", "paths", "expected"),
    [
        ("docker", ["app/web/1.0/manifest.json", "app/web/1.0/sha256__ab"], ("app/web", "1.0", 2)),
        ("docker", ["app/1.0/list.manifest.json"], ("app", "1.0", 1)),
        ("oci", ["app/1.0/manifest.json"], ("app", "1.0", 1)),
        ("maven", ["org/acme/lib/1/lib-1.pom", "org/acme/lib/1/x.jar"], ("org.acme:lib", "1", 2)),
        ("gradle", ["acme/lib/1/lib-1.pom"], ("acme:lib", "1", 1)),
        ("npm", ["lib/-/lib-1.0.0-beta.1.tgz"], ("lib", "1.0.0-beta.1", 1)),
        ("npm", ["@acme/lib/-/@acme/lib-1.0.0.tgz"], ("@acme/lib", "1.0.0", 1)),
        ("pypi", ["my-lib-1.0.tar.gz", "1.0/my_lib-1.0-py3-none-any.whl"], ("my-lib", "1.0", 2)),
        ("helm", ["web-app-1.2.3.tgz", "web-app-1.2.3.tgz.prov"], ("web-app", "1.2.3", 2)),
        ("nuget", ["Acme.Lib.1.2.0.nupkg"], ("Acme.Lib", "1.2.0", 1)),
        ("go", ["x.com/l/@v/v1.0.0.mod", "x.com/l/@v/v1.0.0.zip"], ("x.com/l", "v1.0.0", 2)),
        ("rpm", ["7/lib-utils-1.0-3.x86_64.rpm"], ("lib-utils", "1.0-3", 1)),
        ("debian", ["pool/lib_1.0-1_amd64.deb"], ("lib", "1.0-1", 1)),
        ("cargo", ["crates/lib/lib-1.0.0.crate"], ("lib", "1.0.0", 1)),
        ("gems", ["gems/lib-1.0.gem"], ("lib", "1.0", 1)),
        ("conan", ["a/lib/1.0/stable/0/export/conanfile.py"], ("lib", "1.0", 1)),
        ("conan", ["a/l/1/_/0/export/conanfile.py", "a/l/1/_/0/package/x.tgz"], ("l", "1", 2)),
        ("generic", ["any/file-1.0.bin"], ("any/file-1.0.bin", "", 1)),
        ("puppet", ["acme/lib/1.0/module"], ("acme/lib", "1.0", 1)),
    ],
)  # fmt: skip
def test_layouts(package_type: str, paths: list[str], expected: tuple[str, str, int]) -> None:
    """Each type has its own place for name and version."""
    assert found(package_type, *paths) == [expected]


@pytest.mark.parametrize(
    ("package_type", "path"),
    [
        ("maven", "org/acme/lib/1.0/lib-1.0.jar"),
        ("maven", "lib.pom"),
        ("docker", "manifest.json"),
        ("docker", "app/_uploads/x"),
        ("npm", ".npm/lib/package.json"),
        ("go", "go.mod"),
        ("rpm", "repodata/x.rpm"),
        ("debian", "odd.deb"),
        ("conan", "conanfile.py"),
        ("pypi", "odd.whl"),
    ],
)
def test_no_package_without_its_lead(package_type: str, path: str) -> None:
    """Files that nothing leads, and odd names, are no package."""
    assert found(package_type, path) == []


def test_the_lead_gives_the_age() -> None:
    """A jar that came later does not make the version younger."""
    folder = "org/acme/lib/1.0/lib-1.0"
    (one,) = versions("maven", {f"{folder}.jar": file(9.0), f"{folder}.pom": file(5.0)})

    assert (one.lead, one.created, one.size) == (f"{folder}.pom", 5.0, 2)


def test_versions_stay_apart() -> None:
    """A version whose name begins like another does not swallow it."""
    assert found("helm", "a-1.tgz", "a-1.0.tgz", "a-1.0.1.txt") == [("a", "1.0", 1), ("a", "1", 1)]
