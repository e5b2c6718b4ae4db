"""The part of GitHub's API that is Git itself: commits, trees and branches, in memory."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Json = Any


class FakeGit:
    """Commits, trees and branches; a tree is its files by path, beside the tree it is based on."""

    def __init__(self) -> None:
        self.branches: dict[str, str] = {}
        self.commits: dict[str, Json] = {}
        self.trees: dict[str, dict[str, str]] = {}

    def files(self, branch: str) -> dict[str, str]:
        """What the tip of a branch has, as far as somebody sent it."""
        return self.trees[self.commits[self.branches[branch]]["tree"]["sha"]]

    def commit(self, branch: str, message: str) -> None:
        """Somebody pushes a commit."""
        tree = self.commits[self.branches[branch]]["tree"]["sha"]
        made = {"message": message, "tree": tree, "parents": [self.branches[branch]]}
        self.branches[branch] = self.answer("POST", ["commits"], made)[1]["sha"]

    def answer(self, method: str, steps: list[str], body: Json) -> Json:
        """Git's database by REST."""
        match method, steps:
            case "GET", ["commits", sha]:
                old = {"sha": sha, "message": "old", "tree": {"sha": f"tree-{sha}"}, "parents": []}
                return 200, self.commits.get(sha, old), {}
            case "POST", ["commits"]:
                sha = _hash(body)
                parents = [{"sha": parent} for parent in body["parents"]]
                made = {"sha": sha, "parents": parents, "tree": {"sha": body["tree"]}}
                self.commits[sha] = {"message": body["message"], **made}
                return 201, self.commits[sha], {}
            case "POST", ["trees"]:
                sha = _hash(body)
                self.trees[sha] = {item["path"]: item["content"] for item in body["tree"]}
                return 201, {"sha": sha}, {}
            case "GET", ["ref", "heads", *name] if "/".join(name) in self.branches:
                return 200, {"object": {"sha": self.branches["/".join(name)]}}, {}
            case "POST", ["refs"]:
                self.branches[body["ref"].removeprefix("refs/heads/")] = body["sha"]
                return 201, {}, {}
            case "PATCH", ["refs", "heads", *name] if body["force"]:
                self.branches["/".join(name)] = body["sha"]
                return 200, {}, {}
            case "DELETE", ["refs", "heads", *name]:
                del self.branches["/".join(name)]
                return 204, None, {}
        return 404, {"message": "Not Found"}, {}


def _hash(body: Json) -> str:
    return hashlib.sha1(json.dumps(body, sort_keys=True).encode()).hexdigest()
