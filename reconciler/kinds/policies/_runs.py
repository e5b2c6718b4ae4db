"""One run of a cleanup policy: what is remembered of it, and what the platform tells by its number.

No request lists the runs of a policy. Whoever starts one is told its number, and by its number the
platform tells the rest (from 7.117 on: "View Package Cleanup Policy Run Summary Report API" in the
vendor's help; the reference does not have it). So the last run that was started from here is
remembered in the inventory, with a digest of what the policy selected then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.errors import AnswerError
from reconciler.kinds.policies._fields import without_project
from reconciler.kinds.rest import Flow
from reconciler.model import JsonValue, Request, Response

RUNS = "/artifactory/api/cleanup/policies/runs"
COMPLETED = "COMPLETED"
_PROJECTS = "includedProjects"


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as the platform tells of it: times are ISO in UTC, empty for one that goes on.

    `freed` are bytes on the disk, `bytes` those of the files, some of which may share a place.
    """

    number: int
    is_dry: bool
    status: str
    started: str
    finished: str
    items: int
    bytes: int
    freed: int

    @property
    def is_over(self) -> bool:
        """Whether it ended, by itself or because it was stopped."""
        return bool(self.finished)

    @property
    def words(self) -> str:
        """`COMPLETED, 4 items, 16,000 bytes`; `freed` for a run that deletes."""
        count = f"{self.items:,} item{'s'[: self.items != 1]}"
        size = f"{self.bytes:,} bytes" if self.is_dry else f"{self.freed:,} bytes freed"
        return f"{self.status}, {count}, {size}"


def summary(policy: str, number: int | str) -> Flow:
    """Returns the `Summary` of a run; None where the platform does not tell it, or cannot be asked:
    nothing depends on it."""
    query = (("triggerId", str(number)), ("policyKey", policy))
    try:
        response: Response = yield Request("GET", f"{RUNS}/summaryReports", query=query)
        return _summary(response.json()) if response.status == 200 else None
    except (
        AnswerError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ):
        return None


def _summary(raw: Any) -> Summary:
    about, when, what = (
        raw[name] for name in ("policySummary", "executionSummary", "processedItemsSummary")
    )
    return Summary(
        int(about["runId"]),
        about["dryRun"] is True,
        str(about["status"]),
        _utc(when["startedAt"]),
        _utc(when["finishedAt"]) if when.get("finishedAt") else "",
        int(what["totalItems"] if about["dryRun"] else what["processedItems"]),
        int(what["processedVirtualSizeBytes"]),
        int(what["processedPhysicalSizeBytes"]),
    )


def _utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def remembered(number: int, policy: Mapping[str, Any], *, dry: bool) -> dict[str, JsonValue]:
    """What is to be remembered of a run that was started of a policy as the API has it."""
    return {"number": number, "dry": dry, "selects": selection(policy)}


def number_in(record: Mapping[str, Any]) -> int | None:
    """The number of a remembered run; None where none is remembered."""
    number = record.get("number")
    return number if type(number) is int else None


def selection(policy: Mapping[str, Any]) -> str:
    """A digest of what a policy selects: the same for the same, however it is written.

    Its project is left out: it never changes, and not every answer has it.
    """
    criteria = policy.get("searchCriteria")
    plain = {
        name: _plain(name, value)
        for name, value in (criteria if isinstance(criteria, Mapping) else {}).items()
    }
    given = {name: value for name, value in plain.items() if value}
    text = json.dumps(given, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(name: str, value: Any) -> Any:
    if name == _PROJECTS and isinstance(value, list):
        value = [without_project(str(key)) or "" for key in value]
    return sorted(value, key=json.dumps) if isinstance(value, list) else value


def is_same(record: Mapping[str, Any], policy: Mapping[str, Any]) -> bool:
    """Whether a remembered run was a dry one of what a policy selects."""
    return record.get("dry") is True and record.get("selects") == selection(policy)
