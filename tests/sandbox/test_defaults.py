"""What a bare repository looks like, per class and package type: the table a client must know."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import package_types
from reconciler.sandbox import repository_defaults as tables
from tests.sandbox.support import Api, at

LOCAL = [
    ("maven", {"suppressPomConsistencyChecks": False, "snapshotVersionBehavior": "unique"}),
    ("maven", {"checksumPolicyType": "client-checksums", "handleReleases": True}),
    ("gradle", {"suppressPomConsistencyChecks": True}),
    ("ivy", {"suppressPomConsistencyChecks": True}),
    ("sbt", {"suppressPomConsistencyChecks": True, "handleSnapshots": True}),
    ("docker", {"maxUniqueTags": 0, "dockerTagRetention": 1, "blockPushingSchema1": True}),
    ("oci", {"maxUniqueTags": 0, "dockerTagRetention": 1}),
    ("debian", {"optionalIndexCompressionFormats": ["bz2"], "enableDebianSupport": True}),
    ("rpm", {"yumRootDepth": 0, "calculateYumMetadata": False, "yumGroupFileNames": ""}),
    ("rpm", {"enableFileListsIndexing": False}),
    ("generic", {"includesPattern": "**/*", "excludesPattern": "", "signedUrlTtl": 90}),
    ("npm", {"repoLayoutRef": "maven-2-default", "enableNpmSupport": True}),
    ("terraform", {"terraformType": "MODULE"}),
]
REMOTE = [
    ("generic", {"blockMismatchingMimeTypes": False, "listRemoteFolderItems": False}),
    ("generic", {"retrievalCachePeriodSecs": 7200, "missedRetrievalCachePeriodSecs": 1800}),
    ("generic", {"metadataRetrievalTimeoutSecs": 60, "assumedOfflinePeriodSecs": 300}),
    ("generic", {"socketTimeoutMillis": 15000, "unusedArtifactsCleanupPeriodHours": 0}),
    ("generic", {"storeArtifactsLocally": True, "shareConfiguration": False}),
    ("generic", {"contentSynchronisation": tables.NO_SYNCHRONISATION}),
    ("generic", {"enableTokenAuthentication": False, "vcsGitProvider": "GITHUB"}),
    ("docker", {"enableTokenAuthentication": True, "externalDependenciesEnabled": False}),
    ("ansible", {"bypassHeadRequests": True}),
    ("npm", {"bypassHeadRequests": False, "curated": False, "passThrough": False}),
    ("maven", {"remoteRepoChecksumPolicyType": "generate-if-absent"}),
    ("maven", {"fetchJarsEagerly": False, "suppressPomConsistencyChecks": False}),
    ("gradle", {"suppressPomConsistencyChecks": True}),
    ("vcs", {"vcsGitProvider": "GITHUB", "vcsType": "GIT"}),
    ("go", {"vcsGitProvider": "ARTIFACTORY"}),
    ("nuget", {"feedContextPath": "api/v2", "downloadContextPath": "api/v2/package"}),
    ("pypi", {"pyPIRegistryUrl": f"{tables.UPSTREAM}/pypi", "pyPIRepositorySuffix": "simple"}),
    ("bower", {"bowerRegistryUrl": f"{tables.UPSTREAM}/bower"}),
    ("cargo", {"gitRegistryUrl": f"{tables.UPSTREAM}/cargo"}),
]
VIRTUAL = [
    ("generic", {"repositories": [], "artifactoryRequestsCanRetrieveRemoteArtifacts": False}),
    ("maven", {"pomRepositoryReferencesCleanupPolicy": "discard_active_reference"}),
    ("maven", {"forceMavenAuthentication": False, "keyPair": ""}),
    ("debian", {"debianDefaultArchitectures": "amd64,i386"}),
    ("go", {"externalDependenciesEnabled": True, "externalDependenciesPatterns": ["**"]}),
    ("npm", {"externalDependenciesEnabled": False, "virtualRetrievalCachePeriodSecs": 7200}),
    ("docker", {"resolveDockerTagsByTimestamp": False}),
    ("helm", {"useNamespaces": False}),
]
CASES = [
    (rclass, package_type, expected)
    for rclass, rows in (("local", LOCAL), ("remote", REMOTE), ("virtual", VIRTUAL))
    for package_type, expected in rows
]


@pytest.mark.parametrize(("rclass", "package_type", "expected"), CASES)
def test_defaults(api: Api, rclass: str, package_type: str, expected: dict[str, Any]) -> None:
    """A repository made from class and type alone has these values."""
    found = api.made("bare", rclass, package_type)

    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("rclass", package_types.CLASSES)
def test_every_type_can_be_made(api: Api, rclass: str) -> None:
    """Each package type of a class can be created and read both ways, v2 inside v1."""
    for package_type in sorted(package_types.BY_CLASS[rclass]):
        key = f"{package_type}-release-bundles-v2"
        full = api.made(key, rclass, package_type)
        relevant = api.send("GET", f"/artifactory/api/v2/repositories/{key}").json()

        assert relevant.items() <= full.items()
        assert full["rclass"] == rclass


@pytest.mark.parametrize(
    ("version", "expected"), [("7.93.9", True), ("7.94.0", False), ("7.146.17", False)]
)
def test_folder_listing_by_version(version: str, expected: bool) -> None:
    """Remotes listed their upstream's folders by default until 7.94.0."""
    assert at(version).made("r", "remote")["listRemoteFolderItems"] is expected


def test_snapshot_behaviour_by_version() -> None:
    """The default changed in 7.41."""
    assert at("7.40.0").made("r", package_type="maven")["snapshotVersionBehavior"] == "non-unique"


def test_support_flags_cannot_be_set(api: Api) -> None:
    """They say what the type is; what a client sends for them is dropped."""
    found = api.made("r", package_type="npm", enableDockerSupport=True, enableNpmSupport=False)

    assert found["enableDockerSupport"] is False
    assert found["enableNpmSupport"] is True


def test_no_field_is_both_printed_and_write_only() -> None:
    """The tables agree with themselves: what is never printed has no default to print."""
    for rclass in package_types.CLASSES:
        printed = set(tables.BASE[rclass]) | set(tables.OPTIONAL[rclass])
        for own in tables.BY_TYPE[rclass].values():
            printed |= set(own)

        assert not printed & set(tables.WRITE_ONLY.get(rclass, {}))


def test_tables_name_known_types_only() -> None:
    """A misspelt package type in a table would never be used."""
    for rclass in package_types.CLASSES:
        known = package_types.BY_CLASS[rclass]
        allowed = known | (package_types.BY_CLASS["local"] if rclass == "federated" else set())

        assert set(tables.BY_TYPE[rclass]) <= allowed
