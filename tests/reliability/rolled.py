"""A rollout in waves that may die at any moment; what each death leaves behind, played to its end.

The rollout runs once, undisturbed. Right before each of its requests and right after each one was
carried out, whatever a death would leave is looked at: the fleet, the time, our files. What differs
from all before is copied, and the next process plays on the copy: it applies until nothing moves.
Moments that leave the same behind are one case; a read usually leaves nothing new.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from reconciler.deployments.marker import owner_of, parse
from reconciler.errors import ReconcilerError
from reconciler.model import Request, Response
from reconciler.platform.client import Client
from reconciler.sandbox import Request as Asked
from tests.connect.support import APP, Fleet

T = TypeVar("T")
R = TypeVar("R")

End = dict[str, dict[str, str]]
"""The status of each device, by the comment of the deployment."""


@dataclass(frozen=True)
class Story:
    """A fleet and its rollout: one device of `fails` fails always, one of twenty is offline; the
    second gate wants `early`. `ends` is how it ends when nothing disturbs it."""

    name: str
    devices: int
    fails: int
    early: str
    ends: str
    rollback: bool = False

    @property
    def waves(self) -> list[dict[str, Any]]:
        """Five canaries, a fifth of all, everybody left."""
        return [
            {"name": "canary", "take": {"count": 5}, "gate": {"minSuccess": "50%", "soak": "5m"}},
            {"name": "early", "take": {"percent": 20}, "gate": {"minSuccess": self.early}},
        ]

    def fleet(self, root: Path) -> Fleet:
        """The fleet, and the manifests beside it."""
        fleet = Fleet(root)
        fleet.add(self.devices)
        broken = {"select": {"every": self.fails}, "set": {"fails": None}}
        fleet.api.control("PATCH", "connect/devices", broken)
        away = {"select": {"skip": 1, "every": 20}, "set": {"online": False}}
        fleet.api.control("PATCH", "connect/devices", away)
        back = {
            "app": {"name": APP, "version": "1.0"},
            "flow": {"name": "camera-fw"},
            "parameters": {"image": "fw-1.0"},
        }
        failure = {"maxAttemptsPerDevice": 1, **({"rollback": back} if self.rollback else {})}
        fleet.deploy(waves=self.waves, onFailure=failure)
        return fleet


def whole(devices: int) -> Story:
    """One of ten fails: all three waves pass."""
    return Story("through three waves", devices, 10, "60%", "done")


def halted(devices: int) -> Story:
    """One of four fails: the second gate stops it."""
    return Story("stopped by the second gate", devices, 4, "95%", "halted")


def taken_back(devices: int) -> Story:
    """One of four fails, and the second wave is rolled back."""
    return Story("stopped and rolled back", devices, 4, "95%", "halted", rollback=True)


def roll(fleet: Fleet, *, strict: bool = True) -> str:
    """Apply until nothing moves any more; why it ended. With `strict`, no run may fail."""
    for _ in range(40):
        try:
            done = fleet.apply()
        except ReconcilerError:
            if strict:
                raise
            fleet.later(120)
            continue
        blocked = next((c.blocked for c in done.plan.changes if c.blocked), None)
        if blocked is not None:
            return blocked.code
        if not done.plan.pending and not fleet.is_moving(done.plan):
            return "done"
        fleet.later(120)
    return "it never ends"


@dataclass(frozen=True)
class Left:
    """What a process leaves behind that dies: the fleet, the time there, its files."""

    world: bytes
    now: float
    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def by(cls, fleet: Fleet) -> Left:
        """What is there now."""
        kept = fleet.root / ".reconciler"
        files = tuple(
            (file.name, file.read_bytes()) for file in sorted(kept.glob("*")) if file.is_file()
        )
        world = pickle.dumps(vars(fleet.connect.world), pickle.HIGHEST_PROTOCOL)
        return cls(world, fleet.sandbox.clock.now(), files)

    @property
    def digest(self) -> bytes:
        """Two with the same are the same."""
        return hashlib.sha256(repr((self.now, self.files)).encode() + self.world).digest()

    def fleet(self, root: Path, manifests: Path) -> Fleet:
        """The same again, for the next process."""
        fleet = Fleet(root)
        shutil.copytree(manifests, root / "manifests")
        kept = root / ".reconciler"
        kept.mkdir()
        for name, content in self.files:
            (kept / name).write_bytes(content)
        vars(fleet.connect.world).update(pickle.loads(self.world))
        fleet.sandbox.clock.freeze(self.now)
        return fleet


@dataclass(frozen=True)
class Faults:
    """What was found at one place, if anything."""

    place: str
    found: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place}: {'; '.join(self.found)}"


@dataclass
class Judge:
    """Knows how a story ends that nothing disturbs."""

    story: Story

    @cached_property
    def calm(self) -> tuple[End, set[str], Counter[str], Counter[str]]:
        """Statuses, reserved tags, versions, and what each device got, in the end."""
        with tempfile.TemporaryDirectory() as folder, light():
            fleet = self.story.fleet(Path(folder))
            assert roll(fleet) == self.story.ends
            return end_of(fleet), fleet.tags(), fleet.versions(), fleet.received()

    def faults(self, fleet: Fleet, ended: str) -> Iterator[str]:
        """What is wrong with an end: anything that a calm rollout would not have done."""
        end, tags, versions, received = self.calm
        if ended != self.story.ends:
            yield f"it ended {ended}"
        twice = {uuid for uuid, times in fleet.received().items() if times != received[uuid]}
        if twice:
            yield f"{len(twice)} devices got more than one of each: {sorted(twice)[:3]}"
        if len(fleet.sent()) != len(end):
            yield f"{len(fleet.sent())} deployments were sent"
        if end_of(fleet) != end:
            yield "what became of the devices is another"
        if fleet.tags() != tags:
            yield f"other reserved tags are left: {sorted(fleet.tags() ^ tags)[:3]}"
        if fleet.versions() != versions:
            yield f"other versions: {fleet.versions()}"
        yield from early(fleet, self.story)


def end_of(fleet: Fleet) -> End:
    """What became of everything that was sent."""
    return {
        one["comment"]: {uuid: entry["status"] for uuid, entry in one["entries"].items()}
        for one in fleet.sent()
    }


def early(fleet: Fleet, story: Story) -> Iterator[str]:
    """Waves that were begun before the gate of the one before them had what it wants."""
    own = owner_of("demo", "camera")
    marked = [(parse(one["comment"]), one) for one in fleet.sent()]
    sent = {marker.wave: one for marker, one in marked if marker and marker.owner == own}
    for number, wave in enumerate(story.waves, 1):
        before, after = sent.get(number), sent.get(number + 1)
        if before is None or after is None:
            continue
        members, gate = before["entries"].values(), wave["gate"]
        passed = [
            entry["finished"]
            for entry in members
            if entry["status"] == "success" and entry["finished"] <= after["created"]
        ]
        soak = 60 * int(gate.get("soak", "0m").removesuffix("m"))
        if 100 * len(passed) < int(gate["minSuccess"].removesuffix("%")) * len(members):
            yield f"wave {number + 1} began after {len(passed)} of {len(members)} successes"
        elif after["created"] < max(passed) + soak:
            yield f"wave {number + 1} began before the soak of wave {number} was over"


# --- every moment


@dataclass
class Deaths:
    """Every moment of one rollout; each that leaves something new behind is played by `play`.

    `chosen` gets the number of the case and the method of the request, and may leave it out.
    """

    story: Story
    chosen: Callable[[int, str], bool] = lambda number, method: True
    requests: int = 0
    cases: int = 0
    played: int = 0
    faults: list[Faults] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._judge = Judge(self.story)
        self._seen: set[bytes] = set()

    def play(self) -> Deaths:
        """Run the rollout, and at every moment what would become of it."""
        assert self._judge.calm
        with tempfile.TemporaryDirectory() as folder, light():
            fleet = self.story.fleet(Path(folder))
            carry = fleet.transport.handle

            def watched(asked: Asked, port: int | None) -> Any:
                self.requests += 1
                line = f"request {self.requests}, {asked.method} {asked.path}"
                self._moment(fleet, asked.method, f"before {line}")
                answer = carry(asked, port)
                self._moment(fleet, asked.method, f"after {line}")
                return answer

            fleet.transport.handle = watched  # type: ignore[method-assign]
            roll(fleet)
        return self

    def _moment(self, fleet: Fleet, method: str, place: str) -> None:
        left = Left.by(fleet)
        if left.digest in self._seen:
            return
        self._seen.add(left.digest)
        self.cases += 1
        if not self.chosen(self.cases, method):
            return
        self.played += 1
        with tempfile.TemporaryDirectory() as folder:
            next_ = left.fleet(Path(folder), fleet.root / "manifests")
            found = tuple(self._judge.faults(next_, roll(next_)))
        if found:
            self.faults.append(Faults(place, found))


# --- two at once


@dataclass
class Races:
    """A second run, with an inventory of its own, takes a step right before one of the requests of
    the first: at each request of the rollout that `chosen` lets through."""

    story: Story
    chosen: Callable[[int, str], bool] = lambda number, method: True
    requests: int = 0
    played: int = 0
    faults: list[Faults] = field(default_factory=list)

    def play(self) -> Races:
        """Play each of them."""
        with tempfile.TemporaryDirectory() as folder, light():
            calm = self.story.fleet(Path(folder))
            lines: list[tuple[str, str]] = []
            carry = calm.transport.handle

            def listed(asked: Asked, port: int | None) -> Any:
                lines.append((asked.method, asked.path))
                return carry(asked, port)

            calm.transport.handle = listed  # type: ignore[method-assign]
            assert roll(calm) == self.story.ends
            expected = set(end_of(calm))
        self.requests = len(lines)
        for number, (method, path) in enumerate(lines):
            if self.chosen(number, method):
                self.played += 1
                if found := tuple(self._faults(number, expected)):
                    place = f"before request {number}, {method} {path}"
                    self.faults.append(Faults(place, found))
        return self

    def _faults(self, number: int, expected: set[str]) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, light():
            fleet = self.story.fleet(Path(one))
            other = Fleet(Path(two), fleet)
            shutil.copytree(fleet.root / "manifests", other.root / "manifests")
            overtake(fleet, other, number)
            ended = roll(fleet, strict=False)
            if ended != self.story.ends:
                yield f"it ended {ended}"
            if twice := [uuid for uuid, times in fleet.received().items() if times != 1]:
                yield f"{len(twice)} devices got it more than once: {sorted(twice)[:3]}"
            found = Counter(one["comment"] for one in fleet.sent())
            if set(found) != expected:
                yield f"deployments of other waves were sent: {set(found) ^ expected}"
            if max(found.values()) > 2:
                yield f"{max(found.values())} deployments have one marker"


def overtake(fleet: Fleet, other: Fleet, number: int) -> None:
    """Have the other run apply once right before a request of the first, counted from 0."""
    carry, count = fleet.transport.handle, iter(range(1_000_000))

    def carried(asked: Asked, port: int | None) -> Any:
        if next(count) == number:
            with suppress(ReconcilerError):
                other.apply()
        return carry(asked, port)

    fleet.transport.handle = carried  # type: ignore[method-assign]


# --- without what costs most


class _OneByOne:
    """Stands where threads are: what is wanted side by side happens in its order."""

    def map(self, do: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Each of them."""
        return [do(item) for item in items]

    def shutdown(self) -> None:
        """Nothing is open."""


@contextmanager
def light() -> Iterator[None]:
    """Requests go from the client into the sandbox without httpx, one after the other: it takes a
    third of the time, and every run sends the same in the same order."""

    def exchange(self: Client, request: Request) -> Response:
        content, headers = self._body(request)
        given = {**headers, **request.headers, "authorization": f"Bearer {self.endpoint.token()}"}
        asked = Asked(request.method, request.path, request.query, given, content or b"")
        transport: Any = self._transport
        answer = transport.handle(asked, int(self.base.rpartition(":")[2]))
        found = {name.lower(): value for name, value in answer.headers.items()}
        return self._scrubbed(Response(answer.status, found, answer.body))

    with (
        mock.patch.object(Client, "_exchange", exchange),
        mock.patch.object(Client, "pool", _OneByOne()),
    ):
        yield
