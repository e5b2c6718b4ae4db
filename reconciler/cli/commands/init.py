"""`reconciler init`: a folder in, a workspace with a first manifest and a workflow out."""

from __future__ import annotations

import re
from pathlib import Path

import click

from reconciler.cli.options import FILE
from reconciler.cli.output import note, result
from reconciler.errors import UsageError

WORKSPACE = """\
# yaml-language-server: $schema=.reconciler/schemas/Workspace.schema.json
apiVersion: reconciler/v1
kind: Workspace
metadata:
  name: {name}
spec:
  manifests: [manifests]
  platforms:
    main:
      url: {{env: JFROG_URL}}
      token: {{env: JFROG_ACCESS_TOKEN}}
{inventory}  # Deleting is opt-in: without it, what is no longer declared is listed and kept.
  prune: false
"""

INVENTORY = """\
  # Every job sees what is owned here. Create the repository once, generic, for nothing else.
  inventory: {platform: main, repository: reconciler-state}
"""

MANIFESTS = """\
# yaml-language-server: $schema=../.reconciler/schemas/manifest.schema.json
apiVersion: reconciler/v1
kind: LocalRepository
metadata:
  name: example-generic-local
  labels: {team: platform}
spec:
  packageType: generic
  description: A first repository, kept by reconciler
"""

WORKFLOW = """\
# Settings > Secrets and variables > Actions > Variables: JFROG_URL, JFROG_OIDC_PROVIDER.
# Settings > Environments: production, with the reviewers who approve what is applied.
# The platform needs two identity mappings, one for the repository that reads (reconciler-state too)
# and one for the environment that writes: examples/oidc. `url` pins the platform: a pull request
# cannot send the token elsewhere. Write the commit of a release instead of v0.
name: artifactory
on:
  pull_request:
  push:
    branches: [main]

permissions: {}

jobs:
  plan:
    name: plan
    runs-on: ubuntu-latest
    permissions:
      contents: read
      pull-requests: write # the comment and the label
      id-token: write # signing in without a stored token
    outputs:
      digest: ${{ steps.plan.outputs.digest }}
      is-due: ${{ steps.plan.outputs.apply-due }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
          fetch-depth: 2 # pull requests from forks: the base to compare with
      - uses: acme/reconciler@v0
        id: plan
        with:
          command: plan
          url: ${{ vars.JFROG_URL }}
          oidc-provider-name: ${{ vars.JFROG_OIDC_PROVIDER }}
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        if: github.event_name == 'push'
        with:
          name: plan
          path: |
            ${{ steps.plan.outputs.plan-file }}
            ${{ steps.plan.outputs.plan-html-file }}
  apply:
    name: apply ${{ needs.plan.outputs.digest }}
    needs: plan
    if: github.event_name == 'push' && needs.plan.outputs.is-due == 'true'
    runs-on: ubuntu-latest
    environment: production
    concurrency: # one at a time, none is dropped
      group: apply-production
      cancel-in-progress: false
      queue: max
    permissions:
      contents: read
      pull-requests: write # the comment of the merged pull request
      issues: write # the issue about an apply that did not finish
      id-token: write # signing in without a stored token
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0
        with:
          name: plan
          path: approved
      # Run again after a failure, this job carries out what is left of the plan, and no more.
      - uses: acme/reconciler@v0
        with:
          command: apply
          url: ${{ vars.JFROG_URL }}
          oidc-provider-name: ${{ vars.JFROG_OIDC_PROVIDER }}
          expect-digest: ${{ needs.plan.outputs.digest }}
          plan-file: approved/plan.json
"""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
IGNORED = "/*.journal\n/*.lease\n/*.lock\n/*.tmp\n"
"""The schemas are committed: editors need them in every clone."""


@click.command()
@click.argument("folder", type=FILE, default=Path("."))
@click.option("--name", help="Name of the workspace; the folder's name when left out.")
@click.option("--github", is_flag=True, help="Also write a GitHub workflow.")
def command(folder: Path, name: str | None, github: bool) -> int:
    """Write a workspace with a first manifest into FOLDER. Existing files are never touched."""
    if name is not None and not NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' is no name of a workspace",
            hint="letters, digits, '_', '.' and '-', the first a letter or a digit",
        )
    files = _files(folder, name or _name_of(folder), github)
    taken = [file for file in files if file.exists()]
    if taken:
        raise UsageError(
            f"{', '.join(str(file) for file in taken)} exists already; nothing was written",
            hint="choose an empty folder",
        )
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        result(f"created {file.as_posix()}")
    schemas = folder / ".reconciler" / "schemas"
    _write_schemas(schemas)
    note(f"wrote {schemas.as_posix()} for editors: commit it")
    note(
        "next: reconciler validate, then reconciler plan with JFROG_URL and JFROG_ACCESS_TOKEN set"
    )
    return 0


def _files(folder: Path, name: str, github: bool) -> dict[Path, str]:
    files = {
        folder / "reconciler.yaml": WORKSPACE.format(
            name=_scalar(name), inventory=INVENTORY if github else ""
        ),
        folder / "manifests" / "example.yaml": MANIFESTS,
        folder / ".reconciler" / ".gitignore": IGNORED,
    }
    if github:
        files[folder / ".github" / "workflows" / "artifactory.yml"] = WORKFLOW
    return files


def _scalar(name: str) -> str:
    """The name as YAML text; in quotes where YAML might see a number or a boolean in it."""
    plain = name[0].isalpha() and name.lower() not in ("true", "false", "null")
    return name if plain else f'"{name}"'


def _name_of(folder: Path) -> str:
    name = folder.resolve().name.lower()
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in name)
    return kept.strip("-_.") or "workspace"


def _write_schemas(folder: Path) -> None:
    from reconciler.cli.commands.schema import write_schemas

    write_schemas(folder)
