"""Questions about the platform itself in, version, license and addresses out."""

from __future__ import annotations

from reconciler.sandbox.messages import Response, json_response, text_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import is_url
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.versions import parse

ADDONS = ("build", "federated", "properties", "rest", "search", "sso", "webhooks", "xray")


def revision(version: str) -> str:
    """`7.146.17` in, `714617900` out: servers print such a number after the version."""
    major, minor, patch = (*parse(version), 0, 0)[:3]
    return f"{major}{minor:02d}{patch:02d}900"


def ping(_call: Call) -> Response:
    """Alive, without a token."""
    return text_response("OK")


def version(call: Call) -> Response:
    """The Artifactory version and its add-ons."""
    number = call.platform.version
    return json_response({"version": number, "revision": revision(number), "addons": list(ADDONS)})


def access_version(call: Call) -> Response:
    """The Access version: the number stands in `name`. In the cloud it runs ahead."""
    number = call.platform.version
    if call.platform.sandbox.quirks["cloud"]:
        major, minor, _ = (*parse(number), 0, 0)[:3]
        number = f"{major}.{minor + 6}.0"
    return json_response({"name": number, "revision": revision(number), "timestamp": "0"})


def license_information(_call: Call) -> Response:
    """The license of a single node."""
    return json_response(
        {
            "type": "Enterprise Plus",
            "validThrough": "Dec 31, 2099",
            "licensedTo": "Reconciler Sandbox",
        }
    )


def set_base_url(call: Call) -> Response:
    """A URL as plain text in; it becomes the address the platform gives as its own."""
    url = call.request.body.decode("utf-8", "replace").strip()
    if not is_url(url):
        raise Refusal(400, f"Invalid URL base: '{url}'")
    call.platform.store.base_url = url.rstrip("/")
    call.platform.store.forget_views()
    return text_response(f'URL base has been successfully updated to "{url}".\n')


def usage(_call: Call) -> Response:
    """Clients report which features they use; the platform thanks them with 200."""
    return Response(200)


ROUTES = (
    Route("GET", "/artifactory/api/system/ping", ping, needs="nothing"),
    Route("GET", "/access/api/v1/system/ping", ping, needs="nothing"),
    Route("GET", "/artifactory/api/system/version", version),
    Route("GET", "/access/api/v1/system/version", access_version),
    Route("GET", "/artifactory/api/system/license", license_information, needs="admin"),
    Route(
        "PUT",
        "/artifactory/api/system/configuration/baseUrl",
        set_base_url,
        needs="admin",
        configures=True,
    ),
    Route("POST", "/artifactory/api/system/usage", usage),
)
