"""A session and a plan in, what would lock the run out of its own platforms out.

The platforms are asked who the run is there only where the plan takes something away, and once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.lockout import Store, lockouts, to_ask
from reconciler.errors import Diagnostic, ordered
from reconciler.manifests.workspace import Workspace
from reconciler.model import Block, Plan
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.pipeline.session import Session


def lockout_blocks(run: Session, made: Plan) -> list[Block]:
    """What keeps the whole plan from being applied, for the sake of the run itself.

    From a snapshot nobody can be asked: see `with_unchecked`. Raises UnreachableError.
    """
    from reconciler.platform.identity import identity

    for platform, client in run.clients.items():
        losses = to_ask(made, platform)
        if losses and platform not in run.identities:
            provider = sign_in_provider(run.workspace, run.settings, platform)
            run.identities[platform] = identity(client, losses, provider)
    return lockouts(made, run.identities, store_of(run.workspace))


def with_unchecked(made: Plan, run: Session) -> Plan:
    """The plan, telling what only an apply can find out."""
    told = list(_unchecked(run, made)) if run.snapshot is not None else []
    if not told:
        return made
    return replace(made, diagnostics=tuple(ordered([*made.diagnostics, *told])))


def _unchecked(run: Session, made: Plan) -> Iterator[Diagnostic]:
    for platform in run.observer.sources:
        if to_ask(made, platform):
            yield Diagnostic(
                "lockout-unchecked",
                "warning",
                f"the plan takes rights away on {platform}, and a snapshot does not tell whether "
                "they are those of the run",
                hint="the apply asks the platform, and is blocked if they are",
            )


def store_of(workspace: Workspace) -> Store | None:
    """Where a platform keeps the inventory; None where it is a file."""
    place = workspace.inventory_place
    if place is None:
        return None
    paths = tuple(f"{place.folder}/{name}" for name in ("entries/1.json", "leases/1.json"))
    return Store(place.platform, place.repository, paths)


def sign_in_provider(workspace: Workspace, settings: Settings, platform: str) -> str:
    """The OIDC provider a run signs in by; empty where it signs in by a token alone."""
    pin = settings.all_pins.get(platform)
    if pin is not None:
        return pin.oidc or ""
    written = workspace.platforms.get(platform) or {}
    return str(written.get("oidcProvider") or "")
