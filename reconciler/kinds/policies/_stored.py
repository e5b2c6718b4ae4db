"""What is stored in repositories, asked for with queries that change nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.policies._layouts import StoredFile
from reconciler.kinds.rest import Flow, object_of, send, unusable
from reconciler.model import Request, Response

MOST_FILES = 250_000
"""Files of one repository a plan lists at most; every one is a line of the answer."""

_PLAIN = ("repo", "path", "name", "size", "created")
_WITH_DOWNLOADS = (*_PLAIN, "stat.downloaded")
_CONFIGURATIONS = "/artifactory/api/repositories/configurations"


@dataclass(frozen=True, slots=True)
class Found:
    """One file a query found; `downloaded` is empty for one that never was."""

    repository: str
    file: StoredFile
    downloaded: str = ""


def query(criteria: str, fields: Iterable[str], suffix: str = "") -> Request:
    """A query for files: criteria of `items.find`, fields of the answer."""
    shown = ",".join(json.dumps(field) for field in fields)
    text = f"items.find({criteria}).include({shown}){suffix}"
    return Request("POST", "/artifactory/api/search/aql", text=text, asks=True)


def all_files(repository: str) -> Flow:
    """Returns every file of a repository. Raises AnswerError where they are too many to list."""
    criteria = json.dumps({"repo": repository, "type": "file"})
    found = yield from _rows(query(criteria, _PLAIN, f".limit({MOST_FILES + 1})"))
    if len(found) > MOST_FILES:
        raise AnswerError(f"it holds more than {MOST_FILES:,} files, which are not listed")
    return [one.file for one in found]


def files_where(criteria: Sequence[Mapping[str, Any]]) -> Flow:
    """Returns the files that meet all criteria, with their last downloads."""
    return (yield from files_by(json.dumps({"$and": [*criteria, {"type": "file"}]})))


def files_by(criteria: str) -> Flow:
    """Returns the files that meet criteria as they stand in `items.find(...)`."""
    return (yield from _rows(query(criteria, _WITH_DOWNLOADS)))


def _rows(request: Request) -> Flow:
    """The rows of an answer. Raises AnswerError for anything but a whole one."""
    response: Response = yield from send(request)
    raw = object_of(request, response)
    rows, span = raw.get("results"), raw.get("range")
    if not isinstance(rows, list) or not isinstance(span, dict):
        raise unusable(request, response)
    if "notification" in span:
        raise AnswerError("the server shows only a part of the answer to a query: too many rows")
    try:
        return [_found(row) for row in rows]
    except (LookupError, TypeError, AttributeError, ValueError):
        raise unusable(request, response) from None


def _found(row: Mapping[str, Any]) -> Found:
    path = row["name"] if row["path"] == "." else f"{row['path']}/{row['name']}"
    stats = row.get("stats") or [{}]
    file = StoredFile(path, int(row["size"]), str(row["created"]))
    return Found(str(row["repo"]), file, str(stats[0].get("downloaded") or ""))


@dataclass(frozen=True, slots=True)
class Known:
    """A repository that holds files; `project` is None where nobody can tell."""

    key: str
    package_type: str
    project: str | None


def repositories(projects: Sequence[str]) -> Flow:
    """Returns the local and federated repositories this token sees.

    Where it may not see their configurations, those of `projects` are asked for by project, and
    of the others nobody knows the project.
    """
    request = Request("GET", _CONFIGURATIONS, query=(("repoType", "local,federated"),))
    response: Response = yield request
    try:
        raw = response.json() if response.ok else None
    except ValueError:
        raw = None
    if isinstance(raw, dict) and "errors" not in raw:
        return list(_configured(raw))
    everything = yield from _listed(())
    found = {key: Known(key, kind, None) for key, kind in everything}
    for project in projects:
        for key, kind in (yield from _listed((("project", project),))):
            found[key] = Known(key, kind, project)
    return list(found.values())


def _configured(raw: Mapping[str, Any]) -> Iterator[Known]:
    for name in ("LOCAL", "FEDERATED"):
        listed = raw.get(name)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("key"), str):
                kind = str(one.get("packageType", "")).lower()
                yield Known(one["key"], kind, str(one.get("projectKey") or ""))


def _listed(narrowed: tuple[tuple[str, str], ...]) -> Flow:
    """Keys and package types of the local and federated repositories of a list."""
    request = Request("GET", "/artifactory/api/repositories", query=narrowed)
    response: Response = yield from send(request)
    try:
        rows = response.json()
    except ValueError:
        rows = None
    if not isinstance(rows, list):
        raise unusable(request, response)
    return [
        (str(row["key"]), str(row.get("packageType", "")).lower())
        for row in rows
        if isinstance(row, dict) and row.get("type") in ("LOCAL", "FEDERATED") and "key" in row
    ]
