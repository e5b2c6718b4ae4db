"""OidcProvider: an issuer of ID tokens that the platform trusts, such as GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from reconciler.kinds.access._access import snake_case
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.losses import Turn
from reconciler.kinds.marks import FIXED, UNSAID, Default, Known, Ref, Risk, Same, Since, Wire
from reconciler.kinds.risks import NOTABLE, SAFE, was_set
from reconciler.kinds.shapes import ArrayListing, Collection
from reconciler.kinds.spec import ObjectSpec, unset
from reconciler.model import SignInLost

PROVIDERS = "/access/api/v1/oidc"
SINCE = "7.77.3"
TYPES = ("GitHub", "GitHub Enterprise", "Azure", "Generic OpenID Connect")

_BY_LETTERS = {name.casefold(): name for name in TYPES}
_OTHER_JOBS = Risk("disruptive", "replacing it is disruptive: jobs stop signing in", was_set)


def _type(name: str) -> str:
    return _BY_LETTERS.get(name.casefold(), name)


def _without_slash(url: str) -> str:
    return url.rstrip("/")


class OidcProviderSpec(ObjectSpec):
    """An issuer of ID tokens that the platform trusts, such as GitHub. Which job gets which access
    token for one is said by OidcIdentityMappings."""

    issuerUrl: Annotated[
        str,
        Same(_without_slash, "with or without a slash at the end"),
        _OTHER_JOBS,
    ]
    """Address of the issuer, as its tokens say it in `iss`:
    `https://token.actions.githubusercontent.com` for GitHub."""

    providerType: Annotated[
        str,
        Known(*TYPES),
        FIXED,
        Same(_type, "upper and lower case"),
        NOTABLE,
    ]
    """What the issuer is: `GitHub`, `GitHub Enterprise`, `Azure` or `Generic OpenID Connect`."""

    description: Annotated[str | None, Default(""), SAFE] = unset()
    """What the provider is for."""

    audience: Annotated[str | None, Default(""), _OTHER_JOBS] = unset()
    """The audience that ID tokens are made for, where the jobs ask for one."""

    organization: Annotated[str | None, UNSAID, NOTABLE] = unset()
    """GitHub organization or enterprise whose tokens are taken."""

    enablePermissiveConfiguration: Annotated[bool, UNSAID, NOTABLE] = unset()
    """Takes tokens of any GitHub organization, where none is named."""

    tokenIssuer: Annotated[str | None, UNSAID, _OTHER_JOBS] = unset()
    """The issuer that tokens name, where it is not the address."""

    azureAppId: Annotated[str | None, UNSAID, _OTHER_JOBS] = unset()
    """Application at Azure that signs with keys of its own."""

    useDefaultProxy: Annotated[bool, Default(False), UNSAID, NOTABLE] = unset()
    """Asks the issuer for its keys through the platform's default proxy."""

    projectKey: Annotated[
        str | None,
        Ref("Project", check="live"),
        FIXED,
        UNSAID,
        Since("7.94.1"),
        Wire("project_key", also=("projectKey",)),
        NOTABLE,
    ] = unset()
    """Project the provider belongs to; without one it is of the whole platform."""


def _issuer_as_it_signs(subject: Subject) -> Iterator[Fault]:
    """GitHub's tokens name their issuer without a slash, and it is compared letter by letter."""
    url = subject.spec.get("issuerUrl")
    kind = str(subject.spec.get("providerType") or "")
    if isinstance(url, str) and url.endswith("/") and _type(kind).startswith("GitHub"):
        yield Fault(
            ("spec", "issuerUrl"),
            "oidc-issuer-slash",
            "GitHub's tokens name their issuer without a slash at the end",
            f"write {_without_slash(url)}",
            severity="warning",
        )


def _takes_away(turn: Turn) -> Iterator[SignInLost]:
    """A way to sign in, with the provider or with what its tokens are known by."""
    after: dict[str, Any] = dict(turn.after or {})
    if turn.after is None or any(turn.before.get(n) != after.get(n) for n in _KNOWN_BY):
        yield SignInLost(turn.name)


_KNOWN_BY = ("issuerUrl", "providerType", "audience", "organization", "tokenIssuer", "azureAppId")


KIND = Kind(
    name="OidcProvider",
    spec=OidcProviderSpec,
    rest=Collection(
        PROVIDERS,
        create_by="POST",
        create_in=True,
        update_by="PUT",
        delete_by="DELETE",
        replaces=True,
        name_field="name",
        listing=ArrayListing(PROVIDERS, since=SINCE),
    ),
    area="Sign-in without stored tokens",
    since=SINCE,
    rules=(_issuer_as_it_signs,),
    wire_name=snake_case,
    takes_away=_takes_away,
    lost_on_replace="its identity mappings: until they are there again, no job signs in by it",
)
