"""What the manifests need and what a token shows in, whether that is enough out."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconciler.checking.token import claims, is_administrator
from reconciler.kinds.registry import Registry
from reconciler.model import Manifest
from reconciler.report.figures import listed

PROJECT_LEVEL = ("ProjectEnvironment", "PackageCleanupPolicy", "ReleaseBundleCleanupPolicy")
"""Kinds for whose objects in a project its administrator is enough; the reference wants an
administrator of the platform for writing, and for whole configurations, of all others."""

_ROLES = re.compile(r"applied-permissions/roles:(?P<project>[^:\s]+):(?P<roles>(?:\"[^\"]*\"|\S)+)")
PROJECT_ADMIN = "project admin"


@dataclass(frozen=True, slots=True)
class Need:
    """A kind that is declared; with a project, an administrator of that is enough."""

    kind: str
    project: str = ""


def needs(manifests: Iterable[Manifest], registry: Registry) -> list[Need]:
    """What the manifests of one platform need, each once."""
    found = {Need(m.address.kind, _project(m, registry)) for m in manifests}
    return sorted(found, key=lambda need: (need.kind, need.project))


def _project(manifest: Manifest, registry: Registry) -> str:
    if manifest.address.kind not in PROJECT_LEVEL:
        return ""
    if "project" in registry[manifest.address.kind].parents:
        return manifest.address.parts[0]
    named = manifest.spec.get("projectKey")
    return named if isinstance(named, str) else ""


def administered(scope: str) -> frozenset[str]:
    """The projects that a scope makes an administrator of: `roles:<project>:<role>[,<role>]`."""
    found = set()
    for match in _ROLES.finditer(scope):
        roles = next(csv.reader([match["roles"]]), [])
        if PROJECT_ADMIN in (role.strip().lower() for role in roles):
            found.add(match["project"])
    return frozenset(found)


def rights_answer(wanted: Sequence[Need], token: str, shown: bool | None) -> tuple[str, str, str]:
    """State, words and a hint; `shown` is whether the platform treats it as an administrator's."""
    if not wanted:
        return "skipped", "no manifest is about this platform", ""
    names = listed(sorted({need.kind for need in wanted}))
    says = is_administrator(token)
    if shown or (shown is None and says):
        return "ok", f"an administrator's token: enough for {names}", ""
    scope = (claims(token) or {}).get("scp")
    scope = scope if isinstance(scope, str) else ""
    projects = administered(scope)
    lacking = [need for need in wanted if need.project not in projects or not need.project]
    if not lacking:
        return "ok", f"Project Admin of {listed(sorted(projects))}: enough for {names}", ""
    if shown is None and says is None:
        return "skipped", "what the token may do does not show", ""
    told = f"the token is no administrator's; {_in_words(lacking, projects)}"
    seen = f"; it shows {scope}" if scope else ""
    hint = (
        "a plan of whole configurations and an apply need an administrator's token; for pull "
        "requests, plan from a snapshot"
    )
    return "failed", told + seen, hint


def _in_words(lacking: Sequence[Need], projects: Collection[str]) -> str:
    """What is needed at least."""
    whole = sorted({need.kind for need in lacking if not need.project})
    part = [need for need in lacking if need.project]
    told = [f"the manifests declare {listed(whole)}, which need one"] if whole else []
    if part:
        kinds = listed(sorted({need.kind for need in part}))
        homes = listed(sorted({need.project for need in part} - set(projects)))
        told.append(f"{kinds} need a Project Admin of {homes} at least")
    return "; ".join(told)
