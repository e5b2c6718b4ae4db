"""What all repository classes share: their fields."""

from __future__ import annotations

from typing import Annotated

from reconciler.kinds.marks import (
    CANNOT_CLEAR,
    CLOUD_ONLY,
    FIXED,
    SLOW,
    UNORDERED,
    Default,
    Known,
    MayForce,
    NotFor,
    Ref,
    Risk,
    Same,
)
from reconciler.kinds.repositories._package_types import (
    PACKAGE_TYPES,
    WITHOUT_PRIORITY,
    stored_name,
)
from reconciler.kinds.risks import (
    CHECKS,
    NOTABLE,
    OPENS,
    OUT_OF_SERVICE,
    PROTECTS,
    SAFE,
    admits_less,
    refuses_more,
)
from reconciler.kinds.spec import ObjectSpec, Spec, unset

SAME_PACKAGE_TYPE = Same(stored_name, "`yum` is stored as `rpm`")
SAME_ADDRESS = Same(lambda url: url.rstrip("/"), "a trailing slash makes no difference")
NO_XRAY = MayForce("stays false where no Xray is connected")
EMPTY_MEANS_ALL = MayForce("an empty list becomes `**`, and the server may return that unasked")

SIGNING_KEY = Ref("KeyPair", check="server")

NO_PROJECT = "default"
"""What some versions answer for a repository outside of every project."""


def _project(key: str) -> str | None:
    return None if key == NO_PROJECT else key


class TypedSpec(ObjectSpec):
    """An object for one format of packages."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*PACKAGE_TYPES)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""


class RepositorySettings(Spec):
    """What a repository of any class is like."""

    projectKey: Annotated[
        str | None,
        Ref("Project", check="live"),
        Same(_project, "`default` stands for no project"),
        SLOW,
        Risk("disruptive", "a change is disruptive: other people have rights in it then"),
    ] = unset()
    """Key of the project that owns the repository. `null` takes it out of its project."""

    environments: Annotated[
        list[str] | None,
        UNORDERED,
        Ref("GlobalEnvironment", "ProjectEnvironment", check="server"),
        NOTABLE,
    ] = unset()
    """Environments of the owning project that the repository belongs to, such as `[DEV]`. Servers
    from 7.53.1 to 7.107.0 take exactly one. Outside of a project they have no effect."""

    description: Annotated[str | None, SAFE] = unset()
    """Text shown to everyone who sees the repository."""

    notes: Annotated[str | None, SAFE] = unset()
    """Text for administrators."""

    includesPattern: Annotated[
        str,
        Default("**/*"),
        Risk("disruptive", "taking a pattern out is disruptive: what it admits fails", admits_less),
    ] = unset()
    """Paths that may be read and written: Ant-style patterns, separated by commas, such as
    `com/example/**,org/example/**`."""

    excludesPattern: Annotated[
        str | None,
        Default(""),
        Risk("disruptive", "adding a pattern is disruptive: what it refuses fails", refuses_more),
    ] = unset()
    """Paths that are refused although `includesPattern` admits them: Ant-style patterns, separated
    by commas. Empty refuses nothing."""

    repoLayoutRef: Annotated[
        str,
        Ref("RepositoryLayout", check="server"),
        Risk("disruptive", "a change is disruptive: paths are understood otherwise"),
    ] = unset()
    """Name of the layout that says what the parts of a path mean, such as `npm-default`. Better
    always declared: left out at creation, the server takes `maven-2-default` for every package
    type, where its own pages would choose by type."""


class RepositorySpec(RepositorySettings, TypedSpec):
    """A repository of any class."""


class StoringSettings(RepositorySettings):
    """What a repository is like that keeps files of its own."""

    blackedOut: Annotated[bool, Default(False), OUT_OF_SERVICE] = unset()
    """Takes the repository out of service: nothing is read from it or written to it."""

    xrayIndex: Annotated[bool, Default(False), NO_XRAY, CHECKS] = unset()
    """Has Xray index the content."""

    propertySets: Annotated[
        list[str] | None, UNORDERED, CANNOT_CLEAR, Ref("PropertySet", check="server"), NOTABLE
    ] = unset()
    """Names of the property sets offered for the artifacts. The server keeps the old list when it
    is asked for an empty one."""

    archiveBrowsingEnabled: Annotated[bool, Default(False), OPENS] = unset()
    """Serves single files out of archives to browsers, such as generated documentation. Only for
    content you trust."""

    downloadRedirect: Annotated[bool, Default(False), NOTABLE] = unset()
    """Answers downloads with a redirect to the cloud storage instead of streaming the file."""

    cdnRedirect: Annotated[bool, Default(False), CLOUD_ONLY, NOTABLE] = unset()
    """Answers downloads with a redirect to the content delivery network."""

    priorityResolution: Annotated[bool, NotFor(*WITHOUT_PRIORITY), Default(False), PROTECTS] = (
        unset()
    )
    """Virtual repositories look here first and stop when they find the package."""


class StoringSpec(StoringSettings, RepositorySpec):
    """A repository that keeps files of its own, uploaded or cached."""
