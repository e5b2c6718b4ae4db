"""`reconciler validate`: manifests in, findings out; offline unless asked otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    FILE,
    FINDINGS,
    output_option,
    settings,
    strict_option,
    wire_options,
    workspace_options,
)
from reconciler.cli.output import diagnostics_to_stderr, note, result, source_line, wants_color
from reconciler.errors import Diagnostic, Exit, has_errors
from reconciler.report.figures import listed
from reconciler.settings import Settings
from reconciler.validated import Memory, Sound

if TYPE_CHECKING:
    from reconciler.pipeline.desiring import Desire
    from reconciler.report.diagnostics import Counts


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@click.option("--online", is_flag=True, help="Also ask the platforms, with reads only.")
@output_option("text", "json", "github", *FINDINGS, "patch")
@strict_option
@workspace_options
@wire_options
def command(paths: tuple[Path, ...], online: bool, output: str, **flags: Any) -> int:
    """Check manifests: syntax, schema, references, duplicates, rules across fields.

    Needs no network and no credentials. PATHs are files or folders; without any, the workspace
    says where the manifests are. Without --environment they are checked for every environment the
    workspace has.
    """
    given = settings(paths=paths, output=output, **flags)
    memory = Memory(given)
    if not online and output not in (*FINDINGS, "patch") and (sound := memory.recall()):
        return _tell_sound(sound, output)
    from reconciler.pipeline.desiring import desire, desire_everywhere, told_together

    desires = [desire(given, dangling=False)] if online else desire_everywhere(given)
    if not online:
        memory.remember(desires)
    wanted, found = desires[0], told_together(desires)
    if online and not has_errors(found):
        found += _ask(given, wanted)
    return _tell(given, desires, found)


def _tell(given: Settings, desires: Sequence[Desire], found: list[Diagnostic]) -> int:
    wanted = desires[0]
    code = Exit.INVALID if has_errors(found) else Exit.DONE
    if given.output == "json":
        from reconciler.report.diagnostics import Counts

        _tell_json(found, code, Counts.of(wanted.manifests, len(wanted.documents)))
    elif given.output == "github":
        from reconciler.pipeline.git import place_in_repository
        from reconciler.report.github import annotations

        result(annotations(found, root=place_in_repository(wanted.workspace.root)))
    elif given.output == "patch":
        from reconciler.pipeline.git import place_in_repository
        from reconciler.report.patch import patch

        top = wanted.workspace.root
        made = patch(found, lambda file: _text(top / file), place_in_repository(top))
        if made:
            result(made)
        diagnostics_to_stderr(found, color=wants_color(given.color), source=source_line(top))
    elif given.output in FINDINGS:
        from reconciler.cli.planning import findings_text
        from reconciler.pipeline.git import place_in_repository

        root = place_in_repository(wanted.workspace.root)
        result(findings_text(given.output, found, root, int(code)))
    else:
        color = wants_color(given.color)
        diagnostics_to_stderr(found, color=color, source=source_line(wanted.workspace.root))
        if code is Exit.DONE:
            counts = {one.workspace.environment_name: len(one.documents) for one in desires}
            result(_valid(len(wanted.documents), counts))
    return int(code)


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _tell_sound(sound: Sound, output: str) -> int:
    """The same as `_tell` for manifests in which nothing was found, without loading much."""
    if output == "json":
        from reconciler.report.diagnostics import Counts

        _tell_json([], Exit.DONE, Counts(sound.manifests, sound.documents, sound.kinds))
    elif output == "github":
        from reconciler.report.github import annotations

        result(annotations([]))
    else:
        result(_valid(sound.documents, sound.environments))
    return int(Exit.DONE)


def _tell_json(found: list[Diagnostic], code: Exit, counts: Counts) -> None:
    from reconciler.report.machine import dumps, validation_json

    result(dumps(validation_json(found, int(code), counts)))


def _valid(documents: int, environments: Mapping[str, int]) -> str:
    """`environments` counts the manifests of each one that was looked at."""
    what = "1 manifest is valid" if documents == 1 else f"{documents} manifests are valid"
    names = [name for name in environments if name]
    if len(set(environments.values())) > 1:
        first, *others = names
        return f"{what} in {first}, {', '.join(f'{environments[n]} in {n}' for n in others)}."
    return f"{what} in {listed(names)}." if names else f"{what}."


def _ask(given: Settings, wanted: Desire) -> list[Diagnostic]:
    """What only the platforms know: names that exist there, versions, rules against live."""
    from reconciler.cli.planning import findings
    from reconciler.pipeline.planning import make_plan
    from reconciler.pipeline.session import session

    with session(given, wanted=wanted) as run:
        made = make_plan(replace(run, prunes=False))
    note(f"asked {', '.join(p.name for p in made.platforms)}")
    return [d for d in findings(made) if d.severity == "error"]
