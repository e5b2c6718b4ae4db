"""A refusal in, the error body of the service that refuses out.

Artifactory says `{"errors": [{"status": 400, "message": ...}]}`; Access says
`{"errors": [{"code": "NOT_FOUND", "message": ...}]}`: the code is a word, and there is no status.
Connect has its own shapes.
"""

from __future__ import annotations

from reconciler.sandbox.connect.errors import connect_error, is_connect
from reconciler.sandbox.messages import Response, json_response

ACCESS_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
}


class Refusal(Exception):
    """The server will not do it: a status and the message for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def refuse(path: str, status: int, message: str) -> Response:
    """The path of a request and a refusal in, the error in the shape of that service out."""
    if is_connect(path):
        return connect_error(path, status, message)
    if path.startswith("/access/"):
        return access_error(status, message)
    return artifactory_error(status, message)


def artifactory_error(status: int, message: str) -> Response:
    """A status and a message in, Artifactory's error document out."""
    return json_response({"errors": [{"status": status, "message": message}]}, status)


def access_error(status: int, message: str) -> Response:
    """A status and a message in, Access's error document out."""
    code = ACCESS_CODES.get(status, "INTERNAL_SERVER_ERROR")
    return json_response({"errors": [{"code": code, "message": message}]}, status)
