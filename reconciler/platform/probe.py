"""A client in, the platform's versions out: asked once, before anything else."""

from __future__ import annotations

from reconciler.errors import UnreachableError
from reconciler.kinds.rest import Flow, is_error_document, unusable
from reconciler.model import PlatformInfo, Request, Response
from reconciler.platform.client import Client

ATTEMPTS = 3
"""A wrong URL should be told in seconds, not after the patience an apply has."""


def probe(client: Client) -> PlatformInfo:
    """Versions of one platform.

    Raises UnreachableError when nothing that answers like a JFrog Platform is there.
    """
    versions = {"artifactory": client.run(artifactory_version(), ATTEMPTS)}
    return PlatformInfo(client.endpoint.name, client.base, versions)


def artifactory_version() -> Flow:
    """2.27 System Info: `{"version": ...}`."""
    request = Request("GET", "/artifactory/api/system/version")
    response: Response = yield request
    try:
        answer = response.json() if response.ok else None
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("version"), str):
        return answer["version"]
    if response.status == 403 and is_error_document(response):
        return ""
    raise UnreachableError(
        str(unusable(request, response)),
        hint="is this the base URL of a JFrog Platform, such as https://acme.example.com?",
    )
