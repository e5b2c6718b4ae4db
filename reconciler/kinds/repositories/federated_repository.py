"""FederatedRepository: a local repository that mirrors itself with others on other platforms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.kind import Fault, Subject
from reconciler.kinds.marks import FIXED, UNORDERED, Default, Implied, Known, Ref, Risk, Same
from reconciler.kinds.repositories._kind import ARTIFACTS, repository_kind
from reconciler.kinds.repositories._package_types import FEDERATED
from reconciler.kinds.repositories._repository import SAME_PACKAGE_TYPE
from reconciler.kinds.repositories._rest import member_url
from reconciler.kinds.repositories._rules import (
    key_not_of_a_cache,
    password_in_url,
    proxy_conflict,
)
from reconciler.kinds.repositories.local_repository import LocalRepositorySpec, LocalSettings
from reconciler.kinds.risks import NOTABLE, enabled_by, loses
from reconciler.kinds.spec import Spec, unset


class MemberSpec(Spec):
    """A repository on another platform that holds the same content."""

    url: Annotated[
        str,
        Field(min_length=1),
        Same(member_url, "the case of the host and a trailing slash make no difference"),
    ]
    """Where the member is: `<base URL of its platform>/artifactory/<key>`."""

    enabled: Annotated[bool, Default(True)] = unset()
    """Whether content is exchanged with the member."""


def _is_own(member: Any) -> bool:
    return isinstance(member, dict) and member.get("own") is True


class FederatedSettings(LocalSettings):
    """What a repository is like that mirrors itself."""

    proxy: Annotated[str | None, Ref("Proxy", check="server"), NOTABLE] = unset()
    """Name of the proxy through which the members are reached."""

    disableProxy: Annotated[bool, Default(False), NOTABLE] = unset()
    """Reaches the members directly, even where the platform has a default proxy."""


class FederatedRepositorySpec(FederatedSettings, LocalRepositorySpec):
    """A repository that mirrors itself, both ways, with members on other platforms."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*FEDERATED)]
    """Format of the packages, such as `npm` or `docker`. It decides which other fields exist and
    stays as it was at creation."""

    members: Annotated[
        list[MemberSpec] | None,
        UNORDERED,
        Implied(_is_own, "the repository itself is a member without being named"),
        Risk(
            "disruptive",
            "taking out or disabling one is disruptive: content is no longer exchanged with it",
            loses(enabled_by("url", member_url)),
        ),
    ] = unset()
    """The members on other platforms. Where it is declared, it is all of them: others are taken
    out, and keep their content. A member that does not exist is created there. The platforms must
    trust each other, and each needs its base URL set."""


def _member_urls(subject: Subject) -> Iterator[Fault]:
    """Each member is named once, by the address of a repository."""
    seen: set[str] = set()
    for index, member in enumerate(subject.spec.get("members") or ()):
        at = ("spec", "members", index, "url")
        leaks = list(
            password_in_url(
                at,
                "url",
                member["url"],
                "take it out, and change it; the platforms trust each other by other means",
                user=True,
            )
        )
        yield from leaks
        if leaks:
            continue
        url = member_url(member["url"])
        if not url.startswith(("http://", "https://")) or "/artifactory/" not in url:
            yield Fault(
                at,
                "member-url",
                "a member is named by the address of a repository on another platform",
                "write https://<platform>/artifactory/<key>",
            )
        if url in seen:
            text = f"the member {url} is listed twice"
            yield Fault(at, "member-twice", text, "remove one of them")
        seen.add(url)


KIND = repository_kind(
    "federated",
    FederatedRepositorySpec,
    key_not_of_a_cache,
    proxy_conflict,
    _member_urls,
    lost_on_replace=ARTIFACTS,
    since="7.18.3",
)
