"""Files and bundles with ages in, the same stored: a past for platforms that have none.

Ages are days before now, `createdDaysAgo` and `downloadedDaysAgo`; `created` and `downloaded` take
seconds since 1970 instead. Control endpoints only; no server has them.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.messages import Request
from reconciler.sandbox.policies.retention import TRASH, Bundle
from reconciler.sandbox.policies.runs import settle
from reconciler.sandbox.repository_keys import CACHE_SUFFIX
from reconciler.sandbox.repository_values import parse_object

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform, Sandbox

Json = Any
DAY = 86400
KNOBS = {"runSeconds": "run_seconds", "aqlLimit": "hard_limit"}


def post_artifacts(sandbox: Sandbox, request: Request) -> Json:
    """`{"platform": ..., "artifacts": [{repo, path, size, ...}]}` in, how many are stored out."""
    sent = parse_object(request.body)
    platform = chosen(sandbox, sent.get("platform"))
    for one in sent["artifacts"]:
        store_file(platform, one)
    return {"stored": len(sent["artifacts"])}


def store_file(platform: Platform, one: dict[str, Json]) -> None:
    """One file in, stored; an older one of that path is gone."""
    repository = platform.store.repository(one["repo"].removesuffix(CACHE_SUFFIX))
    repository = platform.store.repository(one["repo"]) or repository
    if repository is None:
        raise ValueError(f"no repository {one['repo']!r}")
    path = one["path"].strip("/")
    now = platform.sandbox.clock.now()
    created = moment(one, "created", now)
    downloaded = moment(one, "downloaded", now)
    seed = f"{repository.key}/{path}".encode()
    platform.store.artifacts.setdefault(repository.key, {})[path] = Artifact(
        size=int(one.get("size", 1)),
        sha1=hashlib.sha1(seed, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(seed).hexdigest(),
        md5=hashlib.md5(seed, usedforsecurity=False).hexdigest(),
        created=now if created is None else created,
        modified=now if created is None else created,
        created_by=one.get("createdBy", "admin"),
        modified_by=one.get("createdBy", "admin"),
        properties={key: listed(value) for key, value in one.get("properties", {}).items()},
        downloads=0 if downloaded is None else int(one.get("downloads", 1)),
        downloaded=downloaded,
        downloaded_by=None if downloaded is None else one.get("downloadedBy", "admin"),
    )


def moment(one: dict[str, Json], name: str, now: float) -> float | None:
    """A name in, the moment given for it out, None when there is none."""
    if one.get(f"{name}DaysAgo") is not None:
        return now - float(one[f"{name}DaysAgo"]) * DAY
    return None if one.get(name) is None else float(one[name])


def listed(value: Json) -> list[str]:
    """One value or several in, a list of texts out."""
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]


def get_artifacts(sandbox: Sandbox, request: Request) -> Json:
    """By repository, the trash can among them: every file and what is known of it, bar content."""
    platform = chosen(sandbox, request.value("platform"))
    settle(platform)
    places = {**platform.store.artifacts, TRASH: platform.store.retention.trash}
    return {
        key: {path: shown(file) for path, file in files.items()} for key, files in places.items()
    }


def shown(file: Artifact) -> dict[str, Json]:
    """A file in, its fields out."""
    return {name: value for name, value in asdict(file).items() if name != "content"}


def post_bundles(sandbox: Sandbox, request: Request) -> Json:
    """`{"platform": ..., "bundles": [{name, version, project, environments, ...}]}` in."""
    sent = parse_object(request.body)
    platform = chosen(sandbox, sent.get("platform"))
    now = platform.sandbox.clock.now()
    for one in sent["bundles"]:
        created = moment(one, "created", now)
        made = now if created is None else created
        distributed = moment(one, "distributed", now)
        platform.store.retention.bundles.append(
            Bundle(
                one["name"],
                one["version"],
                made,
                made if distributed is None else distributed,
                one.get("project", ""),
                listed(one.get("environments", [])),
                bool(one.get("keep", False)),
            )
        )
    return {"stored": len(sent["bundles"])}


def get_bundles(sandbox: Sandbox, request: Request) -> Json:
    """Every version of every bundle."""
    platform = chosen(sandbox, request.value("platform"))
    settle(platform)
    return {"bundles": [asdict(one) for one in platform.store.retention.bundles]}


def put_retention(sandbox: Sandbox, request: Request) -> Json:
    """`{"platform", "runSeconds", "aqlLimit"}` in: how long a run takes, how much a query shows."""
    sent = parse_object(request.body)
    platform = chosen(sandbox, sent.pop("platform", None))
    unknown = sorted(set(sent) - set(KNOBS))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(KNOBS)}")
    for name, value in sent.items():
        kind = type(getattr(platform.store.retention, KNOBS[name]))
        setattr(platform.store.retention, KNOBS[name], kind(value))
    return {name: getattr(platform.store.retention, field) for name, field in KNOBS.items()}


def chosen(sandbox: Sandbox, name: str | None) -> Platform:
    """A name in, the platform out; the first one without a name."""
    if name is None:
        return next(iter(sandbox.platforms.values()))
    if name not in sandbox.platforms:
        raise ValueError(f"no platform {name!r}; there are: {', '.join(sandbox.platforms)}")
    return sandbox.platforms[name]
