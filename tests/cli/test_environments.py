"""Environments as a user meets them: the whole output of `render`, `validate`, `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.support import Desk

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec:
  manifests: [manifests]
"""
TEAMS = """\
apiVersion: reconciler/v1
kind: ManifestSet
spec:
  matrix:
    team: [payments, search]
  template:
    kind: LocalRepository
    metadata: {name: "${matrix.team}-npm-local"}
    spec:
      packageType: npm
      description: "${matrix.team} in ${value.region}"
"""
PROD = """\
apiVersion: reconciler/v1
kind: Environment
spec:
  values: {region: Frankfurt}
  patches:
    - target: {name: "pay*"}
      merge: {spec: {xrayIndex: true}}
"""
STAGE = """\
apiVersion: reconciler/v1
kind: Environment
spec:
  values: {region: Dublin}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one set and two environments; commands run in it."""
    root = tmp_path / "acme"
    for name, text in {
        "reconciler.yaml": WORKSPACE,
        "manifests/teams.yaml": TEAMS,
        "environments/prod.yaml": PROD,
        "environments/stage.yaml": STAGE,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root
