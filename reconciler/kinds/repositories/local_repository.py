"""LocalRepository: holds the artifacts that are uploaded to this platform."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.kinds.marks import (
    FIXED,
    UNORDERED,
    Default,
    Known,
    OnlyFor,
    Risk,
    Same,
    Since,
    Wire,
)
from reconciler.kinds.repositories._kind import ARTIFACTS, repository_kind
from reconciler.kinds.repositories._package_types import (
    LOCAL,
    MAVEN_LIKE,
    OCI_LIKE,
    RPM,
    SIGNED,
)
from reconciler.kinds.repositories._repository import (
    SAME_PACKAGE_TYPE,
    SIGNING_KEY,
    StoringSettings,
    StoringSpec,
)
from reconciler.kinds.repositories._rules import (
    key_not_of_a_cache,
)
from reconciler.kinds.risks import (
    CHECKS,
    DELETES,
    FEWER_FORMATS,
    NEW_KEY,
    NOTABLE,
    OTHER_LAYOUT,
    REFUSES,
    REFUSES_PUSHES,
    SIGN_IN,
)
from reconciler.kinds.spec import unset

_COMPOSER_NAMES = Wire("enableComposerv1Indexing", also=("enableComposerV1Indexing",))


class LocalSettings(StoringSettings):
    """What a repository is like that files are uploaded to."""

    signedUrlTtl: Annotated[int, Field(ge=0), Default(90), NOTABLE] = unset()
    """How long a signed address is valid. The reference names no unit."""

    xrayDataTtl: Annotated[int, Field(ge=0), Default(90), NOTABLE] = unset()
    """How long Xray keeps its data of the content. The reference names no unit; the values look
    like days."""

    primaryKeyPairRef: Annotated[
        str | None, OnlyFor(*SIGNED, "ansible", "hex"), SIGNING_KEY, NEW_KEY
    ] = unset()
    """Name of the key pair that signs the index."""

    secondaryKeyPairRef: Annotated[str | None, OnlyFor(*SIGNED), SIGNING_KEY, NEW_KEY] = unset()
    """Name of a second key pair that signs the index too, while keys are being exchanged."""

    # --- Maven, Gradle, Ivy, sbt

    checksumPolicyType: Annotated[
        str,
        OnlyFor(*MAVEN_LIKE),
        Known("client-checksums", "server-generated-checksums"),
        Default("client-checksums"),
        NOTABLE,
    ] = unset()
    """Whose checksums are served: those the client uploaded, or those the server computed."""

    handleReleases: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(True), REFUSES] = unset()
    """Accepts release versions."""

    handleSnapshots: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(True), REFUSES] = unset()
    """Accepts snapshot versions."""

    maxUniqueSnapshots: Annotated[
        int, Field(ge=0), OnlyFor(*MAVEN_LIKE, "nuget"), Default(0), DELETES
    ] = unset()
    """How many snapshots of one artifact are kept; older ones are deleted. 0 keeps all."""

    snapshotVersionBehavior: Annotated[
        str,
        OnlyFor(*MAVEN_LIKE),
        Known("unique", "non-unique", "deployer"),
        Default("non-unique", by_version=(("7.41", "unique"),)),
        NOTABLE,
    ] = unset()
    """How snapshot files are named: with a time stamp, without one, or as the client sent them."""

    suppressPomConsistencyChecks: Annotated[
        bool,
        OnlyFor(*MAVEN_LIKE),
        Default(False, {"gradle": True, "ivy": True, "sbt": True}),
        NOTABLE,
    ] = unset()
    """Accepts POM files whose coordinates do not fit the path they are uploaded to."""

    # --- Docker, OCI, Helm OCI

    maxUniqueTags: Annotated[int, Field(ge=0), OnlyFor(*OCI_LIKE), Default(0), DELETES] = unset()
    """How many tags of one image are kept; older ones are deleted. 0 keeps all."""

    dockerTagRetention: Annotated[int, Field(ge=1), OnlyFor(*OCI_LIKE), Default(1), DELETES] = (
        unset()
    )
    """How many contents of one tag are kept when it is pushed again. 1 keeps the newest only."""

    dockerApiVersion: Annotated[
        str, OnlyFor("docker", "oci"), Known("V1", "V2"), Default("V2"), OTHER_LAYOUT
    ] = unset()
    """Version of the registry protocol."""

    blockPushingSchema1: Annotated[bool, OnlyFor("docker"), Default(True), REFUSES_PUSHES] = unset()
    """Refuses images with the outdated manifest format, version 2 schema 1."""

    # --- Debian, RPM

    debianTrivialLayout: Annotated[bool, OnlyFor("debian"), Default(False), OTHER_LAYOUT] = unset()
    """Uses the outdated trivial layout, with one index for the whole repository."""

    optionalIndexCompressionFormats: Annotated[
        list[str] | None,
        OnlyFor("debian"),
        UNORDERED,
        Known("bz2", "lzma", "xz"),
        Default(["bz2"]),
        FEWER_FORMATS,
    ] = unset()
    """Formats in which the index is offered besides gzip, such as `[bz2, xz]`."""

    ddebSupported: Annotated[bool, OnlyFor("debian"), Default(False), NOTABLE] = unset()
    """Indexes packages with debug symbols (`.ddeb`) as well."""

    calculateYumMetadata: Annotated[bool, OnlyFor(*RPM), Default(False), REFUSES] = unset()
    """Computes the repository metadata anew whenever a package is uploaded."""

    yumRootDepth: Annotated[int, Field(ge=0), OnlyFor(*RPM), Default(0), OTHER_LAYOUT] = unset()
    """How many folders below the root the metadata lies. 0 is the root itself."""

    enableFileListsIndexing: Annotated[bool, OnlyFor(*RPM), Default(False), NOTABLE] = unset()
    """Indexes the list of files of every package as well."""

    yumGroupFileNames: Annotated[str | None, OnlyFor(*RPM), Default(""), NOTABLE] = unset()
    """Names of the XML files that define package groups, separated by commas, such as
    `comps.xml`."""

    # --- one package type each

    cargoAnonymousAccess: Annotated[
        bool,
        OnlyFor("cargo"),
        Default(False),
        Risk("disruptive", "a change is disruptive: it decides who may read"),
    ] = unset()
    """Lets clients search and download without signing in, whatever the platform allows
    elsewhere."""

    cargoInternalIndex: Annotated[bool, OnlyFor("cargo"), Default(False), OTHER_LAYOUT] = unset()
    """Serves the sparse index out of the repository instead of a Git index."""

    enableComposerv1Indexing: Annotated[
        bool, OnlyFor("composer"), Default(False), _COMPOSER_NAMES, REFUSES
    ] = unset()
    """Builds the index for clients of version 1 as well."""

    encryptStates: Annotated[bool, OnlyFor("terraformbackend"), Default(True), CHECKS] = unset()
    """Encrypts the stored state files."""

    forceConanAuthentication: Annotated[bool, OnlyFor("conan"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    forceMetadataNameVersion: Annotated[bool, OnlyFor("helm"), FIXED, Since("7.104.5")] = unset()
    """Refuses charts whose file name does not repeat the name and version they declare."""

    forceNonDuplicateChart: Annotated[bool, OnlyFor("helm"), FIXED, Since("7.104.5")] = unset()
    """Refuses a chart whose name and version already exist under another path."""

    forceNugetAuthentication: Annotated[bool, OnlyFor("nuget"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    forceP2Authentication: Annotated[bool, OnlyFor("p2"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    terraformType: Annotated[
        str,
        OnlyFor("terraform"),
        FIXED,
        Known("MODULE", "PROVIDER"),
        Same(str.upper, "small letters mean the same"),
    ] = unset()
    """Whether the repository holds modules or providers."""


class LocalRepositorySpec(LocalSettings, StoringSpec):
    """A repository for the artifacts that are uploaded to this platform."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*LOCAL)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""


KIND = repository_kind("local", LocalRepositorySpec, key_not_of_a_cache, lost_on_replace=ARTIFACTS)
