"""A class, a package type and a version in, the configuration a bare repository gets out.

Tables only. Order of the names is the order of the answers. Sources: the reference's schema
(2.26) and samples (2.10.5, 2.10.7); where observed servers differ, the observation wins:

- `blockMismatchingMimeTypes` of a remote is false through the API (the reference says true, which
  is what the UI sends);
- `enableTokenAuthentication` of a docker-like remote is true on the server (the reference: false);
- `repoLayoutRef` is `maven-2-default` for every type when the API is not told otherwise; the UI
  fills the layout of the package type. Both sources agree, odd as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from reconciler.sandbox.package_types import (
    API_LAYOUT,
    CACHED_VIRTUALS,
    CURATED,
    DOCKER_LIKE,
    MAVEN_FAMILY,
    SIGNED,
    words,
)
from reconciler.sandbox.versions import at_least

Json = Any

UPSTREAM = "https://registry.example.com"
"""Stands for the public registry of every ecosystem; the package type is appended."""

FIELD_ALIASES = {
    "pypiRegistryUrl": "pyPIRegistryUrl",
    "enableComposerv1Indexing": "enableComposerV1Indexing",
}
"""Spellings of the reference for what servers call otherwise; both are accepted."""

# --- fields ---------------------------------------------------------------------------------------

SUPPORT_FLAGS = {
    "enableComposerSupport": "composer",
    "enableNuGetSupport": "nuget",
    "enableGemsSupport": "gems",
    "enableNpmSupport": "npm",
    "enableBowerSupport": "bower",
    "enableChefSupport": "chef",
    "enableCocoaPodsSupport": "cocoapods",
    "enableConanSupport": "conan",
    "enableDebianSupport": "debian",
    "enablePypiSupport": "pypi",
    "enablePuppetSupport": "puppet",
    "enableDockerSupport": "docker",
    "enableVagrantSupport": "vagrant",
    "enableGitLfsSupport": "gitlfs",
}
"""Read-only switches of the old model, printed for every type: true only for the type itself."""

_HEAD: dict[str, Json] = {
    "key": "",
    "packageType": "generic",
    "description": "",
    "notes": "",
    "includesPattern": "**/*",
    "excludesPattern": "",
    "repoLayoutRef": API_LAYOUT,
    "signedUrlTtl": 90,
    **dict.fromkeys(SUPPORT_FLAGS, False),
    "enableDistRepoSupport": False,
    "dockerApiVersion": "V2",
    "dockerProjectId": "",
    "blockPushingSchema1": True,
    "debianTrivialLayout": False,
    "ddebSupported": False,
    "forceNugetAuthentication": False,
    "forceP2Authentication": False,
    "forceConanAuthentication": False,
    "enableNormalizedVersion": False,
    "priorityResolution": False,
}
_MAVEN: dict[str, Json] = {
    "handleReleases": True,
    "handleSnapshots": True,
    "maxUniqueSnapshots": 0,
    "maxUniqueTags": 0,
    "suppressPomConsistencyChecks": False,
}
_TAIL: dict[str, Json] = {
    "blackedOut": False,
    "propertySets": [],
    "archiveBrowsingEnabled": False,
    "xrayIndex": False,
    "xrayDataTtl": 90,
    "downloadRedirect": False,
    "cdnRedirect": False,
}
_LOCAL: dict[str, Json] = {
    **_HEAD,
    "checksumPolicyType": "client-checksums",
    **_MAVEN,
    "snapshotVersionBehavior": "unique",
    **_TAIL,
    "calculateYumMetadata": False,
    "enableFileListsIndexing": False,
    "yumRootDepth": 0,
    "yumGroupFileNames": "",
    "dockerTagRetention": 1,
    "enableComposerV1Indexing": False,
    "terraformType": "MODULE",
    "encryptStates": True,
    "cargoAnonymousAccess": False,
    "cargoInternalIndex": False,
}
NO_SYNCHRONISATION: dict[str, Json] = {
    "enabled": False,
    "statistics": {"enabled": False},
    "properties": {"enabled": False},
    "source": {"originAbsenceDetection": False},
}
_REMOTE: dict[str, Json] = {
    **_HEAD,
    "url": "",
    "username": "",
    "disableProxy": False,
    "remoteRepoLayoutRef": "",
    "remoteRepoChecksumPolicyType": "generate-if-absent",
    **_MAVEN,
    "hardFail": False,
    "offline": False,
    "storeArtifactsLocally": True,
    "socketTimeoutMillis": 15000,
    "localAddress": "",
    "retrievalCachePeriodSecs": 7200,
    "missedRetrievalCachePeriodSecs": 1800,
    "metadataRetrievalTimeoutSecs": 60,
    "unusedArtifactsCleanupPeriodHours": 0,
    "assumedOfflinePeriodSecs": 300,
    "fetchJarsEagerly": False,
    "fetchSourcesEagerly": False,
    "rejectInvalidJars": False,
    "shareConfiguration": False,
    "synchronizeProperties": False,
    "blockMismatchingMimeTypes": False,
    "mismatchingMimeTypesOverrideList": "",
    "allowAnyHostAuth": False,
    "enableCookieManagement": False,
    "enableTokenAuthentication": False,
    "listRemoteFolderItems": False,
    "queryParams": "",
    "propagateQueryParams": False,
    "retrieveSha256FromServer": False,
    "vcsType": "GIT",
    "vcsGitProvider": "GITHUB",
    "bypassHeadRequests": False,
    "disableUrlNormalization": False,
    "externalDependenciesEnabled": False,
    "curated": False,
    "passThrough": False,
    "contentSynchronisation": NO_SYNCHRONISATION,
    **_TAIL,
}
_VIRTUAL: dict[str, Json] = {
    **_HEAD,
    "repositories": [],
    "hideUnauthorizedResources": False,
    "artifactoryRequestsCanRetrieveRemoteArtifacts": False,
    "keyPair": "",
    "pomRepositoryReferencesCleanupPolicy": "discard_active_reference",
    "defaultDeploymentRepo": "",
    "forceMavenAuthentication": False,
    "externalDependenciesEnabled": False,
    "externalDependenciesRemoteRepo": "",
    "resolveDockerTagsByTimestamp": False,
    "useNamespaces": False,
}
_FEDERATED: dict[str, Json] = {**_LOCAL, "members": [], "disableProxy": False}
del _FEDERATED["terraformType"], _FEDERATED["encryptStates"]

BASE: dict[str, dict[str, Json]] = {
    "local": _LOCAL,
    "remote": _REMOTE,
    "virtual": _VIRTUAL,
    "federated": _FEDERATED,
}

# Fields that exist but are absent until somebody sets them.
_SIGNED = {"primaryKeyPairRef": str, "secondaryKeyPairRef": str}
_ASSIGNED = {"projectKey": str, "environments": list}
OPTIONAL: dict[str, dict[str, type]] = {
    "local": {
        **_ASSIGNED,
        **_SIGNED,
        "optionalIndexCompressionFormats": list,
        "forceNonDuplicateChart": bool,
        "forceMetadataNameVersion": bool,
        "terraformType": str,
    },
    "remote": {
        **_ASSIGNED,
        "proxy": str,
        "primaryKeyPairRef": str,
        "externalDependenciesPatterns": list,
        **dict.fromkeys(("bowerRegistryUrl", "gitRegistryUrl", "composerRegistryUrl"), str),
        **dict.fromkeys(("pyPIRegistryUrl", "pyPIRepositorySuffix"), str),
        **dict.fromkeys(("podsSpecsRepoUrl", "terraformRegistryUrl"), str),
        **dict.fromkeys(("terraformProvidersUrl", "chartsBaseUrl", "hexPublicKey"), str),
        **dict.fromkeys(("feedContextPath", "downloadContextPath"), str),
        **dict.fromkeys(("v3FeedUrl", "symbolServerUrl", "vcsGitDownloadUrl"), str),
        "clientTlsCertificate": str,
        **dict.fromkeys(("cargoAnonymousAccess", "cargoInternalIndex"), bool),
    },
    "virtual": {
        **_ASSIGNED,
        **_SIGNED,
        "externalDependenciesPatterns": list,
        "virtualRetrievalCachePeriodSecs": int,
        "debianDefaultArchitectures": str,
        "optionalIndexCompressionFormats": list,
    },
    "federated": {
        **_ASSIGNED,
        **_SIGNED,
        "proxy": str,
        "optionalIndexCompressionFormats": list,
        "terraformType": str,
        "forceNonDuplicateChart": bool,
        "forceMetadataNameVersion": bool,
    },
}

WRITE_ONLY: dict[str, dict[str, type]] = {
    "remote": {
        "password": str,
        "customHttpHeaders": list,
        "failedRetrievalCachePeriodSecs": int,
    },
}
"""Accepted and kept, never printed."""

GONE_WHEN_EMPTY = ("v3FeedUrl", "symbolServerUrl")
"""An empty text takes these away: the server uses addresses of its own and does not print them."""

READ_ONLY = frozenset({*SUPPORT_FLAGS, "enableDistRepoSupport", "xrayDataTtl", "signedUrlTtl"})
"""Printed, but what a client sends for them is dropped."""

SETS = frozenset(words("environments propertySets optionalIndexCompressionFormats members"))
"""Lists without an order: they may come back in another one."""

ENUMS: dict[str, tuple[str, ...]] = {
    "checksumPolicyType": words("client-checksums server-generated-checksums"),
    "snapshotVersionBehavior": words("unique non-unique deployer"),
    "remoteRepoChecksumPolicyType": words("generate-if-absent fail ignore-and-generate pass-thru"),
    "pomRepositoryReferencesCleanupPolicy": words(
        "discard_active_reference discard_any_reference nothing"
    ),
    "vcsGitProvider": words(
        "GITHUB GITHUBENTERPRISE BITBUCKET OLDSTASH STASH ARTIFACTORY GITLAB CUSTOM"
    ),
    "dockerApiVersion": ("V1", "V2"),
    "terraformType": ("MODULE", "PROVIDER", "module", "provider"),
}

# --- what a package type has of its own: field -> default, shown by the v2 GET too ----------------

_JAVA_LOCAL: dict[str, Json] = {
    "checksumPolicyType": "client-checksums",
    "snapshotVersionBehavior": "unique",
    "handleReleases": True,
    "handleSnapshots": True,
    "maxUniqueSnapshots": 0,
}
_JAVA_REMOTE: dict[str, Json] = {
    "handleReleases": True,
    "handleSnapshots": True,
    "maxUniqueSnapshots": 0,
    "fetchJarsEagerly": False,
    "fetchSourcesEagerly": False,
    "rejectInvalidJars": False,
    "remoteRepoChecksumPolicyType": "generate-if-absent",
}
_JAVA_VIRTUAL: dict[str, Json] = {
    "keyPair": "",
    "forceMavenAuthentication": False,
    "pomRepositoryReferencesCleanupPolicy": "discard_active_reference",
}
_POM_CHECKS = {
    "maven": {"suppressPomConsistencyChecks": False},
    **{name: {"suppressPomConsistencyChecks": True} for name in ("gradle", "ivy", "sbt")},
}
_TAGS: dict[str, Json] = {"maxUniqueTags": 0, "dockerTagRetention": 1}
_LOCAL_TYPES: dict[str, dict[str, Json]] = {
    **{name: {**_JAVA_LOCAL, **_POM_CHECKS[name]} for name in MAVEN_FAMILY},
    "cargo": {"cargoAnonymousAccess": False, "cargoInternalIndex": False},
    "composer": {"enableComposerV1Indexing": False},
    "conan": {"forceConanAuthentication": False},
    "debian": {
        "debianTrivialLayout": False,
        "ddebSupported": False,
        "optionalIndexCompressionFormats": ["bz2"],
    },
    "docker": {"dockerApiVersion": "V2", "blockPushingSchema1": True, **_TAGS},
    "oci": {"dockerApiVersion": "V2", **_TAGS},
    "helmoci": dict(_TAGS),
    "nuget": {"maxUniqueSnapshots": 0, "forceNugetAuthentication": False},
    "rpm": {
        "yumRootDepth": 0,
        "calculateYumMetadata": False,
        "enableFileListsIndexing": False,
        "yumGroupFileNames": "",
    },
    "terraform": {"terraformType": "MODULE"},
    "terraformbackend": {"encryptStates": True},
}
_VCS: dict[str, Json] = {"vcsGitProvider": "GITHUB"}
_EXTERNAL: dict[str, Json] = {"externalDependenciesEnabled": False}
_TOKEN_AUTH: dict[str, Json] = {"enableTokenAuthentication": True, "dockerProjectId": ""}


def _upstream(package_type: str) -> str:
    return f"{UPSTREAM}/{package_type}"


PUBLIC_TERRAFORM = _upstream("terraform")
_REMOTE_TYPES: dict[str, dict[str, Json]] = {
    **{name: {**_JAVA_REMOTE, **_POM_CHECKS[name]} for name in MAVEN_FAMILY},
    "ansible": {"bypassHeadRequests": True},
    "bower": {**_VCS, "bowerRegistryUrl": _upstream("bower")},
    "cargo": {
        "gitRegistryUrl": _upstream("cargo"),
        "cargoAnonymousAccess": False,
        "cargoInternalIndex": False,
    },
    "cocoapods": {**_VCS, "podsSpecsRepoUrl": _upstream("cocoapods")},
    "composer": {**_VCS, "composerRegistryUrl": _upstream("composer")},
    "conan": {"forceConanAuthentication": False},
    "docker": {**_TOKEN_AUTH, **_EXTERNAL, "blockPushingSchema1": True},
    "oci": {**_TOKEN_AUTH, **_EXTERNAL},
    "helmoci": {**_TOKEN_AUTH, **_EXTERNAL},
    "generic": {"propagateQueryParams": False, "retrieveSha256FromServer": False},
    "go": {"vcsGitProvider": "ARTIFACTORY"},
    "helm": {"chartsBaseUrl": "", **_EXTERNAL},
    "nuget": {
        "feedContextPath": "api/v2",
        "downloadContextPath": "api/v2/package",
        "forceNugetAuthentication": False,
        "maxUniqueSnapshots": 0,
    },
    "p2": {"forceP2Authentication": False},
    "pypi": {"pyPIRegistryUrl": _upstream("pypi"), "pyPIRepositorySuffix": "simple"},
    "terraform": {
        "terraformRegistryUrl": PUBLIC_TERRAFORM,
        "terraformProvidersUrl": _upstream("terraform-providers"),
    },
    "vcs": {**_VCS, "vcsType": "GIT", "maxUniqueSnapshots": 0},
}
for _name in CURATED:
    _REMOTE_TYPES.setdefault(_name, {}).update({"curated": False, "passThrough": False})

_VIRTUAL_TYPES: dict[str, dict[str, Json]] = {
    **{name: dict(_JAVA_VIRTUAL) for name in MAVEN_FAMILY},
    **{name: {"resolveDockerTagsByTimestamp": False} for name in DOCKER_LIKE},
    **{name: {**_EXTERNAL, "externalDependenciesRemoteRepo": ""} for name in ("bower", "npm")},
    "conan": {"forceConanAuthentication": False},
    "debian": {"debianTrivialLayout": False, "debianDefaultArchitectures": "amd64,i386"},
    "go": {"externalDependenciesEnabled": True},
    "helm": {"useNamespaces": False},
    "nuget": {"forceNugetAuthentication": False},
    "p2": {"forceP2Authentication": False},
}
for _name in CACHED_VIRTUALS:
    _VIRTUAL_TYPES.setdefault(_name, {})["virtualRetrievalCachePeriodSecs"] = 7200

BY_TYPE: dict[str, dict[str, dict[str, Json]]] = {
    "local": _LOCAL_TYPES,
    "remote": _REMOTE_TYPES,
    "virtual": _VIRTUAL_TYPES,
    "federated": _LOCAL_TYPES,
}

# Optional fields the v2 GET shows for these types once they are set.
_OPTIONAL_BY_TYPE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SIGNED, words("primaryKeyPairRef secondaryKeyPairRef")),
    "hex": words("primaryKeyPairRef hexPublicKey"),
    "nuget": words("v3FeedUrl symbolServerUrl"),
    **dict.fromkeys(words("bower cocoapods composer vcs"), ("vcsGitDownloadUrl",)),
    "helm": words("forceNonDuplicateChart forceMetadataNameVersion"),
}
_NOT_GENERAL = frozenset(SUPPORT_FLAGS).union(
    *(_MAVEN, _VCS, _JAVA_VIRTUAL),
    words(
        "enableDistRepoSupport dockerApiVersion dockerProjectId blockPushingSchema1 "
        "debianTrivialLayout ddebSupported forceNugetAuthentication forceP2Authentication "
        "forceConanAuthentication enableNormalizedVersion checksumPolicyType "
        "snapshotVersionBehavior calculateYumMetadata enableFileListsIndexing yumRootDepth "
        "yumGroupFileNames dockerTagRetention enableComposerV1Indexing terraformType "
        "encryptStates cargoAnonymousAccess cargoInternalIndex remoteRepoChecksumPolicyType "
        "fetchJarsEagerly fetchSourcesEagerly rejectInvalidJars enableTokenAuthentication "
        "propagateQueryParams retrieveSha256FromServer vcsType externalDependenciesEnabled "
        "externalDependenciesRemoteRepo curated passThrough resolveDockerTagsByTimestamp "
        "useNamespaces"
    ),
)
"""Fields of the class tables that belong to some package types only; the v2 GET filters them."""


@lru_cache(maxsize=512)
def defaults(rclass: str, package_type: str, version: str) -> Mapping[str, Json]:
    """A class, a type and the server's version in, every field with its default out."""
    fields = {**BASE[rclass], **BY_TYPE[rclass].get(package_type, {})}
    fields["packageType"] = package_type
    for flag, owner in SUPPORT_FLAGS.items():
        fields[flag] = owner == package_type
    if rclass == "remote":
        fields["listRemoteFolderItems"] = not at_least(version, "7.94.0")
    if "snapshotVersionBehavior" in fields and not at_least(version, "7.41.0"):
        fields["snapshotVersionBehavior"] = "non-unique"
    return MappingProxyType(fields)


@lru_cache(maxsize=16)
def types(rclass: str) -> Mapping[str, type]:
    """A class in, every field a client may name with the type of its value out."""
    known: dict[str, type] = {name: type(value) for name, value in BASE[rclass].items()}
    for own in BY_TYPE[rclass].values():
        known.update({name: type(value) for name, value in own.items()})
    known.update(OPTIONAL[rclass])
    known.update(WRITE_ONLY.get(rclass, {}))
    return MappingProxyType({n: kind for n, kind in known.items() if n not in READ_ONLY})


@lru_cache(maxsize=512)
def relevant(rclass: str, package_type: str) -> frozenset[str]:
    """A class and a type in, the fields the v2 GET shows out."""
    general = {name for name in BASE[rclass] if name not in _NOT_GENERAL}
    own = set(BY_TYPE[rclass].get(package_type, {}))
    optional = {"projectKey", "environments", "proxy", *_OPTIONAL_BY_TYPE.get(package_type, ())}
    if rclass == "remote":
        optional.add("clientTlsCertificate")
    if "externalDependenciesEnabled" in own:
        optional.add("externalDependenciesPatterns")
    return frozenset(general | own | optional)
