"""One apply of more than forty mixed changes on two platforms: the ground all faults fall on.

Creates, updates, replacements, conversions, adoptions, renames and deletes of most kinds; in
projects and out of them; alone and in batches; with content, passwords, members elsewhere. What is
live before it and what the inventory knows is made once and copied for every case.
"""

from __future__ import annotations

import atexit
import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from reconciler.errors import Exit
from reconciler.model import Inventory
from reconciler.pipeline.applying import carry_out
from reconciler.pipeline.planning import make_plan
from reconciler.report.verdict import apply_exit
from reconciler.sandbox import Sandbox
from tests.reliability.trouble import KEPT, Troubled
from tests.support.estate import Applied, Estate, lifecycle, local, manifest, remote, virtual
from tests.support.platforms import ByHost

SITES = ("east", "west")
USERS = ("ann", "bob", "carol", "dan")
ALONE = "7.83.4"
"""The last version on which every repository is written by itself."""

TOGETHER = "7.146.17"
"""A version with batches for creates and updates."""

REMOTE = f"{TOGETHER}, its inventory on the platform"
"""The same, with the inventory in a repository of the first platform."""

SECRETS = {"FIRST_SECRET": "hunter2", "OTHER_SECRET": 'p"w\\d ü'}


class Mixed(Estate):
    """A workspace of two platforms whose every request is seen and can be spoiled."""

    def __init__(self, root: Path, version: str, *, remote: bool = False) -> None:
        self.remote = remote
        self.made = Sandbox(platforms=SITES, version=version)
        self.made.clock.freeze(1_800_000_000.0)
        self.made.platforms["default"] = self.made.platforms[SITES[0]]
        super().__init__(root, self.made)
        del self.made.platforms["default"]
        self.wire = Troubled(ByHost(self.made.platforms), self.made, self.time)
        self.transport = self.wire  # type: ignore[assignment]
        self.environment |= SECRETS | {
            f"TOKEN_{name.upper()}": site.tokens["admin"]
            for name, site in self.made.platforms.items()
        }

    def workspace(self, **spec: Any) -> None:
        """Write the workspace file, with both platforms and limits nothing here exceeds."""
        super().workspace(
            **{
                "platforms": {
                    name: {"url": site.url, "token": {"env": f"TOKEN_{name.upper()}"}}
                    for name, site in self.made.platforms.items()
                    if name in SITES
                },
                "defaultPlatforms": ["east"],
                **({"inventory": {"platform": "east", "repository": KEPT}} if self.remote else {}),
                "prune": True,
                "limits": {
                    "deletes": {"percent": 100, "count": 100},
                    "updates": {"percent": 100, "count": 100},
                },
                **spec,
            }
        )

    def applied(self) -> tuple[Applied, int]:
        """One apply and its exit code, as the command has it."""
        with self.session() as run:
            made = make_plan(run)
            outcomes = carry_out(run, made, threading.Event())
            code = int(Exit.PARTIAL) if run.aftermath else apply_exit(made, outcomes)
            return Applied(made, outcomes), code

    def inventory(self) -> Inventory:
        """What is recorded as owned, wherever it is kept."""
        if not self.remote:
            return super().inventory()
        with self.session() as run:
            return run.store.load()

    def state(self) -> dict[str, Any]:
        """Everything both platforms hold, without what tells only when it came there.

        The files of an inventory are left out: they are compared as what they say.
        """
        found: dict[str, Any] = {}
        for name, site in self.made.platforms.items():
            held = site.store.dump()
            held["repositories"] = {r["key"]: r for r in held["repositories"]}
            held["artifacts"].pop(KEPT, None)
            for files in held["artifacts"].values():
                for file in files.values():
                    del file["created"], file["modified"]
            found[name] = json.loads(json.dumps(held, sort_keys=True))
        return found


def at(site: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest for one platform."""
    return {**document, "metadata": {**document["metadata"], "platforms": [site]}}


def federated(name: str, *elsewhere: str, **spec: Any) -> dict[str, Any]:
    """A FederatedRepository with members on other platforms."""
    urls = [{"url": f"http://{site}.sandbox.example/artifactory/{name}"} for site in elsewhere]
    members = {"members": urls} if urls else {}
    return manifest("FederatedRepository", name, {"packageType": "npm", **members, **spec})


OWNED: tuple[dict[str, Any], ...] = (
    manifest("Project", "ops", {"displayName": "Ops", "description": "old"}),
    manifest("Group", "operators", {"description": "old", "members": ["ann", "bob"]}),
    manifest("GlobalEnvironment", "QA"),
    local("own-a", "npm", description="old", notes="old"),
    local("own-b", "npm", description="old", projectKey="ops", environments=["PROD"]),
    local("own-c", "maven", description="old", xrayIndex=True),
    local("own-moves", "npm", description="old"),
    local("own-leaves", "npm", projectKey="ops"),
    remote("own-remote", description="old", password={"env": "FIRST_SECRET"}),
    virtual("own-virtual", "npm", repositories=["own-a"], description="old"),
    local("to-federate", "npm", description="old"),
    federated("to-localise", description="old"),
    federated("own-federated", description="old"),
    local("stays", "npm", description="same"),
    at("west", local("own-west", "npm", description="old")),
    remote("to-remake", description="old", password={"env": "FIRST_SECRET"}),
    virtual("names-remade", "npm", repositories=["own-a", "to-remake"], description="same"),
    local("to-retype", "npm", description="same"),
    # What is declared no more, and goes: empty, with files, and named by something else that goes.
    manifest("Group", "gone-group", {"members": ["ann"]}),
    manifest("GlobalEnvironment", "GONE"),
    manifest("Project", "gone", {"displayName": "Gone"}),
    local("gone-empty", "npm"),
    local("gone-full", "npm", description="old"),
    local("gone-member", "npm"),
    virtual("gone-virtual", "npm", repositories=["gone-member"]),
    at("west", remote("gone-west")),
)
"""What an earlier apply made, and the inventory knows."""

WANTED: tuple[dict[str, Any], ...] = (
    # People, projects, environments.
    manifest("GlobalEnvironment", "STAGE"),
    manifest("GlobalEnvironment", "TEST", previousNames=["QA"]),
    manifest("Project", "pay", {"displayName": "Pay", "adminPrivileges": {"manageMembers": True}}),
    manifest("Project", "ops", {"displayName": "Ops", "description": "new"}),
    manifest("ProjectEnvironment", "perf", project="pay"),
    manifest("Group", "developers", {"description": "new", "members": ["ann", "carol"]}),
    manifest("Group", "operators", {"description": "new", "members": ["bob", "dan"]}),
    manifest("Group", "found-group", {"description": "theirs"}),
    # Creates: some fit into one batch, some wait for others, some stand alone.
    local("new-a", "npm", description="new"),
    local("new-b", "npm", projectKey="pay", environments=["PROD", "pay-perf"]),
    local("new-c", "maven", description="new", notes="new"),
    remote("new-remote", description="new", password={"env": "FIRST_SECRET"}),
    remote("new-cache", "docker", url="https://registry.example.com/docker"),
    virtual("new-virtual", "npm", repositories=["new-a", "own-a", "new-remote"]),
    virtual("new-over", "npm", repositories=["new-virtual"], description="new"),
    federated("new-federated", "west", description="new"),
    federated("new-alone", description="new"),
    # Updates: fields, members, a move into a project and one out of it, a released field.
    local("own-a", "npm", description="new"),
    local("own-b", "npm", description="new", projectKey="ops", environments=["DEV"]),
    local("own-c", "maven", description="new", xrayIndex=False),
    local("own-moves", "npm", description="new", projectKey="pay", environments=["PROD"]),
    local("own-leaves", "npm", projectKey=None),
    remote(
        "own-remote",
        description="new",
        contentSynchronisation={"enabled": True},
        password={"env": "FIRST_SECRET"},
    ),
    virtual("own-virtual", "npm", repositories=["own-b", "own-a", "new-a"], description="new"),
    federated("own-federated", "west", description="new"),
    # In place: from one class to the other.
    federated("to-federate", description="new"),
    local("to-localise", "npm", description="new"),
    # Deleted and created anew, one of them as another class; what names it is written again.
    lifecycle(local("to-remake", "npm", description="new"), replace=True),
    virtual("names-remade", "npm", repositories=["own-a", "to-remake"], description="same"),
    lifecycle(local("to-retype", "maven", description="same"), replace=True),
    # What nobody owned: equal, and not equal.
    local("found-equal", "npm", description="theirs"),
    local("found-other", "npm", description="new"),
    remote("found-remote", description="new"),
    lifecycle(local("stays", "npm", description="same"), protect=True),
    # The other platform.
    at("west", local("own-west", "npm", description="new")),
    at("west", local("new-west", "maven", description="new")),
    at("west", virtual("new-west-virtual", "npm", repositories=["own-west"])),
    manifest(
        "Tombstone", "gone-full", {"address": "east:LocalRepository/gone-full", "maxBytes": 9}
    ),
)
"""What the apply that is disturbed is to make of it."""

OLDER: tuple[dict[str, Any], ...] = (
    local("new-b", "npm", projectKey="pay", environments=["pay-perf"]),
    federated("to-localise", description="new"),
)
"""The same where the server is too old for some of it: one environment, no way back to local."""


def wanted(version: str) -> list[dict[str, Any]]:
    """The manifests, as far as a server of this version can do what they say."""
    if version != ALONE:
        return list(WANTED)
    instead = {document["metadata"]["name"]: document for document in OLDER}
    return [instead.get(document["metadata"]["name"], document) for document in WANTED]


BASE_URL = "/artifactory/api/system/configuration/baseUrl"
"""Where a platform is told its own address: the members of federations name it."""

FILES = {"a/one.txt": b"1", "a/b/two.txt": b"22"}


@dataclass(frozen=True)
class Ground:
    """The state before the apply, to be copied: the platforms' and the workspace's."""

    version: str
    platforms: dict[str, Any]
    folder: Path
    remote: bool = False

    def fresh(self, root: Path) -> Mixed:
        """The same ground again."""
        shutil.copytree(self.folder, root, dirs_exist_ok=True)
        estate = Mixed(root, self.version, remote=self.remote)
        estate.made.load(self.platforms)
        return estate


def made_of(
    version: str,
    owned: Sequence[Mapping[str, Any]],
    wanted: Sequence[Mapping[str, Any]],
    found: Callable[[Mixed], Any],
    *,
    remote: bool = False,
) -> Ground:
    """Two platforms with what is owned and what is found, and manifests that want more."""
    folder = Path(mkdtemp(prefix="reliability-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    estate = Mixed(folder, version, remote=remote)
    for site in SITES:
        estate.platform = estate.made.platforms[site]
        estate.users(*USERS)
        estate._send("PUT", BASE_URL, estate.platform.url.encode())
    estate.platform = estate.made.platforms["east"]
    if remote:
        estate.put(KEPT, rclass="local", packageType="generic")
    estate.declare(*owned)
    made = estate.apply()
    assert set(made.results().values()) == {"done"}, made.results()
    found(estate)
    estate.declare(*wanted)
    return Ground(version, estate.made.dump(), folder, remote)


@cache
def ground(version: str) -> Ground:
    """The mix, before the apply that is disturbed."""
    real = TOGETHER if version == REMOTE else version
    return made_of(real, OWNED, wanted(real), _found, remote=version == REMOTE)


def _found(estate: Mixed) -> None:
    """What nobody owns, and what repositories hold."""
    estate.put("found-equal", rclass="local", packageType="npm", description="theirs")
    estate.put("found-other", rclass="local", packageType="npm", notes="theirs")
    url = "https://registry.example.com/npm"
    estate.put("found-remote", rclass="remote", packageType="npm", url=url, password="theirs")
    group = {"name": "found-group", "description": "theirs", "members": ["bob"]}
    estate.ask("/access/api/v2/groups", "POST", group)
    for key in ("to-federate", "to-localise", "own-a", "found-other", "gone-full"):
        for path, content in FILES.items():
            estate.upload(key, path, content)
