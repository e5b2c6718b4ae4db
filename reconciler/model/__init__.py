"""The nouns that travel between the stages: small, immutable, without I/O."""

from __future__ import annotations

from reconciler.model.address import SERVICES, Address
from reconciler.model.approval import Disagreement
from reconciler.model.change import (
    UNSET,
    Action,
    Block,
    Change,
    FieldChange,
    PlannedRequest,
    Risk,
    SecretState,
)
from reconciler.model.checkup import Check, CheckState
from reconciler.model.comparison import Comparison, Declared, Differing
from reconciler.model.drift import DRIFT_STATUSES, Drift, DriftEntry, DriftStatus
from reconciler.model.graph import Graph, GraphEdge, GraphNode
from reconciler.model.guardrail import Guardrail, GuardrailCase, Guardrails, Violation, Waiver
from reconciler.model.health import Health, HealthState, Reach, Standing, Status
from reconciler.model.http import Once, Pause, Request, Response, Together
from reconciler.model.identity import Account, Identity
from reconciler.model.impact import DryRun, Extreme, Impact, ImpactSource, Share
from reconciler.model.inventory import Entry, Inventory
from reconciler.model.live import Absent, Live, Observed, Unreadable
from reconciler.model.loss import AccountLost, Loss, RightsLost, SignInLost, StoreLost
from reconciler.model.manifest import Lifecycle, Manage, Manifest
from reconciler.model.origin import Document, Finding, JsonValue, Origin, Overlay, Path
from reconciler.model.plan import ACTION_COUNTS, Outcome, Plan, PlatformInfo, Result, Scope, Shard
from reconciler.model.secret import Secret, reference_name
from reconciler.model.tombstone import Tombstone
from reconciler.model.topology import Place, Planned, Tie, Topology
from reconciler.model.undo import Image, UndoRecord

__all__ = [
    "ACTION_COUNTS",
    "DRIFT_STATUSES",
    "SERVICES",
    "UNSET",
    "Absent",
    "Account",
    "AccountLost",
    "Action",
    "Address",
    "Block",
    "Change",
    "Check",
    "CheckState",
    "Comparison",
    "Declared",
    "Differing",
    "Disagreement",
    "Document",
    "Drift",
    "DriftEntry",
    "DriftStatus",
    "DryRun",
    "Entry",
    "Extreme",
    "FieldChange",
    "Finding",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Guardrail",
    "GuardrailCase",
    "Guardrails",
    "Health",
    "HealthState",
    "Identity",
    "Image",
    "Impact",
    "ImpactSource",
    "Inventory",
    "JsonValue",
    "Lifecycle",
    "Live",
    "Loss",
    "Manage",
    "Manifest",
    "Observed",
    "Once",
    "Origin",
    "Outcome",
    "Overlay",
    "Path",
    "Pause",
    "Place",
    "Plan",
    "Planned",
    "PlannedRequest",
    "PlatformInfo",
    "Reach",
    "Request",
    "Response",
    "Result",
    "RightsLost",
    "Risk",
    "Scope",
    "Secret",
    "SecretState",
    "Shard",
    "Share",
    "SignInLost",
    "Standing",
    "Status",
    "StoreLost",
    "Tie",
    "Together",
    "Tombstone",
    "Topology",
    "UndoRecord",
    "Unreadable",
    "Violation",
    "Waiver",
    "reference_name",
]
