"""Runs of cleanup policies: started, followed, stopped; and all of them at once in an emergency."""

from __future__ import annotations

from dataclasses import asdict

from reconciler.errors import AnswerError
from reconciler.kinds.operations import Asked, Begun, Input, Operation
from reconciler.kinds.policies import _runs
from reconciler.kinds.rest import (
    Flow,
    error_text,
    is_error_document,
    object_of,
    segment,
    send,
    unusable,
)
from reconciler.model import Request, Response, Standing

CLEANUP = "/artifactory/api/cleanup/policies"
RUN = Input("run", "the number of a run; without it, the last one that was started from here")
_BOTH = "of every cleanup policy of the platform, for packages and for release bundles, whoever "


def started(policies: str, asked: Asked, *, dry: bool) -> Flow:
    """Starts a run; returns its number, to be remembered with what the policy selects."""
    path = f"{policies}/{segment(asked.name)}"
    policy = object_of(request := Request("GET", path), (yield from send(request)))
    query = (("dryRun", "true"),) if dry else ()
    request = Request("PUT", f"{path}/run", query=query)
    number = object_of(request, (yield from send(request))).get("runId")
    if type(number) is not int:
        raise AnswerError(f"{request} answered no number of a run")
    record = _runs.remembered(number, policy, dry=dry)
    return Begun(f"run {number}", str(number), record)


def _report_request(asked: Asked) -> Request:
    query = (("policyKey", asked.name), ("runId", number_of(asked)))
    return Request("GET", f"{_runs.RUNS}/downloadReport", query=query)


def number_of(asked: Asked) -> str:
    """The number of the run somebody means. Raises AnswerError for anything but a number."""
    last = _runs.number_in(asked.last)
    number = asked.mark or asked.given.get("run", "") or ("" if last is None else str(last))
    if not number:
        raise AnswerError(
            f"no run of {asked.address} was started from here, so nobody can tell which is meant",
            hint="--set run=N; the platform's screen of cleanup runs shows the numbers",
        )
    if not (number.isascii() and number.isdigit()):
        raise AnswerError(f"'{number}' is no number of a run")
    return number


def followed(asked: Asked) -> Flow:
    """A run is over when there is a report of it, or when the platform says that it ended."""
    number = number_of(asked)
    told: _runs.Summary | None = yield from _runs.summary(asked.name, number)
    if told is not None and not told.is_over:
        return Standing(f"run {number}: {told.words}")
    request = _report_request(asked)
    response: Response = yield request
    has_none = response.status == 404 and is_error_document(response)
    if not response.ok and not has_none:
        raise unusable(request, response)
    if told is None:
        return Standing(
            f"run {number} {'has no report yet' if has_none else 'left a report'}",
            is_over=not has_none,
        )
    is_whole = told.status == _runs.COMPLETED
    words = f"run {number}: {told.words}"
    if has_none and is_whole:
        return Standing(f"{words}; no report yet")
    return Standing(words, is_over=True, has_failed=not is_whole, details=asdict(told))


def reported(asked: Asked) -> Flow:
    """The report of a run: a zip with a table."""
    response: Response = yield from send(_report_request(asked))
    return response.body


def named_run(asked: Asked) -> Flow:
    """A run somebody names, and how it is; nothing is started."""
    number = number_of(asked)
    told: _runs.Summary | None = yield from _runs.summary(asked.name, number)
    words = told.words if told else "the platform tells no more than its report (--out)"
    return Begun(f"run {number}: {words}", number)


def stopped(asked: Asked) -> Flow:
    """2.7.3.1: what is done stays done."""
    number = number_of(asked)
    request = Request("PUT", f"{_runs.RUNS}/{number}", json={"action": "stop"})
    response: Response = yield request
    if response.status == 404 and is_error_document(response):
        raise AnswerError(
            f"run {number} does not go on: {error_text(response)}",
            status=404,
            hint="it is over, or nobody started it; --set run=N stops another one, and "
            "`stop-all` every one",
        )
    if not response.ok:
        raise unusable(request, response)
    return response.text


def _stop_all(_asked: Asked) -> Flow:
    """2.7.3.2"""
    return (yield from send(Request("PUT", f"{_runs.RUNS}/forceStopAll"))).text


def _disable_all(_asked: Asked) -> Flow:
    """2.7.3.3"""
    return (yield from send(Request("PUT", f"{CLEANUP}/forceDisableAll"))).text


EMERGENCY = (
    Operation(
        "stop-all",
        "stop every run of every cleanup policy of the platform, also of release bundles",
        _stop_all,
        asks=f"it stops the runs {_BOTH}started them; what is deleted stays deleted",
        of_platform=True,
    ),
    Operation(
        "disable-all",
        "switch off every cleanup policy of the platform, also of release bundles",
        _disable_all,
        asks=f"it switches off {_BOTH[3:]}owns them; `drift` shows it, and the next apply switches "
        "on again what manifests want switched on",
        of_platform=True,
    ),
)


def operations(policies: str, what: str) -> tuple[Operation, ...]:
    """What can be done with policies below a path; `what` names what they delete."""
    return (
        Operation(
            "dry-run",
            f"list the {what} that a run would delete; deletes nothing, works while switched off",
            lambda asked: started(policies, asked, dry=True),
            followed,
            reported,
        ),
        Operation(
            "run",
            f"delete the {what} that it hits, now",
            lambda asked: started(policies, asked, dry=False),
            followed,
            reported,
            asks=f"it deletes {what} now; a dry run tells which",
        ),
        Operation("stop", "stop a run; it cannot go on later", stopped, inputs=(RUN,)),
        Operation(
            "report",
            "get the report of a run",
            named_run,
            followed,
            reported,
            inputs=(RUN,),
            of_past=True,
        ),
        *EMERGENCY,
    )
