"""A flow in, the requests it will send out; the server is not asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.errors import ReconcilerError
from reconciler.kinds.rest import Flow
from reconciler.model import (
    FieldChange,
    PlannedRequest,
    Request,
    Response,
    Together,
)


def top_level(changes: Iterable[FieldChange]) -> list[str]:
    """The fields of the spec that hold the changed paths."""
    paths = (c.path for c in changes if c.path.startswith("spec."))
    return list(dict.fromkeys(path.split(".")[1].partition("[")[0] for path in paths))


def hidden(_reference: Mapping[str, str]) -> None:
    """A plan's requests are shown without their secrets."""


def preview(flow: Flow) -> tuple[PlannedRequest, ...]:
    """The requests of a flow, learned by playing a server that agrees to everything."""
    requests: list[PlannedRequest] = []
    agreed = Response(200, {}, b"{}")
    try:
        request = next(flow)
        while len(requests) < 8:
            together = isinstance(request, Together)
            for one in request.requests if together else [getattr(request, "request", request)]:
                if isinstance(one, Request) and not one.is_read:
                    requests.append(PlannedRequest(one.method, one.path))
            request = flow.send([agreed for _ in request.requests] if together else agreed)
    except (StopIteration, ReconcilerError):
        pass
    return tuple(requests)
