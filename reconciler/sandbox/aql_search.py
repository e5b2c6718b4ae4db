"""A query as plain text in, what it finds out."""

from __future__ import annotations

from reconciler.sandbox import aql
from reconciler.sandbox.aql_items import items
from reconciler.sandbox.auth import sees
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.routing import Call, Route


def search(call: Call) -> Response:
    """A query in, the items the caller may see out."""
    platform = call.platform
    try:
        query = aql.parse(text_of(call))
        seen = (item for item in items(platform, query) if sees(call.caller, item.repo))
        found = aql.answer(
            query,
            seen,
            platform.sandbox.clock.now(),
            platform.store.retention.hard_limit,
            call.caller == "admin",
        )
    except aql.AqlError as error:
        raise Refusal(400, error.message) from error
    return json_response(found)


def text_of(call: Call) -> str:
    """A call in, its query out; an empty body is refused before anybody reads it."""
    text = call.request.body.decode("utf-8", "replace").strip()
    if not text:
        raise Refusal(400, "Bad Request")
    return text


ROUTES = (Route("POST", "/artifactory/api/search/aql", search, since="3.5.0"),)
