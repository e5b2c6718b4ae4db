"""GitHub's API as far as the action asks it, in memory behind a real socket.

Written from GitHub's REST and GraphQL documentation. It pages, checks lengths and tokens, counts
requests, and fails on demand: each fault is a dictionary with `method`, `path` (a glob), `times`,
and `status` with `message` and `headers`, or `reset`; with `landed` the request is carried out
before it fails.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.fake_git import FakeGit

Json = Any
REPOSITORY = "acme/platform"
TOKEN = "ghs_canary0123456789canary0123456789"
PREFIX = "/api/v3"
"""As on Enterprise Server, so that no address is taken for granted."""

MOST_BODY = 262_144
APP = {"login": "github-actions[bot]", "type": "Bot", "id": 41898282}
MALLORY = {"login": "mallory", "type": "User", "id": 666}


class FakeGitHub:
    """One repository, its pull requests, issues and checks; the time passes with each request."""

    def __init__(self) -> None:
        self.url = ""
        self.comments: dict[int, list[Json]] = {}
        self.issues: list[Json] = []
        self.labels: dict[int, list[str]] = {}
        self.checks: list[Json] = []
        self.reviews: dict[int, list[Json]] = {}
        self.pulls_of: dict[str, list[Json]] = {}
        self.hidden: set[str] = set()
        self.git = FakeGit()
        self.pulls: list[Json] = []
        self.changed: dict[int, list[Json]] = {}
        self.suggested: list[Json] = []
        self.requests: list[tuple[str, str, Json]] = []
        self.faults: list[dict[str, Json]] = []
        self.before_create: Callable[[], None] | None = None
        self.tokens = {TOKEN: APP}
        self.read_only = False
        self.knows_viewer = True
        self.claims: dict[str, Json] = {}
        self.audiences: list[str] = []
        self._next = 100
        self._seconds = 0
        self._lock = threading.RLock()

    # --- what a test does by hand

    def comment(self, number: int, body: str, user: Json) -> Json:
        """Somebody comments."""
        made = {
            "id": self._id(),
            "node_id": f"IC_{self._next}",
            "body": body,
            "user": user,
            "html_url": f"{self.url}/{REPOSITORY}/pull/{number}#issuecomment-{self._next}",
        }
        self.comments.setdefault(number, []).append(made)
        return made

    def texts(self, number: int) -> list[str]:
        """The comments of a pull request that are to be seen."""
        found = self.comments.get(number, [])
        return [item["body"] for item in found if item["node_id"] not in self.hidden]

    def review(self, number: int, who: str, commit: str, state: str = "APPROVED") -> None:
        """Somebody reviews."""
        user = {"login": who, "type": "User"}
        told = {"user": user, "state": state, "commit_id": commit, "submitted_at": self.now()}
        self.reviews.setdefault(number, []).append(told)

    def merged(self, number: int, commit: str) -> None:
        """A pull request was merged as a commit."""
        pull = {
            "number": number,
            "state": "closed",
            "merged_at": self.now(),
            "head": {"sha": "a" * 40, "ref": "topic"},
            "base": {"sha": "b" * 40, "ref": "main"},
        }
        self.pulls_of.setdefault(commit, []).append(pull)

    def fault(self, method: str, path: str, times: int = 1, **more: Json) -> None:
        """Something goes wrong."""
        self.faults.append({"method": method, "path": path, "times": times, **more})

    def now(self) -> str:
        """A time that is later each time it is asked for."""
        self._seconds += 1
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_800_000_000 + self._seconds))

    def writes(self) -> list[str]:
        """The requests that were not reads."""
        return [f"{m} {p}" for m, p, _ in self.requests if m != "GET" and p != "/api/graphql"]

    def _id(self) -> int:
        self._next += 1
        return self._next

    # --- answers

    def answer(self, method: str, target: str, headers: dict[str, str], body: Json) -> Json:
        """A request in; status, body and headers out, or None for a connection that breaks."""
        with self._lock:
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query))
            self.requests.append((method, parts.path, body))
            fault = self._fault(method, parts.path)
            if fault is not None and not fault.get("landed"):
                return self._failing(fault)
            answered = self._answered(method, parts.path, query, headers, body)
            return self._failing(fault) if fault is not None else answered

    def _fault(self, method: str, path: str) -> dict[str, Json] | None:
        for fault in self.faults:
            if fault["method"] == method and fnmatchcase(path, fault["path"]) and fault["times"]:
                fault["times"] -= 1
                return fault
        return None

    @staticmethod
    def _failing(fault: dict[str, Json]) -> Json:
        if fault.get("reset"):
            return None
        return fault["status"], {"message": fault.get("message", "fault")}, fault.get("headers", {})

    def _answered(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Json
    ) -> Json:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/id-token":
            return self._id_token(bearer, query)
        user = self.tokens.get(bearer)
        if user is None:
            return 401, {"message": "Bad credentials"}, {}
        if path == "/api/graphql":
            return 200, self._graphql(body, user), {}
        if path == f"{PREFIX}/user":
            told = (403, {"message": "Resource not accessible by integration"}, {})
            return told if user["type"] == "Bot" else (200, user, {})
        rest = path.removeprefix(f"{PREFIX}/repos/{REPOSITORY}/")
        if rest == path:
            return 404, {"message": "Not Found"}, {}
        if method != "GET" and self.read_only:
            return 403, {"message": "Resource not accessible by integration"}, {}
        steps = [unquote(step) for step in rest.split("/")]
        return self._below(method, steps, query, body, user)

    def _below(
        self, method: str, steps: list[str], query: dict[str, str], body: Json, user: Json
    ) -> Json:
        match method, steps:
            case "GET", ["issues", number, "comments"]:
                return self._page(self.comments.get(int(number), []), query, "/".join(steps))
            case "POST", ["issues", number, "comments"]:
                return self._commented(int(number), body, user)
            case "PATCH" | "DELETE", ["issues", "comments", number]:
                return self._changed(method, int(number), body)
            case "GET", ["issues"]:
                return self._page(self._issues(query), query, "issues")
            case "POST", ["issues"]:
                return self._opened(body, user)
            case "PATCH", ["issues", number]:
                issue = next(i for i in self.issues if i["number"] == int(number))
                issue.update(body)
                return 200, issue, {}
            case _, ["issues", number, "labels", *rest]:
                return self._labels(method, int(number), rest, body)
            case "GET", ["commits", commit, "pulls"]:
                return 200, self.pulls_of.get(commit, []), {}
            case "GET", ["commits", commit, "check-runs"]:
                found = [c for c in self.checks if c["head_sha"] == commit]
                found = [c for c in found if c["name"] == query.get("check_name", c["name"])]
                return 200, {"total_count": len(found), "check_runs": found}, {}
            case "GET", ["pulls", number, "reviews"]:
                return self._page(self.reviews.get(int(number), []), query, "/".join(steps))
            case _, ["git", *rest]:
                return self.git.answer(method, rest, body)
            case "GET", ["pulls", number, "files"]:
                return self._page(self.changed.get(int(number), []), query, "/".join(steps))
            case "GET", ["pulls", number, "comments"]:
                return self._page(self.suggested, query, "/".join(steps))
            case "POST", ["pulls", number, "reviews"]:
                return self._reviewed(int(number), body, user)
            case _, ["pulls", *rest]:
                return self._pulls(method, rest, query, body, user)
            case _, ["check-runs", *rest]:
                return self._checked(rest, body)
        return 404, {"message": "Not Found"}, {}

    def _page(self, items: list[Json], query: dict[str, str], path: str) -> Json:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        more = {k: v for k, v in query.items() if k != "page"}
        following = "&".join(f"{k}={v}" for k, v in {**more, "page": page + 1}.items())
        link = f'<{self.url}{PREFIX}/repos/{REPOSITORY}/{path}?{following}>; rel="next"'
        headers = {"Link": link} if len(items) > page * size else {}
        return 200, items[(page - 1) * size : page * size], headers

    def _commented(self, number: int, body: Json, user: Json) -> Json:
        if len(body["body"].encode()) > MOST_BODY:
            return 422, {"message": "Validation Failed: body is too long"}, {}
        if self.before_create is not None:
            hook, self.before_create = self.before_create, None
            hook()
        for issue in self.issues:
            if issue["number"] == number:
                issue["comments"].append(body["body"])
        return 201, self.comment(number, body["body"], user), {}

    def _changed(self, method: str, number: int, body: Json) -> Json:
        for found in self.comments.values():
            for item in found:
                if item["id"] == number and method == "DELETE":
                    found.remove(item)
                    return 204, None, {}
                if item["id"] == number:
                    if len(body["body"].encode()) > MOST_BODY:
                        return 422, {"message": "Validation Failed: body is too long"}, {}
                    item["body"] = body["body"]
                    return 200, item, {}
        return 404, {"message": "Not Found"}, {}

    def _issues(self, query: dict[str, str]) -> list[Json]:
        wanted = set(filter(None, query.get("labels", "").split(",")))
        state = query.get("state", "open")
        return [
            issue
            for issue in reversed(self.issues)
            if state in ("all", issue["state"]) and wanted <= {x["name"] for x in issue["labels"]}
        ]

    def _opened(self, body: Json, user: Json) -> Json:
        number = self._id()
        issue = {
            "id": number,
            "number": number,
            "title": body["title"],
            "body": body["body"],
            "state": "open",
            "user": user,
            "labels": [{"name": name} for name in body.get("labels", [])],
            "comments": [],
            "html_url": f"{self.url}/{REPOSITORY}/issues/{number}",
        }
        self.issues.append(issue)
        return 201, issue, {}

    def _labels(self, method: str, number: int, rest: list[str], body: Json) -> Json:
        names = self.labels.setdefault(number, [])
        if method == "POST":
            names += [name for name in body["labels"] if name not in names]
        elif method == "DELETE":
            if rest[0] not in names:
                return 404, {"message": "Label does not exist"}, {}
            names.remove(rest[0])
        return 200, [{"name": name} for name in names], {}

    def _pulls(
        self, method: str, rest: list[str], query: dict[str, str], body: Json, user: Json
    ) -> Json:
        if method == "GET":
            found = [p for p in self.pulls if p["state"] == query.get("state", "open")]
            return self._page(found, query, "pulls")
        if method == "POST":
            if body["head"] not in self.git.branches:
                return 422, {"message": "Validation Failed: head is no branch"}, {}
            number = self._id()
            url = f"{self.url}/{REPOSITORY}/pull/{number}"
            head, base = {"ref": body["head"]}, {"ref": body["base"]}
            told = {**body, "head": head, "base": base, "user": user, "state": "open"}
            self.pulls.append({"number": number, "html_url": url, **told})
            return 201, self.pulls[-1], {}
        pull = next(p for p in self.pulls if p["number"] == int(rest[0]))
        pull.update(body)
        return 200, pull, {}

    def _reviewed(self, number: int, body: Json, user: Json) -> Json:
        """All comments of a review are about lines that were added, or none is taken."""
        added = {(f["filename"], n) for f in self.changed.get(number, []) for n in f["lines"]}
        if any((c["path"], c["line"]) not in added for c in body["comments"]):
            return 422, {"message": "Line could not be resolved"}, {}
        self.suggested += [{**comment, "user": user} for comment in body["comments"]]
        return 200, {"id": self._id()}, {}

    def _checked(self, rest: list[str], body: Json) -> Json:
        if len(body["output"].get("annotations", [])) > 50:
            return 422, {"message": "No more than 50 annotations"}, {}
        if not rest:
            self.checks.append({"id": self._id(), "completed_at": self.now(), **body})
            return 201, self.checks[-1], {}
        check = next(c for c in self.checks if c["id"] == int(rest[0]))
        check["output"]["annotations"] += body["output"]["annotations"]
        return 200, check, {}

    def _graphql(self, body: Json, user: Json) -> Json:
        query, variables = body["query"], body.get("variables", {})
        if "viewer" in query:
            if not self.knows_viewer:
                return {"data": None, "errors": [{"message": "Resource not accessible"}]}
            return {"data": {"viewer": {"login": user["login"]}}}
        if "minimizeComment" in query:
            self.hidden.add(variables["id"])
            return {"data": {"minimizeComment": {"clientMutationId": None}}}
        return {"data": {"node": {"isMinimized": variables["id"] in self.hidden}}}

    def _id_token(self, bearer: str, query: dict[str, str]) -> Json:
        if bearer != "request-canary-token":
            return 401, {"message": "no"}, {}
        self.audiences.append(query.get("audience", ""))
        return 200, {"count": 1, "value": jwt(self.claims)}, {}


def jwt(claims: dict[str, Json]) -> str:
    """An ID token that says these claims; nobody signed it."""
    now = int(time.time())
    said = {"iss": "https://token.actions.githubusercontent.com", "iat": now, "exp": now + 300}
    parts = ({"alg": "RS256", "typ": "JWT"}, {**said, **claims}, {"signed": "canary"})
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in coded)


@contextmanager
def listening() -> Iterator[FakeGitHub]:
    """A fake GitHub at an address of its own."""
    fake = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def handle_one(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            sent = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = fake.answer(
                self.command, self.path, headers, json.loads(sent) if sent else None
            )
            if answered is None:
                self.close_connection = True
                return
            status, body, more = answered
            data = b"" if status == 204 else json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {**more, "Content-Length": str(len(data))}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_one

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
