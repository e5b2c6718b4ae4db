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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    """The job cannot sign in; `rule` says for which of the reasons of the rules `oidc-*`."""

    def __init__(self, rule: str, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary, detail=detail, hint=hint)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way for a platform to say no: how it is known, what it means and what to do.

    It is known by what the platform writes, or by its status. In the texts `{issuer}` is the ID
    token's.
    """

    rule: str
    written: str
    meaning: str
    hint: str
    statuses: tuple[int, ...] = ()
    is_about_claims: bool = True

    def fits(self, status: int, text: str) -> bool:
        """Whether an answer is this one."""
        return status in self.statuses or re.search(self.written, text, re.IGNORECASE) is not None


CLOCK = Refusal(
    "oidc-clock",
    r"expired|not yet|before its|clock|\bnbf\b|\biat\b",
    "the clocks of the platform and the CI system differ",
    "set the platform's clock; an ID token is valid for a few minutes",
)
REFUSALS = (
    CLOCK,
    Refusal(
        "oidc-issuer",
        r"issuer",
        "the integration is of another issuer than {issuer}",
        "set issuerUrl of the OidcProvider to {issuer}, without a slash at its end",
    ),
    Refusal(
        "oidc-provider",
        r"(provider|integration|configuration)\b.*(not found|not exist|unknown|no such)"
        r"|(not found|no such|unknown)\b.*(provider|integration|configuration)",
        "there is no such integration",
        "make it (kind: OidcProvider, or Administration > General > OpenID Connect), or name "
        "another one in the workflow",
        is_about_claims=False,
    ),
    Refusal(
        "oidc-claims",
        r"mapping|claim",
        "no identity mapping matches the job",
        "write an OidcIdentityMapping on the claims above, best on repository_id, environment and "
        "event_name",
        statuses=(401, 403),
    ),
)
"""In the order in which they are looked for: a text may fit several."""


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
        self._vouched: Mapping[str, Any] | None = None

    def claims(self) -> Mapping[str, Any]:
        """What the CI system says of the job, unproved. Raises KeylessError, UnreachableError."""
        if self._vouched is None:
            self._vouched = _claims(self._id_token())
        return self._vouched

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
            raise KeylessError(
                "oidc-permission",
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
            raise KeylessError(
                "oidc-request",
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
            return token, lifetime_of(told, token)
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
        if _is_skewed(answer.headers.get("date", ""), claims):
            found: Refusal | None = CLOCK
        else:
            found = next((r for r in REFUSALS if r.fits(answer.status_code, text)), None)
        if found is None:
            hint = "keyless sign-in needs Artifactory 7.77.3 or newer" if _is_page(answer) else ""
            return KeylessError("oidc-refused", f"{where}: {said}", detail=detail, hint=hint)
        issuer = visible(str(claims.get("iss", "")))
        return KeylessError(
            found.rule,
            f"{where}: {found.meaning.format(issuer=issuer)} ({said})",
            detail=detail if found.is_about_claims else "",
            hint=found.hint.format(issuer=issuer),
        )

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


def lifetime_of(told: Mapping[str, Any], token: str) -> float:
    """Seconds the access token lives."""
    try:
        return max(1.0, float(told["expires_in"]))
    except (LookupError, TypeError, ValueError):
        pass
    try:  # from one of its times to another: the clock here may be wrong
        claims = _claims(token)
        return max(1.0, float(claims["exp"]) - float(claims["iat"]))
    except (LookupError, TypeError, ValueError):
        return ASSUMED


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
