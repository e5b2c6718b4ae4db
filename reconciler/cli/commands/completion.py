"""`reconciler completion`: a shell's name in, its completion script out."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from reconciler.cli.main import cli
from reconciler.cli.output import result


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of SHELL.

    bash: `eval "$(reconciler completion bash)"` in ~/.bashrc.
    """
    found = get_completion_class(shell)
    assert found is not None
    result(found(cli, {}, "reconciler", "_RECONCILER_COMPLETE").source())
    return 0
