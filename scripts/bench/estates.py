"""A size in, a workspace of that many repositories out, and a platform that has them all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from scripts.bench.process import TOKEN
from scripts.bench.server import Server

PER_TEAM = 10
PACKAGE_TYPES = ("docker", "generic", "maven", "npm", "pypi")
IN_A_BATCH = 100
INVENTORY = "reconciler.inventory/v1"
WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: bench}
spec:
  manifests: [manifests]
  platforms:
    main: {url: "%s", token: {env: %s}}
"""
CLASSES = {
    "LocalRepository": "local",
    "RemoteRepository": "remote",
    "VirtualRepository": "virtual",
}


def manifest(number: int) -> str:
    """One manifest of a team with five local, three remote and two virtual repositories."""
    team, place = divmod(number, PER_TEAM)
    kind = PACKAGE_TYPES[(team + place) % len(PACKAGE_TYPES)]
    prefix = f"team{team}-{kind}"
    head = f"labels: {{team: team{team}, tier: {'gold' if team % 3 else 'silver'}}}"
    if place < 5:
        return f"""\
# Packages of team {team}
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: {prefix}-local
  {head}
spec:
  packageType: {kind}
  description: Packages of team {team}
  notes: "Ask team{team}@example.com"
  includesPattern: "**/*"
  excludesPattern: "**/tmp/**"
  xrayIndex: true
  archiveBrowsingEnabled: false
  propertySets: [artifactory]
"""
    if place < 8:
        return f"""\
# What team {team} takes from outside
apiVersion: reconciler/v1
kind: RemoteRepository
metadata:
  name: {prefix}-remote
  {head}
spec:
  packageType: {kind}
  url: https://registry.example.com/{kind}/{team}
  description: The public registry, cached
  excludesPattern: "@acme/**"  # our own scope never comes from outside
  retrievalCachePeriodSecs: {3600 + team % 60}
  xrayIndex: true
  hardFail: false
  socketTimeoutMillis: 15000
"""
    kind = PACKAGE_TYPES[(team + place - 8) % len(PACKAGE_TYPES)]  # as a local and a remote have
    return f"""\
# What the clients of team {team} are configured with
apiVersion: reconciler/v1
kind: VirtualRepository
metadata:
  name: team{team}-{kind}
  {head}
spec:
  packageType: {kind}
  description: What clients are configured with
  repositories:
    - team{team}-{kind}-local
    - team{team}-{kind}-remote
  defaultDeploymentRepo: team{team}-{kind}-local
  artifactoryRequestsCanRetrieveRemoteArtifacts: true
"""


@contextmanager
def workspace(count: int, per_file: int, url: str = "https://acme.example.com") -> Iterator[Path]:
    """A folder with that many manifests in files of `per_file` documents, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        (root / "reconciler.yaml").write_text(WORKSPACE % (url, TOKEN), encoding="utf-8")
        for start in range(0, count, per_file):
            folder = root / "manifests" / f"{start // 1000:03}"
            folder.mkdir(parents=True, exist_ok=True)
            documents = [manifest(n) for n in range(start, min(start + per_file, count))]
            text = "---\n".join(documents)
            (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")
        yield root


def files(per_file: int) -> str:
    """How the manifests lie, in words."""
    return "one in a file" if per_file == 1 else f"{per_file} in a file"


def converge(root: Path, server: Server, count: int) -> None:
    """Create the repositories of a workspace on a platform, and record that it owns them.

    An apply would end the same; written here, a hundred thousand of them take a minute or two.
    """
    entries: dict[str, Any] = {}
    for start in range(0, count, IN_A_BATCH):
        numbers = range(start, min(start + IN_A_BATCH, count))
        documents = [yaml.load(manifest(n), yaml.CSafeLoader) for n in numbers]
        server.create([_body(document) for document in documents])
        entries.update(map(_entry, documents))
    inventory = root / ".reconciler" / "inventory.json"
    inventory.parent.mkdir()
    inventory.write_text(json.dumps({"format": INVENTORY, "entries": entries}), encoding="utf-8")


def _body(document: dict[str, Any]) -> dict[str, Any]:
    name, rclass = document["metadata"]["name"], CLASSES[document["kind"]]
    return {"key": name, "rclass": rclass, **document["spec"]}


def _entry(document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    applied = {f"spec.{name}": value for name, value in document["spec"].items()}
    address = f"main:{document['kind']}/{document['metadata']['name']}"
    return address, {"owner": "bench", "applied": applied}
