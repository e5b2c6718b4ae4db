"""What would be hit in each repository in, the sum a reviewer reads out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.kinds.policies._layouts import StoredFile
from reconciler.model import Extreme, Impact, ImpactSource, Share

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that would go: its name for people, its files, its times (ISO)."""

    name: str
    files: Sequence[StoredFile]
    created: str
    downloaded: str = ""

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(file.size for file in self.files)


@dataclass
class Tally:
    """What was found so far."""

    source: ImpactSource
    noun: str
    candidates: list[Candidate] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def measured(
        self, repository: str, hit: Sequence[Candidate], files: Iterable[StoredFile]
    ) -> None:
        """A repository with what would go of all its files."""
        every = list(files)
        count = sum(len(one.files) for one in hit)
        size = sum(one.bytes for one in hit)
        total = sum(file.size for file in every)
        self.candidates += hit
        self.shares.append(
            Share(
                repository,
                len(hit),
                count,
                size,
                max(percent(count, len(every)), percent(size, total)),
            )
        )

    def unmeasured(self, repository: str, reason: str) -> None:
        """A repository nobody could look into."""
        self.shares.append(Share(repository))
        self.gap(f"{repository}: {reason}")

    def gap(self, reason: str) -> None:
        """Something that could not be measured."""
        if reason not in self.gaps:
            self.gaps.append(reason)

    def impact(self) -> Impact:
        """The sum; unknown as soon as a part of it is."""
        whole = not self.gaps
        return Impact(
            self.source,
            self.noun,
            len(self.candidates) if whole else None,
            sum(len(one.files) for one in self.candidates) if whole else None,
            sum(one.bytes for one in self.candidates) if whole else None,
            tuple(share for share in self.shares if share.candidates != 0),
            oldest(self.candidates),
            last_downloaded(self.candidates),
            gaps=tuple(self.gaps),
        )


def percent(part: int, whole: int) -> float:
    """The share in percent; what was counted before the whole was is at most all of it."""
    return min(100.0, 100 * part / whole) if whole else 0.0


def oldest(candidates: Sequence[Candidate]) -> Extreme | None:
    """The candidate that was created first."""
    found = min(candidates, key=lambda one: (one.created, one.name), default=None)
    return Extreme(found.name, found.created) if found else None


def last_downloaded(candidates: Sequence[Candidate]) -> Extreme | None:
    """The candidate that was downloaded last; `never` where none ever was."""
    found = max(candidates, key=lambda one: (one.downloaded, one.name), default=None)
    if found is None:
        return None
    return Extreme(found.name, found.downloaded) if found.downloaded else Extreme("", NEVER)
