"""Runs of archive policies, and what is in cold storage: searched, and restored from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.operations import Asked, Begun, Input, Operation, Surveyed
from reconciler.kinds.policies._archive_evidence import POLICIES, figures
from reconciler.kinds.policies._bundle_evidence import iso
from reconciler.kinds.policies._reports import as_json, listed
from reconciler.kinds.rest import Flow, object_of, segment, send, unusable
from reconciler.model import Health, Request, Response, Standing

RETENTION = "/artifactory/api/retention"
_GOES_ON = ("PENDING", "IN_PROGRESS", "IN_PROGRESS_WITH_ERRORS")
_DONE = "COMPLETE"


def _one(asked: Asked) -> str:
    return f"{POLICIES}/{segment(asked.name)}"


def _last_run(asked: Asked) -> Flow:
    """How the last run of a policy is, as its policy shows it."""
    request = Request("GET", _one(asked))
    response: Response = yield from send(request)
    try:
        raw = response.json()
    except ValueError:
        raw = None
    policy = raw[0] if isinstance(raw, list) and raw else raw
    if not isinstance(policy, dict):
        raise unusable(request, response)
    run = policy.get("lastRunStatus")
    return run if isinstance(run, dict) else {}


def _run(asked: Asked) -> Flow:
    """2.6.5; the time of the run before is remembered, to tell the new one from it."""
    before = yield from _last_run(asked)
    response = yield from send(Request("POST", f"{_one(asked)}/trigger"))
    return Begun(response.text, str(before.get("startTime", "")))


def _followed(asked: Asked) -> Flow:
    run = yield from _last_run(asked)
    state = str(run.get("state", "PENDING"))
    is_new = str(run.get("startTime", "")) != asked.mark
    if not is_new or state in _GOES_ON:
        done = run.get("progressPercentage") if is_new else None
        return Standing(f"{state}, {done} %" if isinstance(done, int) else "it has not begun yet")
    words = f"{state}{_moved(run)}"
    return Standing(words, is_over=True, has_failed=state != _DONE, details=dict(run))


def _moved(run: Mapping[str, Any]) -> str:
    size = run.get("successByteSize")
    return f", {size:,} bytes moved" if type(size) is int else ""


def _stop(asked: Asked) -> Flow:
    """2.6.7"""
    return (yield from send(Request("POST", f"{_one(asked)}/stop"))).text


def _preview(asked: Asked) -> Flow:
    """2.6.11: only counts."""
    count, size = yield from figures(Request("POST", f"{_one(asked)}/preview", asks=True))
    return f"{count:,} candidate{'s'[: count != 1]}, {size:,} bytes"


def _search(asked: Asked) -> Flow:
    """2.6.13"""
    found = yield from _found(asked)
    names = [f"{row.get('repo')}/{row.get('path')}/{row.get('name')}" for row in found]
    return listed("file", names)


def _found(asked: Asked) -> Flow:
    query = asked.given["query"]
    request = Request("POST", f"{RETENTION}/search", text=query, asks=True)
    return _rows(object_of(request, (yield from send(request))))


def _search_packages(asked: Asked) -> Flow:
    """2.6.14"""
    found = yield from _found_packages(asked)
    return listed(
        "package", [f"{r.get('originalRepository')}/{r.get('manifestName')}" for r in found]
    )


def _found_packages(asked: Asked) -> Flow:
    body = {
        "packageType": asked.given["type"],
        "repositories": _items(asked.given["repositories"]),
        "name": asked.given.get("name") or "*",
        **({"version": asked.given["version"]} if asked.given.get("version") else {}),
    }
    request = Request("POST", f"{RETENTION}/searchPackages", json=body, asks=True)
    return _rows(object_of(request, (yield from send(request))))


def _rows(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = raw.get("results")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _restore(asked: Asked) -> Flow:
    """2.6.16: copies; what is in cold storage stays there."""
    central = asked.given.get("to", "")
    body = {
        "restoreType": "PACKAGE_RESTORE" if "packages" in asked.given else "ARTIFACT_RESTORE",
        "restoreToOriginal": not central,
        "fallbackDestinationPath": asked.given.get("fallback", ""),
        "centralDestinationPath": central,
        "itemsToRestore": _items(asked.given.get("packages") or asked.given.get("files") or ""),
    }
    if not body["itemsToRestore"] or ("packages" in asked.given and "files" in asked.given):
        raise AnswerError("say what is to be restored: --set files=... or --set packages=...")
    request = Request("POST", f"{RETENTION}/restore", json=body)
    answer = object_of(request, (yield from send(request)))
    return f"{answer.get('response', '')} {answer.get('restore_operation_id', '')}".strip()


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def survey(asked: Surveyed) -> Flow:
    """The policies themselves tell of their last and next run."""
    return {address: _health(raw) for address, raw in asked.live.items()}
    yield


def _health(raw: Mapping[str, Any]) -> Health:
    run = raw.get("lastRunStatus")
    run = run if isinstance(run, dict) and run.get("startTime") else {}
    words = ["switched on" if raw.get("enabled") else "switched off"]
    details: dict[str, Any] = {"enabled": raw.get("enabled"), "lastRun": dict(run) or None}
    if run:
        words.append(f"last run {iso(run['startTime'])} {run.get('state')}{_moved(run)}")
    else:
        words.append("never ran")
    following = raw.get("nextExecutionTime")
    if type(following) is int and raw.get("enabled"):
        details["nextRun"] = iso(following)
        words.append(f"next run {details['nextRun']}")
    troubled = run and run.get("state") not in (*_GOES_ON[:2], _DONE)
    return Health("degraded" if troubled else "healthy", "; ".join(words), details)


_ASKS_RESTORE = "it copies files out of cold storage into repositories"

OPERATIONS = (
    Operation("preview", "count what a run would move; moves nothing", _preview),
    Operation(
        "run",
        "move what it hits to cold storage, now",
        _run,
        _followed,
        asks="it moves files to cold storage now; `preview` tells how many",
    ),
    Operation("stop", "stop its run", _stop),
    Operation(
        "search",
        "find files in cold storage",
        _search,
        report=as_json(_found),
        inputs=(Input("query", "AQL with the repositories they came from", required=True),),
        of_platform=True,
    ),
    Operation(
        "search-packages",
        "find packages in cold storage",
        _search_packages,
        report=as_json(_found_packages),
        since="7.63.2",
        inputs=(
            Input("type", "package type, such as docker", required=True),
            Input("repositories", "keys of the repositories they came from", required=True),
            Input("name", "name or pattern; all without it"),
            Input("version", "version or pattern; all without it"),
        ),
        of_platform=True,
    ),
    Operation(
        "restore",
        "copy files or packages out of cold storage",
        _restore,
        asks=_ASKS_RESTORE,
        inputs=(
            Input("files", "REPOSITORY/PATH of files, or of folders with / at the end"),
            Input("packages", "REPOSITORY/MANIFEST as search-packages tells them"),
            Input("to", "the repository they go to; without it, where they came from"),
            Input("fallback", "where they go if the place they came from is no more"),
        ),
        of_platform=True,
    ),
)
