"""Federation: one federated repository on several platforms, declared once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.federation._acceptance import gathered, item_edits
from reconciler.kinds.federation._members import member_address, members_of, outside
from reconciler.kinds.federation._operations import OPERATIONS, connections, is_troubled, survey
from reconciler.kinds.federation._rest import FederationCollection, asked_base, own_base
from reconciler.kinds.federation._topology import topology
from reconciler.kinds.kind import (
    CONFIGURATION_LANE,
    BaseUrls,
    Connections,
    Fault,
    Gathering,
    Kind,
    OwnUrl,
    Rule,
    Site,
    Subject,
    UrlOf,
)
from reconciler.kinds.losses import Turn
from reconciler.kinds.marks import (
    FIXED,
    IDENTITY,
    INLINE,
    UNORDERED,
    Default,
    Implied,
    Known,
    Risk,
    Same,
    Since,
)
from reconciler.kinds.repositories._kind import ARTIFACTS
from reconciler.kinds.repositories._losses import takes_away
from reconciler.kinds.repositories._package_types import FEDERATED
from reconciler.kinds.repositories._repository import SAME_PACKAGE_TYPE
from reconciler.kinds.repositories._rest import member_url
from reconciler.kinds.repositories._rules import (
    ENVIRONMENT_LIMITS,
    MAX_KEY,
    class_rule,
    environments_declared,
    environments_without_project,
    key_rule,
    password_in_url,
    project_key,
    proxy_conflict,
)
from reconciler.kinds.repositories.federated_repository import FederatedSettings
from reconciler.kinds.risks import NOTABLE, enabled_by, loses
from reconciler.kinds.spec import ObjectSpec, Spec, unset
from reconciler.model import Loss

MOST_SITES = 10
MOST_HIGH = 10


class FederationMember(Spec):
    """One place that holds the repository: a platform of the workspace, or an address elsewhere."""

    platform: str = unset()
    """Name of a platform of the workspace. The repository there is kept in the declared state."""

    url: Annotated[
        str,
        Field(min_length=1),
        IDENTITY,
        Same(member_url, "the case of the host and a trailing slash make no difference"),
    ] = unset()
    """Address of a repository on a platform outside of the workspace:
    `<base URL>/artifactory/<key>`. It is a member; its own settings are left alone."""

    repository: str = unset()
    """Key of the repository on this platform, where it is not the federation's name."""

    enabled: Annotated[bool, Default(True)] = unset()
    """Whether content is exchanged with the member."""

    priority: Annotated[str, Known("high", "standard")] = unset()
    """Priority on this platform, where it is not `spec.priority`."""


def _is_own(member: Any) -> bool:
    return isinstance(member, dict) and member.get("own") is True


class FederationSpec(ObjectSpec):
    """A federated repository on several platforms, declared once. Each of the platforms gets its
    change in one plan."""

    packageType: Annotated[str, FIXED, SAME_PACKAGE_TYPE, Known(*FEDERATED)]
    """Format of the packages, such as `npm` or `docker`; fixed at creation."""

    settings: Annotated[FederatedSettings, INLINE] = unset()
    """What the repository is like on every platform: the fields of a FederatedRepository."""

    members: Annotated[
        list[FederationMember],
        Field(min_length=1),
        UNORDERED,
        Implied(_is_own, "the repository itself is a member without being named"),
        Risk(
            "disruptive",
            "taking out or disabling one is disruptive: content is no longer exchanged with it",
            loses(enabled_by("url", member_url)),
        ),
    ] = unset()
    """Where the repository is. Whoever is not listed is taken out, and keeps its content."""

    platforms: Annotated[
        list[str],
        Field(min_length=1),
        Risk(
            "disruptive",
            "taking one out is disruptive: content is no longer exchanged with it",
            loses(),
        ),
    ] = unset()
    """Short for `members` that are nothing but platforms of the workspace: `[east, west]`."""

    priority: Annotated[
        str,
        Known("high", "standard"),
        Since("7.104.2"),
        Same(str.lower, "upper and lower case make no difference"),
        NOTABLE,
    ] = unset()
    """Priority of the repository's queue: `high` goes before the others. At most ten repositories
    of a platform can have it."""


def _parts(name: str, member: Mapping[str, Any]) -> tuple[str, ...]:
    """The last part is the repository's own key, as it is for every other object."""
    key = member.get("repository", name)
    return (name,) if key == name else (name, key)


def sites(name: str, spec: Mapping[str, Any]) -> Iterator[Site]:
    """One site for each platform of the workspace that is a member, in the order written."""
    short = "members" not in spec
    for index, member in enumerate(members_of(spec)):
        if isinstance(platform := member.get("platform"), str):
            path = ("spec", "platforms", index) if short else ("spec", "members", index, "platform")
            yield Site(platform, _parts(name, member), path)


def located(spec: Mapping[str, Any], name: str, site: str, url_of: UrlOf) -> dict[str, Any]:
    """What one site is to be like: the other members by their URLs, its own priority.

    A spec that says nothing of members, as an undo has it, leaves them as they are.
    """
    here: Mapping[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for member in sorted(members_of(spec), key=lambda m: "url" in m):
        if member.get("platform") == site:
            here = member
            continue
        found = {"url": member_address(member, name, url_of)}
        told = {n: v for n, v in member.items() if n == "enabled"}
        others.setdefault(member_url(found["url"]), found | told)
    if here:
        others.pop(member_url(member_address(here, name, url_of)), None)
    kept = {n: v for n, v in spec.items() if n not in ("platforms", "members", "priority")}
    priority = here.get("priority", spec.get("priority"))
    is_told = bool({"members", "platforms"} & spec.keys())
    members = {"members": list(others.values())} if is_told else {}
    return kept | members | ({"priority": priority} if priority else {})


def at_site(spec: Mapping[str, Any], name: str, site: str) -> dict[str, Any]:
    """What is declared of one site alone, in words that mean the same on every other one."""
    here = next((m for m in members_of(spec) if m.get("platform") == site), {})
    kept = {n: v for n, v in spec.items() if n not in ("platforms", "members", "priority")}
    priority = here.get("priority", spec.get("priority"))
    return {
        **kept,
        **({"repository": here["repository"]} if here.get("repository", name) != name else {}),
        "enabled": here.get("enabled") is not False,
        **({"priority": priority} if priority else {}),
    }


def misplaced(spec: Mapping[str, Any], places: BaseUrls) -> Iterator[Fault]:
    """A platform of the workspace is named as one: by its address, it would be listed twice."""
    known = {
        f"{member_url(base)}/artifactory/": name for name, bases in places.items() for base in bases
    }
    for index, member in enumerate(members_of(spec)):
        url = member_url(str(member.get("url", "")))
        for start, name in known.items():
            if url.startswith(start):
                yield Fault(
                    ("spec", "members", index, "url"),
                    "federation-members",
                    f"{url} is on '{name}', a platform of the workspace",
                    f"write {_as_platform(name, url.removeprefix(start))} in its place",
                )


def _as_platform(platform: str, key: str) -> str:
    return f"{{platform: {platform}, repository: {key}}}"


def _on_settings(rule: Rule) -> Rule:
    """A rule of repositories, asked of the settings of a federation."""

    def flat(subject: Subject) -> Iterator[Fault]:
        settings = subject.spec.get("settings") or {}
        top = {"packageType": subject.spec.get("packageType")}
        for fault in rule(subject._replace(spec={**top, **settings})):
            inside = fault.path[:1] == ("spec",) and fault.path[1:2] != ("packageType",)
            path = ("spec", "settings", *fault.path[1:]) if inside else fault.path
            yield replace(fault, path=path)

    return flat


def _members(subject: Subject) -> Iterator[Fault]:
    """Each member is one place, named once; there are at least two, and one is ours."""
    spec, both = subject.spec, "members" in subject.spec and "platforms" in subject.spec
    if both:
        yield Fault(
            ("spec", "platforms"),
            "federation-members",
            "'spec.platforms' is short for 'spec.members': only one of them can be given",
            "take one of them out",
        )
        return
    members = members_of(spec)
    at = ("spec", "members") if "members" in spec else ("spec", "platforms")
    if len(members) < 2:
        yield Fault(
            at if members else ("spec",),
            "federation-members",
            f"a federation has at least two members, and this one has {len(members)}",
            "list the platforms that hold it, such as platforms: [east, west]",
        )
    if sum("platform" in member for member in members) > MOST_SITES:
        yield Fault(
            at,
            "federation-members",
            f"a federation has at most {MOST_SITES} platforms of the workspace",
            "list further ones by their url",
        )
    seen: set[Any] = set()
    for index, member in enumerate(members):
        path = (*at, index)
        yield from _member(member, path)
        place = member.get("platform") or member_url(str(member.get("url", "")))
        if place in seen:
            yield Fault(path, "member-twice", f"the member {place} is listed twice", "remove one")
        seen.add(place)
    if members and not any("platform" in member for member in members):
        yield Fault(
            at,
            "federation-members",
            "none of the members is a platform of the workspace: there is nothing to keep",
            "name the platforms of the workspace by platform, not by url",
        )


def _member(member: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Fault]:
    if ("platform" in member) == ("url" in member):
        yield Fault(
            path,
            "federation-members",
            "a member is either a platform of the workspace or the address of a repository",
            "give one of platform and url",
        )
        return
    if "repository" in member:
        for fault in key_rule(MAX_KEY)(Subject(member["repository"], {}, lambda _: None)):
            yield replace(fault, path=(*path, "repository"))
    if "url" not in member:
        return
    for word in ("repository", "priority"):
        if word in member:
            yield Fault(
                (*path, word),
                "federation-members",
                f"'{word}' is of platforms of the workspace: another one is looked after elsewhere",
                "take it out; the url ends with the repository's key",
            )
    leaks = list(
        password_in_url(
            (*path, "url"),
            "url",
            member["url"],
            "take it out, and change it; the platforms trust each other by other means",
            user=True,
        )
    )
    yield from leaks
    url = member_url(member["url"])
    if not leaks and (not url.startswith(("http://", "https://")) or "/artifactory/" not in url):
        yield Fault(
            (*path, "url"),
            "member-url",
            "a member elsewhere is named by the address of a repository on its platform",
            "write https://<platform>/artifactory/<key>",
        )


def _named_without_members(subject: Subject) -> Iterator[Fault]:
    """The name is the repository's key wherever a member names no other."""
    keys = [m.get("repository") for m in members_of(subject.spec) if "platform" in m]
    if None in keys:
        yield from key_rule(MAX_KEY)(subject)


def too_many_high(subjects: Sequence[Subject], platform: str) -> Iterator[tuple[int, Fault]]:
    """The server takes `high` for ten repositories of a platform at most (2.11.10.4)."""
    high = [n for n, s in enumerate(subjects) if _priority(s.spec, platform) == "high"]
    for number in high[MOST_HIGH:]:
        yield (
            number,
            Fault(
                ("spec", "priority"),
                "too-many-high",
                f"{len(high)} federations of platform '{platform}' have high priority; the server "
                f"takes {MOST_HIGH}",
                "leave the least urgent ones at standard",
            ),
        )


def _priority(spec: Mapping[str, Any], platform: str) -> Any:
    here = next((m for m in members_of(spec) if m.get("platform") == platform), {})
    return here.get("priority", spec.get("priority"))


def _takes_away(turn: Turn) -> Iterable[Loss]:
    """As any repository; its settings are one level deeper."""
    after = None if turn.after is None else _flat(turn.after)
    return takes_away(turn._replace(before=_flat(turn.before), after=after))


def _flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {**spec, **(spec.get("settings") or {})}


KIND = Kind(
    name="Federation",
    spec=FederationSpec,
    rest=FederationCollection(constants={"rclass": "federated"}),
    area="Federation",
    since="7.18.3",
    namespace="repository",
    discriminator="packageType",
    lane=CONFIGURATION_LANE,
    limits=ENVIRONMENT_LIMITS,
    sites=sites,
    located=located,
    at_site=at_site,
    outside=outside,
    own_to_a_site=frozenset(
        f"spec.{name}" for name in ("priority", "settings.projectKey", "settings.environments")
    ),
    own_url=OwnUrl(own_base, asked_base),
    misplaced=misplaced,
    gathering=Gathering(("members", "priority"), gathered, item_edits),
    connections=Connections(is_troubled, connections),
    topology=topology,
    together=too_many_high,
    rules=(
        _named_without_members,
        class_rule("federated"),
        *map(
            _on_settings,
            (environments_without_project, project_key, environments_declared, proxy_conflict),
        ),
        _members,
    ),
    operations=OPERATIONS,
    survey=survey,
    takes_away=_takes_away,
    lost_on_replace=ARTIFACTS,
)
