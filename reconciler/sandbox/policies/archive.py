"""Classic archive policies in, the same kept, previewed and run. They move files to cold storage.

Everything but reading answers 201, deleting too. One policy on artifacts is read as a list of one,
one on packages as an object. Nothing is refused while a policy runs.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.policies import archive_rules
from reconciler.sandbox.policies.archive_form import query_text
from reconciler.sandbox.policies.candidates import candidates
from reconciler.sandbox.policies.retention import Policy, Run
from reconciler.sandbox.policies.runs import COMPLETED, RUNNING, plan_next, start, stop
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any
Fields = dict[str, Json]

KIND = "archive"
STATES = {RUNNING: "IN_PROGRESS", COMPLETED: "COMPLETE"}
INTERRUPTED = "FAILED"
"""What a run that was stopped or ran out of time ends as; the reference has no word of its own."""


def get_policies(call: Call) -> Response:
    """Every policy, whole."""
    return json_response([view(call, policy) for policy in policies(call)])


def policies(call: Call) -> list[Policy]:
    """All policies of this kind."""
    every = call.platform.store.retention.policies.values()
    return [policy for policy in every if policy.kind == KIND]


def get_policy(call: Call) -> Response:
    """A key in, the policy out, in one of two shapes."""
    policy = stored(call)
    shown = view(call, policy)
    return json_response(shown if policy.body.get("packageRetention") else [shown])


def create_policy(call: Call) -> Response:
    """A key and a body in; the policy exists afterwards, enabled when the body says so."""
    store = call.platform.store
    body = sent_body(call)
    if store.taken(body["key"]):
        raise Refusal(409, f"Retention policy '{body['key']}' already exists")
    policy = Policy(body["key"], KIND, body, enabled=body["enabled"])
    store.retention.policies[policy.key] = policy
    plan_next(call.platform, policy)
    return json_response(body, 201)


def update_policy(call: Call) -> Response:
    """A key and a whole body in; it replaces the policy."""
    policy = stored(call)
    policy.body = sent_body(call)
    policy.enabled = policy.body["enabled"]
    plan_next(call.platform, policy)
    return json_response(policy.body, 201)


def sent_body(call: Call) -> Fields:
    """A call in, its body with the server's defaults out."""
    sent = parse_object(call.request.body)
    if sent.get("key", call.params["key"]) != call.params["key"]:
        raise Refusal(400, f"Policy key '{sent['key']}' differs from the one in the path")
    return archive_rules.checked({**sent, "key": call.params["key"]})


def delete_policy(call: Call) -> Response:
    """A key in; the policy is gone, and its run over."""
    policy = stored(call)
    run = call.platform.store.retention.running(policy.key)
    if run is not None:
        stop(call.platform, run)
    del call.platform.store.retention.policies[policy.key]
    return text_response(f"Retention policy {policy.key} was deleted successfully.", 201)


def trigger(call: Call) -> Response:
    """A key in; the policy runs."""
    policy = stored(call)
    if not policy.enabled:
        raise Refusal(400, f"Retention policy '{policy.key}' is disabled")
    if call.platform.store.retention.running(policy.key) is not None:
        raise Refusal(400, f"Retention policy '{policy.key}' is already running")
    start(call.platform, policy, False, call.caller, call.platform.sandbox.clock.now())
    said = "execution request has been accepted for processing."
    return text_response(f"Retention policy \u2018{policy.key}\u2019 {said}")


def stop_run(call: Call) -> Response:
    """A key in; the policy does not run any more."""
    policy = stored(call)
    run = call.platform.store.retention.running(policy.key)
    if run is None:
        raise Refusal(400, f"Retention policy '{policy.key}' is not running")
    stop(call.platform, run)
    return Response(202)


def preview(call: Call) -> Response:
    """A key in, how much the policy would move out."""
    return counted(call, stored(call))


def preview_model(call: Call) -> Response:
    """A whole policy in, how much it would move out; nothing is kept."""
    body = archive_rules.checked({"key": "preview", **parse_object(call.request.body)})
    return counted(call, Policy(body["key"], KIND, body))


def counted(call: Call, policy: Policy) -> Response:
    """A policy in, the number and the bytes of what it would move out."""
    now = call.platform.sandbox.clock.now()
    found = candidates(call.platform, policy, now)
    return json_response({"count": len(found), "totalSize": sum(one.size for one in found)})


def convert(call: Call) -> Response:
    """A search form in, the query it stands for out."""
    form = archive_rules.checked_form(parse_object(call.request.body))
    return text_response(query_text(form))


def executions(call: Call) -> Response:
    """All runs, or those of a policy, or those of a span of time; the newest first."""
    start_of, end_of = moment(call, "from"), moment(call, "to")
    wanted = call.request.value("searchStr") or ""
    found = [
        run
        for run in call.platform.store.retention.runs.values()
        if run.kind == KIND
        and wanted in run.policy
        and (start_of is None or run.started * 1000 >= start_of)
        and (end_of is None or run.started * 1000 <= end_of)
    ]
    return json_response([status(run) for run in reversed(found)])


def moment(call: Call, name: str) -> int | None:
    """A query name in, the milliseconds it holds out."""
    value = call.request.value(name)
    if not value:
        return None
    if not value.isdecimal():
        raise Refusal(400, f"Invalid {name} '{value}'")
    return int(value)


def stored(call: Call) -> Policy:
    """A call with a key in, the policy out."""
    policy = call.platform.store.retention.policies.get(call.params["key"])
    if policy is None or policy.kind != KIND:
        raise Refusal(404, f"Retention policy '{call.params['key']}' was not found")
    return policy


def view(call: Call, policy: Policy) -> Fields:
    """A policy in, what a client reads out."""
    run = call.platform.store.retention.runs.get(policy.last_run or 0)
    shown = dict(policy.body)
    shown["lastRunStatus"] = (
        {"state": "PENDING", "policyName": policy.key} if run is None else last_run(run)
    )
    if policy.next_run is not None:
        shown["nextExecutionTime"] = int(policy.next_run * 1000)
    return shown


def last_run(run: Run) -> Fields:
    """A run in, how its policy shows it out."""
    return {
        "migrationIdentifier": f"retention_archive_{run.policy}_{run.id:010d}",
        **status(run),
        "triggeredBy": run.by,
        "policyName": run.policy,
    }


def status(run: Run) -> Fields:
    """A run in, its counters out; totals grow with it."""
    packages = any(one.type != "file" for one in run.candidates)
    unit = "Workflows" if packages else "Artifacts"
    shown: Fields = {
        "state": STATES.get(run.status, INTERRUPTED),
        f"completedNumberOf{unit}": run.done,
        f"failedNumberOf{unit}": 0,
        f"totalNumberOf{unit}": run.done,
        "progressPercentage": 100 * run.done // len(run.candidates) if run.candidates else 0,
        "startTime": int(run.started * 1000),
    }
    if run.finished is not None:
        shown["finishTime"] = int(run.finished * 1000)
    return {
        **shown,
        "totalByteSize": run.done_bytes,
        "successByteSize": run.done_bytes,
        "failureByteSize": 0,
    }


ARCHIVE = "/artifactory/api/retention/archive"
PATH = f"{ARCHIVE}/policies"
ONE = f"{PATH}/{{key}}"
SINCE = "7.27.3"

ROUTES = tuple(
    Route(method, path, handler, needs="admin", since=SINCE, unless="no_cold_storage")
    for method, path, handler in (
        ("GET", PATH, get_policies),
        ("POST", f"{PATH}/preview", preview_model),
        ("POST", f"{PATH}/convertToAql", convert),
        ("GET", ONE, get_policy),
        ("POST", ONE, create_policy),
        ("PUT", ONE, update_policy),
        ("DELETE", ONE, delete_policy),
        ("POST", f"{ONE}/trigger", trigger),
        ("POST", f"{ONE}/stop", stop_run),
        ("POST", f"{ONE}/preview", preview),
        ("GET", f"{ARCHIVE}/executions", executions),
    )
)
