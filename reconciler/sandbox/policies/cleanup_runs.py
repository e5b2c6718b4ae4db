"""Runs of cleanup policies: started, stopped, reported; all of them at once in an emergency."""

from __future__ import annotations

import csv
import io
import zipfile

from reconciler.sandbox.clock import iso
from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.policies.cleanup import BUNDLES, CLEANUP, PACKAGES, Family, check_rights
from reconciler.sandbox.policies.retention import Candidate, Policy, Run
from reconciler.sandbox.policies.runs import start, stop
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Handler, Route

KINDS = (PACKAGES.kind, BUNDLES.kind)
COLUMNS = (
    "Package Type",
    "Package Name",
    "Version",
    "Repository",
    "Paths",
    "Size",
    "Created",
    "Last Downloaded",
)
"""The columns of a report are not in the reference; these are ours."""


def run(family: Family) -> Handler:
    """A family of policies in, the call that runs one of them out."""

    def handler(call: Call) -> Response:
        """A key in, the number of the run out. A dry run deletes nothing and is always allowed."""
        policy = family.stored(call)
        dry = call.request.flag("dryRun")
        retention = call.platform.store.retention
        if not dry and not policy.enabled:
            raise Refusal(400, f"Policy '{policy.key}' is disabled")
        to_trash = family.kind == PACKAGES.kind and not policy.body["skipTrashcan"]
        if not dry and to_trash and not retention.trash_enabled:
            raise Refusal(
                400, f"Policy '{policy.key}' is set to clean to the Trash Can, which is disabled"
            )
        if retention.running(policy.key) is not None:
            raise Refusal(400, f"Policy '{policy.key}' is already running")
        now = call.platform.sandbox.clock.now()
        started = start(call.platform, policy, dry, call.caller, now)
        return json_response({"runId": started.id}, 201)

    return handler


def act(call: Call) -> Response:
    """The number of a run and `{"action": "stop"}` in; the run is over."""
    number = call.params["run"]
    if parse_object(call.request.body).get("action") != "stop":
        raise Refusal(400, "The only action is 'stop'")
    if not number.isdecimal():
        raise Refusal(400, f"Invalid run ID '{number}'")
    found = call.platform.store.retention.runs.get(int(number))
    policy = policy_of(call, found)
    if found is None or policy is None or found.finished is not None:
        raise Refusal(404, f"No cleanup policy with run ID: {number} was found")
    check_rights(call, policy)
    stop(call.platform, found)
    return text_response(f"Action: 'stop' on task ID: '{number}' performed successfully", 202)


def policy_of(call: Call, found: Run | None) -> Policy | None:
    """A run in, its policy out while there is one."""
    if found is None or found.kind not in KINDS:
        return None
    return call.platform.store.retention.policies.get(found.policy)


def stop_all(call: Call) -> Response:
    """Every run of both kinds is over."""
    for found in call.platform.store.retention.runs.values():
        if found.kind in KINDS and found.finished is None:
            stop(call.platform, found)
    return Response(202)


def disable_all(call: Call) -> Response:
    """Every policy of both kinds is off."""
    for policy in call.platform.store.retention.policies.values():
        if policy.kind in KINDS:
            policy.enabled = False
    return Response(200)


def report(call: Call) -> Response:
    """A policy and a run of it in, a zip with a table out, once the run is over."""
    policy, found = asked_run(call, "runId")
    key, number = policy.key, found.id
    if found.finished is None:
        raise Refusal(404, f"No report was found for policy '{key}' and run '{number}'")
    found.report_downloaded = True
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{key}-{number}.zip"',
    }
    return Response(200, headers, zipped(f"{key}-{number}.csv", found.candidates[: found.done]))


def summary(call: Call) -> Response:
    """A policy and a run of it in, what became of it out; the vendor's help has it from 7.117 on.

    How it tells of a run that goes on is ours: without an end.
    """
    policy, found = asked_run(call, "triggerId")
    done = found.candidates[: found.done]
    ended = None if found.finished is None else iso(found.finished)
    until = call.platform.sandbox.clock.now() if found.finished is None else found.finished
    return json_response(
        {
            "policySummary": {
                "policyName": policy.key,
                "runId": found.id,
                "dryRun": found.dry,
                "status": found.status,
                "triggeredBy": found.by,
            },
            "executionSummary": {
                "startedAt": iso(found.started),
                "finishedAt": ended,
                "durationMillis": int((until - found.started) * 1000),
            },
            "processedItemsSummary": {
                "itemType": "PACKAGE" if found.kind == PACKAGES.kind else "RELEASE_BUNDLE",
                "totalItems": len(found.candidates),
                "processedItems": len(done),
                "failedItems": 0,
                "processedPhysicalSizeBytes": found.done_bytes,
                "processedVirtualSizeBytes": found.done_bytes,
            },
            "runConfiguration": {
                "schedule": {
                    "cronExpression": policy.body["cronExp"],
                    "maxRunDurationMillis": policy.body["durationInMinutes"] * 60_000,
                },
            },
        }
    )


def asked_run(call: Call, number_name: str) -> tuple[Policy, Run]:
    """The policy and the run of it that a query names."""
    key, number = call.request.value("policyKey"), call.request.value(number_name) or ""
    if not key or not number.isdecimal():
        raise Refusal(400, f"policyKey and {number_name} are mandatory")
    retention = call.platform.store.retention
    policy, found = retention.policies.get(key), retention.runs.get(int(number))
    if policy is None or found is None or found.policy != key or found.kind not in KINDS:
        raise Refusal(404, f"No report was found for policy '{key}' and run '{number}'")
    check_rights(call, policy)
    return policy, found


def zipped(name: str, candidates: list[Candidate]) -> bytes:
    """What a run hit in, the zip with its table out."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for one in candidates:
        downloaded = "" if one.downloaded is None else iso(one.downloaded)
        paths = " ".join(one.paths)
        writer.writerow(
            [
                one.type,
                one.name,
                one.version,
                one.repo,
                paths,
                one.size,
                iso(one.created),
                downloaded,
            ]
        )
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), table.getvalue())
    return body.getvalue()


RUNS = f"{CLEANUP}/policies/runs"

ROUTES = (
    *(
        Route("PUT", f"{family.path}/{{key}}/run", run(family), needs="project", since=family.since)
        for family in (PACKAGES, BUNDLES)
    ),
    Route("PUT", f"{RUNS}/forceStopAll", stop_all, needs="admin", since=PACKAGES.since),
    Route("GET", f"{RUNS}/downloadReport", report, needs="project", since=PACKAGES.since),
    Route("GET", f"{RUNS}/summaryReports", summary, needs="project", since="7.117.0"),
    Route("PUT", f"{RUNS}/{{run}}", act, needs="project", since=PACKAGES.since),
    Route(
        "PUT",
        f"{CLEANUP}/policies/forceDisableAll",
        disable_all,
        needs="admin",
        since=PACKAGES.since,
    ),
)
