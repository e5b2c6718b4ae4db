"""Calls to GitHub's API: REST and GraphQL, on github.com and on Enterprise Server.

Reads are repeated while GitHub fails. A write is repeated here only when GitHub says that it did
not take it; with any other failure it may have landed, and whoever wrote must look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.errors import ReconcilerError
from reconciler.report.sanitise import visible

TIMEOUT = 10.0
"""Seconds of one request."""

PATIENCE = 40.0
"""Seconds that failures of GitHub may cost a run, all together: what it shows is worth no more."""

ATTEMPTS = 4
MOST_PAGES = 30


class GitHubError(ReconcilerError):
    """GitHub refused, or did not answer; `status` is 0 without an answer.

    `may_have_landed` says that a write may have been carried out.
    """

    rule = "github-api"

    def __init__(self, summary: str, status: int = 0, *, may_have_landed: bool = False) -> None:
        super().__init__(summary, hint=_HINTS.get(status, ""))
        self.status = status
        self.may_have_landed = may_have_landed


_HINTS: Mapping[int, str] = {
    401: "is github-token right?",
    403: "grant the job what the action's page lists under permissions; a pull request from a fork "
    "gets a token that may only read",
    404: "does the token see the repository, and does the job have the permission?",
}


class GitHub:
    """One repository's API, with the token of the job."""

    def __init__(
        self,
        api_url: str,
        graphql_url: str,
        repository: str,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api, self._graphql = api_url, graphql_url
        self._repository, self.token = repository, token
        self._sleep = sleep
        self._waited = 0.0
        self._client = httpx.Client(
            timeout=TIMEOUT,
            headers={
                "accept": "application/vnd.github+json",
                "authorization": f"Bearer {token}",
                "x-github-api-version": "2022-11-28",
            },
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read one resource below the repository."""
        return self._decoded(self._send("GET", self._url(path), params=query))

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """The items of a list, page by page, as far as anybody could want."""
        url, params = self._url(path), {**query, "per_page": 100}
        for _ in range(MOST_PAGES):
            answer = self._send("GET", url, params=params)
            found = self._decoded(answer)
            yield from found if isinstance(found, list) else found.get("check_runs", ())
            following = answer.links.get("next", {}).get("url", "")
            if not following or not self._is_ours(following):
                return
            url, params = following, {}

    def post(self, path: str, body: Any) -> Any:
        """Create something below the repository."""
        return self._decoded(self._send("POST", self._url(path), json=body))

    def patch(self, path: str, body: Any) -> Any:
        """Change something below the repository."""
        return self._decoded(self._send("PATCH", self._url(path), json=body))

    def delete(self, path: str) -> None:
        """Delete something below the repository; what is gone already is fine."""
        try:
            self._send("DELETE", self._url(path))
        except GitHubError as error:
            if error.status != 404:
                raise

    def user(self) -> Any:
        """Whose token it is, by REST."""
        return self._decoded(self._send("GET", f"{self._api}/user"))

    def graphql(self, query: str, **variables: Any) -> Mapping[str, Any]:
        """The data of a GraphQL query."""
        answer = self._decoded(
            self._send("POST", self._graphql, json={"query": query, "variables": variables})
        )
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or answer.get("errors"):
            raise GitHubError("GitHub's GraphQL API did not answer the question")
        return data

    def _url(self, path: str) -> str:
        return f"{self._api}/repos/{self._repository}/{path}"

    def _is_ours(self, url: str) -> bool:
        """Whether a link leads to the server that may see the token."""
        one, other = urlsplit(url), urlsplit(self._api)
        return (one.scheme, one.netloc) == (other.scheme, other.netloc)

    def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Raises GitHubError."""
        what = f"{method} {urlsplit(url).path}"
        failure = GitHubError(f"GitHub did not answer {what}")
        for attempt in range(ATTEMPTS):
            if self._waited > PATIENCE:
                break
            begun = time.monotonic()
            try:
                answer = self._client.request(method, url, **more)
            except httpx.TransportError as error:
                landed = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                failure = GitHubError(
                    f"GitHub did not answer {what}: {str(error) or type(error).__name__}",
                    may_have_landed=landed and method != "GET",
                )
                pause = 0.0
            except (httpx.InvalidURL, ValueError) as error:
                raise GitHubError(f"GitHub cannot be asked {what}: {error}") from None
            else:
                if answer.is_success:
                    return answer
                failure = _refused(what, method, answer)
                pause = _asked_pause(answer)
                if answer.status_code < 500 and not pause:
                    raise failure
            self._waited += time.monotonic() - begun
            pause = pause or 0.5 * 2.0**attempt
            if failure.may_have_landed or self._waited + pause > PATIENCE:
                break
            self._waited += pause
            self._sleep(pause)
        raise failure

    @staticmethod
    def _decoded(answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise GitHubError("GitHub's answer is no JSON", answer.status_code) from None


def _refused(what: str, method: str, answer: httpx.Response) -> GitHubError:
    try:
        message = str(answer.json().get("message", ""))
    except (ValueError, AttributeError):
        message = ""
    told = f": {visible(message[:300])}" if message else ""
    landed = answer.status_code >= 500 and method != "GET"
    return GitHubError(
        f"GitHub answered {what} with {answer.status_code}{told}",
        answer.status_code,
        may_have_landed=landed,
    )


def _asked_pause(answer: httpx.Response) -> float:
    """Seconds GitHub asks to wait; 0 where the refusal is no matter of time."""
    if answer.status_code not in (403, 429):
        return 0.0
    asked = answer.headers.get("retry-after", "")
    if asked.isdecimal():
        return max(float(asked), 0.1)
    is_limit = answer.headers.get("x-ratelimit-remaining") == "0" or answer.status_code == 429
    return 2.0 if is_limit else 0.0
