"""Questions about archived files in, answers out; and their way back.

The cold instance is a second platform in reality. Here it is a shelf beside the repositories, under
the names they had; what is restored is copied, and stays on the shelf.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from reconciler.sandbox import aql
from reconciler.sandbox.aql.evaluate import pattern
from reconciler.sandbox.aql_items import item
from reconciler.sandbox.aql_search import text_of
from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.policies.archive import SINCE, moment
from reconciler.sandbox.policies.retention import ColdFile, Restore
from reconciler.sandbox.policies.rules import count, text, texts
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import boolean, parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any

ARCHIVED_AT = "artifact.lifecycle.archive.time"
TYPES = {"ARTIFACT_RESTORE": "artifact", "PACKAGE_RESTORE": "package"}


def namespace(call: Call) -> str:
    """A call in, the prefix of repositories in cold storage out."""
    digest = hashlib.sha256(f"{call.platform.sandbox.seed}:{call.platform.name}".encode()).digest()
    return "".join(chr(ord("a") + byte % 26) for byte in digest[:8])


def get_namespace(call: Call) -> Response:
    """The prefix."""
    return json_response({"jfrogColdStorageNamespaceId": namespace(call)})


def search(call: Call) -> Response:
    """A query in, the archived files it finds out, under the repositories they came from."""
    retention = call.platform.store.retention
    found = [item(one.repo, one.path, marked(one)) for one in retention.cold]
    try:
        query = aql.parse(text_of(call))
        now = call.platform.sandbox.clock.now()
        return json_response(aql.answer(query, found, now, retention.hard_limit))
    except aql.AqlError as error:
        raise Refusal(400, error.message) from error


def marked(one: ColdFile) -> Artifact:
    """An archived file in, the same with the property that tells when out."""
    time = str(int(one.archived * 1000))
    return replace(one.file, properties={**one.file.properties, ARCHIVED_AT: [time]})


def search_packages(call: Call) -> Response:
    """A type, repositories and a name in, the archived packages out."""
    sent = parse_object(call.request.body)
    for name in ("packageType", "repositories", "name"):
        if not sent.get(name):
            raise Refusal(400, f"{name} is mandatory")
    repositories = texts("repositories", sent["repositories"])
    names = pattern(text("name", sent["name"]))
    version_names = pattern(text("version", sent.get("version") or "*"))
    start = count("archiveTimeFrom", sent.get("archiveTimeFrom") or 0)
    end = count("archiveTimeTo", sent.get("archiveTimeTo") or 0)
    found = {
        (one.repo, one.manifest): one
        for one in call.platform.store.retention.cold
        if one.package_type == sent["packageType"]
        and one.repo in repositories
        and names.fullmatch(one.package)
        and version_names.fullmatch(one.version)
        and start <= one.archived * 1000
        and (not end or one.archived * 1000 <= end)
    }
    rows = [
        {
            "manifestName": one.manifest,
            "packageType": one.package_type,
            "packageName": one.package,
            "version": one.version,
            "originalRepository": one.repo,
            "archivingTime": int(one.archived * 1000),
        }
        for one in found.values()
    ]
    span = {"start_pos": 0, "end_pos": len(rows), "total": len(rows)}
    return json_response({"results": rows, "range": span})


def restore(call: Call) -> Response:
    """What to restore and where to in; copies are there afterwards."""
    sent = parse_object(call.request.body)
    kind = text("restoreType", sent.get("restoreType") or "ARTIFACT_RESTORE")
    if kind not in TYPES:
        raise Refusal(400, f"restoreType must be one of {', '.join(TYPES)}")
    original = boolean("restoreToOriginal", sent.get("restoreToOriginal") or False)
    central = text("centralDestinationPath", sent.get("centralDestinationPath") or "").strip("/")
    if original == bool(central):
        raise Refusal(
            400, "Exactly one of restoreToOriginal and centralDestinationPath is mandatory"
        )
    fallback = text("fallbackDestinationPath", sent.get("fallbackDestinationPath") or "").strip("/")
    added = sent.get("addNamespace", True)
    names = texts("itemsToRestore", sent.get("itemsToRestore") or [])
    if not names:
        raise Refusal(400, "itemsToRestore is mandatory")
    prefix = "" if boolean("addNamespace", added) else f"{namespace(call)}_"
    found = [
        one
        for one in call.platform.store.retention.cold
        if any(means(wanted.removeprefix(prefix), one, kind) for wanted in names)
    ]
    done = [one for one in found if put_back(call, one, central, fallback)]
    return begun(call, kind, central or "original", found, done)


def means(wanted: str, one: ColdFile, kind: str) -> bool:
    """Whether one of the things to restore is, or holds, an archived file."""
    if kind == "PACKAGE_RESTORE":
        return bool(one.package_type) and wanted == f"{one.repo}/{one.manifest}"
    path = f"{one.repo}/{one.path}"
    return path == wanted or (wanted.endswith("/") and path.startswith(wanted))


def put_back(call: Call, one: ColdFile, central: str, fallback: str) -> bool:
    """An archived file in; whether there is a copy where it was to go."""
    store = call.platform.store
    target = f"{central}/{one.repo}/{one.path}" if central else f"{one.repo}/{one.path}"
    if not central and store.repository(one.repo) is None:
        target = f"{fallback}/{one.path}"
    key, _, path = target.partition("/")
    if store.repository(key) is None:
        return False
    store.artifacts.setdefault(key, {})[path] = replace(one.file)
    return True


def begun(
    call: Call, kind: str, destination: str, found: list[ColdFile], done: list[ColdFile]
) -> Response:
    """A restore in, kept for later questions; what the client hears out."""
    retention = call.platform.store.retention
    digest = hashlib.sha256(f"{namespace(call)}:{len(retention.restores)}".encode()).hexdigest()
    made = Restore(
        id=f"retention_restore_{TYPES[kind]}_{digest[:10].upper()}",
        started=call.platform.sandbox.clock.now(),
        destination=destination,
        type=kind,
        total=len(found),
        failed=len(found) - len(done),
        bytes=sum(one.file.size for one in done),
    )
    retention.restores.append(made)
    return json_response(
        {
            "response": "Restore process was initialized successfully.",
            "restore_operation_id": made.id,
        }
    )


def restores(call: Call) -> Response:
    """All restores, or those of a span of time; the newest first."""
    start, end = moment(call, "from"), moment(call, "to")
    found = [
        one
        for one in call.platform.store.retention.restores
        if (start is None or one.started * 1000 >= start)
        and (end is None or one.started * 1000 <= end)
    ]
    return json_response([line(one) for one in reversed(found)])


def line(one: Restore) -> dict[str, Json]:
    """A restore in, what is told about it out."""
    unit = "Workflows" if one.type == "PACKAGE_RESTORE" else "Artifacts"
    return {
        "state": "COMPLETE_WITH_ERRORS" if one.failed else "COMPLETE",
        f"completedNumberOf{unit}": one.total - one.failed,
        f"failedNumberOf{unit}": one.failed,
        f"totalNumberOf{unit}": one.total,
        "progressPercentage": 100,
        "startTime": int(one.started * 1000),
        "finishTime": int(one.started * 1000),
        "totalByteSize": one.bytes,
        "successByteSize": one.bytes,
        "failureByteSize": 0,
        "destination": one.destination,
    }


PATH = "/artifactory/api/retention"

ROUTES = tuple(
    Route(method, f"{PATH}/{path}", handler, needs="admin", since=since, unless="no_cold_storage")
    for method, path, handler, since in (
        ("POST", "search", search, SINCE),
        ("POST", "searchPackages", search_packages, "7.63.2"),
        ("GET", "namespace", get_namespace, SINCE),
        ("POST", "restore", restore, SINCE),
        ("GET", "restore/executions", restores, SINCE),
    )
)
