"""A CI job's ID token in, a platform's access token out, renewed before it expires (M29).

The CI system vouches for the job with a signed ID token. The platform exchanges it for an access
token, with the rights that its identity mappings give to jobs with such claims. Which platform and
which provider is said by the workflow (pins), never by a file of the repository.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from reconciler.errors import UnauthorisedError, UnreachableError
from reconciler.kinds.rest import error_text
from reconciler.model import Response
from reconciler.platform.clock import Clock
from reconciler.report.sanitise import visible

REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
TOKEN_VARIABLE = "RECONCILER_ID_TOKEN"
"""Where other CI systems put the ID token of a job."""

PATH = "/access/api/v1/oidc/token"
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
KIND = "urn:ietf:params:oauth:token-type:id_token"
CLAIMS = (
    "iss",
    "aud",
    "sub",
    "repository",
    "repository_id",
    "ref",
    "environment",
    "event_name",
    "job_workflow_ref",
)
"""What identity mappings are written on, and is no secret."""

ATTEMPTS = 4
SKEW = 60
"""Seconds two clocks may differ."""
ASSUMED = 300.0
"""Seconds a token is taken to live when nobody tells."""


class KeylessError(UnauthorisedError):
    """The platform does not exchange the ID token."""

    rule = "oidc-refused"


class NoPermissionError(KeylessError):
    """The job may not ask for an ID token."""

    rule = "oidc-permission"


class NoIdTokenError(KeylessError):
    """The CI system did not give an ID token."""

    rule = "oidc-request"


class ProviderError(KeylessError):
    """The platform has no such OIDC integration."""

    rule = "oidc-provider"


class ClaimsError(KeylessError):
    """No identity mapping is about such a job."""

    rule = "oidc-claims"


class IssuerError(KeylessError):
    """The integration is of another issuer."""

    rule = "oidc-issuer"


class ClockError(KeylessError):
    """The platform thinks that the ID token is not valid yet, or no more."""

    rule = "oidc-clock"


class Keyless:
    """The access token of one platform; ask it before each request. Thread-safe."""

    def __init__(
        self,
        name: str,
        base: str,
        provider: str,
        audience: str,
        environment: Mapping[str, str],
        opened: Callable[[str], httpx.Client],
        *,
        clock: Clock,
        masked: Callable[[str], None],
    ) -> None:
        self._name, self._base, self._provider, self._audience = name, base, provider, audience
        self._environment, self._opened = environment, opened
        self._clock, self._masked = clock, masked
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        """A token that is valid for a while. Raises KeylessError, UnreachableError."""
        with self._lock:
            if not self._token or self._clock.now() >= self._until:
                self._token, lifetime = self._exchanged(self._id_token())
                self._until = self._clock.now() + lifetime - min(60.0, lifetime / 2)
            return self._token

    # --- the CI system

    def _id_token(self) -> str:
        given = self._environment.get(TOKEN_VARIABLE, "").strip()
        url, bearer = (self._environment.get(n, "") for n in (REQUEST_URL, REQUEST_TOKEN))
        if given:
            token = given
        elif url and bearer:
            token = self._requested(url, bearer)
        else:
            raise NoPermissionError(
                f"platform '{self._name}' is signed in to without a stored token, and the job may "
                "not ask for an ID token",
                hint="grant the job `id-token: write`; a pull request from a fork never may. Other "
                f"CI systems hand theirs over in {TOKEN_VARIABLE}",
            )
        self._masked(token)
        return token

    def _requested(self, url: str, bearer: str) -> str:
        if self._audience:
            url += f"{'&' if '?' in url else '?'}audience={quote(self._audience, safe='')}"
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/json"}
        answer = self._asked("GET", url, headers=headers)
        token = _object(answer).get("value")
        if answer.status_code != 200 or not isinstance(token, str) or not token:
            raise NoIdTokenError(
                f"the CI system gave no ID token: it answered {answer.status_code}",
                hint="has the job the permission `id-token: write`? Run it again otherwise",
            )
        return token

    # --- the platform

    def _exchanged(self, id_token: str) -> tuple[str, float]:
        body = {
            "grant_type": GRANT,
            "subject_token_type": KIND,
            "subject_token": id_token,
            "provider_name": self._provider,
        }
        answer = self._asked("POST", self._base + PATH, json=body)
        told = _object(answer)
        token = told.get("access_token")
        if answer.is_success and isinstance(token, str) and token:
            self._masked(token)
            return token, _lifetime(told, token)
        raise self._refused(answer, _claims(id_token), id_token)

    def _refused(
        self, answer: httpx.Response, claims: Mapping[str, Any], id_token: str
    ) -> KeylessError:
        """Why the platform said no: by what it writes, and by what the ID token says."""
        response = Response(answer.status_code, dict(answer.headers), answer.content)
        text = visible(error_text(response).replace(id_token, "***")[:300])
        detail = _told(claims)
        said = f"it answered {answer.status_code} {text}".rstrip()
        where = f"{self._name} does not sign the job in with '{visible(self._provider)}'"
        if _is_skewed(answer.headers.get("date", ""), claims) or _says(text, _CLOCK):
            return ClockError(
                f"{where}: the clocks of the platform and the CI system differ ({said})",
                detail=detail,
                hint="set the platform's clock; an ID token is valid for a few minutes",
            )
        if _says(text, _ISSUER):
            issuer = visible(str(claims.get("iss", "")))
            return IssuerError(
                f"{where}: the integration is of another issuer than {issuer} ({said})",
                detail=detail,
                hint=f"set issuer_url of the integration to {issuer}, without a slash at its end",
            )
        if _says(text, _PROVIDER):
            return ProviderError(
                f"{where}: there is no such integration ({said})",
                hint="make it under Administration > General > OpenID Connect, or name another one "
                "in the workflow",
            )
        if _says(text, _MAPPING) or answer.status_code in (401, 403):
            return ClaimsError(
                f"{where}: no identity mapping matches the job ({said})",
                detail=detail,
                hint="write a mapping on the claims above, best on repository_id, environment and "
                "event_name",
            )
        hint = "keyless sign-in needs Artifactory 7.77.3 or newer" if _is_page(answer) else ""
        return KeylessError(f"{where}: {said}", detail=detail, hint=hint)

    def _asked(self, method: str, url: str, **more: Any) -> httpx.Response:
        """One request, repeated while nobody answers. Raises UnreachableError."""
        failure = ""
        with self._opened(url) as client:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._clock.sleep(0.25 * 2.0**attempt)
                try:
                    answer = client.request(method, url, **more)
                except httpx.TransportError as error:
                    failure = str(error) or type(error).__name__
                    continue
                except (httpx.InvalidURL, ValueError) as error:
                    failure = str(error)
                    break
                if answer.status_code not in (429, 502, 503, 504):
                    return answer
                failure = f"it answered {answer.status_code}"
        host = visible(urlsplit(url).netloc)
        raise UnreachableError(
            f"{host} does not answer the request for a token: {failure}",
            hint="check the URL, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)",
        )


_CLOCK = r"expired|not yet|before its|clock|\bnbf\b|\biat\b"
_ISSUER = r"issuer"
_PROVIDER = r"(provider|integration|configuration)\b.*(not found|not exist|unknown|no such)|" + (
    r"(not found|no such|unknown)\b.*(provider|integration|configuration)"
)
_MAPPING = r"identity mapping|mapping|claim"


def _says(text: str, pattern: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _is_page(answer: httpx.Response) -> bool:
    """Whether the route is unknown: then the answer says nothing of a provider."""
    return answer.status_code in (404, 405)


def _is_skewed(date: str, claims: Mapping[str, Any]) -> bool:
    """Whether the platform's clock lies outside of the time the ID token is valid in."""
    try:
        now = parsedate_to_datetime(date).timestamp()
        return now < float(claims["iat"]) - SKEW or now > float(claims["exp"]) + SKEW
    except (LookupError, TypeError, ValueError):
        return False


def _told(claims: Mapping[str, Any]) -> str:
    """The claims a mapping may be written on, one a line."""
    shown = (f"{name}: {visible(str(claims[name]))[:200]}" for name in CLAIMS if name in claims)
    return "\n".join(("the job's claims:", *(f"  {line}" for line in shown)))


def _claims(token: str) -> Mapping[str, Any]:
    """What a JSON web token says, unproved; nothing where it is none."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lifetime(told: Mapping[str, Any], token: str) -> float:
    """Seconds the access token lives."""
    try:
        return max(1.0, float(told["expires_in"]))
    except (LookupError, TypeError, ValueError):
        pass
    try:
        return max(1.0, float(_claims(token)["exp"]) - time.time())
    except (LookupError, TypeError, ValueError):
        return ASSUMED


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
