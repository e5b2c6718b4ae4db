"""The command: a lazy group, so that `--help` imports no command and no heavy package."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

import click

from reconciler import __version__

COMMANDS = {
    "init": "Write a workspace, a first manifest and a workflow.",
    "validate": "Check manifests offline: syntax, schema, references, rules.",
    "render": "Print the final documents, with the origin of each.",
    "compare": "Compare what two environments or two platforms declare.",
    "fmt": "Format manifests; comments are kept.",
    "plan": "Read the platforms and show what an apply would do.",
    "apply": "Make the platforms as the manifests say.",
    "drift": "Show what changed on the platforms since the last apply.",
    "graph": "Draw who names whom, as SVG, Mermaid or DOT.",
    "export": "Write manifests for what is live.",
    "snapshot": "Record what a plan reads, without secrets, for planning offline.",
    "import": "Write manifests for what Terraform manages, from its state.",
    "status": "Show how federations and the like are doing.",
    "run": "Have a platform do something once, such as a full synchronisation.",
    "adopt": "Take live objects into ownership without touching them.",
    "release": "Take objects out of ownership without touching them.",
    "doctor": "Check what a run needs.",
    "test": "Run the tests of guardrails.",
    "undo": "Take back what an apply changed.",
    "unlock": "End the lease of an apply that is gone.",
    "kinds": "List what can be managed.",
    "schema": "Print or write the JSON Schemas.",
    "explain": "Explain a kind, a field, a code, or why an object is in the plan.",
    "sandbox": "Serve the embedded platform.",
    "completion": "Print the completion script of a shell.",
}


def _module(command: str) -> str:
    """The file of a command; `import` is a word of the language."""
    return f"{command}_" if iskeyword(command) else command


class LazyGroup(click.Group):
    """Imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.commands.{_module(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reconciler")
def cli() -> None:
    """Keep a JFrog Platform in the state that a Git repository describes.

    Manifests are validated, compared with the live platform, planned and applied.
    Exit codes: 0 done, 1 invalid, 2 changes pending, 3 blocked, 4 stale, 5 partly applied,
    6 unreachable.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code; the console script."""
    from reconciler.cli.interrupt import impatient

    # What a run makes lives to its end: looking it all through for rubbish takes a tenth of the
    # time, and again (without freeze) at the end. And a plugin of some other package must not
    # decide what is valid; looking for one would read the metadata of everything installed.
    gc.set_threshold(1_000_000, 20, 50)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # httpx loads a command line of its own along with it, and all that colours its output; it is
    # prepared for their absence.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    with impatient():
        code = run(list(sys.argv[1:] if args is None else args))
        gc.freeze()
        sys.exit(code)


def run(args: list[str]) -> int:
    """Run one command line; returns the exit code, whatever happens."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us, as with `>&-`
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        result = cli.main(args, prog_name="reconciler", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.NoArgsIsHelpError as error:  # its text is the help
        from reconciler.cli.output import note

        note(error.format_message())
        return 1
    except BrokenPipeError:
        from reconciler.cli.output import silence

        silence(sys.stdout)
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that may
        from reconciler.cli.failure import tell

        return tell(error, args)
    return int(result or 0)
