"""A request in, the fault that hits it out: what networks, proxies and busy servers do.

A fault is a plain object: `match` (platform, method, path; globs), `skip` so many matching requests
first, hit `times` requests (null: always), and an `action` with its details:

    latency       ms: wait, then answer
    hang          seconds: the same, meant to outlast a client's patience
    status        status, headers, body (text or JSON) or message: answer this, do nothing
    html          status: a gateway's page instead of JSON
    empty         status: no body at all
    conflict      400, the text of a lost race for the configuration
    project-500   500, the text of a project that could not take a new repository
    reset-before  the connection dies, nothing was done
    reset-after   the connection dies, everything was done
    truncate      keep (default half): so many bytes of the body, under its full Content-Length
"""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import Any

from reconciler.sandbox.messages import ConnectionReset, Request, Response, json_response
from reconciler.sandbox.refusals import artifactory_error, refuse

ACTIONS = (
    "latency",
    "status",
    "reset-before",
    "reset-after",
    "truncate",
    "html",
    "empty",
    "conflict",
    "project-500",
    "hang",
)

Fault = dict[str, Any]


def checked(fault: Fault) -> Fault:
    """A fault in, the same with its defaults filled out; a wrong action is an error."""
    if fault.get("action") not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise ValueError(f"unknown fault action {fault.get('action')!r}; known: {known}")
    return {"match": {}, "skip": 0, "times": 1, **fault}


def take(faults: list[Fault], platform: str, request: Request) -> list[Fault]:
    """All faults and a request in, those that hit it out; counts are used up on the way.

    Only the first fault that answers or cuts is taken, but delays before it add up.
    """
    hits: list[Fault] = []
    for fault in faults:
        if matches(fault["match"], platform, request) and spend(fault):
            hits.append(fault)
            if fault["action"] not in ("latency", "hang"):
                break
    return hits


def matches(match: dict[str, str], platform: str, request: Request) -> bool:
    """Whether a request is one of those a fault is meant for."""
    return (
        match.get("platform", platform) == platform
        and fnmatchcase(request.method, match.get("method", "*").upper())
        and fnmatchcase(request.path, match.get("path", "*"))
    )


def spend(fault: Fault) -> bool:
    """A matching fault in, whether it strikes this time out."""
    if fault["skip"] > 0:
        fault["skip"] -= 1
        return False
    if fault["times"] is None:
        return True
    if fault["times"] <= 0:
        return False
    fault["times"] -= 1
    return True


def before(fault: Fault, request: Request) -> Response | None:
    """A fault in, the answer it gives instead of the server out; None lets the server answer."""
    action = fault["action"]
    if action == "latency":
        time.sleep(float(fault.get("ms", 0)) / 1000)
    elif action == "hang":
        time.sleep(float(fault.get("seconds", 0)))
    elif action == "reset-before":
        raise ConnectionReset(landed=False)
    elif action in ANSWERS:
        return ANSWERS[action](fault, request)
    return None


def after(fault: Fault, response: Response) -> Response:
    """A fault and the server's answer in, what reaches the client out."""
    if fault["action"] == "reset-after":
        raise ConnectionReset(landed=response.status < 400)
    if fault["action"] == "truncate":
        return truncated(fault, response)
    return response


def truncated(fault: Fault, response: Response) -> Response:
    """An answer in, one whose body ends early out; Content-Length still promises all of it."""
    keep = int(fault.get("keep", len(response.body) // 2))
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    return Response(response.status, headers, response.body[:keep])


def status(fault: Fault, request: Request) -> Response:
    """A chosen status, with chosen headers and body or else the service's own error shape."""
    code = int(fault.get("status", 500))
    if "body" not in fault:
        made = refuse(request.path, code, fault.get("message", "injected fault"))
    elif isinstance(fault["body"], str):
        made = Response(code, {"Content-Type": "text/plain"}, fault["body"].encode())
    else:
        made = json_response(fault["body"], code)
    made.headers.update({name: str(value) for name, value in fault.get("headers", {}).items()})
    return made


def html(fault: Fault, _request: Request) -> Response:
    """The page of a gateway in front of the platform: not JSON, not from JFrog."""
    code = int(fault.get("status", 502))
    page = (
        f"<html>\r\n<head><title>{code} Bad Gateway</title></head>\r\n<body>\r\n"
        f"<center><h1>{code} Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(code, {"Content-Type": "text/html"}, page.encode())


def empty(fault: Fault, _request: Request) -> Response:
    """A status and nothing else."""
    return Response(int(fault.get("status", 500)))


def conflict(_fault: Fault, _request: Request) -> Response:
    """The same text a real collision of two writes gives."""
    return merge_conflict()


def merge_conflict() -> Response:
    """What a lost race for the configuration descriptor answers: a 400, though it is transient."""
    return artifactory_error(
        400,
        "Could not merge and save new descriptor [org.jfrog.common.ExecutionFailed: Last retry "
        "failed: exceeded number of retries 5. Not trying again (Should update revision 252)]",
    )


def project_500(_fault: Fault, _request: Request) -> Response:
    """What creating a repository inside a project answers under load."""
    return artifactory_error(
        500,
        "HTTP response status 500: Failed to execute add project resource with error "
        "Could not update configuration",
    )


ANSWERS = {
    "status": status,
    "html": html,
    "empty": empty,
    "conflict": conflict,
    "project-500": project_500,
}
