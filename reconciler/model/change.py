"""One step of a plan, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from reconciler.model.address import Address
from reconciler.model.loss import Loss
from reconciler.model.origin import JsonValue, Origin

SecretState = Literal["set", "changed", "unverifiable"]


class _Unset:
    """Stands for a value nobody has set; unlike None it is not a value of JSON."""

    _instance: _Unset | None = None

    def __new__(cls) -> _Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Any = _Unset()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One path whose desired value differs from the live one.

    | action          | before          | after          |
    |-----------------|-----------------|----------------|
    | create          | UNSET           | desired value  |
    | update, convert | live or UNSET   | desired value  |

    A secret has no values, only a state; `reference` names where its value will come from.
    `ordered` says of a list that its order has a meaning; sets come in a fixed order.
    """

    path: str
    before: JsonValue = UNSET
    after: JsonValue = UNSET
    secret: SecretState | None = None
    reference: str = ""
    ordered: bool = False

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15: absent means unset, null means null."""
        if self.secret is not None:
            return {"path": self.path, "secret": True, "state": self.secret}
        shown: dict[str, JsonValue] = {"path": self.path}
        if self.before is not UNSET:
            shown["before"] = self.before
        if self.after is not UNSET:
            shown["after"] = self.after
        return shown


class Action(StrEnum):
    """What a change does to its object."""

    DELETE = "delete"
    REPLACE = "replace"
    CONVERT = "convert"
    UPDATE = "update"
    CREATE = "create"
    DEPLOY = "deploy"
    ADOPT = "adopt"
    RELEASE = "release"

    @property
    def writes(self) -> bool:
        """Whether the platform is changed; adopt and release touch only the inventory."""
        return self not in (Action.ADOPT, Action.RELEASE)


Risk = Literal["safe", "notable", "disruptive", "destructive"]


@dataclass(frozen=True, slots=True)
class Block:
    """Why a change is not carried out. `code` is of a closed, published list.

    `origin` and `address` are what it is about, where it stops a plan as a whole.
    """

    code: str
    message: str
    override: str | None = None
    origin: Origin | None = None
    address: str | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 15."""
        return {"code": self.code, "message": self.message, "override": self.override}


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request a change will send."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a plan."""

    address: Address
    action: Action
    reason: str
    fields: tuple[FieldChange, ...] = ()
    adopting: bool = False
    risk: Risk = "notable"
    requires: tuple[Address, ...] = ()
    origin: Origin | None = None
    blocked: Block | None = None
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    requests: tuple[PlannedRequest, ...] = ()
    irreversible: str = ""
    """What of it `undo` could not take back, in words."""
    follows: tuple[str, ...] = ()
    """Paths that another change takes values out of: written again, whatever is live."""
    previous: Address | None = None
    """Where the object is now, if a rename or a conversion gives it this address."""
    losses: tuple[Loss, ...] = ()
    """What it takes away, for the guard against locking oneself out; no part of any document."""

    @property
    def is_blocked(self) -> bool:
        """Whether the change is shown but not carried out."""
        return self.blocked is not None

    def as_json(self) -> dict[str, JsonValue]:
        """The JSON form of spec 4.

        `secrets`, where there are any, names what they refer to: part of the digest, so that a
        saved plan can be checked.
        """
        secrets = {f.path: f.reference for f in self.fields if f.secret and f.reference}
        return {
            "address": str(self.address),
            "platform": self.address.platform,
            "kind": self.address.kind,
            "name": self.address.name,
            "action": self.action.value,
            "adopting": self.adopting,
            "risk": self.risk,
            "reason": self.reason,
            "fields": [change.as_json() for change in self.fields],
            "requires": [str(address) for address in self.requires],
            "origin": _origin_json(self.origin),
            "blocked": self.blocked.as_json() if self.blocked else None,
            "evidence": dict(self.evidence),
            "requests": [{"method": r.method, "path": r.path} for r in self.requests],
            **({"irreversible": self.irreversible} if self.irreversible else {}),
            **({"secrets": secrets} if secrets else {}),
        }


def _origin_json(origin: Origin | None) -> dict[str, JsonValue] | None:
    return origin.as_json() if origin else None
