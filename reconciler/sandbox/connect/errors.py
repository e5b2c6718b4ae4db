"""A refusal in, the error body of the part of Connect that refuses out.

v2 says `{"error": ...}`. v1 and the older deploy request say `{"error_message": ...}`, and for too
many requests an empty object.
"""

from __future__ import annotations

from reconciler.sandbox.messages import Response, json_response

OLD = ("/v1/", "/v2/")
V2 = "/api/v2/"


def is_connect(path: str) -> bool:
    """Whether a path belongs to Connect."""
    return path.startswith((V2, *OLD))


def connect_error(path: str, status: int, message: str) -> Response:
    """The path of a request and a refusal in, the answer out."""
    if not path.startswith(OLD):
        return json_response({"error": message}, status)
    return json_response({} if status == 429 else {"error_message": message}, status)
