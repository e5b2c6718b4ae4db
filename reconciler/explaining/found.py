"""What was learned of one object: what the words of an explanation are made from."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.engine.diff import NOTHING_KNOWN, SecretKnowledge
from reconciler.errors import Diagnostic, ReconcilerError
from reconciler.model import Address, Block, Change, Entry, Manifest, Observed
from reconciler.report.explanation import Source


@dataclass(frozen=True, slots=True)
class Found:
    """What was learned of one object, from manifests, inventory and platform or saved plan.

    `observed` is None when no platform was asked, and `error` says why if one should have been.
    """

    address: Address
    manifest: Manifest | None
    entry: Entry | None = None
    source: Source = "manifests"
    change: Change | None = None
    guards: tuple[Block, ...] = ()
    """What stops a plan as a whole because of the object."""
    observed: Observed | None = None
    stance: str = ""
    """How it stands, for an object that is steered."""
    diagnostics: tuple[Diagnostic, ...] = ()
    error: ReconcilerError | None = None
    former: Address | None = None
    """Where the object is, or was recorded, until a rename or a conversion is applied."""
    successor: Address | None = None
    """What declares the object now, under another name or kind."""
    secrets: SecretKnowledge = NOTHING_KNOWN
    recorded: bool = True
    """Whether the inventory was read: one on a platform is not, where no platform is asked."""
