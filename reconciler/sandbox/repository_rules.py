"""A body for creating or updating a repository in, the repository as it will be stored out.

Each rule is one short function, named by what the server does, pleasant or not. Rules whose exact
words nobody recorded say so; clients must not depend on those texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.sandbox import package_types
from reconciler.sandbox import repository_defaults as tables
from reconciler.sandbox import repository_values as values
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_keys import check_key
from reconciler.sandbox.repository_values import is_url
from reconciler.sandbox.store import Repository, Store
from reconciler.sandbox.versions import at_least

Json = Any
Lookup = Callable[[str], Repository | None]

KEY_TAKEN = "error when validating repository name: Case insensitive repository key already exists"
TYPE_CHANGE = "Changing a repository's type once it's set is not supported"
HELM_ONCE = ("forceNonDuplicateChart", "forceMetadataNameVersion")
ANY_MEMBERS = ("generic", "p2")


class Rules:
    """The platform's store and version, and how each write goes through them."""

    def __init__(self, store: Store, version: str, undefined_environments: bool = False) -> None:
        self.store = store
        self.version = version
        self.undefined_environments = undefined_environments

    # --- create ------------------------------------------------------------------------------

    def create(self, key: str, sent: dict[str, Json], lookup: Lookup) -> Repository:
        """A key and a body in, the new repository out; nothing is stored yet."""
        rclass = self.checked_class(sent)
        package_type = self.checked_type(rclass, package_types.stored(sent.get("packageType")))
        check_key(key, rclass, package_type)
        if lookup(key) is not None or self.store.taken(key):
            raise Refusal(400, KEY_TAKEN)
        repository = Repository(key, rclass, package_type, self.version)
        fields = values.clean(rclass, sent)
        if not at_least(self.version, "7.104.5"):
            fields = {name: value for name, value in fields.items() if name not in HELM_ONCE}
        if rclass == "remote":
            check_url(fields.get("url", ""))
        self.assign_project(repository, fields)
        self.fill_default_proxy(repository, fields)
        self.write(repository, fields, lookup)
        return repository

    def checked_class(self, sent: dict[str, Json]) -> str:
        """A body in, its class out. The words of the refusal are ours."""
        rclass = str(sent.get("rclass") or "").lower()
        if rclass not in package_types.CLASSES:
            raise Refusal(400, f"Bad request: '{sent.get('rclass')}' is not a repository class")
        if rclass == "federated" and not at_least(self.version, "7.18.3"):
            raise Refusal(400, "Bad request: 'federated' is not a repository class")
        return rclass

    def checked_type(self, rclass: str, package_type: str) -> str:
        """A class and a type in, the type out. The words of the refusal are ours."""
        since = package_types.SINCE.get(package_type, "")
        known = package_type in package_types.BY_CLASS[rclass] and at_least(self.version, since)
        if not known:
            message = f"Package type '{package_type}' is not supported for {rclass} repositories"
            raise Refusal(400, message)
        return package_type

    def assign_project(self, repository: Repository, fields: dict[str, Json]) -> None:
        """A project that does not exist is silently ignored; an existing one brings DEV."""
        project = fields.pop("projectKey", "")
        environments = fields.pop("environments", [])
        known = project in self.store.projects
        self.check_defined(environments, project if known else None)
        if known:
            self.check_environments(environments)
            repository.put("projectKey", project)
            repository.put("environments", environments or ["DEV"])

    def check_environments(self, environments: list[Json]) -> None:
        """How many and which environments a repository may have depends on the version.

        Up to two of DEV and PROD before 7.53.1, exactly one until 7.107.1, several since. The
        limits are known from the vendor's own client; the words of the refusals are ours.
        """
        if at_least(self.version, "7.107.1"):
            return
        if at_least(self.version, "7.53.1"):
            if len(environments) > 1:
                raise Refusal(400, "A repository can be assigned to one environment only")
        elif not set(environments) <= {"DEV", "PROD"}:
            raise Refusal(400, "Only the environments DEV and PROD are supported")

    def check_defined(self, environments: list[Json], project: str | None) -> None:
        """Since environments can be made, they must exist, outside of projects too.

        Behind a switch, because a repository's body is often tried before its environments are.
        """
        if not self.undefined_environments or not at_least(self.version, "7.53.1"):
            return
        known = self.store.known_environments(project)
        for name in environments:
            if name not in known:
                owner = project or "default"
                raise Refusal(400, f"Undefined environment '{name}' in the project '{owner}'\n")

    def fill_default_proxy(self, repository: Repository, fields: dict[str, Json]) -> None:
        """A new remote takes the platform's proxy unless it names one or disables proxies."""
        silent = not fields.get("proxy") and not fields.get("disableProxy")
        if repository.rclass == "remote" and silent and self.store.default_proxy:
            fields["proxy"] = self.store.default_proxy

    # --- update ------------------------------------------------------------------------------

    def update(self, stored: Repository, sent: dict[str, Json], lookup: Lookup) -> Repository:
        """A stored repository and a partial body in, the merged repository out.

        A project key in the body does not move a repository (that is what attach is for), but an
        empty one un-assigns it, which on real servers starts endless loops between two writers.
        """
        check_unchanged(stored, sent)
        changed = stored.copy()
        fields = values.clean(stored.rclass, sent)
        for name in HELM_ONCE:
            fields.pop(name, None)
        self.update_project(changed, fields)
        keep_what_cannot_be_cleared(fields)
        if "url" in fields:
            check_url(fields["url"])
        self.write(changed, fields, lookup)
        return changed

    def update_project(self, repository: Repository, fields: dict[str, Json]) -> None:
        """Environments count inside a project only; an empty list clears them since 7.107.1.

        A body that also takes the repository out of its project sets them on the way.
        """
        leaves = fields.pop("projectKey", None) == ""
        environments = fields.pop("environments", None)
        self.check_defined(environments or [], repository.project)
        if environments is not None and repository.project is not None:
            self.check_environments(environments)
            if environments or at_least(self.version, "7.107.1"):
                repository.put("environments", environments)
        if leaves:
            self.store.move(repository, None)

    # --- both --------------------------------------------------------------------------------

    def write(self, repository: Repository, fields: dict[str, Json], lookup: Lookup) -> None:
        """Clean fields in; they stand in the repository, bent by the rules of class and type."""
        hidden = tables.WRITE_ONLY.get(repository.rclass, {})
        special: dict[str, Callable[[Json], Json]] = {
            "contentSynchronisation": complete_synchronisation,
            "repositories": lambda keys: check_members(repository, keys, lookup),
            "members": plain_members,
        }
        for name in ("key", "rclass", "packageType"):
            fields.pop(name, None)
        if "defaultDeploymentRepo" in fields:
            set_deployment(repository, fields.pop("defaultDeploymentRepo"), lookup)
        for name, value in fields.items():
            if name in hidden:
                repository.hidden[name] = checked_secret(name, value)
            elif value == "" and name in tables.GONE_WHEN_EMPTY:
                repository.drop(name)
            else:
                repository.put(name, special.get(name, same)(value))
        fill_patterns(repository)
        self.force_head_bypass(repository)

    def force_head_bypass(self, repository: Repository) -> None:
        """Public Terraform registries refuse HEAD, so the server does not let it be asked for."""
        url = repository.get("terraformRegistryUrl")
        if repository.rclass != "remote" or repository.package_type != "terraform":
            return
        if str(url).rstrip("/") == tables.PUBLIC_TERRAFORM:
            repository.put("bypassHeadRequests", True)


def same(value: Json) -> Json:
    """A value in, the same value out."""
    return value


def checked_secret(name: str, value: Json) -> Json:
    """A write-only value in, the same out; at most five headers may be added to requests."""
    if name == "customHttpHeaders" and len(value) > 5:
        raise Refusal(400, "At most 5 custom HTTP headers are allowed")
    return value


def check_url(url: str) -> None:
    """A remote needs an upstream. The words of the refusal are ours."""
    if not is_url(url, ("http", "https", "oci")):
        raise Refusal(400, f"Invalid URL '{url}' for a remote repository")


def check_unchanged(stored: Repository, sent: dict[str, Json]) -> None:
    """Class and package type are for life."""
    rclass = str(sent.get("rclass") or stored.rclass).lower()
    package_type = package_types.stored(sent.get("packageType") or stored.package_type)
    if (rclass, package_type) != (stored.rclass, stored.package_type):
        raise Refusal(400, TYPE_CHANGE)


def keep_what_cannot_be_cleared(fields: dict[str, Json]) -> None:
    """Some values can be replaced but never removed; the attempt is ignored without a word."""
    for name in ("propertySets", "remoteRepoLayoutRef"):
        if name in fields and not fields[name]:
            del fields[name]
    if fields.get("externalDependenciesPatterns") == []:
        fields["externalDependenciesPatterns"] = ["**"]


def complete_synchronisation(sent: dict[str, Json]) -> dict[str, Json]:
    """A nested object is replaced as a whole: what a partial one leaves out is reset."""
    whole: dict[str, Json] = {}
    for name, default in tables.NO_SYNCHRONISATION.items():
        given = sent.get(name)
        if isinstance(default, dict):
            inner = given if isinstance(given, dict) else {}
            whole[name] = {flag: values.boolean(flag, inner.get(flag, False)) for flag in default}
        else:
            whole[name] = values.boolean(name, given or False)
    return whole


def fill_patterns(repository: Repository) -> None:
    """External dependencies without patterns allow everything; once there, patterns stay."""
    owner = "externalDependenciesEnabled" in tables.BY_TYPE[repository.rclass].get(
        repository.package_type, {}
    )
    enabled = owner and repository.get("externalDependenciesEnabled")
    if enabled and not repository.get("externalDependenciesPatterns"):
        repository.put("externalDependenciesPatterns", ["**"])


def check_members(virtual: Repository, keys: list[Json], lookup: Lookup) -> list[str]:
    """Member keys of a virtual in, the same out; each must exist and fit."""
    for key in keys:
        member = lookup(str(key))
        if member is None:
            raise Refusal(400, f"Repository '{key}' does not exist")
        if not fits(virtual.package_type, member.package_type):
            message = (
                f"Repository '{key}' of type {member.package_type} cannot be a member of a "
                f"virtual repository of type {virtual.package_type}"
            )
            raise Refusal(400, message)
        if virtual.key in reachable(member, lookup):
            raise Refusal(400, f"Virtual repository '{virtual.key}' cannot contain itself")
    return [str(key) for key in dict.fromkeys(keys)]


def fits(package_type: str, member_type: str) -> bool:
    """Generic and p2 take anything, the Maven family mixes, all others stay among themselves."""
    if package_type in ANY_MEMBERS or package_type == member_type:
        return True
    return package_type in package_types.MAVEN_FAMILY and member_type in package_types.MAVEN_FAMILY


def reachable(start: Repository, lookup: Lookup) -> set[str]:
    """A repository in, its key and those of everything inside it out."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        repository = waiting.pop()
        if repository.key not in seen:
            seen.add(repository.key)
            inside = repository.get("repositories") or []
            waiting += [found for key in inside if (found := lookup(key)) is not None]
    return seen


def set_deployment(virtual: Repository, key: str, lookup: Lookup) -> None:
    """Where uploads to a virtual go. "" changes nothing; a key that is no local one unsets it."""
    if key == "":
        return
    target = lookup(key)
    if target is not None and target.rclass in ("local", "federated"):
        virtual.put("defaultDeploymentRepo", key)
    else:
        virtual.drop("defaultDeploymentRepo")


def plain_members(members: list[Json]) -> list[Json]:
    """Federation members in, their printed part out: tokens for the other side are not kept."""
    plain: list[Json] = []
    for member in members:
        if not isinstance(member, dict) or not member.get("url"):
            raise Refusal(400, "Bad request: every member of a federation needs a url")
        enabled = values.boolean("enabled", member.get("enabled", True))
        plain.append({"url": str(member["url"]), "enabled": enabled})
    return plain
