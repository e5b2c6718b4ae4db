"""What something that deletes or moves files by itself would hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.model.origin import JsonValue

MOST_SHARES = 5
"""So many repositories are told by name; the rest is counted."""

UNKNOWN = "unknown"

ImpactSource = Literal["preview", "estimate", "dry-run"]


@dataclass(frozen=True, slots=True)
class Share:
    """What is hit of one repository. None is what nobody could tell, never nothing.

    `percent` is the share of its files or of its bytes, whichever is greater.
    """

    repository: str
    candidates: int | None = None
    artifacts: int | None = None
    bytes: int | None = None
    percent: float | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """The form it has inside of evidence."""
        return {
            "repository": self.repository,
            "candidates": _known(self.candidates),
            "artifacts": _known(self.artifacts),
            "bytes": _known(self.bytes),
            "percent": UNKNOWN if self.percent is None else round(self.percent, 2),
        }


@dataclass(frozen=True, slots=True)
class Extreme:
    """The candidate that stands out, and the time it stands out by (ISO)."""

    name: str
    time: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run with the same criteria found, and when (ISO)."""

    as_of: str
    candidates: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a run would hit now. None is what nobody could tell, never nothing.

    `source` is the platform's own preview, a query that asks the same (an estimate), or the last
    dry run. `noun` says what a candidate is. `as_of` is the time of a dry run. `gaps` say what
    could not be measured, and why. What lies in no repository has no share of one. `dry_run` is
    what the platform itself found at another time, beside an estimate.
    """

    source: ImpactSource
    noun: str
    candidates: int | None = None
    artifacts: int | None = None
    bytes: int | None = None
    shares: tuple[Share, ...] = ()
    oldest: Extreme | None = None
    last_downloaded: Extreme | None = None
    as_of: str = ""
    gaps: tuple[str, ...] = ()
    in_repositories: bool = True
    dry_run: DryRun | None = None

    def beside(self, found: DryRun) -> Impact:
        """The same with what a dry run found, which stands for what could not be measured."""
        if self.candidates is not None:
            return replace(self, dry_run=found)
        return replace(
            self,
            source="dry-run",
            candidates=found.candidates,
            bytes=found.bytes,
            as_of=found.as_of,
        )

    def as_json(self) -> dict[str, JsonValue]:
        """The form it has as evidence of a change: the worst repositories first."""
        worst = sorted(self.shares, key=_by_weight)
        rest = worst[MOST_SHARES:]
        told: dict[str, JsonValue] = {
            "source": self.source,
            "noun": self.noun,
            "candidates": _known(self.candidates),
            "artifacts": _known(self.artifacts),
            "bytes": _known(self.bytes),
            "percentOfRepository": _worst(self),
            "repositories": [share.as_json() for share in worst[:MOST_SHARES]],
            "otherRepositories": len(rest),
        }
        if self.oldest is not None:
            told["oldest"] = _extreme(self.oldest)
        if self.last_downloaded is not None:
            told["lastDownloaded"] = _extreme(self.last_downloaded)
        if self.as_of:
            told["asOf"] = self.as_of
        if self.dry_run is not None:
            told["dryRun"] = {
                "asOf": self.dry_run.as_of,
                "candidates": self.dry_run.candidates,
                "bytes": self.dry_run.bytes,
            }
        if self.gaps:
            told["gaps"] = list(self.gaps)
        return told


def _known(figure: int | None) -> JsonValue:
    return UNKNOWN if figure is None else figure


def _extreme(found: Extreme) -> Mapping[str, JsonValue]:
    return {"name": found.name, "time": found.time}


def _by_weight(share: Share) -> tuple[bool, float, int, str]:
    """What nobody could measure comes first: it may be the worst."""
    return (
        share.percent is not None,
        -(share.percent or 0.0),
        -(share.candidates or 0),
        share.repository,
    )


def _worst(impact: Impact) -> JsonValue:
    """The greatest share of a repository; unknown as soon as that of one is, null for none."""
    if not impact.in_repositories:
        return None
    if impact.candidates == 0:
        return 0.0
    percents = [share.percent for share in impact.shares]
    known = [percent for percent in percents if percent is not None]
    if not known or len(known) < len(percents) or impact.gaps:
        return UNKNOWN
    return round(max(known), 2)
