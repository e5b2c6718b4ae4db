"""Two environments or platforms of a workspace in, how what is declared for them differs out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.engine.compare import compare as compare_declared
from reconciler.errors import Diagnostic, InvalidManifests, UsageError, has_errors
from reconciler.kinds.registry import Registry, builtin
from reconciler.manifests.final import final_document
from reconciler.manifests.messages import nearest_hint
from reconciler.manifests.workspace_file import read_workspace
from reconciler.model import Comparison, Declared, Manifest
from reconciler.pipeline.desiring import Desire, desire, told_together
from reconciler.settings import Settings


def compare(settings: Settings, left: str, right: str) -> tuple[Comparison, list[Diagnostic]]:
    """Compare two sides, offline. Names of environments come before those of platforms.

    Raises UsageError for names that are neither, InvalidManifests for manifests with errors.
    """
    workspace, faults = read_workspace(settings, builtin())
    if has_errors(faults):
        raise InvalidManifests(faults)
    names = (left, right)
    if all(name in workspace.environments for name in names):
        desires = [desire(replace(settings, environment_name=name)) for name in names]
        sides = _environments(desires)
    elif all(name in workspace.platforms for name in names):
        desires = [desire(settings)]
        sides = [[m for m in desires[0].manifests if m.address.platform == name] for name in names]
    else:
        raise _unknown(names, workspace.environments, list(workspace.platforms))
    found = told_together(desires)
    if has_errors(found):
        raise InvalidManifests(found)
    return _compared(names, sides, desires[0].registry), found


def compare_desires(names: tuple[str, str], left: Desire, right: Desire) -> Comparison:
    """Compare what two versions of the same manifests declare."""
    return _compared(names, _environments([left, right]), left.registry)


def _compared(
    names: tuple[str, str], sides: Sequence[list[Manifest]], registry: Registry
) -> Comparison:
    is_across = _is_across(sides)
    one, other = (
        {_key(m, registry, is_across): _declared(m, registry, is_across) for m in side}
        for side in sides
    )
    return compare_declared(names, one, other, registry.__getitem__)


def _environments(desires: Iterable[Desire]) -> list[list[Manifest]]:
    return [list(one.manifests) for one in desires]


def _is_across(sides: Iterable[list[Manifest]]) -> bool:
    """Whether each side is about one platform, so that their names do not matter."""
    return all(len({m.address.platform for m in side}) <= 1 for side in sides)


def _key(manifest: Manifest, registry: Registry, is_across: bool) -> str:
    address = manifest.address
    if not is_across:
        return address.full
    if registry[address.kind].at_site is not None:  # whatever its key there
        return f"{address.kind}/{address.parts[0]}"
    return address.unqualified


def _declared(manifest: Manifest, registry: Registry, is_across: bool) -> Declared:
    address, kind = manifest.address, registry[manifest.address.kind]
    document = final_document(manifest, kind)
    if is_across and kind.at_site is not None:
        spec = kind.at_site(manifest.spec, address.parts[0], address.platform)
        document = {**document, "spec": spec}
    return Declared(address, document, manifest.origin)


def _unknown(
    names: tuple[str, str], environments: Iterable[str], platforms: list[str]
) -> UsageError:
    known = [*environments, *platforms]
    unknown = next((name for name in names if name not in known), None)
    if unknown is None:
        return UsageError(
            f"'{names[0]}' and '{names[1]}' are not of one sort",
            hint="compare two environments, or two platforms",
        )
    hint = nearest_hint(unknown, known) or f"there are {', '.join(known)}" if known else ""
    return UsageError(
        f"the workspace has no environment and no platform '{unknown}'",
        hint=hint or "write environments/NAME.yaml, or spec.platforms in the workspace file",
    )
