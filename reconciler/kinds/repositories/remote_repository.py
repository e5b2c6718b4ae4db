"""RemoteRepository: a cache in front of a repository somewhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from reconciler.kinds.kind import Fault, Subject
from reconciler.kinds.marks import (
    CANNOT_CLEAR,
    FIXED,
    UNORDERED,
    WHOLE,
    WRITE_ONLY,
    Default,
    Known,
    MayForce,
    OnlyFor,
    Ref,
    Risk,
    Same,
    Since,
    Wire,
)
from reconciler.kinds.repositories._kind import repository_kind
from reconciler.kinds.repositories._package_types import (
    CURATED,
    GIT_HOSTED,
    MAVEN_LIKE,
    OCI_LIKE,
    REMOTE,
)
from reconciler.kinds.repositories._repository import (
    EMPTY_MEANS_ALL,
    SAME_ADDRESS,
    SAME_PACKAGE_TYPE,
    SIGNING_KEY,
    StoringSpec,
)
from reconciler.kinds.repositories._rules import (
    MAX_REMOTE_KEY,
    external_dependencies_patterns,
    password_in_url,
    proxy_conflict,
)
from reconciler.kinds.risks import (
    ANONYMOUS,
    CHECKS,
    DELETES,
    ELSEWHERE,
    NEW_KEY,
    NOTABLE,
    OPENS,
    OTHER_LAYOUT,
    OUT_OF_SERVICE,
    REFUSES,
    REFUSES_PUSHES,
    SAFE,
    SIGN_IN,
)
from reconciler.kinds.spec import SecretRef, SecretValue, Spec, unset

_CACHE_SUFFIX = " (local file cache)"


def _described(text: str) -> str | None:
    return text.removesuffix(_CACHE_SUFFIX) or None


class Statistics(Spec):
    """Download figures of a smart remote."""

    enabled: Annotated[bool, Default(False)] = unset()
    """Reports downloads to the other server, so that its figures include them."""


class Properties(Spec):
    """Artifact properties of a smart remote."""

    enabled: Annotated[bool, Default(False)] = unset()
    """Takes over changes of properties made on the other server."""


class Source(Spec):
    """What a smart remote watches at its origin."""

    originAbsenceDetection: Annotated[bool, Default(False)] = unset()
    """Marks cached files that the other server has deleted."""


class ContentSynchronisation(Spec):
    """How a smart remote works together with the Artifactory server behind it."""

    enabled: Annotated[bool, Default(False)] = unset()
    """Makes it a smart remote: the address is a repository of another Artifactory server."""

    statistics: Statistics = unset()
    """Download figures."""

    properties: Properties = unset()
    """Properties of artifacts."""

    source: Source = unset()
    """What is watched at the origin."""


class HttpHeader(Spec):
    """A header sent with every request to the remote address."""

    name: str
    """Name of the header, such as `X-Team`."""

    value: str | SecretRef
    """Its value, or where the value comes from: `{env: NAME}` or `{file: PATH}`."""

    sensitive: Annotated[bool, Default(False)] = unset()
    """The server stores the value encrypted. It must then come from a secret."""


class RemoteRepositorySpec(StoringSpec):
    """A repository that fetches packages from another server and caches them."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*REMOTE)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""

    description: Annotated[
        str | None, Same(_described, "the server may append ` (local file cache)`"), SAFE
    ] = unset()
    """Text shown to everyone who sees the repository."""

    # --- the other server and the way there

    url: Annotated[
        str,
        SAME_ADDRESS,
        Risk("disruptive", "a change is disruptive: packages come from elsewhere"),
    ]
    """Address of the other server, such as `https://registry.example.com/npm`."""

    username: Annotated[str | None, NOTABLE] = unset()
    """Name to sign in with at the other server."""

    password: Annotated[SecretValue | None, WRITE_ONLY, NOTABLE] = unset()
    """Password or token to sign in with at the other server, as a reference to a secret."""

    proxy: Annotated[
        str | None,
        Ref("Proxy", check="server"),
        MayForce("the platform's default proxy is filled in unless disableProxy is true"),
        NOTABLE,
    ] = unset()
    """Key of the proxy to go through."""

    disableProxy: Annotated[bool, Default(False), Since("7.41.7"), NOTABLE] = unset()
    """Goes through no proxy, not even the platform's default one."""

    localAddress: Annotated[str | None, NOTABLE] = unset()
    """Address of the network interface to connect from, for servers that have several."""

    clientTlsCertificate: Annotated[
        str | None, Ref("Certificate", check="server"), Default(""), NOTABLE
    ] = unset()
    """Name of the certificate to present to the other server."""

    queryParams: Annotated[str | None, NOTABLE] = unset()
    """Query parameters added to every request, such as `team=build&site=east`."""

    allowAnyHostAuth: Annotated[bool, Default(False), OPENS] = unset()
    """Sends the credentials to other hosts as well when the other server redirects there."""

    enableCookieManagement: Annotated[bool, Default(False), NOTABLE] = unset()
    """Keeps the cookies the other server sets."""

    bypassHeadRequests: Annotated[
        bool,
        Default(False, {"ansible": True}),
        MayForce("always true for some Terraform registries; `ansible` does not work without it"),
        NOTABLE,
    ] = unset()
    """Asks for files at once, without a HEAD request first."""

    disableUrlNormalization: Annotated[bool, Default(False), NOTABLE] = unset()
    """Passes paths on as they are, without resolving `..` and doubled slashes."""

    socketTimeoutMillis: Annotated[int, Field(ge=0), Default(15000), NOTABLE] = unset()
    """How many milliseconds to wait for a connection or an answer."""

    hardFail: Annotated[bool, Default(False), NOTABLE] = unset()
    """Fails a client's request when the other server cannot be reached, instead of answering that
    there is no such file."""

    offline: Annotated[bool, Default(False), OUT_OF_SERVICE] = unset()
    """Never contacts the other server: only what is cached is served."""

    assumedOfflinePeriodSecs: Annotated[int, Field(ge=0), Default(300), NOTABLE] = unset()
    """For how many seconds the other server is left alone after a failed connection. 0 tries again
    at once."""

    # --- the cache

    storeArtifactsLocally: Annotated[bool, Default(True), REFUSES] = unset()
    """Keeps what was fetched. Otherwise every request goes to the other server."""

    retrievalCachePeriodSecs: Annotated[int, Field(ge=0), Default(7200), NOTABLE] = unset()
    """For how many seconds cached metadata is served before asking again. 0 always asks."""

    missedRetrievalCachePeriodSecs: Annotated[int, Field(ge=0), Default(1800), NOTABLE] = unset()
    """For how many seconds the answer "not found" is remembered. 0 remembers none."""

    failedRetrievalCachePeriodSecs: Annotated[int, Field(ge=0), WRITE_ONLY, NOTABLE] = unset()
    """For how many seconds a failed fetch is remembered. The server accepts it and never returns
    it."""

    metadataRetrievalTimeoutSecs: Annotated[int, Field(ge=0), Default(60), NOTABLE] = unset()
    """How many seconds to wait for fresh metadata before the cached one is served."""

    unusedArtifactsCleanupPeriodHours: Annotated[int, Field(ge=0), Default(0), DELETES] = unset()
    """After how many hours without a download a cached file may be deleted. 0 keeps all."""

    blockMismatchingMimeTypes: Annotated[bool, Default(False), CHECKS] = unset()
    """Does not cache a file whose content type is not the expected one, such as an error page."""

    mismatchingMimeTypesOverrideList: Annotated[str | None, NOTABLE] = unset()
    """Content types that `blockMismatchingMimeTypes` lets pass, separated by commas, such as
    `application/json,application/xml`."""

    synchronizeProperties: Annotated[bool, Default(False), NOTABLE] = unset()
    """Fetches the properties of an artifact together with it."""

    listRemoteFolderItems: Annotated[
        bool, Default(True, by_version=(("7.94.0", False),)), NOTABLE
    ] = unset()
    """Shows the other server's folders when browsing."""

    shareConfiguration: Annotated[
        bool, Default(False), MayForce("no longer supported: stays false"), SAFE
    ] = unset()
    """Formerly offered these settings to other servers."""

    remoteRepoLayoutRef: Annotated[
        str | None, Ref("RepositoryLayout", check="server"), CANNOT_CLEAR, Default(""), OTHER_LAYOUT
    ] = unset()
    """Name of the other server's layout, if it is not the one of `repoLayoutRef`. Once set, it can
    be changed but not removed."""

    contentSynchronisation: Annotated[ContentSynchronisation, WHOLE, NOTABLE] = unset()
    """How the two servers work together when the other one is an Artifactory too."""

    curated: Annotated[bool, OnlyFor(*CURATED), Default(False), REFUSES] = unset()
    """Has the Curation service check every package before it is let in."""

    passThrough: Annotated[bool, OnlyFor(*CURATED), Default(False), OPENS] = unset()
    """Lets packages through the audit of the Curation service."""

    # --- Maven, Gradle, Ivy, sbt

    remoteRepoChecksumPolicyType: Annotated[
        str,
        OnlyFor(*MAVEN_LIKE),
        Known("generate-if-absent", "fail", "ignore-and-generate", "pass-thru"),
        Default("generate-if-absent"),
        NOTABLE,
    ] = unset()
    """What to do when the other server's checksum is missing or wrong."""

    handleReleases: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(True), REFUSES] = unset()
    """Serves release versions."""

    handleSnapshots: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(True), REFUSES] = unset()
    """Serves snapshot versions."""

    maxUniqueSnapshots: Annotated[
        int, Field(ge=0), OnlyFor(*MAVEN_LIKE, "nuget", "vcs"), Default(0), DELETES
    ] = unset()
    """How many snapshots of one artifact are kept in the cache. 0 keeps all."""

    suppressPomConsistencyChecks: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(False), NOTABLE] = (
        unset()
    )
    """Accepts POM files whose coordinates do not fit their path."""

    fetchJarsEagerly: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(False), NOTABLE] = unset()
    """Fetches the jar in the background as soon as its POM file is asked for."""

    fetchSourcesEagerly: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(False), NOTABLE] = unset()
    """Fetches the jar with the sources in the background as soon as the jar is asked for."""

    rejectInvalidJars: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(False), NOTABLE] = unset()
    """Does not cache jars that are no archives, such as the page of a login portal."""

    # --- Docker, OCI, Helm OCI

    enableTokenAuthentication: Annotated[bool, OnlyFor(*OCI_LIKE), Default(True), NOTABLE] = unset()
    """Signs in at the other server with bearer tokens."""

    dockerProjectId: Annotated[str | None, OnlyFor(*OCI_LIKE), ELSEWHERE] = unset()
    """Project to which requests to Google's registries are limited. Empty means all."""

    blockPushingSchema1: Annotated[bool, OnlyFor("docker"), REFUSES_PUSHES] = unset()
    """Refuses images with the outdated manifest format, version 2 schema 1."""

    externalDependenciesEnabled: Annotated[
        bool, OnlyFor(*OCI_LIKE, "helm"), Default(False), OPENS
    ] = unset()
    """Caches layers and charts that are hosted outside of the other server as well."""

    externalDependenciesPatterns: Annotated[
        list[str] | None, OnlyFor(*OCI_LIKE, "helm"), UNORDERED, EMPTY_MEANS_ALL, NOTABLE
    ] = unset()
    """From where such dependencies may come: Ant-style patterns, such as
    `**/files.example.com/**`. An empty list admits everything."""

    # --- Git servers

    vcsType: Annotated[str, OnlyFor("vcs"), Known("GIT"), Default("GIT"), ELSEWHERE] = unset()
    """Version control system of the other server."""

    vcsGitProvider: Annotated[
        str,
        OnlyFor(*GIT_HOSTED, "go"),
        Known(
            "GITHUB",
            "GITHUBENTERPRISE",
            "BITBUCKET",
            "OLDSTASH",
            "STASH",
            "ARTIFACTORY",
            "GITLAB",
            "CUSTOM",
        ),
        Default("GITHUB", {"go": "ARTIFACTORY"}),
        ELSEWHERE,
    ] = unset()
    """Product of the Git server, which decides where archives are downloaded from. `CUSTOM` needs
    `vcsGitDownloadUrl`."""

    vcsGitDownloadUrl: Annotated[str | None, OnlyFor(*GIT_HOSTED), Default(""), ELSEWHERE] = unset()
    """Pattern of the address archives are downloaded from, for the provider `CUSTOM`."""

    # --- NuGet

    feedContextPath: Annotated[str | None, OnlyFor("nuget"), Default("api/v2"), ELSEWHERE] = unset()
    """Path of the other server's version 2 feed, below its address."""

    downloadContextPath: Annotated[str, OnlyFor("nuget"), Default("api/v2/package"), ELSEWHERE] = (
        unset()
    )
    """Path of the other server's downloads, below its address."""

    v3FeedUrl: Annotated[str | None, OnlyFor("nuget"), SAME_ADDRESS, WRITE_ONLY, ELSEWHERE] = (
        unset()
    )
    """Address of the version 3 feed, such as `https://registry.example.com/v3/index.json`."""

    symbolServerUrl: Annotated[
        str | None, OnlyFor("nuget"), SAME_ADDRESS, WRITE_ONLY, ELSEWHERE
    ] = unset()
    """Address of the symbol server, such as `https://registry.example.com/symbols`."""

    forceNugetAuthentication: Annotated[bool, OnlyFor("nuget"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    # --- generic

    propagateQueryParams: Annotated[bool, OnlyFor("generic"), Default(False), NOTABLE] = unset()
    """Passes the query parameters of a client's request on to the other server."""

    retrieveSha256FromServer: Annotated[bool, OnlyFor("generic"), Default(False), NOTABLE] = unset()
    """Asks the other server for a missing SHA-256 checksum."""

    customHttpHeaders: Annotated[
        Annotated[list[HttpHeader], Field(max_length=5)] | None,
        OnlyFor("generic"),
        WRITE_ONLY,
        Since("7.146.0"),
        NOTABLE,
    ] = unset()
    """At most five headers sent with every request to the other server. An empty list removes
    them."""

    # --- one package type each

    bowerRegistryUrl: Annotated[str, OnlyFor("bower"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the registry, such as `https://registry.example.com/bower`."""

    cargoAnonymousAccess: Annotated[bool, OnlyFor("cargo"), Default(False), ANONYMOUS] = unset()
    """Lets clients search and download without signing in, whatever the platform allows
    elsewhere."""

    cargoInternalIndex: Annotated[bool, OnlyFor("cargo"), Default(False), OTHER_LAYOUT] = unset()
    """Serves the sparse index instead of a Git index."""

    gitRegistryUrl: Annotated[str, OnlyFor("cargo"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the index, such as `https://registry.example.com/index`."""

    podsSpecsRepoUrl: Annotated[str, OnlyFor("cocoapods"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the repository with the specifications, such as
    `https://registry.example.com/specs`."""

    composerRegistryUrl: Annotated[str, OnlyFor("composer"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the registry, such as `https://registry.example.com/composer`."""

    forceConanAuthentication: Annotated[bool, OnlyFor("conan"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    chartsBaseUrl: Annotated[str | None, OnlyFor("helm"), SAME_ADDRESS, Default(""), ELSEWHERE] = (
        unset()
    )
    """Address that charts are fetched from when it is not `url`, such as
    `oci://registry.example.com/charts`."""

    hexPublicKey: Annotated[str | None, OnlyFor("hex"), ELSEWHERE] = unset()
    """Public key with which the other server's packages are verified, in PEM form."""

    primaryKeyPairRef: Annotated[str | None, OnlyFor("hex"), SIGNING_KEY, NEW_KEY] = unset()
    """Name of the key pair that signs the index."""

    forceP2Authentication: Annotated[bool, OnlyFor("p2"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    pypiRegistryUrl: Annotated[
        str,
        OnlyFor("pypi"),
        SAME_ADDRESS,
        Wire("pyPIRegistryUrl", also=("pypiRegistryUrl",)),
        ELSEWHERE,
    ] = unset()
    """Address of the index, such as `https://registry.example.com`."""

    pyPIRepositorySuffix: Annotated[str, OnlyFor("pypi"), Default("simple"), ELSEWHERE] = unset()
    """Path of the index below its address."""

    terraformRegistryUrl: Annotated[str, OnlyFor("terraform"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the registry, such as `https://registry.example.com`."""

    terraformProvidersUrl: Annotated[str, OnlyFor("terraform"), SAME_ADDRESS, ELSEWHERE] = unset()
    """Address of the storage of providers, such as `https://registry.example.com/providers`."""


_WEB = ("http", "https")
_WEB_OR_OCI = ("http", "https", "oci")
_OCI_TYPES = ("helm", "helmoci", "oci")
_ADDRESSES = {
    "chartsBaseUrl": _WEB_OR_OCI,
    "symbolServerUrl": _WEB,
    "terraformProvidersUrl": _WEB,
    "terraformRegistryUrl": _WEB,
    "v3FeedUrl": _WEB,
}


def addresses(subject: Subject) -> Iterator[Fault]:
    """Addresses have a scheme that works and hold no password."""
    spec = subject.spec
    first = _WEB_OR_OCI if spec.get("packageType") in _OCI_TYPES else _WEB
    for name, schemes in {"url": first, **_ADDRESSES}.items():
        address = spec.get(name)
        if isinstance(address, str) and (address or name == "url"):
            yield from _address(name, address, schemes)


def _address(name: str, address: str, schemes: tuple[str, ...]) -> Iterator[Fault]:
    try:
        parts = urlsplit(address)
        usable = parts.scheme.lower() in schemes and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        yield Fault(
            ("spec", name),
            "url-scheme",
            f"{name} is no address the server can fetch from",
            "begin it with " + " or ".join(f"{scheme}://" for scheme in schemes),
        )
    else:
        hint = "take it out; name username, and password as {env: NAME} or {file: PATH}"
        yield from password_in_url(("spec", name), name, address, hint)


def content_synchronisation(subject: Subject) -> Iterator[Fault]:
    """The parts of a smart remote work only in a smart remote."""
    settings = subject.spec.get("contentSynchronisation")
    if not isinstance(settings, Mapping) or settings.get("enabled") is True:
        return
    for path in _switched_on(settings):
        yield Fault(
            ("spec", "contentSynchronisation", *path),
            "content-synchronisation",
            f"{'.'.join(path)} has no effect: the repository is not a smart remote",
            "set contentSynchronisation.enabled to true",
            severity="warning",
        )


def _switched_on(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from ((name, *inner) for inner in _switched_on(value))
        elif value is True:
            yield (name,)


def sensitive_headers(subject: Subject) -> Iterator[Fault]:
    """A header that is called sensitive takes its value from a secret."""
    headers = subject.spec.get("customHttpHeaders")
    for index, header in enumerate(headers if isinstance(headers, list) else ()):
        if not isinstance(header, Mapping) or header.get("sensitive") is not True:
            continue
        if isinstance(header.get("value"), str):
            yield Fault(
                ("spec", "customHttpHeaders", index, "value"),
                "secret-literal",
                "the header is sensitive, and its value is written into the manifest",
                "refer to a secret: {env: NAME} or {file: PATH}",
            )


KIND = repository_kind(
    "remote",
    RemoteRepositorySpec,
    addresses,
    proxy_conflict,
    content_synchronisation,
    external_dependencies_patterns,
    sensitive_headers,
    also_named=lambda name: (f"{name}-cache",),
    lost_on_replace="everything in its cache, also what the other server no longer has",
    longest_key=MAX_REMOTE_KEY,
    content="{key}-cache",
    content_may_lack=True,
)
