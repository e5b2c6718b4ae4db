"""Who wrote a comment or an issue, and what for: a hidden first line, and the author.

Everybody who may write in a repository can write the same line, or edit ours. It says where a text
of ours is, and never what was approved.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.github.api import GitHub, GitHubError
from reconciler.github.inputs import Inputs

_LINE = re.compile(r"<!-- reconciler (\{.*?\}) -->\r?(?:\n|$)")
_ROBOT = "[bot]"


@dataclass(frozen=True, slots=True)
class Marker:
    """What a text of ours is about.

    `purpose` is comment, validation, drift or recovery; `key` tells environments and paths apart
    without naming them.
    """

    purpose: str
    key: str
    digest: str = ""
    head: str = ""
    closed: bool = False

    def line(self) -> str:
        """The hidden line, with its line break. It holds nothing but hashes and words of ours."""
        told = {"v": 1, "purpose": self.purpose, "key": self.key}
        told |= {"digest": self.digest} if self.digest else {}
        told |= {"head": self.head} if re.fullmatch("[0-9a-f]+", self.head) else {}
        told |= {"closed": True} if self.closed else {}
        return f"<!-- reconciler {json.dumps(told, separators=(',', ':'))} -->\n"

    def is_like(self, other: Marker | None) -> bool:
        """Whether two texts are about the same thing."""
        return other is not None and (self.purpose, self.key) == (other.purpose, other.key)


def read_marker(body: object) -> Marker | None:
    """The marker a text begins with; None for all other texts."""
    found = _LINE.match(body) if isinstance(body, str) else None
    if found is None:
        return None
    try:
        told = json.loads(found[1])
        if told["v"] != 1:
            return None
        return Marker(
            str(told["purpose"]),
            str(told["key"]),
            str(told.get("digest", "")),
            str(told.get("head", "")),
            told.get("closed") is True,
        )
    except (ValueError, LookupError, TypeError):
        return None


def key_of(inputs: Inputs) -> str:
    """What tells the runs of one repository apart: environment, path and scope."""
    scope = [inputs.environment, inputs.path.rstrip("/"), *inputs.only, "", *inputs.exclude]
    return hashlib.sha256("\0".join(scope).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Author:
    """Whose token the job has: a user, or an app, whose login GitHub shows with `[bot]`."""

    login: str
    is_app: bool

    def wrote(self, item: Mapping[str, Any]) -> bool:
        """Whether a comment or an issue is this author's."""
        user = item.get("user") or {}
        login, is_app = str(user.get("login", "")), user.get("type") == "Bot"
        return is_app == self.is_app and login.removesuffix(_ROBOT) == self.login


def author_of(github: GitHub) -> Author:
    """Whose token it is.

    GraphQL and REST disagree about `[bot]`, and REST refuses to tell an app; the token of a job is
    told by how it begins, on servers that write it so.
    """
    is_app = github.token.startswith("ghs_")
    try:
        login = str(github.graphql("query { viewer { login } }")["viewer"]["login"])
    except (GitHubError, LookupError, TypeError):
        try:
            login = str(github.user()["login"])
        except (GitHubError, LookupError, TypeError):
            login = f"github-actions{_ROBOT}"
    is_app = is_app or login.endswith(_ROBOT)
    return Author(login.removesuffix(_ROBOT), is_app)
