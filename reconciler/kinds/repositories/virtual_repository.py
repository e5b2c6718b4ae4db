"""VirtualRepository: several repositories behind one address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.kinds.kind import Fault, Subject
from reconciler.kinds.marks import (
    FIXED,
    FORGETS,
    UNORDERED,
    ClearBy,
    Default,
    Known,
    OnlyFor,
    Ref,
    Risk,
    Since,
)
from reconciler.kinds.repositories._kind import repository_kind
from reconciler.kinds.repositories._package_types import (
    CACHED_BY_VIRTUAL,
    MAVEN_LIKE,
    OCI_LIKE,
    SIGNED,
    VIRTUAL,
    may_aggregate,
)
from reconciler.kinds.repositories._repository import (
    EMPTY_MEANS_ALL,
    SAME_PACKAGE_TYPE,
    SIGNING_KEY,
    RepositorySpec,
)
from reconciler.kinds.repositories._rules import (
    external_dependencies_patterns,
)
from reconciler.kinds.risks import (
    FEWER_FORMATS,
    NEW_KEY,
    NOTABLE,
    OPENS,
    OTHER_FILES,
    OTHER_LAYOUT,
    SIGN_IN,
    loses,
    was_set,
)
from reconciler.kinds.spec import unset

NO_DEPLOYMENT = "unset-by-reconciler-no-such-cache"
"""A key no repository to deploy to can have: the ending belongs to the caches of remotes."""


class VirtualRepositorySpec(RepositorySpec):
    """A repository that offers the content of several others under one address."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*VIRTUAL)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""

    repositories: Annotated[
        list[str] | None,
        Ref("LocalRepository", "RemoteRepository", "VirtualRepository", "FederatedRepository"),
        FORGETS,
        Risk(
            "disruptive", "taking one out is disruptive: its packages are no longer found", loses()
        ),
    ] = unset()
    """Keys of the repositories that are offered. Their order is the order of the search."""

    defaultDeploymentRepo: Annotated[
        str | None,
        Ref("LocalRepository", "FederatedRepository"),
        FORGETS,
        ClearBy(NO_DEPLOYMENT),
        Risk(
            "disruptive",
            "another one, or none, is disruptive: uploads go elsewhere or fail",
            was_set,
        ),
    ] = unset()
    """Key of the repository that takes what is uploaded here. `null` refuses uploads."""

    artifactoryRequestsCanRetrieveRemoteArtifacts: Annotated[bool, Default(False), OPENS] = unset()
    """Lets requests of other Artifactory servers fetch from the remotes behind this repository."""

    virtualRetrievalCachePeriodSecs: Annotated[
        int, Field(ge=0), OnlyFor(*CACHED_BY_VIRTUAL), Default(7200), NOTABLE
    ] = unset()
    """For how many seconds the merged index is served before it is built anew. 0 builds it for
    every request."""

    primaryKeyPairRef: Annotated[
        str | None,
        OnlyFor(*SIGNED, "hex"),
        SIGNING_KEY,
        NEW_KEY,
    ] = unset()
    """Name of the key pair that signs the index."""

    secondaryKeyPairRef: Annotated[str | None, OnlyFor(*SIGNED), SIGNING_KEY, NEW_KEY] = unset()
    """Name of a second key pair that signs the index too, while keys are being exchanged."""

    # --- Maven, Gradle, Ivy, sbt

    forceMavenAuthentication: Annotated[bool, OnlyFor(*MAVEN_LIKE), Default(False), SIGN_IN] = (
        unset()
    )
    """Asks every client to sign in, even where anonymous access is allowed."""

    pomRepositoryReferencesCleanupPolicy: Annotated[
        str,
        OnlyFor(*MAVEN_LIKE),
        Known("discard_active_reference", "discard_any_reference", "nothing"),
        Default("discard_active_reference"),
        NOTABLE,
    ] = unset()
    """Which references to other repositories are taken out of POM files: the ones that are active
    by default, all, or none."""

    keyPair: Annotated[str | None, OnlyFor(*MAVEN_LIKE), SIGNING_KEY, NEW_KEY] = unset()
    """Name of the key pair that signs the artifacts."""

    # --- Bower, npm, Go

    externalDependenciesEnabled: Annotated[
        bool, OnlyFor("bower", "npm", "go"), Default(False, {"go": True}), OPENS
    ] = unset()
    """Fetches dependencies that are hosted outside of the package's registry as well."""

    externalDependenciesPatterns: Annotated[
        list[str] | None, OnlyFor("bower", "npm", "go"), UNORDERED, EMPTY_MEANS_ALL, NOTABLE
    ] = unset()
    """From where such dependencies may come: Ant-style patterns, such as `**/git.example.com/**`.
    An empty list admits everything."""

    externalDependenciesRemoteRepo: Annotated[
        str | None, OnlyFor("bower", "npm"), Ref("RemoteRepository"), NOTABLE
    ] = unset()
    """Key of the remote that caches such dependencies."""

    # --- one package type each

    debianDefaultArchitectures: Annotated[
        str, OnlyFor("debian"), Default("amd64,i386"), NOTABLE
    ] = unset()
    """Architectures that are indexed from the start, separated by commas, such as
    `amd64,arm64`."""

    debianTrivialLayout: Annotated[bool, OnlyFor("debian"), Default(False), OTHER_LAYOUT] = unset()
    """Uses the outdated trivial layout, with one index for the whole repository."""

    optionalIndexCompressionFormats: Annotated[
        list[str] | None, OnlyFor("debian"), UNORDERED, Known("bz2", "lzma", "xz"), FEWER_FORMATS
    ] = unset()
    """Formats in which the index is offered besides gzip, such as `[bz2, xz]`."""

    forceConanAuthentication: Annotated[bool, OnlyFor("conan"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    forceNugetAuthentication: Annotated[bool, OnlyFor("nuget"), Default(False), SIGN_IN] = unset()
    """Asks every client to sign in, even where anonymous access is allowed."""

    resolveDockerTagsByTimestamp: Annotated[
        bool, OnlyFor(*OCI_LIKE), Default(False), OTHER_FILES
    ] = unset()
    """Of several images with the same tag, serves the newest instead of the first in order."""

    useNamespaces: Annotated[
        bool, OnlyFor("helm"), Default(False), Since("7.24.1"), OTHER_LAYOUT
    ] = unset()
    """Lets clients choose the member a chart comes from by a prefix in the chart's name."""


def members(subject: Subject) -> Iterator[Fault]:
    """Members are other repositories, each named once, of a fitting package type."""
    seen: set[str] = set()
    for index, key in _listed(subject):
        at = ("spec", "repositories", index)
        if key.casefold() == subject.name.casefold():
            yield Fault(
                at,
                "member-is-itself",
                "the repository lists itself: a search would never end",
                "remove it from the list",
            )
        elif key in seen:
            yield Fault(
                at,
                "member-twice",
                f"'{key}' is listed twice; only its first place counts",
                "remove one of them",
            )
        else:
            yield from _fits(subject, key, at)
        seen.add(key)


def _listed(subject: Subject) -> list[tuple[int, str]]:
    keys = subject.spec.get("repositories")
    if not isinstance(keys, list):
        return []
    return [(index, key) for index, key in enumerate(keys) if isinstance(key, str)]


def _fits(subject: Subject, key: str, at: tuple[str | int, ...]) -> Iterator[Fault]:
    ours = subject.spec.get("packageType")
    member = subject.lookup(key)
    theirs = member.spec.get("packageType") if member else None
    if isinstance(ours, str) and isinstance(theirs, str) and not may_aggregate(ours, theirs):
        yield Fault(
            at,
            "member-package-type",
            f"'{key}' holds packages of type '{theirs}'; a virtual repository of type '{ours}' "
            "cannot serve them",
            f"list repositories of type '{ours}' only",
        )


def deployment(subject: Subject) -> Iterator[Fault]:
    """Uploads go to a member that can store them."""
    target = subject.spec.get("defaultDeploymentRepo")
    if not isinstance(target, str) or not target:
        return
    at = ("spec", "defaultDeploymentRepo")
    members = subject.spec.get("repositories")
    if isinstance(members, list) and target not in members:
        yield Fault(
            at,
            "deployment-repo-not-member",
            f"uploads go to '{target}', which is not one of the repositories",
            "add it to repositories, or name one of them",
        )
    found = subject.lookup(target)
    if found and found.kind in ("RemoteRepository", "VirtualRepository"):
        yield Fault(
            at,
            "deployment-repo-class",
            f"'{target}' is a {found.kind}, which stores no uploads",
            "name a local or federated repository",
        )


KIND = repository_kind(
    "virtual",
    VirtualRepositorySpec,
    members,
    deployment,
    external_dependencies_patterns,
    lost_on_replace="no artifact, but the address answers nobody until it is there again",
    content="",
)
