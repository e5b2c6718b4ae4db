"""Questions about an access token in, who it is for out."""

from __future__ import annotations

from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.versions import at_least

SERVICE = "jfac@sandbox"


def get_token(call: Call) -> Response:
    """`me` in, what is known of the token that asks out. Tokens made elsewhere have no id here."""
    asked = call.params["id"]
    me = f"token-{call.caller.replace(':', '-')}"
    if asked != me and not (asked == "me" and at_least(call.platform.version, "7.53.1")):
        raise Refusal(404, f"Token with id '{asked}' was not found")
    return json_response(
        {
            "token_id": me,
            "subject": f"{SERVICE}/users/{call.platform.user_of(call.caller)}",
            "issued_at": 0,
            "issuer": SERVICE,
            "description": "a token of the sandbox",
            "refreshable": False,
        }
    )


ROUTES = (Route("GET", "/access/api/v1/tokens/{id}", get_token, since="7.21.1"),)
"""A token is known by `me` from 7.53.1 on."""
