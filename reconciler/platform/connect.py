"""Workspace and settings in, one client for each platform out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import httpx

from reconciler import __version__
from reconciler.engine.digest import normalised_url
from reconciler.errors import UsageError
from reconciler.manifests.workspace import Workspace
from reconciler.model import SERVICES, PlatformInfo
from reconciler.platform.client import (
    Client,
    Clock,
    Endpoint,
    HttpOptions,
    base_url,
    verification,
)
from reconciler.platform.keyless import Keyless
from reconciler.platform.secrets import SecretSource
from reconciler.report.sanitise import safe_url
from reconciler.settings import TOKEN_VARIABLES, URL_VARIABLES, Pin, Settings


@dataclass(frozen=True)
class Wire:
    """What a run stands on; tests give a transport without sockets and a clock that never waits."""

    transport: httpx.BaseTransport | None = None
    clock: Clock = field(default_factory=Clock)


@contextmanager
def clients(
    workspace: Workspace,
    settings: Settings,
    names: Iterable[str],
    wire: Wire | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Mapping[str, Client]]:
    """Clients for the named platforms, closed at the end; `tell` is told of long waits.

    Raises UsageError when a URL or token is not given.
    """
    options = HttpOptions(
        timeout=settings.timeout,
        deadline=settings.longest_wait,
        ca_file=settings.ca_file,
        client_cert=settings.client_cert,
        requests_per_second=settings.requests_per_second,
        user_agent=f"reconciler/{__version__}",
    )
    wire = wire or Wire()
    with ExitStack() as stack:
        trace = None
        if settings.trace is not None:
            trace = stack.enter_context(_opened_trace(settings.trace))
        opened: dict[str, Client] = {}
        for name in names:
            client = Client(
                endpoint(workspace, settings, name, options, wire),
                options,
                transport=wire.transport,
                clock=wire.clock,
                trace=trace,
                tell=tell,
            )
            stack.callback(client.close)
            opened[name] = client
        yield opened


@contextmanager
def _opened_trace(file: Path) -> Iterator[TextIO]:
    """The file of a trace. Raises OSError where it cannot be opened; later, nothing does."""
    trace = file.open("a", encoding="utf-8")
    try:
        yield trace
    finally:
        with suppress(OSError):  # what could not be written is tried again by a close
            trace.close()


def endpoint(
    workspace: Workspace,
    settings: Settings,
    name: str,
    options: HttpOptions | None = None,
    wire: Wire | None = None,
) -> Endpoint:
    """Where one platform is and how to sign in there. Raises UsageError."""
    url = url_of(workspace, settings, name)
    written, pin = _written(workspace, name), settings.all_pins.get(name)
    if pin is not None and pin.oidc:
        return Endpoint(
            name, url, _keyless(pin, settings, options or HttpOptions(), wire or Wire())
        )
    return Endpoint(name, url, _token(name, written, pin, workspace, settings))


def _keyless(pin: Pin, settings: Settings, options: HttpOptions, wire: Wire) -> Keyless:
    """Signing in by what the CI system says of the job."""

    def opened(url: str) -> httpx.Client:
        return httpx.Client(
            verify=verification(url, options),
            timeout=options.timeout,
            transport=wire.transport,
            headers={"user-agent": options.user_agent},
        )

    return Keyless(
        pin.name,
        base_url(pin.url),
        pin.oidc,
        pin.audience,
        settings.environment,
        opened,
        clock=wire.clock,
        masked=settings.masked,
    )


def url_of(workspace: Workspace, settings: Settings, name: str) -> str:
    """Where one platform is. Raises UsageError."""
    pins = settings.all_pins
    if pins and name not in pins:
        raise UsageError(
            f"platform '{name}' is not pinned",
            hint="--platform or RECONCILER_PLATFORMS pins some platforms; then all must be pinned",
        )
    url = pins[name].url if name in pins else _url(name, _written(workspace, name), settings)
    url = _service_url(name, url) if name in SERVICES else url
    _refuse_credentials(name, url)
    return url


def _written(workspace: Workspace, name: str) -> Mapping[str, Any]:
    """What the workspace says of a platform, or of a service beside the platforms."""
    of = workspace.spec if name in SERVICES else workspace.platforms
    return of.get(name) or {}


def _refuse_credentials(name: str, url: str) -> None:
    """A URL is printed in plans and reports, so it must hold no password. Raises UsageError."""
    from urllib.parse import urlsplit

    try:
        has_credentials = "@" in urlsplit(url).netloc
    except ValueError:  # no URL at all: told where it is opened
        return
    if has_credentials:
        raise UsageError(
            f"the URL of platform '{name}' holds a user name or password",
            hint="take it out of the URL; the access token is given by JFROG_ACCESS_TOKEN or "
            "spec.platforms.<name>.token",
        )


def refuse_elsewhere(workspace: Workspace, settings: Settings, info: PlatformInfo) -> None:
    """Raises UsageError when a recorded platform is another one than the workspace or a pin names.

    A URL that cannot be told here, because its variable is not set, refuses nothing.
    """
    pins, written = settings.all_pins, (workspace.platforms.get(info.name) or {}).get("url")
    url = settings.environment.get(written["env"]) if isinstance(written, dict) else written
    url = pins[info.name].url if info.name in pins else url
    if url and not _same_place(url, info.url):
        raise UsageError(
            f"the snapshot was taken of {info.url}, and platform '{info.name}' is at "
            f"{safe_url(url)}",
            hint="take a snapshot with this workspace; a plan of another platform proves nothing",
        )


def _same_place(one: str, other: str) -> bool:
    try:
        return normalised_url(one) == normalised_url(other)
    except ValueError:  # a port that is no number
        return one == other


def _url(name: str, written: Mapping[str, Any], settings: Settings) -> str:
    url = written.get("url")
    if isinstance(url, dict):
        variable = url.get("env", "")
        url = settings.environment.get(variable)
        if not url:
            state = "is not set" if url is None else "is empty"
            raise UsageError(
                f"there is no URL for platform '{name}': the variable {variable} {state}",
                hint=f"export {variable}=https://acme.example.com, or pin the platform with "
                f"--platform {name}=URL",
            )
    is_service = name in SERVICES
    url = url or settings.variable((f"{name.upper()}_URL",) if is_service else URL_VARIABLES)
    if not url and is_service:
        raise UsageError(
            f"there are manifests for {name}, and nothing says where it is",
            hint=f"write spec.{name}: {{url: ..., token: {{env: NAME}}}} in reconciler.yaml, or "
            f"set {name.upper()}_URL and {name.upper()}_TOKEN",
        )
    if not url:
        raise UsageError(
            f"no URL for platform '{name}'",
            hint="set JFROG_URL, or write it in reconciler.yaml under spec.platforms",
        )
    return str(url)


def _service_url(name: str, url: str) -> str:
    """The URL of JFrog Connect without the path of its API v2, which people paste along.

    Raises UsageError for that of an older API, which is refused.
    """
    host, found, rest = url.strip().partition("//")
    place, _, path = rest.partition("/")
    segments = [segment for segment in path.split("/") if segment]
    if {"v1", "v2"} & set(segments) and "api" not in segments[:-1]:
        raise UsageError(
            f"{safe_url(url)} is an older API of {name}, which is not used: it answers a "
            "deployment without an identifier, so it could never be found again, watched or "
            "stopped, and a lost answer would deploy twice",
            hint="write the base URL alone, such as https://api.connect.jfrog.io; API v2 is below "
            "/api/v2 there",
        )
    if "api" in segments:
        segments = segments[: segments.index("api")]
    return "/".join([f"{host}{found}{place}", *segments])


def _token(
    name: str,
    written: Mapping[str, Any],
    pin: Pin | None,
    workspace: Workspace,
    settings: Settings,
) -> Callable[[], str]:
    if not pin and "oidcProvider" in written and "token" not in written:
        raise UsageError(
            f"platform '{name}' is signed in to without a stored token, and nobody pins it",
            hint=f"say where the ID token may be sent outside of the file: --platform "
            f"{name}=URL,oidc={written['oidcProvider']}, or RECONCILER_PLATFORMS; or give a token",
        )
    reference = None if pin else written.get("token")
    if reference:
        source = SecretSource(settings.environment, workspace.root, settings.secret_dirs)
        token = _resolved(name, reference, source)
    else:
        token = _token_from_environment(name, settings)
    if not token.isascii() or any(c.isspace() or ord(c) < 0x20 for c in token):
        raise UsageError(
            f"the token of platform '{name}' has blanks or characters no token has",
            hint="was it copied with its quotes or with a line end?",
        )
    return lambda: token


def _resolved(name: str, reference: Mapping[str, str], source: SecretSource) -> str:
    try:
        return source.resolve(reference).reveal()
    except UsageError as error:
        raise UsageError(
            f"there is no token for platform '{name}': {error.summary}",
            hint=f"set it, or leave the platform out with --exclude platform={name}",
        ) from None


def _token_from_environment(name: str, settings: Settings) -> str:
    if name in SERVICES:  # a platform's token is not for it
        return _own_token(name, token_variable(name), settings)
    token = settings.variable(
        (token_variable(name), *TOKEN_VARIABLES) if settings.all_pins else TOKEN_VARIABLES
    )
    if not token:
        raise UsageError(
            f"no token for platform '{name}'",
            hint="set JFROG_ACCESS_TOKEN, or write spec.platforms.<name>.token: {env: NAME}",
        )
    return token.strip()


def token_variable(name: str) -> str:
    """The variable that holds the token of a pinned platform."""
    return f"{name.upper().replace('-', '_').replace('.', '_')}_TOKEN"


def _own_token(name: str, variable: str, settings: Settings) -> str:
    token = settings.variable((variable,))
    if not token:
        raise UsageError(
            f"no token for {name}",
            hint=f"set {variable}, or write spec.{name}.token: {{env: NAME}}",
        )
    return token.strip()
