"""The flags several commands share, and how they become `Settings`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.duration import Duration
from reconciler.errors import UsageError
from reconciler.settings import Pin, Settings

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(path_type=Path)
FINDINGS = ("sarif", "junit")
"""The formats of `--output` that hold findings and nothing else."""


def _together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


workspace_options = _together(
    click.option(
        "--workspace",
        type=FILE,
        help="Workspace file or its folder; searched upwards when left out.",
    ),
    click.option(
        "--environment",
        "environment_name",
        metavar="NAME",
        help="Environment of the workspace (also: RECONCILER_ENVIRONMENT).",
    ),
    click.option("--no-color", is_flag=True, help="No colours (also: NO_COLOR)."),
    click.option("--verbose", is_flag=True, help="Say more, on stderr."),
)

select_options = _together(
    click.option(
        "--only",
        multiple=True,
        metavar="TERM",
        help="Only these: address glob, kind=, label=K=V, path=GLOB, project=, platform=. "
        "Repeat for or, commas for and.",
    ),
    click.option("--exclude", multiple=True, metavar="TERM", help="Not these; wins over --only."),
)

shard_option = click.option(
    "--shard",
    metavar="I/N",
    help="Only part I of N, objects that name each other together; `auto` takes both from the CI "
    "system's variables, `auto/N` the index.",
)

snapshot_option = click.option(
    "--snapshot",
    type=FILE,
    help="Plan offline: the platforms as this file recorded them (see `snapshot`).",
)

strict_option = click.option("--strict", is_flag=True, help="Warnings are errors.")

wire_options = _together(
    click.option(
        "--platform",
        "pins",
        multiple=True,
        metavar="NAME=URL",
        help="Pin a platform's URL; wins over the workspace file (also: RECONCILER_PLATFORMS).",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1, 3600),
        default=30.0,
        metavar="SECONDS",
        show_default=True,
        help="Seconds one request may take.",
    ),
    click.option(
        "--patience",
        type=click.FloatRange(0.1, 86400),
        metavar="SECONDS",
        help="Seconds a failing request is repeated for in all; without it, four times --timeout, "
        "at most 120.",
    ),
    click.option("--ca-file", type=FILE, help="Certificates of a private authority (PEM)."),
    click.option("--client-cert", type=FILE, help="Client certificate (PEM)."),
    click.option("--client-key", type=FILE, help="Key of the client certificate (PEM)."),
    click.option(
        "--rps",
        type=click.FloatRange(0.0, min_open=False),
        default=0.0,
        metavar="N",
        help="Requests a second and platform at most; 0 is no limit.",
    ),
    click.option(
        "--budget",
        type=click.IntRange(1),
        metavar="N",
        help="Requests that looking at one deployment to devices may take; 2000 without it.",
    ),
    click.option("--trace", type=FILE, help="Append every request to this file, redacted."),
    click.option(
        "--secret-dir",
        "secret_dirs",
        multiple=True,
        type=FILE,
        help="Folder outside the workspace that {file: ...} secrets may lie in.",
    ),
)

write_options = _together(
    click.option(
        "--prune",
        is_flag=True,
        help="Delete owned objects that no manifest declares any more (see kind: Tombstone).",
    ),
    click.option(
        "--allow-deletes",
        multiple=True,
        metavar="KIND=N",
        help="Raise the limit of deletes of one kind, for this run.",
    ),
    click.option(
        "--allow-updates",
        multiple=True,
        metavar="KIND=N",
        help="Raise the limit of updates of one kind, for this run.",
    ),
    click.option(
        "--max-risk",
        type=click.Choice(("safe", "notable", "disruptive", "destructive")),
        default=None,
        callback=lambda _context, _option, value: value or "",
        help="Block the whole plan if a change is riskier than this.",
    ),
    click.option(
        "--allow-policy",
        multiple=True,
        metavar="ADDRESS=N",
        help="Let this policy hit so many artifacts, for this run; `unknown` for what could not be "
        "measured.",
    ),
    click.option(
        "--evidence-budget",
        type=click.IntRange(0, 100_000),
        default=50,
        show_default=True,
        metavar="N",
        help="Requests for what policies would hit, on each platform; 2 more for each repository "
        "a policy matches.",
    ),
    click.option(
        "--rotate",
        multiple=True,
        metavar="ADDRESS#FIELD",
        help="Write this secret even if nothing shows that it changed.",
    ),
)

carry_out_options = _together(
    click.option("--yes", is_flag=True, help="Do not ask; raises no limit."),
    click.option(
        "--lock-timeout",
        type=Duration(),
        default="0",
        metavar="DURATION",
        show_default=True,
        help="Wait so long for another apply to end, such as 10m.",
    ),
)


def output_option(*formats: str) -> Callable[[Command], Command]:
    """`--output`, for the formats a command has."""
    return click.option(
        "--output",
        "-o",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Format of the result.",
    )


def settings(**flags: Any) -> Settings:
    """The settings of a run from a command's flags; unknown names are an error of ours."""
    certificate = [
        str(p) for p in (flags.pop("client_cert", None), flags.pop("client_key", None)) if p
    ]
    _require_files(certificate, flags)
    pins = tuple(Pin.parse(text) for text in flags.pop("pins", ()))
    if shard := flags.pop("shard", None):
        from reconciler.cli.shard import parse_shard

        flags["shard"] = parse_shard(shard, os.environ)
    if "rps" in flags:
        flags["requests_per_second"] = flags.pop("rps")
    if "no_color" in flags:
        flags["color"] = not flags.pop("no_color")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        flags["masked"] = _masked
    return Settings(client_cert=tuple(certificate), pins=pins, **flags)


def _masked(secret: str) -> None:
    """Have the log of a GitHub job hide a token the run was given."""
    from reconciler.cli.output import note
    from reconciler.report.github import add_mask

    note(add_mask(secret))


def _require_files(certificate: list[str], flags: Mapping[str, Any]) -> None:
    """Raises UsageError for a file or folder that is not there, whether or not it is needed."""
    named = [("--client-cert or --client-key", Path(path)) for path in certificate]
    named += [("--ca-file", flags["ca_file"])] if flags.get("ca_file") else []
    for option, path in named:
        if not path.is_file():
            raise UsageError(f"{option}: there is no file {path}", hint="give a file in PEM format")
    for path in flags.get("secret_dirs", ()):
        if not path.is_dir():
            raise UsageError(
                f"--secret-dir: there is no folder {path}",
                hint="name the folder that the files of {file: ...} references lie in",
            )
