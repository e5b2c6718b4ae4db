"""Runs of cleanup policies: started, followed, stopped; and all of them at once in an emergency."""

from __future__ import annotations

import csv
import io
import zipfile

from reconciler.errors import AnswerError
from reconciler.kinds.operations import Asked, Begun, Input, Operation
from reconciler.kinds.rest import Flow, is_error_document, object_of, segment, send, unusable
from reconciler.model import Request, Response, Standing

CLEANUP = "/artifactory/api/cleanup/policies"
RUNS = f"{CLEANUP}/runs"
RUN = Input("run", "the number of the run, as starting it told", required=True)
_BOTH = "of every cleanup policy of the platform, for packages and for release bundles, whoever "


def started(policies: str, asked: Asked, *, dry: bool) -> Flow:
    """Starts a run; returns its number."""
    query = (("dryRun", "true"),) if dry else ()
    request = Request("PUT", f"{policies}/{segment(asked.name)}/run", query=query)
    number = object_of(request, (yield from send(request))).get("runId")
    if type(number) is not int:
        raise AnswerError(f"{request} answered no number of a run")
    return Begun(f"run {number}", str(number))


def _report_request(asked: Asked) -> Request:
    query = (("policyKey", asked.name), ("runId", number_of(asked)))
    return Request("GET", f"{RUNS}/downloadReport", query=query)


def number_of(asked: Asked) -> str:
    """The number of the run somebody means. Raises AnswerError for anything but a number."""
    number = asked.mark or asked.given.get("run", "")
    if not (number.isascii() and number.isdigit()):
        raise AnswerError(f"'{number}' is no number of a run")
    return number


def followed(asked: Asked) -> Flow:
    """A run is over when there is a report of it: nothing else tells."""
    request = _report_request(asked)
    response: Response = yield request
    number = number_of(asked)
    if response.status == 404 and is_error_document(response):
        return Standing(f"run {number} has no report yet")
    if not response.ok:
        raise unusable(request, response)
    count = lines_of(response.body)
    told = "a report" if count is None else f"a report of {count:,} line{'s'[: count != 1]}"
    return Standing(f"run {number} left {told}", is_over=True, details={"lines": count})


def lines_of(report: bytes) -> int | None:
    """How many lines the table of a report has below its heading; None where it has none."""
    try:
        with zipfile.ZipFile(io.BytesIO(report)) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".csv"))
            text = packed.read(name).decode("utf-8", "replace")
    except (zipfile.BadZipFile, StopIteration, OSError, RuntimeError, NotImplementedError):
        return None
    return max(0, sum(1 for _ in csv.reader(io.StringIO(text))) - 1)


def reported(asked: Asked) -> Flow:
    """The report of a run: a zip with a table."""
    response: Response = yield from send(_report_request(asked))
    return response.body


def named_run(asked: Asked) -> Flow:
    """A run somebody names; nothing is started."""
    return Begun(f"run {number_of(asked)}", number_of(asked))
    yield


def stopped(asked: Asked) -> Flow:
    """2.7.3.1: what is done stays done."""
    request = Request("PUT", f"{RUNS}/{number_of(asked)}", json={"action": "stop"})
    return (yield from send(request)).text


def _stop_all(_asked: Asked) -> Flow:
    """2.7.3.2"""
    return (yield from send(Request("PUT", f"{RUNS}/forceStopAll"))).text


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
            "report", "get the report of a run", named_run, followed, reported, inputs=(RUN,)
        ),
        *EMERGENCY,
    )
