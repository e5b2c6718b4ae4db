"""The environment of the step in, the checked inputs of the action out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from reconciler.errors import ReconcilerError, UsageError
from reconciler.settings import Pin, ceilings

PREFIX = "ACTION_"
"""`action.yml` hands each input over in a variable of this name; no shell ever sees a value."""

COMMANDS = ("validate", "plan", "apply", "drift", "export", "snapshot")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "command": COMMANDS,
    "stale-policy": ("exact", "shrink-only", "replan"),
    "comment": ("always", "changes", "never"),
    "comment-mode": ("update", "recreate"),
    "fail-on": ("error", "changes", "deletes"),
    "max-risk": ("", "safe", "notable", "disruptive", "destructive"),
    "approvals": ("ignore", "flag", "fail"),
}
SWITCHES = (
    "summary",
    "annotations",
    "labels",
    "check-run",
    "issue",
    "accept-drift",
    "strict",
    "suggestions",
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow says; the names are those of `action.yml` with `_` for `-`."""

    command: str = "plan"
    path: str = ""
    environment: str = ""
    url: str = ""
    platforms: tuple[str, ...] = ()
    oidc_provider_name: str = ""
    oidc_audience: str = ""
    token: str = ""
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    strict: bool = False
    plan_file: str = ""
    expect_digest: str = ""
    stale_policy: str = "exact"
    max_risk: str = ""
    allow_deletes: tuple[str, ...] = ()
    snapshot: str = ""
    fail_on: str = "error"
    comment: str = "changes"
    comment_mode: str = "update"
    summary: bool = True
    annotations: bool = True
    sarif_file: str = ""
    junit_file: str = ""
    labels: bool = True
    check_run: bool = False
    suggestions: bool = False
    issue: bool = True
    accept_drift: bool = False
    approvals: str = "ignore"
    pr_number: int | None = None
    github_token: str = ""
    version: str = ""


class InputError(ReconcilerError):
    """Some inputs cannot mean anything; all of them are told."""

    rule = "usage"


def take(environment: MutableMapping[str, str]) -> Inputs:
    """The inputs, which leave the environment: a manifest must not name one as a secret.

    Raises InputError for everything wrong with them at once.
    """
    given = {
        name: environment.pop(variable(name), "").strip()
        for name in (f.name.replace("_", "-") for f in fields(Inputs))
    }
    faults: list[str] = []
    made: dict[str, Any] = {}
    for name, text in given.items():
        if text:
            try:
                made[name.replace("-", "_")] = _READ.get(name, str)(text)
            except UsageError as error:
                faults.append(f"{name}: {error.summary}")
    faults += _contradictions(made)
    if faults:
        raise InputError(
            "the inputs of the action cannot be used",
            detail="\n".join(faults),
            hint="see docs/reference/action.md for what each input takes",
        )
    return Inputs(**made)


def variable(name: str) -> str:
    """The environment variable an input comes in."""
    return PREFIX + name.upper().replace("-", "_")


def _choice(name: str, text: str) -> str:
    if text not in CHOICES[name]:
        known = ", ".join(filter(None, CHOICES[name]))
        raise UsageError(f"'{text[:80]}' is none of {known}")
    return text


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise UsageError(f"'{text[:80]}' is neither true nor false")
    return text == "true"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _pins(text: str) -> tuple[str, ...]:
    lines = _lines(text)
    for line in lines:
        Pin.parse(line)
    return lines


def _ceilings(text: str) -> tuple[str, ...]:
    lines = _lines(text)
    ceilings("a line", lines)
    return lines


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text):
        raise UsageError(f"'{text[:80]}' is no number of a pull request")
    return int(text)


def _digest(text: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        raise UsageError(f"'{text[:80]}' is no digest: sha256: and 64 hexadecimal digits")
    return text


_READ: Mapping[str, Callable[[str], Any]] = {
    **{name: partial(_choice, name) for name in CHOICES},
    **dict.fromkeys(SWITCHES, _switch),
    **dict.fromkeys(("only", "exclude"), _lines),
    "platforms": _pins,
    "allow-deletes": _ceilings,
    "pr-number": _number,
    "expect-digest": _digest,
}


def _contradictions(made: Mapping[str, Any]) -> Iterable[str]:
    """What is right by itself and cannot be together."""
    if "platforms" in made and "url" in made:
        yield "url: platforms names the addresses already; leave one of the two out"
    if "oidc_provider_name" in made and "url" not in made:
        yield "oidc-provider-name: goes with url; in platforms, write NAME=URL,oidc=PROVIDER"
    if "oidc_audience" in made and "oidc_provider_name" not in made:
        yield "oidc-audience: goes with oidc-provider-name"
    if "oidc_provider_name" in made and "token" in made:
        yield "token: oidc-provider-name signs in already; leave one of the two out"
    if made.get("command") == "apply":
        yield from _unbound(made)
    if made.get("accept_drift") and made.get("command") != "drift":
        yield "accept-drift: goes with the command drift"
    if made.get("command") == "snapshot" and "snapshot" not in made:
        yield "snapshot: names the file to write, such as state.json.gz"


def _unbound(made: Mapping[str, Any]) -> Iterable[str]:
    bound = "expect_digest" in made or "plan_file" in made
    policy = made.get("stale_policy", "exact")
    if policy == "replan" and bound:
        yield "stale-policy: replan applies whatever is due, and expect-digest or plan-file forbids"
    if policy == "shrink-only" and "plan_file" not in made:
        yield "stale-policy: shrink-only needs plan-file: a digest does not tell what was approved"
    if policy == "exact" and not bound:
        yield "expect-digest: apply needs it, or plan-file: what was approved?"
