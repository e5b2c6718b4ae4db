"""Two workspaces that share one platform and one inventory, and what may be seen of their runs.

A run is judged by an oracle that knows nothing of plans but what they announce: what was live, what
was recorded and what is declared before it say which deletes are allowed; the plan says which
fields of which objects may differ after it.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import builtin
from reconciler.model import Action, Change, Entry, Inventory, Outcome, Plan
from reconciler.pipeline.applying import carry_out
from reconciler.pipeline.planning import make_plan
from reconciler.pipeline.session import session
from reconciler.platform.connect import Wire
from reconciler.platform.inventory.file import FileStore
from reconciler.sandbox import Sandbox
from reconciler.settings import Settings
from tests.reliability.judge import doubled, parts, unannounced
from tests.reliability.trouble import TROUBLES, Point, Troubled
from tests.support.estate import Estate, text_of

WORKSPACES = ("acme", "rival")
USERS = ("ann", "bob", "carol")
SECRETS = {"FIRST_SECRET": "hunter2"}


class Killed(BaseException):
    """The process is gone: nothing is sent or recorded from here on."""


@dataclass
class Nth(Troubled):
    """A wire on which the request with a certain number goes wrong, whatever it is."""

    number: int = -1
    kills: bool = False
    count: int = 0
    dead: bool = False

    def arm(self, number: int, trouble: str | None = None, *, kills: bool = False) -> None:
        """Count from here on."""
        self.spoil(None, TROUBLES[trouble] if trouble else None)
        self.number, self.kills, self.count, self.dead = number, kills, 0, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, unless the process is gone."""
        self.alive()
        answer = super().handle_request(request)
        self.alive()
        return answer

    def _is_meant(self, point: Point) -> bool:
        with self._lock:
            mine = self.count == self.number
            self.count += 1
        if mine and self.kills:
            self.dead = True
            raise Killed
        return mine

    def alive(self) -> None:
        """Raises Killed when the process is gone."""
        if self.dead:
            raise Killed


class Shared(Estate):
    """Two workspaces in one folder: their manifests apart, their inventory the same file."""

    def __init__(self, root: Path) -> None:
        self.declared: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in WORKSPACES}
        super().__init__(root, Sandbox())
        self.sandbox.clock.freeze(1_800_000_000.0)
        self.wire = Nth(self.transport, self.sandbox, self.time)
        self.environment |= SECRETS
        self.users(*USERS)

    def workspace(self, **spec: Any) -> None:
        """Write both workspace files."""
        self.root.mkdir(parents=True, exist_ok=True)
        for name in WORKSPACES:
            document = {
                "apiVersion": "reconciler/v1",
                "kind": "Workspace",
                "metadata": {"name": name},
                "spec": {
                    "manifests": [name],
                    "limits": {
                        "deletes": {"percent": 100, "count": 100},
                        "updates": {"percent": 100, "count": 100},
                    },
                },
            }
            (self.root / f"{name}.yaml").write_text(json.dumps(document), encoding="utf-8")
            (self.root / name).mkdir(exist_ok=True)

    def write_manifests(self) -> None:
        """Put what is declared into the folders."""
        for name, manifests in self.declared.items():
            text = text_of(list(manifests.values())) if manifests else ""
            (self.root / name / "all.yaml").write_text(text, encoding="utf-8")

    def settings_of(self, workspace: str, **changes: Any) -> Settings:
        """The settings of a run of one of the workspaces."""
        file = self.root / f"{workspace}.yaml"
        return Settings(environment=dict(self.environment), workspace=file, **changes)

    def has(self, key: str) -> bool:
        """Whether there is a repository of this name."""
        return key in self.platform.store.repositories

    # --- the inventory, as somebody may find it

    @property
    def _kept(self) -> Path:
        return self.root / ".reconciler"

    def keep_inventory(self) -> None:
        """Put a copy of the inventory aside."""
        shutil.rmtree(self.root / "older", ignore_errors=True)
        if self._kept.exists():
            shutil.copytree(self._kept, self.root / "older")

    def older_inventory(self) -> None:
        """Bring the copy back: what was recorded since then is forgotten."""
        self.lose_inventory()
        if (self.root / "older").exists():
            shutil.copytree(self.root / "older", self._kept)

    def lose_inventory(self) -> None:
        """There never was one."""
        shutil.rmtree(self._kept, ignore_errors=True)

    # --- runs

    def run(
        self, workspace: str, *, before: Callable[[], Any] | None = None, **changes: Any
    ) -> Run:
        """One apply; what can be said of it is in the answer, however it ended."""
        self.write_manifests()
        found = Run(workspace, self.live(), self.inventory())
        real = FileStore._record, FileStore._fold

        def record(store: FileStore, change: Mapping[str, Any]) -> None:
            self.wire.alive()
            real[0](store, change)

        def fold(store: FileStore) -> None:
            self.wire.alive()
            real[1](store)

        wire = Wire(self.wire, self.time.clock)
        with (
            patch.object(FileStore, "_record", record),
            patch.object(FileStore, "_fold", fold),
            suppress(Killed),
        ):
            try:
                with session(self.settings_of(workspace, **changes), wire=wire) as run:
                    found.plan = make_plan(run)
                    if before is not None:
                        before()
                    found.outcomes = carry_out(run, found.plan, threading.Event())
            except ReconcilerError as error:
                found.error = error
        found.after, found.recorded = self.live(), self.inventory()
        found.sent = list(self.wire.sent)
        return found

    def plan_of(self, workspace: str, **changes: Any) -> Plan:
        """A plan of one of the workspaces."""
        self.write_manifests()
        wire = Wire(self.wire, self.time.clock)
        with session(self.settings_of(workspace, **changes), wire=wire) as run:
            return make_plan(run)

    def live(self) -> dict[str, dict[str, Any]]:
        """Every object on the platform by address, with its fields as they are stored."""
        store = self.platform.store
        found: dict[str, dict[str, Any]] = {}
        for key, one in store.repositories.items():
            content = sum(file.size for file in store.artifacts.get(key, {}).values())
            seen = {"(class)": one.rclass, "(type)": one.package_type, "(content)": content}
            found[f"Repository/{key}"] = json.loads(json.dumps({**one.own, **seen}))
        for name, group in store.directory.groups.items():
            found[f"Group/{name}"] = {
                "description": group.description,
                "members": sorted(group.members),
                "auto_join": group.auto_join,
            }
        for key, project in store.projects.items():
            found[f"Project/{key}"] = json.loads(json.dumps(project))
        for name in store.environments:
            found[f"GlobalEnvironment/{name}"] = {}
        return found


@dataclass
class Run:
    """One apply, from before to after."""

    workspace: str
    before: dict[str, dict[str, Any]]
    known: Inventory
    plan: Plan | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    error: ReconcilerError | None = None
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    recorded: Inventory = Inventory()
    sent: list[Any] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether it did all it planned, but for what is blocked."""
        return self.error is None and all(o.result in ("done", "blocked") for o in self.outcomes)


# --- what must be true of every run -----------------------------------------------------------


def violations(run: Run, estate: Shared, *, prune: bool) -> Iterator[str]:
    """What a run did that it must never do."""
    plan = run.plan or Plan()
    yield from unannounced(plan, run.sent)
    yield from doubled(run.sent)
    yield from _deletes(run, plan, estate, prune=prune)
    yield from _creates(run, plan)
    yield from _fields(run, plan)
    yield from _records(run, plan, estate)


def thing(address: str) -> str:
    """An address without its platform; a repository is the same one whatever its class."""
    kind, _, name = address.rpartition(":")[2].partition("/")
    return f"{'Repository' if kind.endswith('Repository') else kind}/{name}"


def _entry(inventory: Inventory, name: str) -> Entry | None:
    return next((e for key, e in inventory.entries.items() if thing(key) == name), None)


def _going(plan: Plan, *actions: Action) -> set[str]:
    return {thing(c.address.full) for c in plan.changes if not c.is_blocked and c.action in actions}


def _renamed(plan: Plan) -> set[str]:
    """The old names of what the plan renames."""
    return {
        thing(c.previous.full) for c in plan.changes if c.previous is not None and not c.is_blocked
    }


def _deletes(run: Run, plan: Plan, estate: Shared, *, prune: bool) -> Iterator[str]:
    """Whatever is gone was ours, unprotected, and undeclared or to be made anew; and empty."""
    manifests = estate.declared[run.workspace].values()
    declared = {thing(f"{m['kind']}/{m['metadata']['name']}") for m in manifests}
    stones = {
        thing(m["spec"]["address"]): m["spec"]["maxBytes"]
        for m in manifests
        if m["kind"] == "Tombstone"
    }
    planned = _going(plan, Action.DELETE)
    anew = _going(plan, Action.REPLACE)
    allowed = {
        thing(f"{m['kind']}/{m['metadata']['name']}")
        for m in manifests
        if (m["metadata"].get("lifecycle") or {}).get("replace")
    }
    gone = run.before.keys() - run.after.keys() - _renamed(plan)
    for name in gone | _deleted(run):
        if name not in run.before:
            yield f"{name} was deleted, and had not been there"
            continue
        entry = _entry(run.known, name)
        content = run.before[name].get("(content)", 0)
        if name not in planned | anew:
            yield f"{name} is gone, and the plan did not say so"
        if name in anew and name not in allowed:
            yield f"{name} was made anew without permission"
        if name not in anew and not prune:
            yield f"{name} is gone, and pruning was off"
        if name not in anew and name in declared:
            yield f"{name} is gone, and is declared"
        if entry is None or entry.owner != run.workspace:
            yield f"{name} is gone, and was not ours: {entry}"
        elif entry.protect:
            yield f"{name} is gone, and was protected"
        if content and content > stones.get(name, -1):
            yield f"{name} is gone with {content} bytes"


def _deleted(run: Run) -> set[str]:
    """The repositories that were deleted, some of them to be made anew."""
    return {
        f"Repository/{name}"
        for one in run.sent
        if one.landed and not one.point.is_read and not one.is_record
        for kinds, name, verb, _ in parts(one)
        if verb == "delete" and kinds == ("Repository",)
    }


def _creates(run: Run, plan: Plan) -> Iterator[str]:
    """Whatever is new was planned as new, or as another name of what was there."""
    planned = _going(plan, Action.CREATE) | {
        thing(c.address.full) for c in plan.changes if c.previous is not None and not c.is_blocked
    }
    for name in run.after.keys() - run.before.keys():
        if name not in planned:
            yield f"{name} is new, and the plan did not say so"


FOLLOWS = {"projectKey": {"environments"}}
"""What the server itself changes along with a field."""


def _fields(run: Run, plan: Plan) -> Iterator[str]:
    """Of what stays, only those fields differ that the plan announced."""
    announced: dict[str, set[str]] = {}
    for change in plan.changes:
        if not change.is_blocked:
            announced.setdefault(thing(change.address.full), set()).update(_wires(change))
    for name in run.before.keys() & run.after.keys():
        one, other = run.before[name], run.after[name]
        changed = {n for n in {*one, *other} if one.get(n) != other.get(n)}
        if name in _going(plan, Action.REPLACE) and one["(class)"] != other["(class)"]:
            continue  # another class has other fields
        if excess := changed - announced.get(name, set()):
            yield f"{sorted(excess)} of {name} changed, and the plan did not say so"


def _wires(change: Change) -> set[str]:
    """The fields a change announces, in the API's names, with what follows from them."""
    kind = builtin()[change.address.kind]
    names = {f.path.split(".")[1].partition("[")[0] for f in change.fields if "." in f.path}
    wires = {kind.fields[n].wire if n in kind.fields else n for n in names}
    if change.action is Action.REPLACE:
        lost = [str(path).removeprefix("spec.") for path in change.evidence.get("lost", ())]
        wires |= {"(content)", *(kind.fields[name].wire for name in lost)}
    if change.action in (Action.DELETE, Action.REPLACE):
        wires |= {kind.fields[name].wire for name in kind.rest.out_of_service}
    if change.action is Action.CONVERT:
        wires |= {"(class)", "members"}
    return wires | {w for name in wires for w in FOLLOWS.get(name, ())}


def _records(run: Run, plan: Plan, estate: Shared) -> Iterator[str]:
    """No record of what is still there is lost, and none of another owner is touched."""
    going = _going(plan, Action.DELETE, Action.RELEASE) | _renamed(plan)
    taken = {
        thing(f"{m['kind']}/{name}")
        for m in estate.declared[run.workspace].values()
        if (m["metadata"].get("lifecycle") or {}).get("takeover")
        for name in (m["metadata"]["name"], *m["metadata"].get("previousNames", ()))
    }
    for key, entry in run.known.entries.items():
        name = thing(key)
        now = _entry(run.recorded, name)
        if now is None and name in run.after and name not in going:
            yield f"the record of {key} is lost"
        if entry.owner != run.workspace and now != entry and name not in taken:
            yield f"the record of {key}, which is not ours, became {now}"
