"""A flow in, its result out: what it yields is carried out, and what came of it is sent back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcilerError, UnauthorisedError
from reconciler.kinds.rest import Flow
from reconciler.model import Once, Pause, Request, Response, Together

if TYPE_CHECKING:
    from reconciler.platform.client import Client


def drive(client: Client, flow: Flow, attempts: int | None = None) -> Any:
    """Drive a flow to its end and return its result; errors are those of `Client.send`."""
    try:
        wanted: Any = next(flow)
        while True:
            wanted = flow.send(_answered(client, wanted, attempts))
    except StopIteration as stop:
        return stop.value
    finally:
        flow.close()


def _answered(client: Client, wanted: Any, attempts: int | None) -> Any:
    match wanted:
        case Together(requests=requests):
            return _side_by_side(client, requests)
        case Once(request=request):
            return client.once(request)
        case Pause(seconds=seconds):
            return client.pause(seconds)
        case _:
            return client.send(wanted, attempts)


def _side_by_side(client: Client, requests: Sequence[Request]) -> list[Response | ReconcilerError]:
    """What came of each; a token that is refused ends it all."""

    def one(request: Request) -> Response | ReconcilerError:
        try:
            return client.send(request)
        except UnauthorisedError:
            raise
        except ReconcilerError as error:
            return error

    if len(requests) < 2:
        return [one(request) for request in requests]
    return list(client.pool.map(one, requests))
