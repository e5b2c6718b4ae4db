"""Inputs and the environment of the step in, the settings of the run out.

Where a token is sent is said by the workflow, never by a file that a pull request may change: with
credentials, every platform has to be pinned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.github.context import Context
from reconciler.github.inputs import Inputs
from reconciler.kinds.registry import builtin
from reconciler.manifests.workspace_file import read_workspace
from reconciler.platform.connect import token_variable
from reconciler.platform.keyless import REQUEST_URL, TOKEN_VARIABLE
from reconciler.settings import TOKEN_VARIABLES, Pin, Settings

OFFLINE = ("validate",)


def run_settings(
    inputs: Inputs, context: Context, environment: Mapping[str, str], *, credentials: bool
) -> Settings:
    """The settings of the run. Raises UsageError where nobody said where the platforms are."""
    given = dict(environment)
    if inputs.token:
        given[TOKEN_VARIABLES[0]] = inputs.token
    settings = Settings(
        environment=given,
        workspace=folder(inputs.path, context),
        environment_name=inputs.environment or None,
        only=inputs.only,
        exclude=inputs.exclude,
        strict=inputs.strict,
        color=False,
        pins=tuple(map(Pin.parse, inputs.platforms)),
        allow_deletes=inputs.allow_deletes,
        max_risk=inputs.max_risk,
        secret_dirs=(),
    )
    if inputs.url:
        settings = replace(settings, pins=(_single(inputs, settings),))
    if credentials and inputs.command not in OFFLINE and not settings.all_pins:
        raise UsageError(
            "the workflow does not say where the platforms are",
            hint="give url, or platforms with one NAME=URL a line: what a file of the repository "
            "says could send the token elsewhere",
        )
    return settings


def folder(path: str, context: Context) -> Path:
    """Where the workspace is; it must lie in what was checked out. Raises UsageError."""
    top = context.workspace.resolve()
    found = (top / path).resolve()
    if not found.is_relative_to(top):
        raise UsageError(f"path: '{path}' leads out of the repository", hint="name a folder in it")
    return found


def has_credentials(inputs: Inputs, environment: Mapping[str, str]) -> bool:
    """Whether the job was given anything to sign in with. Raises UsageError for unusable pins."""
    written = tuple(map(Pin.parse, inputs.platforms))
    pins = Settings(environment=environment, pins=written).all_pins
    asks = bool(inputs.oidc_provider_name) or any(pin.oidc for pin in pins.values())
    can = bool(environment.get(REQUEST_URL) or environment.get(TOKEN_VARIABLE))
    variables = (*TOKEN_VARIABLES, *map(token_variable, pins))
    return bool(inputs.token) or (asks and can) or any(environment.get(v) for v in variables)


def _single(inputs: Inputs, settings: Settings) -> Pin:
    """The pin of a workspace with one platform, which `url` is about."""
    workspace, _ = read_workspace(settings, builtin())
    if len(workspace.platform_names) > 1:
        raise UsageError(
            f"url: the workspace has {len(workspace.platform_names)} platforms",
            hint="say platforms instead, with one NAME=URL a line",
        )
    name = workspace.platform_names[0]
    pin = Pin.parse(f"{name}={inputs.url}")
    return replace(pin, oidc=inputs.oidc_provider_name, audience=inputs.oidc_audience)
