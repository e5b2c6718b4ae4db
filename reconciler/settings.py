"""Flags and environment in, one frozen object out; and what the environment says of platforms.

In CI the workflow pins platforms (`--platform`, `RECONCILER_PLATFORMS`); a pin wins over the
workspace file, because a pull request can change the file and must not be able to send a token
elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from reconciler.errors import UsageError
from reconciler.model import Shard

Output = Literal["text", "json", "markdown", "html", "github", "sarif", "junit", "patch"]

URL_VARIABLES = ("JFROG_URL", "JF_URL")
TOKEN_VARIABLES = ("JFROG_ACCESS_TOKEN", "JF_ACCESS_TOKEN")
PINS_VARIABLE = "RECONCILER_PLATFORMS"
SECRET_GLOBS_VARIABLE = "RECONCILER_SECRET_ENV"
KEY_VARIABLE = "RECONCILER_FINGERPRINT_KEY"
CACHE_VARIABLE = "RECONCILER_CACHE"
ENVIRONMENT_VARIABLE = "RECONCILER_ENVIRONMENT"


def _nobody(secret: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One platform as the workflow pins it; the file's url, token and provider are then ignored."""

    name: str
    url: str
    oidc: str = ""
    audience: str = ""

    @classmethod
    def parse(cls, text: str) -> Pin:
        """Read `NAME=URL[,oidc=PROVIDER][,audience=A]`. Raises UsageError."""
        name, equals, rest = text.strip().partition("=")
        url, *options = rest.split(",")
        if not equals or not name or "://" not in url:
            raise UsageError(
                f"'{text}' pins no platform", hint="write NAME=https://acme.example.com"
            )
        found: dict[str, str] = {}
        for option in options:
            key, _, value = option.partition("=")
            if key not in ("oidc", "audience") or not value:
                raise UsageError(
                    f"'{option}' is no part of a platform pin", hint="known are oidc= and audience="
                )
            found[key] = unquote(value)
        return cls(name, url, **found)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run is told from outside, besides the manifests."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """Not in its repr: tracebacks and logs would show every secret there is."""
    workspace: Path | None = None
    environment_name: str | None = None
    paths: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    shard: Shard | None = None
    strict: bool = False
    output: Output = "text"
    color: bool = True
    verbose: bool = False
    pins: tuple[Pin, ...] = ()
    timeout: float = 30.0
    patience: float | None = None
    ca_file: Path | None = None
    client_cert: tuple[str, ...] = ()
    requests_per_second: float = 0.0
    trace: Path | None = None
    snapshot: Path | None = None
    secret_dirs: tuple[Path, ...] = ()
    rotate: tuple[str, ...] = ()
    prune: bool = False
    allow_deletes: tuple[str, ...] = ()
    allow_updates: tuple[str, ...] = ()
    max_risk: str = ""
    allow_policy: tuple[str, ...] = ()
    evidence_budget: int = 50
    lock_timeout: float = 0.0
    masked: Callable[[str], None] = field(default=_nobody, compare=False)
    """Told every token a run gets, before it is used: a CI system's log must not show it."""
    budget: int | None = None

    def variable(self, names: Sequence[str]) -> str | None:
        """The first of these environment variables that is set to something."""
        return next((v for name in names if (v := self.environment.get(name))), None)

    @property
    def chosen_environment(self) -> str:
        """The workspace's environment the run is for; empty for none. A flag wins."""
        if self.environment_name is not None:
            return self.environment_name
        return self.environment.get(ENVIRONMENT_VARIABLE, "")

    @property
    def names_environment(self) -> bool:
        """Whether somebody said which environment is meant; an empty flag says none."""
        return self.environment_name is not None or bool(self.chosen_environment)

    @property
    def longest_wait(self) -> float:
        """Seconds a request is repeated for while the platform fails, all attempts together."""
        return min(4 * self.timeout, 120.0) if self.patience is None else self.patience

    @property
    def all_pins(self) -> Mapping[str, Pin]:
        """Pins of the flags and of the environment; a flag wins. Raises UsageError."""
        lines = self.environment.get(PINS_VARIABLE, "").splitlines()
        pins = [Pin.parse(line) for line in lines if line.strip()]
        return {pin.name: pin for pin in (*pins, *self.pins)}

    @property
    def secret_globs(self) -> list[str]:
        """The variables secret references may name; empty means all that are not refused."""
        return self.environment.get(SECRET_GLOBS_VARIABLE, "").replace(",", " ").split()

    @property
    def is_ci(self) -> bool:
        """Whether a CI system says it runs us."""
        return self.environment.get("CI", "").lower() in ("true", "1")


_OF_SERVICES = ("artifactory", "ui")


def path_prefix(path: str) -> str:
    """The part of a platform URL's path that all its services share; usually empty.

    People paste what their browser or client shows: `/ui/packages`, `/artifactory`.
    """
    kept: list[str] = []
    for segment in filter(None, path.split("/")):
        if segment in _OF_SERVICES:
            break
        kept.append(f"/{segment}")
    return "".join(kept)


def ceilings(option: str, texts: Sequence[str]) -> dict[str, int]:
    """`KIND=N` flags as numbers by kind, the highest where a kind is named again.

    Messages of several platforms name a number each. Raises UsageError.
    """
    found: dict[str, int] = {}
    for text in texts:
        kind, _, number = text.partition("=")
        if not kind or not number.isascii() or not number.isdigit():
            raise UsageError(f"{option} '{text}' is no KIND=N", hint=f"{option} LocalRepository=12")
        found[kind] = max(int(number), found.get(kind, 0))
    return found


def exceptions(option: str, texts: Sequence[str]) -> dict[str, int | None]:
    """`ADDRESS=N` flags as numbers by address, None for `unknown`. Raises UsageError."""
    found: dict[str, int | None] = {}
    for text in texts:
        address, _, number = text.rpartition("=")
        is_number = number.isascii() and number.isdigit()
        if not address or not (is_number or number == "unknown"):
            raise UsageError(
                f"{option} '{text}' is no ADDRESS=N",
                hint=f"{option} PackageCleanupPolicy/old-npm=1200, or =unknown for what could not "
                "be measured",
            )
        found[address] = int(number) if is_number else None
    return found
