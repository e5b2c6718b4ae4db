"""Names of environments in, the same lists kept: global ones and those of a project.

An environment is nothing but its name. The words of the refusals are ours.
"""

from __future__ import annotations

import re

from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.projects import PROJECTS, project
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import parse_object
from reconciler.sandbox.routing import Call, Route

LONGEST = 32
MOST = 10
"""How many there may be globally, and in each project."""

PREDEFINED = ("DEV", "PROD")
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")


def get_environments(call: Call) -> Response:
    """All global ones, or all a project may use: the global ones stand in that list too."""
    store = call.platform.store
    return json_response([{"name": name} for name in store.known_environments(owner(call))])


def create_environment(call: Call) -> Response:
    """A name in, the environment exists afterwards. Global: 201, though the reference says 200."""
    names = here(call)
    name = checked_name(call, parse_object(call.request.body).get("name"))
    if len(names) >= MOST:
        raise Refusal(400, f"No more than {MOST} environments are allowed")
    names.append(name)
    return json_response({"name": name}, 200 if owner(call) else 201)


def rename_environment(call: Call) -> Response:
    """A name and a new one in; repositories follow."""
    names, old = here(call), existing(call)
    new = parse_object(call.request.body).get("new_name")
    check_custom(old)
    if new != old:
        names[names.index(old)] = checked_name(call, new)
        for repository in call.platform.store:
            used = repository.get("environments") or []
            if old in used:
                renamed = [new if name == old else name for name in used]
                repository.put("environments", renamed)
    return json_response({"new_name": new})


def delete_environment(call: Call) -> Response:
    """A name in; it is gone, unless it is one of the first two or a repository is in it."""
    name = existing(call)
    check_custom(name)
    if any(name in (repository.get("environments") or []) for repository in call.platform.store):
        raise Refusal(400, f"Environment '{name}' is in use and cannot be deleted")
    here(call).remove(name)
    return empty_response()


def owner(call: Call) -> str | None:
    """A call in, the project it is about out, None for the platform."""
    if "project" not in call.params:
        return None
    key: str = project(call)["project_key"]
    return key


def here(call: Call) -> list[str]:
    """A call in, the list it is about out, to be changed in place."""
    key = owner(call)
    store = call.platform.store
    return store.environments if key is None else store.project_environments.setdefault(key, [])


def existing(call: Call) -> str:
    """A call with a name in, the name out when it is in the list the call is about."""
    name = call.params["name"]
    if name not in here(call):
        raise Refusal(404, f"Could not find environment '{name}'")
    return name


def checked_name(call: Call, name: object) -> str:
    """A new name in, the same out: letters, digits, dashes, at most 32, nobody else's.

    In a project it starts with the project's key; the reference shows it with and without a dash.
    """
    if not isinstance(name, str) or NAME.fullmatch(name) is None or len(name) > LONGEST:
        raise Refusal(400, f"Invalid environment name '{name}'")
    key = owner(call)
    if key is not None and (not name.startswith(key) or not name.removeprefix(key).strip("-")):
        raise Refusal(400, f"The name of an environment of project '{key}' starts with its key")
    store = call.platform.store
    lists = [store.environments, *store.project_environments.values()]
    if any(name in names for names in lists):
        raise Refusal(409, f"Environment '{name}' already exists")
    return name


def check_custom(name: str) -> None:
    """The two that come with the platform stay."""
    if name in PREDEFINED:
        raise Refusal(400, f"The predefined environment '{name}' cannot be changed")


SINCE = "7.53.1"


def table(path: str) -> tuple[Route, ...]:
    """Where a list of environments lives in, its routes out."""
    one = f"{path}/{{name}}"
    return (
        Route("GET", path, get_environments, needs="whole", since=SINCE),
        Route("POST", path, create_environment, needs="admin", since=SINCE),
        Route("POST", f"{one}/rename", rename_environment, needs="admin", since=SINCE),
        Route("DELETE", one, delete_environment, needs="admin", since=SINCE),
    )


ROUTES = (
    *table("/access/api/v1/environments"),
    *table(f"{PROJECTS}/{{project}}/environments"),
)
