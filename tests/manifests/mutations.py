"""Valid documents in, broken ones out: what the fuzz and the schema tests share."""

from __future__ import annotations

import copy
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

API = "reconciler/v1"
WORKSPACE: dict[str, Any] = {
    "apiVersion": API,
    "kind": "Workspace",
    "metadata": {"name": "acme"},
    "spec": {
        "manifests": ["manifests"],
        "platforms": {
            "east": {"url": {"env": "EAST_URL"}, "token": {"env": "EAST_TOKEN"}},
            "west": {"url": "https://west.example.com", "token": {"env": "WEST_TOKEN"}},
        },
        "defaultPlatforms": ["east"],
        "inventory": {"file": ".reconciler/inventory.json"},
        "fingerprintKey": {"env": "KEY"},
        "defaults": {"LocalRepository": {"xrayIndex": True}},
        "prune": False,
        "limits": {"deletes": {"percent": 20, "count": 10}, "updates": {"percent": 30}},
        "fence": {"names": ["*"]},
    },
}
MANIFESTS: list[dict[str, Any]] = [
    {
        "apiVersion": API,
        "kind": "LocalRepository",
        "metadata": {
            "name": "npm-local",
            "labels": {"team": "payments"},
            "platforms": ["east"],
            "lifecycle": {"protect": True, "manage": "full", "ignore": ["spec.notes"]},
            "previousNames": ["old"],
        },
        "spec": {
            "packageType": "npm",
            "projectKey": "payments",
            "environments": ["DEV"],
            "description": "Packages",
            "xrayIndex": True,
            "signedUrlTtl": 5,
        },
    },
    {
        "apiVersion": API,
        "kind": "RemoteRepository",
        "metadata": {"name": "files-remote"},
        "spec": {
            "packageType": "generic",
            "url": "https://files.example.com",
            "username": "ann",
            "password": {"env": "FILES_PASSWORD"},
            "contentSynchronisation": {"enabled": True, "source": {"originAbsenceDetection": True}},
            "customHttpHeaders": [
                {"name": "X-Team", "value": "payments"},
                {"name": "X-Token", "value": {"file": "secrets/token"}, "sensitive": True},
            ],
            "excludesPattern": None,
            "socketTimeoutMillis": 1000,
            "extra": {"brandNew": {"a": [1, None]}},
        },
    },
    {
        "apiVersion": API,
        "kind": "VirtualRepository",
        "metadata": {"name": "npm"},
        "spec": {
            "packageType": "npm",
            "repositories": ["npm-local"],
            "defaultDeploymentRepo": "npm-local",
        },
    },
]

EXAMPLES = int(os.environ.get("RECONCILER_FUZZ") or 150)
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="RECONCILER_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)

WORDS = st.sampled_from(
    [
        "", "a", "npm", "npm-local", "docker", "true", "0123", "1e3", "~", "name", "env", "file",
        "packageType", "package_type", "kind", "spec", "extra", "East", "*", "&a", "${x}", "..",
        "a\x1b[31m", "\u202e", "\ud7ff", "::error::", "spec.notes", "LocalRepository", API,
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
    st.text(st.characters(codec="utf-8"), max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every node below the root."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found: list[tuple[Any, ...]] = []
    for key, value in items:
        found.append((*at, key))
        if isinstance(value, dict | list):
            found += places(value, (*at, key))
    return found


def parent_of(data: Any, path: tuple[Any, ...]) -> Any:
    """The mapping or list that holds the node at a path."""
    for step in path[:-1]:
        data = data[step]
    return data


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any], most: int = 3) -> dict[str, Any]:
    """The document after a few nodes were dropped, renamed, doubled, added or replaced."""
    data = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, most))):
        paths = places(data)
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        parent, last = parent_of(data, path), path[-1]
        action = draw(st.sampled_from(["drop", "rename", "double", "add", "replace", "replace"]))
        if action == "drop":
            del parent[last]
        elif action == "replace":
            parent[last] = draw(VALUES)
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]) if action == "double" else draw(VALUES))
        elif action == "rename":
            parent[draw(WORDS)] = parent.pop(last)
        else:
            parent[draw(WORDS)] = draw(VALUES)
    return data
