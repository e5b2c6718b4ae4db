"""Rollouts that die at every moment, and one that another run overtakes; rows out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import sched_getaffinity

from scripts.reliability.rows import Row
from tests.reliability.rolled import Deaths, Races, Story, halted, taken_back, whole

FEW, SOME = 40, 100
"""Devices of the races, where a run is played from its beginning for each, and of rollbacks."""


def rows(devices: int) -> Iterator[Row]:
    """A row for each way a rollout goes, then one for two runs at once."""
    shares = len(sched_getaffinity(0))
    with ProcessPoolExecutor(shares) as pool:
        for story in (whole(devices), halted(devices), taken_back(SOME)):
            deaths = list(pool.map(partial(_deaths, story, shares), range(shares)))
            assert len({(one.requests, one.cases) for one in deaths}) == 1
            detail = (
                f"{2 * deaths[0].requests:,} moments, one before and one after each of "
                f"{deaths[0].requests:,} requests; those that leave the same behind are one case"
            )
            yield _row(f"{story.devices} devices, {story.name}; the run dies", deaths, detail)
        races = list(pool.map(partial(_races, whole(FEW), shares), range(shares)))
        detail = f"right before each of {races[0].requests:,} requests"
        yield _row(f"{FEW} devices, another run takes a step meanwhile", races, detail)


@dataclass(frozen=True, slots=True)
class _Share:
    """Every so manieth case."""

    number: int
    of: int

    def __call__(self, number: int, method: str) -> bool:
        return number % self.of == self.number


def _deaths(story: Story, of: int, share: int) -> Deaths:
    return Deaths(story, _Share(share, of)).play()


def _races(story: Story, of: int, share: int) -> Races:
    return Races(story, _Share(share, of)).play()


def _row(what: str, found: list[Deaths] | list[Races], detail: str) -> Row:
    faults = [fault for part in found for fault in part.faults]
    for fault in faults[:5]:
        sys.stdout.write(f"{fault}\n")
    return Row(what, sum(part.played for part in found), len(faults), detail)
