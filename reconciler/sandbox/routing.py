"""A method and a path in, the handler that answers it out.

Each topic brings its own table of routes, so a new topic is a new file and one line in `app.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reconciler.sandbox.messages import Request, Response

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform


@dataclass(frozen=True)
class Call:
    """One request on its way to a handler."""

    platform: Platform
    request: Request
    params: dict[str, str]
    caller: str
    """Which token came in: admin, read, partial, project:KEY, or "" where none is needed."""


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """One endpoint. `{name}` takes one path segment, `{name...}` the rest of the path."""

    method: str
    path: str
    handler: Handler

    needs: str = "read"
    """admin: only the admin token. whole: also the one that reads everything. project: the admin
    token and those of project administrators. read: any known token. nothing: no token at all."""

    since: str = ""
    """The version that brought the endpoint; older ones answer 404."""

    excluding: str = ""
    """Paths that start so belong to somebody else, even where the pattern would fit."""

    unless: str = ""
    """A quirk that takes the endpoint away; it answers 404 then."""

    configures: bool = False
    """Changes the one configuration descriptor, so it can collide with another write."""

    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", compile_path(self.path))

    def match(self, path: str) -> dict[str, str] | None:
        """A path in, the named parts of it out, None when it is another endpoint."""
        found = self.pattern.fullmatch(path)
        if found is None or (self.excluding and path.startswith(self.excluding)):
            return None
        return {name: unquote(value) for name, value in found.groupdict().items()}


def compile_path(path: str) -> re.Pattern[str]:
    """A path with placeholders in, the pattern that matches it out."""
    text = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\.\.\.", "...")
    text = re.sub(r"\{(\w+)\.\.\.\}", r"(?P<\1>.*)", text)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))


class Router:
    """All endpoints of a platform, first come first served."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """A method and a path in, the route and its parameters out, None when nobody answers.

        Among the paths of the API a slash at the end makes no difference, and what can be read can
        be asked for with HEAD.
        """
        if path.startswith("/artifactory/api/"):
            path = path.rstrip("/")
        for wanted in (method, *(["GET"] if method == "HEAD" else [])):
            for route in self.routes:
                if route.method == wanted and (params := route.match(path)) is not None:
                    return route, params
        return None

    def methods(self, path: str) -> list[str]:
        """A path in, the methods it knows out."""
        return sorted({route.method for route in self.routes if route.match(path) is not None})
