"""Flows of requests in, their results out: the only door to the HTTP client.

Reads are repeated until they answer or the deadline passes. A write is repeated here only when it
certainly did not land (429, connection refused); every other failure of a write is reported as
`OutcomeUnknownError`, and whoever wrote must read before repeating.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import httpx

from reconciler.errors import (
    AnswerError,
    OutcomeUnknownError,
    ReconcilerError,
    UnauthorisedError,
    UnreachableError,
    UsageError,
)
from reconciler.kinds.rest import Flow, error_text
from reconciler.model import SERVICES, UNSET, Request, Response, Secret
from reconciler.platform.clock import Clock as Clock
from reconciler.platform.driving import drive
from reconciler.platform.spellings import spellings
from reconciler.platform.trace import Trace
from reconciler.platform.watch import Watch
from reconciler.report.sanitise import safe_url, visible
from reconciler.settings import path_prefix

GATEWAY = frozenset({502, 503, 504, *range(520, 530)})
"""Answers of whatever stands in front of the server; they say nothing about a write."""

CONFLICT = "Could not merge and save new descriptor"
"""Start of the server's text when its one configuration document was written by another at the
same time; the status is 400 and an identical retry succeeds."""

TRANSIENT_500 = "Failed to execute add project resource"

TIMED_OUT = "no answer in time (--timeout)"

HURRIED_ATTEMPTS = 3
"""Attempts of a read once another one took all the patience there is: else thousands of objects
that cannot be read would each take as long."""

QUIET = 1.0
"""Seconds of waiting nobody needs to be told of."""

TELL_EVERY = 2.0
"""Seconds between two words about waiting."""

HUNG_ATTEMPTS = 2
"""Reads of one object a server may leave without an answer; it is not asked a third time."""

MAX_BODY = 512 * 1024 * 1024
"""Bytes of an answer after which it is not read on."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How the wire is used; times in seconds."""

    timeout: float = 30.0
    deadline: float = 120.0
    ca_file: Path | None = None
    client_cert: tuple[str, ...] = ()
    requests_per_second: float = 0.0
    concurrency: int = 16
    user_agent: str = "reconciler"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One platform's address and how to sign in. `token` gives the bearer token when asked."""

    name: str
    url: str
    token: Callable[[], str]


class WireError(Exception):
    """What nobody expected of the HTTP library, in words that hold no secret."""


class Client:
    """Sends requests to one platform. Thread-safe; each thread has a connection pool of its own."""

    def __init__(
        self,
        endpoint: Endpoint,
        options: HttpOptions,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        trace: TextIO | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.options = options
        self.base = base_url(endpoint.url)
        self.requests = 0
        self.may_write: Callable[[], None] = _anytime
        """Asked right before each write; raises when this run may write no more."""
        self.stop = threading.Event()
        """Once it is set, a request that fails is not repeated."""
        self._transport = transport
        self._clock = clock or Clock()
        self._tell = tell or _nobody
        self._trace = Trace(trace, endpoint.name, self._hidden, self._tell) if trace else None
        self._told_at: float | None = None
        self._date = ""
        self._hurried = False
        self._local = threading.local()
        self._watch = Watch()
        self._lock = threading.Lock()
        self._opened: list[httpx.Client] = []
        self._pool: ThreadPoolExecutor | None = None
        self._next_slot = 0.0
        self._verify = verification(self.base, options)
        self._revealed: set[str] = set()
        self._pattern = (frozenset[str](), spellings(()))

    def close(self) -> None:
        """Close every connection."""
        self._watch.close()
        if self._pool is not None:
            self._pool.shutdown()
        for client in self._opened:
            client.close()

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads of what a flow wants sent side by side."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.options.concurrency)
        return self._pool

    def run(self, flow: Flow, attempts: int | None = None) -> Any:
        """Drive a flow to its end and return its result; errors are those of `send`."""
        try:
            return drive(self, flow, attempts)
        except ReconcilerError as error:
            error.replace(self._hidden)  # it may quote the answer
            raise

    @property
    def clock(self) -> Clock:
        """The time the client waits by."""
        return self._clock

    @property
    def server_day(self) -> date | None:
        """The day (UTC) by the clock of the server, when it answered last; None if it told none."""
        try:
            return parsedate_to_datetime(self._date).astimezone(UTC).date()
        except (TypeError, ValueError, OverflowError):
            return None

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.sleep(seconds)

    def once(self, request: Request) -> Response | ReconcilerError:
        """One attempt of a request; a connection that was refused is told like a lost answer."""
        self.may_write()
        try:
            failure, response = self._try(request)
        except OutcomeUnknownError as error:
            return error
        if response is None:
            return OutcomeUnknownError(f"{request} got no answer ({failure})")
        if response.status == 401:
            raise _unauthorised(self.endpoint, request, response)
        return response

    def send(self, request: Request, attempts: int | None = None) -> Response:
        """One request with the retries that are safe for it, at most `attempts` in all.

        Raises UnauthorisedError, UnreachableError (reads) or OutcomeUnknownError (writes), and
        what `may_write` raises.
        """
        started = self._clock.now()
        give_up = started + self.options.deadline
        if self._hurried and request.is_read:
            attempts = min(attempts or HURRIED_ATTEMPTS, HURRIED_ATTEMPTS)
        attempt = hung = 0
        while True:
            if not request.is_read:
                self.may_write()
            failure, response = self._try(request)
            if response is not None:
                if response.status == 401:
                    raise _unauthorised(self.endpoint, request, response)
                if not _is_transient(request, response) and not _is_busy(request, response):
                    return response
                failure = f"{response.status}: {error_text(response)[:200]}"
            hung += failure == TIMED_OUT
            pause = self._pause(attempt, response)
            attempt += 1
            is_late = self._clock.now() + pause > give_up
            if hung == HUNG_ATTEMPTS or attempt == attempts or is_late or self.stop.is_set():
                self._hurried = self._hurried or (request.is_read and attempts is None)
                if response is not None and _is_busy(request, response):
                    raise _still_busy(request, response, attempt, self._clock.now() - started)
                raise _gave_up(request, failure, attempt, self.endpoint)
            if attempt > 1 or self._clock.now() - started > QUIET:
                self._tell_of_waiting(request, failure, attempt, give_up)
            self._clock.rest(pause, self.stop)

    def _tell_of_waiting(
        self, request: Request, failure: str, attempt: int, give_up: float
    ) -> None:
        """Say that a request is repeated, but not more often than a person can read."""
        now = self._clock.now()
        with self._lock:
            if self._told_at is not None and now - self._told_at < TELL_EVERY:
                return
            self._told_at = now
        times = f"{attempt} times" if attempt > 1 else "once"
        self._tell(
            f"{self.endpoint.name}: {request} failed {times} ({visible(failure[:200])}); "
            f"trying on for {max(0.0, give_up - now):.0f} s (--patience)"
        )

    def _try(self, request: Request) -> tuple[str, Response | None]:
        """One attempt: a response, or why there is none and repeating is safe."""
        self._wait_for_slot()
        started = self._clock.now()
        try:
            response = self._exchange(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            failure = self._hidden(_reason(error))
        except httpx.UnsupportedProtocol as error:
            raise UnreachableError(f"{self.endpoint.url} is no http or https URL") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            is_late = isinstance(error, httpx.ReadTimeout)
            failure = TIMED_OUT if is_late else self._hidden(_reason(error))
            if not request.is_read:
                self._note(request, None, started, failure)
                raise OutcomeUnknownError(
                    f"{request} got no answer ({failure}); it may have landed"
                ) from None
        except ReconcilerError:
            raise
        except Exception as error:  # noqa: BLE001 - in other words it goes on
            # A library may quote the header or the body it stumbled over.
            told = self._hidden(f"{type(error).__name__}: {error}")
            raise WireError(told).with_traceback(error.__traceback__) from None
        else:
            self._note(request, response, started, "")
            if not request.is_read and _is_unknown(response):
                raise OutcomeUnknownError(
                    f"{request} answered {response.status}: {error_text(response)[:300]}",
                    status=response.status,
                )
            return "", response
        self._note(request, None, started, failure)
        return failure, None

    def _note(
        self, request: Request, response: Response | None, started: float, failure: str
    ) -> None:
        if self._trace:
            milliseconds = (self._clock.now() - started) * 1000
            self._trace.note(request, response, milliseconds, failure)

    def _exchange(self, request: Request) -> Response:
        client = self._client()
        with self._lock:
            self.requests += 1
        until = time.monotonic() + self.options.timeout
        content, headers = self._body(request)
        built = client.build_request(
            request.method,
            self.base + request.path,
            params=list(request.query) or None,
            content=content,
            headers={
                **headers,
                **request.headers,
                "authorization": f"Bearer {self.endpoint.token()}",
            },
        )
        with self._watch.exchange(self.options.timeout) as extensions:
            built.extensions.update(extensions)
            answer = client.send(built, stream=True)
            try:
                body = _body_within(answer, until)
            finally:
                answer.close()
        self._date = answer.headers.get("date", "")
        return self._scrubbed(Response(answer.status_code, dict(answer.headers), body))

    def _body(self, request: Request) -> tuple[bytes | None, dict[str, str]]:
        if request.text:
            return request.text.encode(), {"content-type": "text/plain"}
        if request.json is UNSET:
            return None, {}
        text = json.dumps(self._reveal(request.json), ensure_ascii=False, separators=(",", ":"))
        return text.encode(), {"content-type": "application/json"}

    def _reveal(self, value: Any) -> Any:
        """The body with its secrets in clear: the last moment before the wire."""
        if isinstance(value, Secret):
            self._revealed.add(value.reveal())
            return value.reveal()
        if isinstance(value, Mapping):
            return {key: self._reveal(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._reveal(inner) for inner in value]
        return value

    def _scrubbed(self, response: Response) -> Response:
        """An error answer without the secrets that were sent: servers like to repeat the body."""
        if response.ok:
            return response
        pattern = self._secrets()
        body = pattern.sub("***", response.body.decode("utf-8", "surrogateescape"))
        return Response(response.status, response.headers, body.encode("utf-8", "surrogateescape"))

    def _hidden(self, text: str) -> str:
        """A text without the secrets that were sent."""
        return self._secrets().sub("***", text)

    def _secrets(self) -> re.Pattern[str]:
        """Whatever was sent that nobody may see, in every spelling a server could answer it in."""
        known = frozenset({*self._revealed, self.endpoint.token()})
        if self._pattern[0] != known:
            self._pattern = (known, spellings(known))
        return self._pattern[1]

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._opened_client()
            self._local.client = client
            with self._lock:
                self._opened.append(client)
        return client

    def _opened_client(self) -> httpx.Client:
        try:
            return httpx.Client(
                verify=self._verify,
                timeout=httpx.Timeout(self.options.timeout, connect=min(10, self.options.timeout)),
                transport=self._transport,
                headers={"user-agent": self.options.user_agent, "accept": "application/json, */*"},
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise UsageError(
                f"the proxy of the environment cannot be used: {error}",
                hint="HTTPS_PROXY, HTTP_PROXY and ALL_PROXY look like http://proxy.example.com:3128",
            ) from None

    def _wait_for_slot(self) -> None:
        if not self.options.requests_per_second:
            return
        with self._lock:
            now = self._clock.now()
            slot = max(now, self._next_slot)
            self._next_slot = slot + 1 / self.options.requests_per_second
        if slot > now:
            self._clock.sleep(slot - now)

    def _pause(self, attempt: int, response: Response | None) -> float:
        """Seconds before the next attempt: what the server asks for, else growing and jittered."""
        asked = _retry_after(response)
        if asked:
            return asked
        grown: float = min(8.0, 0.25 * 2.0 ** min(attempt, 10))
        return grown * (0.5 + self._clock.jitter() / 2)


def _nobody(text: str) -> None:
    """Nobody is told."""


def _anytime() -> None:
    """Nothing keeps a run from writing."""


def base_url(url: str) -> str:
    """Scheme, host and path prefix of a platform's URL; what a service adds to it is dropped.

    Raises UsageError when the text is no http or https URL.
    """
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, brackets around no address
        usable = None
    if not usable:
        raise UsageError(
            f"'{safe_url(url)}' is no platform URL", hint="it looks like https://acme.example.com"
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path_prefix(parts.path)}"


def verification(base: str, options: HttpOptions) -> ssl.SSLContext | bool:
    """How the server at a URL proves who it is. Raises UsageError."""
    if base.startswith("http:"):
        return False
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    try:
        if options.ca_file:
            context.load_verify_locations(options.ca_file)
        if options.client_cert:
            context.load_cert_chain(*options.client_cert)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"the certificate file cannot be used: {error}",
            hint="--ca-file, --client-cert and --client-key take PEM files",
        ) from None
    return context


def _body_within(answer: httpx.Response, until: float) -> bytes:
    """The whole body; a server that drips bytes for ever must not hold us for ever."""
    chunks: list[bytes] = []
    size = 0
    for chunk in answer.iter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer did not end in time")
        if size > MAX_BODY:
            raise httpx.RemoteProtocolError("the answer is too large")
    return b"".join(chunks)


def _is_transient(request: Request, response: Response) -> bool:
    return response.status == 429 or (request.is_read and response.status in GATEWAY)


def _is_busy(request: Request, response: Response) -> bool:
    """Whether a write was refused for a reason that ends by itself."""
    if not request.busy or not 400 <= response.status < 500:
        return False
    said = error_text(response).lower()
    return any(words in said for words in request.busy)


def _still_busy(request: Request, response: Response, attempts: int, seconds: float) -> AnswerError:
    said = " ".join(error_text(response).split())[:300]
    return AnswerError(
        f"{request} was refused {attempts} times in {seconds:.0f} s, last with "
        f"{response.status}: {said}",
        status=response.status,
        hint="nothing was changed by it; run again when what is under way has ended, or wait "
        "longer with --patience",
    )


def _is_unknown(response: Response) -> bool:
    """Whether a write with this answer may have landed, or failed only for the moment."""
    if response.status in GATEWAY:
        return True
    text = error_text(response) if response.status in (400, 409, 500) else ""
    return CONFLICT in text or (response.status == 500 and TRANSIENT_500 in text)


def _retry_after(response: Response | None) -> float | None:
    """Seconds the server asks to wait, from either form of the header; None where it is unclear."""
    if response is None:
        return None
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, response.headers.get("date", ""))
    return seconds if seconds > 0 else None


def _seconds_until(moment: str, now: str) -> float:
    """From one HTTP date to another, 0 where they are none; our own clock may be wrong."""
    try:
        return (parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _gave_up(
    request: Request, failure: str, attempts: int, endpoint: Endpoint
) -> AnswerError | UnreachableError:
    if not request.is_read:
        return OutcomeUnknownError(f"{request} was refused {attempts} times; last: {failure}")
    hint = "check the URL, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)"
    if "CERTIFICATE_VERIFY_FAILED" in failure:
        hint = "a private authority is made known by --ca-file or SSL_CERT_FILE"
    return UnreachableError(
        f"{endpoint.url} does not answer {request}: {failure} ({attempts} attempts)", hint=hint
    )


def _unauthorised(endpoint: Endpoint, request: Request, response: Response) -> UnauthorisedError:
    if endpoint.name in SERVICES:
        return UnauthorisedError(
            f"{endpoint.name} refuses the token: {request} answered 401 "
            f"{error_text(response)[:200]}",
            hint="it takes an access token of its API v2; the user_token of v1 is none",
        )
    return UnauthorisedError(
        f"{endpoint.name} refuses the token: {request} answered 401 {error_text(response)[:200]}",
        hint="the token is wrong, expired, or of another platform",
    )
