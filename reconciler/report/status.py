"""How things are doing in; text for people and a document for programs out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.errors import Exit
from reconciler.model import SERVICES, Health, HealthState, Reach, Standing, Status
from reconciler.report.deployment import said
from reconciler.report.figures import counted
from reconciler.report.layout import paragraphs
from reconciler.report.paint import Paint, Style, painter
from reconciler.report.sanitise import safe_url, visible

STATUS = "reconciler.status/v1"
OPERATION = "reconciler.operation/v1"

_STYLES: dict[HealthState, Style] = {"healthy": "green", "degraded": "red", "unknown": "yellow"}


def status_exit(status: Status) -> Exit:
    """0 healthy, 2 degraded or unknown, 6 a platform does not answer."""
    if not status.is_reached:
        return Exit.UNREACHABLE
    counts = status.summary()
    return Exit.PENDING if counts["degraded"] or counts["unknown"] else Exit.DONE


def status_text(status: Status, *, color: bool) -> str:
    """One line for each platform and each object, and the sum."""
    paint = painter(color)
    return paragraphs(
        [
            list(_platforms(status, paint)),
            list(_objects(status, paint)),
            [paint("bold", status_words(status))],
        ]
    )


def status_words(status: Status) -> str:
    """`2 healthy, 1 degraded; 1 platform does not answer`."""
    counts = [f"{count:,} {state}" for state, count in status.summary().items() if count]
    told = ", ".join(counts) or "nothing that runs by itself is declared"
    away = sum(1 for reach in status.platforms if reach.reason)
    verb = "does" if away == 1 else "do"
    return f"{told}; {counted(away, 'platform')} {verb} not answer" if away else told


def _platforms(status: Status, paint: Paint) -> Iterator[str]:
    width = max((len(reach.platform.name) for reach in status.platforms), default=0)
    for reach in status.platforms:
        name = visible(reach.platform.name).ljust(width)
        yield f"{name}  {visible(safe_url(reach.platform.url))}  {_answer(reach, paint)}"


def _answer(reach: Reach, paint: Paint) -> str:
    if reach.reason:
        return paint("red", f"does not answer: {visible(reach.reason)}")
    usual = "answers" if reach.platform.name in SERVICES else "version unknown"
    return paint("dim", visible(reach.platform.artifactory_version or usual))


def _objects(status: Status, paint: Paint) -> Iterator[str]:
    width = max((len(health.state) for _, health in status.objects), default=0)
    for address, health in status.objects:
        state = paint(_STYLES[health.state], health.state.ljust(width))
        yield f"{state}  {paint('bold', visible(str(address)))}  {visible(health.words)}"
        failed: Any = health.details.get("failed", ())
        for one in failed:
            name = f"{visible(one['uuid'])} {visible(one['name'])}"
            yield f"{'':{width}}    {name}, {said(one['report'])}"


def status_json(status: Status, exit_code: int) -> dict[str, Any]:
    """The published document; see schemas/documents/status.v1.schema.json."""
    return {
        "format": STATUS,
        "exitCode": exit_code,
        "platforms": [
            {
                "name": reach.platform.name,
                "url": safe_url(reach.platform.url),
                "reachable": not reach.reason,
                "artifactoryVersion": reach.platform.artifactory_version or None,
                "reason": reach.reason,
            }
            for reach in status.platforms
        ],
        "summary": status.summary(),
        "objects": [
            {"address": str(address), **_health(health)} for address, health in status.objects
        ],
        "diagnostics": [],
    }


def _health(health: Health) -> dict[str, Any]:
    return {"state": health.state, "words": health.words, "details": dict(health.details)}


def operation_json(
    address: str, operation: str, said: str, standing: Standing | None, exit_code: int
) -> dict[str, Any]:
    """The published document; see schemas/documents/operation.v1.schema.json."""
    state = "started"
    if standing is not None:
        state = "failed" if standing.has_failed else "done"
    return {
        "format": OPERATION,
        "exitCode": exit_code,
        "address": address,
        "operation": operation,
        "state": state,
        "said": said,
        "words": standing.words if standing else "",
        "details": dict(standing.details) if standing else {},
        "diagnostics": [],
    }
