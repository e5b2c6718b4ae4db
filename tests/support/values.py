"""A kind's field table in, values for its fields out: one good value, or a strategy of many.

What a value may be comes from the marks. The few fields whose value depends on another field, or
on an object of the platform, are listed by name in `Surroundings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotated_types import Ge
from hypothesis import strategies as st

from reconciler.kinds.fields import Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.repositories._package_types import CLASSES
from reconciler.kinds.repositories.federated_repository import KIND as FEDERATED
from reconciler.kinds.repositories.local_repository import KIND as LOCAL
from reconciler.kinds.repositories.remote_repository import KIND as REMOTE
from reconciler.kinds.repositories.virtual_repository import KIND as VIRTUAL

KINDS: Mapping[str, Kind] = {
    "local": LOCAL,
    "remote": REMOTE,
    "virtual": VIRTUAL,
    "federated": FEDERATED,
}
ELSEWHERE = "https://west.example.com/artifactory"
"""Where the members of federated repositories are; nobody answers there."""
MEMBERS = [
    {"url": f"{ELSEWHERE}/zulu"},
    {"url": f"{ELSEWHERE}/alpha", "enabled": False},
]
PROJECTS = ("pay", "ops")
SECRETS = {"FIRST_SECRET": "hunter2", "OTHER_SECRET": 'p"w\\d ü'}
PUBLIC_TERRAFORM = "https://registry.example.com/terraform"
"""The address for which the server forces `bypassHeadRequests`."""

DROPPED = ("spec.signedUrlTtl", "spec.xrayDataTtl")
"""Fields the reference prints in answers only; the sandbox drops what is sent for them."""


def package_types(rclass: str) -> tuple[str, ...]:
    """The package types of a class, old spellings included."""
    return (*CLASSES[rclass], "yum")


def every_type() -> list[tuple[str, str]]:
    """Each class with each of its package types."""
    return [(rclass, name) for rclass in KINDS for name in package_types(rclass)]


def applicable(kind: Kind, package_type: str) -> dict[str, Field]:
    """The fields that exist for a package type, without the type itself."""
    return {
        name: field
        for name, field in kind.fields.items()
        if name != "packageType" and field.applies_to(package_type)
    }


def smallest(kind: Kind, name: str) -> int:
    """The smallest integer a field takes."""
    bounds = [m.ge for m in kind.spec.model_fields[name].metadata if isinstance(m, Ge)]
    return int(str(bounds[0])) if bounds else 0


@dataclass(frozen=True)
class Surroundings:
    """What already lives beside the object: members a virtual may list, a remote, projects."""

    members: tuple[str, ...] = ()
    deployable: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ()


# --- one value that is not the default --------------------------------------------------------


def full_spec(kind: Kind, package_type: str, around: Surroundings) -> dict[str, Any]:
    """A spec with every applicable field, none at its default."""
    spec: dict[str, Any] = {"packageType": package_type}
    for name, field in applicable(kind, package_type).items():
        if (value := special(name, around)) is not None:
            spec[name] = value
        elif name not in NEEDS_NEIGHBOUR:
            spec[name] = other_than_default(kind, field, package_type)
    if spec.get("proxy"):
        spec["disableProxy"] = False  # the two contradict each other; the variant has the reverse
    return spec


NEEDS_NEIGHBOUR = ("repositories", "defaultDeploymentRepo", "externalDependenciesRemoteRepo")


def special(name: str, around: Surroundings) -> Any:
    """The value of a field that must fit what is live; None for all other fields."""
    match name:
        case "projectKey":
            return PROJECTS[0]
        case "environments":
            return ["PROD", "DEV"]
        case "repositories":
            return list(reversed(around.members)) or None
        case "defaultDeploymentRepo":
            return next(iter(around.deployable), None)
        case "externalDependenciesRemoteRepo":
            return next(iter(around.remotes), None)
        case "externalDependenciesEnabled":
            return True
        case "bypassHeadRequests":
            return True
        case "members":
            return MEMBERS
    return None


def other_than_default(kind: Kind, field: Field, package_type: str) -> Any:
    """A legal value that the server would not have filled in by itself."""
    default = field.default_for(package_type, "7.146.17")
    match field.shape:
        case "boolean":
            return not default
        case "integer":
            return (default or 0) + smallest(kind, field.name) + 7
        case "secret":
            return {"env": "FIRST_SECRET"}
        case "list":
            return listed(field)
        case "object":
            return {n: other_than_default(kind, f, package_type) for n, f in field.fields.items()}
    if field.known:
        return next((value for value in reversed(field.known) if value != default), default)
    return address(field) if is_address(field) else f"{field.name} ünd/**,{field.name}"


def listed(field: Field) -> list[Any]:
    """A list with more than one element, not in alphabetical order."""
    if field.element and field.element.shape == "object":
        return [
            {"name": "X-Team", "value": "payments", "sensitive": False},
            {"name": "X-Key", "value": {"env": "OTHER_SECRET"}, "sensitive": True},
        ]
    return list(reversed(field.known[:3])) or ["zulu", "alpha", "mike"]


def is_address(field: Field) -> bool:
    """Whether the field takes an address."""
    return any("slash" in note for note in field.notes)


def address(field: Field) -> str:
    """An address nobody has by default."""
    return f"https://mirror.example.com/{field.name}/"


# --- many values ------------------------------------------------------------------------------

LETTERS = st.characters(
    exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"], exclude_characters="\ufeff\ufffe"
)
TEXT = st.one_of(
    st.text(LETTERS, max_size=12),
    st.sampled_from(["", " ", "null", "true", "0123", "**/*", "ünï/**,x", "- a: b", "'\"\\", "𝒳"]),
)
IDENTIFIERS = st.from_regex(r"[a-z][a-z0-9._-]{0,11}", fullmatch=True)
ADDRESSES = st.builds(
    "https://{}.example.com/{}{}".format,
    st.sampled_from(["mirror", "files"]),
    st.sampled_from(["", "npm", "a/b", "%20x", "?q=1"]),
    st.sampled_from(["", "/"]),
)
SECRET_REFERENCES = st.sampled_from([{"env": name} for name in SECRETS])
HEADERS = st.one_of(
    st.fixed_dictionaries(
        {"name": IDENTIFIERS, "value": TEXT}, optional={"sensitive": st.just(False)}
    ),
    st.fixed_dictionaries(
        {"name": IDENTIFIERS, "value": SECRET_REFERENCES}, optional={"sensitive": st.booleans()}
    ),
)
FEDERATION_MEMBERS = st.fixed_dictionaries(
    {"url": st.sampled_from([f"{ELSEWHERE}/{name}" for name in ("a", "b", "c", "d")])},
    optional={"enabled": st.booleans()},
)


@st.composite
def specs(
    draw: st.DrawFn, kind: Kind, package_type: str, around: Surroundings, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Some fields with random values; `before` is what an earlier manifest of the key declared.

    Left out is what the server does not allow after `before`: other values of fixed fields,
    clearing what cannot be cleared, a proxy beside the order to use none.
    """
    fields = applicable(kind, package_type)
    optional = sorted(name for name, field in fields.items() if not field.required)
    chosen = set(draw(st.lists(st.sampled_from(optional), unique=True, max_size=len(optional))))
    spec: dict[str, Any] = {"packageType": package_type}
    for name, field in fields.items():
        if name in chosen or field.required:
            spec[name] = draw(values(kind, field, around))
    return consistent(spec, fields, around, before)


def values(kind: Kind, field: Field, around: Surroundings) -> st.SearchStrategy[Any]:
    """Values of one field, null where it takes null."""
    some = neighbours(field.name, around)
    if some is None:
        some = shaped(kind, field, around)
    return st.one_of(some, st.none()) if field.nullable else some


def neighbours(name: str, around: Surroundings) -> st.SearchStrategy[Any] | None:
    """Values of the fields that name something live."""
    match name:
        case "projectKey":
            return st.sampled_from(PROJECTS)
        case "environments":
            return st.lists(st.sampled_from(["DEV", "PROD", "pay-qa"]), max_size=3)
        case "repositories":
            return st.lists(st.sampled_from(around.members), unique=True)
        case "defaultDeploymentRepo":
            return st.sampled_from(around.deployable) if around.deployable else st.none()
        case "externalDependenciesRemoteRepo":
            return st.sampled_from(around.remotes)
        case "terraformRegistryUrl":
            return st.one_of(ADDRESSES, st.just(PUBLIC_TERRAFORM))
        case "members":
            return st.lists(FEDERATION_MEMBERS, max_size=3, unique_by=lambda member: member["url"])
    return None


def shaped(kind: Kind, field: Field, around: Surroundings) -> st.SearchStrategy[Any]:
    """Values by the shape of the field."""
    match field.shape:
        case "boolean":
            return st.booleans()
        case "integer":
            low = smallest(kind, field.name)
            return st.one_of(st.sampled_from([low, low + 1, 2**31 - 1]), st.integers(low, 2**31))
        case "secret":
            return SECRET_REFERENCES
        case "list" if field.element and field.element.shape == "object":
            return st.lists(HEADERS, max_size=5)
        case "list":
            return st.lists(st.sampled_from(field.known) if field.known else IDENTIFIERS)
        case "object":
            inner = {n: shaped(kind, f, around) for n, f in field.fields.items()}
            return st.fixed_dictionaries({}, optional=inner)
    if field.known:
        return st.sampled_from(field.known)
    return ADDRESSES if is_address(field) else TEXT


def consistent(
    spec: dict[str, Any],
    fields: Mapping[str, Field],
    around: Surroundings,
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """The spec without what contradicts itself or what the server refuses after `before`."""
    for name, field in fields.items():
        if field.fixed and before and name in spec:
            spec[name] = before[name] if name in before else spec.pop(name)
            if name not in before:
                del spec[name]
        if field.cannot_clear and before and name in spec and not spec[name]:
            del spec[name]
    if "environments" in spec and spec.get("projectKey") is None:
        del spec["environments"]  # they mean nothing outside of a project: validate warns
    if "proxy" in spec:
        spec["disableProxy"] = False
    target = spec.get("defaultDeploymentRepo")
    if target and "repositories" in spec and target not in (spec["repositories"] or ()):
        spec["repositories"] = [*(spec["repositories"] or ()), target]
    return spec


def forced(kind: Kind, package_type: str, spec: Mapping[str, Any]) -> set[str]:
    """The declared paths the sandbox documents as answered by a value of its own."""
    found = {path for path in DROPPED if path.removeprefix("spec.") in spec}
    if not spec.get("externalDependenciesPatterns", True):
        found.add("spec.externalDependenciesPatterns")  # an empty list becomes `**`
    if package_type == "terraform" and kind.name == "RemoteRepository":
        found.add("spec.bypassHeadRequests")  # for the public registry, which is the default one
    if spec.get("projectKey") and not spec.get("environments", True):
        found.add("spec.environments")  # inside a project an empty one becomes [DEV] at creation
    return found
