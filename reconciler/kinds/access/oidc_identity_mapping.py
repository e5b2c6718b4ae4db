"""OidcIdentityMapping: which jobs of an OIDC provider get which access token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.access._access import snake_case
from reconciler.kinds.access.oidc_provider import PROVIDERS, SINCE
from reconciler.kinds.kind import Fault, Kind, Limit, Subject
from reconciler.kinds.losses import Turn
from reconciler.kinds.marks import UNORDERED, UNSAID, WHOLE, Default, Ref, Risk, Same
from reconciler.kinds.risks import NOTABLE, SAFE
from reconciler.kinds.shapes import ArrayListing, Collection
from reconciler.kinds.spec import ObjectSpec, Spec, unset
from reconciler.model import Address, Live, SignInLost

_ADMIN = "applied-permissions/admin"
_SINGULAR = re.compile(r"\bapplied-permissions/group:")
_ROLES = re.compile(r"\bapplied-permissions/roles(?![^\s:]*:[^\s:]+:)")
_WIDE = frozenset(
    {
        *("actor", "actor_id", "aud", "base_ref", "enterprise", "enterprise_id", "environment"),
        *("event_name", "head_ref", "iss", "ref", "ref_protected", "ref_type", "repository_owner"),
        *("repository_owner_id", "repository_visibility", "runner_environment", "workflow"),
    }
)
"""Claims that say nothing of the repository: jobs of many, or of everybody's, have the same."""

_RIGHTS = Risk("disruptive", "a change is disruptive: jobs get other rights")


def _plural(scope: str) -> str:
    return _SINGULAR.sub("applied-permissions/groups:", scope)


def _is_admin(_before: Any, after: Any) -> bool:
    return _ADMIN in str(after).split()


class TokenSpec(Spec):
    """The access token that is issued."""

    username: Annotated[str | None, Ref("User", check="server"), _RIGHTS] = unset()
    """User the token is for."""

    usernamePattern: Annotated[str | None, _RIGHTS] = unset()
    """User the token is for, made of claims: `{{actor}}`."""

    groupsPattern: Annotated[str | None, _RIGHTS] = unset()
    """Groups the token is for, made of claims: `{{group}}`."""

    scope: Annotated[
        str | None,
        Same(_plural, "group: and groups: are the same"),
        _RIGHTS,
        Risk(
            "disruptive",
            "an administrator's is disruptive, in a new mapping too",
            _is_admin,
            also_new=True,
        ),
    ] = unset()
    """Rights of the token: `applied-permissions/user` has those of the user,
    `applied-permissions/admin` all; also `applied-permissions/groups:"a","b"` and
    `applied-permissions/roles:PROJECT:"Developer"`, several separated by blanks."""

    audience: Annotated[list[str] | None, UNORDERED, Default(["*@*"]), NOTABLE] = unset()
    """Services that take the token: `jfrt@*` is Artifactory."""

    expiresIn: Annotated[int, Field(ge=1), Default(3600), NOTABLE] = unset()
    """Seconds the token is valid. A long apply asks for another one by itself."""

    selfRevocable: Annotated[bool, UNSAID, NOTABLE] = unset()
    """The token may revoke itself."""


class OidcIdentityMappingSpec(ObjectSpec):
    """Which jobs of an OIDC provider get which access token. Of the mappings whose claims a job
    has, the one with the lowest number as its priority counts."""

    claims: Annotated[
        dict[str, str | list[str]],
        Risk("disruptive", "a change is disruptive: other jobs get the token, or none does"),
    ]
    """What the ID token must say, all of it: `{repository_id: "700000001", environment:
    production}`. A list admits any of its values; `*` and `?` stand for any characters. Only what
    is named here is looked at."""

    tokenSpec: Annotated[TokenSpec, WHOLE]
    """The access token that is issued."""

    priority: Annotated[int | None, Field(ge=0), NOTABLE] = unset()
    """Which mapping counts where several hold: the lower number. Without one it is the last."""

    description: Annotated[str | None, Default(""), SAFE] = unset()
    """What the mapping is for."""


def _says_who(subject: Subject) -> Iterator[Fault]:
    """Claims that every token has admit everybody, and none at all too."""
    claims = subject.spec.get("claims")
    if not isinstance(claims, Mapping):
        return
    if not claims:
        yield Fault(
            ("spec", "claims"),
            "oidc-claims-empty",
            "a mapping without claims would hold for every token of the provider",
            "name repository_id, and environment or event_name",
        )
    elif set(claims) <= _WIDE:
        yield Fault(
            ("spec", "claims"),
            "oidc-claims-wide",
            f"jobs of other repositories have the same {' and '.join(claims)}",
            "name repository_id too, or repository",
            severity="warning",
        )


def _one_user(subject: Subject) -> Iterator[Fault]:
    """The server takes one of the two."""
    told = _token(subject)
    if told.get("username") and told.get("usernamePattern"):
        yield Fault(
            ("spec", "tokenSpec", "usernamePattern"),
            "oidc-two-users",
            "username and usernamePattern both say who the token is for",
            "take one of the two out",
        )


def _some_rights(subject: Subject) -> Iterator[Fault]:
    """A token is for a user, or has a scope that does without."""
    told = _token(subject)
    if not told.get("scope") and not told.get("username"):
        yield Fault(
            ("spec", "tokenSpec"),
            "oidc-no-rights",
            "the token has neither a username nor a scope",
            "give it a username, or a scope such as applied-permissions/user",
        )
    elif _ROLES.search(str(told.get("scope") or "")):
        yield Fault(
            ("spec", "tokenSpec", "scope"),
            "oidc-roles-project",
            "roles belong to a project, and the scope names none",
            'write applied-permissions/roles:PROJECT:"Role"',
        )


def _token(subject: Subject) -> Mapping[str, Any]:
    found = subject.spec.get("tokenSpec")
    return found if isinstance(found, Mapping) else {}


def _same_priority(subjects: Sequence[Subject], _platform: str) -> Iterator[tuple[int, Fault]]:
    """Priorities are one order over the mappings of a provider."""
    seen: dict[tuple[tuple[str, ...], Any], str] = {}
    for index, subject in enumerate(subjects):
        priority = subject.spec.get("priority")
        if priority is None:
            continue
        other = seen.setdefault((subject.parents, priority), subject.name)
        if other != subject.name:
            yield (
                index,
                Fault(
                    ("spec", "priority"),
                    "oidc-same-priority",
                    f"'{other}' has the priority {priority} too, so nothing says which one counts",
                    "give each mapping of a provider a priority of its own",
                    severity="warning",
                ),
            )


def _several_values(subject: Subject) -> str:
    claims = subject.spec.get("claims")
    values = claims.values() if isinstance(claims, Mapping) else ()
    many = any(
        isinstance(value, list) or "*" in str(value) or "?" in str(value) for value in values
    )
    return "several values and wildcards in claims are not understood" if many else ""


def _takes_away(turn: Turn) -> Iterator[SignInLost]:
    """A way to sign in, or the rights that come with it."""
    (provider,) = turn.parents
    after: Mapping[str, Any] = turn.after or {}
    if turn.after is None or any(turn.before.get(n) != after.get(n) for n in _COUNTS):
        yield SignInLost(provider, turn.name)


_COUNTS = ("claims", "tokenSpec")


@dataclass(frozen=True)
class MappingCollection(Collection):
    """Below their provider; `audience` is a text in some answers and a list in others."""

    path: str = f"{PROVIDERS}/{{0}}/identity_mappings"
    create_by: str = "POST"
    create_in: bool = True
    update_by: str = "PUT"
    delete_by: str = "DELETE"
    replaces: bool = True
    name_field: str = "name"

    def listing_of(self, address: Address) -> ArrayListing:
        """The mappings of one provider."""
        return ArrayListing(self.place(address), since=SINCE, inside=True)

    def live(self, raw: Mapping[str, Any]) -> Live:
        """With the audience as a list."""
        told = raw.get("token_spec")
        if isinstance(told, Mapping) and isinstance(told.get("audience"), str):
            raw = {**raw, "token_spec": {**told, "audience": told["audience"].split()}}
        return super().live(raw)


KIND = Kind(
    name="OidcIdentityMapping",
    spec=OidcIdentityMappingSpec,
    rest=MappingCollection(),
    area="Sign-in without stored tokens",
    since=SINCE,
    parents={"provider": "OidcProvider"},
    rules=(_says_who, _one_user, _some_rights),
    limits=(Limit("7.94.1", _several_values),),
    together=_same_priority,
    wire_name=snake_case,
    takes_away=_takes_away,
    lost_on_replace="the sign-in of the jobs it is for, until it is there again",
)
