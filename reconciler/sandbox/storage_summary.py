"""How much is stored, by repository, in the words and rounded numbers servers use.

The summary is made at intervals, so it lags behind: what happened since the last time is not in it
until the hour is over or somebody asks for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import package_types
from reconciler.sandbox.aql_items import by_folder
from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.policies.retention import TRASH
from reconciler.sandbox.repository_keys import CACHE_SUFFIX
from reconciler.sandbox.routing import Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform

Json = Any
Row = dict[str, Json]

INTERVAL = 3600.0
UNITS = ("KB", "MB", "GB", "TB")
TOTAL_SPACE = 2**40


def get_summary(call: Call) -> Response:
    """The last summary, or a new one when that is old."""
    held = call.platform.store.storage_summary
    now = call.platform.sandbox.clock.now()
    if held is None or now - held["at"] >= INTERVAL:
        held = refresh(call.platform)
    return json_response(held["summary"])


def calculate(call: Call) -> Response:
    """A new summary is made. What servers answer is not in the reference."""
    refresh(call.platform)
    return Response(202)


def refresh(platform: Platform) -> Row:
    """A platform in, its new summary with the time of it, kept, out."""
    made = {"at": platform.sandbox.clock.now(), "summary": summary(platform)}
    platform.store.storage_summary = made
    return made


def summary(platform: Platform) -> Row:
    """A platform in, the document out."""
    store = platform.store
    places = [
        (*named(repository.key, repository.rclass), repository.package_type, repository.key)
        for repository in store
    ]
    files = [list(store.artifacts.get(key, {}).values()) for *_, key in places]
    trash = list(store.retention.trash.values())
    every = [file for held in [*files, trash] for file in held]
    total = sum(file.size for file in every)
    rows = [
        {
            **row(key, kind, store.artifacts.get(own, {})),
            "packageType": package_types.display(package_type),
            "percentage": percent(sum(file.size for file in held), total),
        }
        for (key, kind, package_type, own), held in zip(places, files, strict=True)
    ]
    rows.append(row(TRASH, "NA", store.retention.trash))
    rows.append(totals(rows, total))
    return {
        "binariesSummary": binaries(every, total, rows[-1]),
        "fileStoreSummary": file_store(total),
        "repositoriesSummaryList": rows,
    }


def named(key: str, rclass: str) -> tuple[str, str]:
    """A repository in, its name and kind in the list out; remote ones show their cache."""
    return (f"{key}{CACHE_SUFFIX}", "CACHE") if rclass == "remote" else (key, rclass.upper())


def row(key: str, kind: str, files: dict[str, Artifact]) -> Row:
    """A repository in, what is counted of it out."""
    folders = len(by_folder(files))
    return {
        "repoKey": key,
        "repoType": kind,
        "foldersCount": folders,
        "filesCount": len(files),
        "usedSpace": size(sum(file.size for file in files.values())),
        "itemsCount": folders + len(files),
    }


def totals(rows: Iterable[Row], total: int) -> Row:
    """All rows in, the last one out."""
    held = list(rows)
    made: Row = {"repoKey": "TOTAL", "repoType": "NA"}
    for name in ("foldersCount", "filesCount", "itemsCount"):
        made[name] = sum(one[name] for one in held)
    return {**made, "usedSpace": size(total)}


def binaries(files: Iterable[Artifact], total: int, last: Row) -> Row:
    """All files in, what is counted of their contents out: equal ones are stored once."""
    unique = {file.sha256: file.size for file in files}
    stored = sum(unique.values())
    return {
        "binariesCount": f"{len(unique):,}",
        "binariesSize": size(stored),
        "artifactsSize": size(total),
        "optimization": percent(stored, total),
        "itemsCount": f"{last['itemsCount']:,}",
        "artifactsCount": f"{last['filesCount']:,}",
    }


def file_store(used: int) -> Row:
    """Bytes in use in, the disk they are on out."""
    free = max(TOTAL_SPACE - used, 0)
    return {
        "storageType": "file-system",
        "storageDirectory": "/var/opt/jfrog/artifactory/data/artifactory/filestore",
        "totalSpace": size(TOTAL_SPACE),
        "usedSpace": f"{size(used)} ({percent(used, TOTAL_SPACE)})",
        "freeSpace": f"{size(free)} ({percent(free, TOTAL_SPACE)})",
    }


def size(number: int) -> str:
    """Bytes in, `59.77 GB` out."""
    if number < 1024:
        return f"{number} bytes"
    power = 1
    while number >= 1024 ** (power + 1) and power < len(UNITS):
        power += 1
    return f"{number / 1024**power:.2f} {UNITS[power - 1]}"


def percent(part: int, whole: int) -> str:
    """A part and the whole in, `15.77%` out."""
    share = f"{100 * part / whole:.2f}".rstrip("0").rstrip(".") if whole else "0"
    return f"{share}%"


PATH = "/artifactory/api/storageinfo"

ROUTES = (
    Route("GET", PATH, get_summary, needs="admin", since="4.2.0"),
    Route("POST", f"{PATH}/calculate", calculate, needs="admin", since="6.17.0"),
)
