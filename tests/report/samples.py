"""Plans, outcomes, drift and diagnostics that show everything a report can meet."""

from __future__ import annotations

from dataclasses import replace

from reconciler.errors import Diagnostic
from reconciler.model import (
    UNSET,
    Action,
    Address,
    Block,
    Change,
    Drift,
    DriftEntry,
    FieldChange,
    Graph,
    GraphEdge,
    GraphNode,
    Origin,
    Outcome,
    Plan,
    PlannedRequest,
    PlatformInfo,
    Scope,
)
from reconciler.report.html.parts import Surroundings

DIGEST = "sha256:9f2c1e0d8b7a6f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6"
EAST = PlatformInfo("east", "https://east.example.com", {"artifactory": "7.111.4"})
WEST = PlatformInfo("west", "https://robot:hunter2@west.example.com", {})

PUBLIC_KEY = "-----BEGIN KEY-----\nAAAA\nBBBB\nCCCC\nDDDD\n-----END KEY-----"
NEW_KEY = PUBLIC_KEY.replace("CCCC", "cccc")


def at(kind: str, *parts: str, platform: str = "east", qualified: bool = True) -> Address:
    """An address of a workspace with several platforms."""
    return Address(kind, parts, platform, qualified)


def origin(file: str, line: int = 1) -> Origin:
    """A place below manifests/."""
    return Origin(f"manifests/{file}", line)


CREATE = Change(
    at("LocalRepository", "payments-npm-local"),
    Action.CREATE,
    "absent",
    (
        FieldChange("spec.packageType", after="npm"),
        FieldChange("spec.description", after="Packages of the payments team"),
        FieldChange("spec.xrayIndex", after=True),
        FieldChange("spec.environments", after=["DEV", "PROD"]),
        FieldChange("spec.notes", after=None),
    ),
    risk="safe",
    requires=(at("Project", "payments"),),
    origin=origin("payments.yaml", 3),
    requests=(PlannedRequest("PUT", "/artifactory/api/repositories/payments-npm-local"),),
)

UPDATE = Change(
    at("VirtualRepository", "npm"),
    Action.UPDATE,
    "field-differs",
    (
        FieldChange("spec.description", "All of npm", "Everything of npm, in one place"),
        FieldChange(
            "spec.repositories",
            ["npm-local", "npm-legacy", "npm-remote"],
            ["npm-remote", "npm-local", "payments-npm-local"],
            ordered=True,
        ),
        FieldChange("spec.artifactoryRequestsCanRetrieveRemoteArtifacts", False, True),
    ),
    origin=origin("virtual.yaml", 12),
    requests=(PlannedRequest("POST", "/artifactory/api/repositories/npm"),),
)

SECRET = Change(
    at("RemoteRepository", "npm-remote", platform="west"),
    Action.UPDATE,
    "secret-changed",
    (
        FieldChange("spec.password", secret="changed", reference="env:CORP_NPM_PASSWORD"),
        FieldChange("spec.token", secret="unverifiable", reference="file:secrets/token"),
    ),
    origin=origin("remote.yaml", 1),
)

ADOPTING = Change(
    at("Group", "readers", platform="west"),
    Action.UPDATE,
    "field-differs",
    (
        FieldChange("spec.members", ["ann", "bob"], ["ann", "cid", "dora"]),
        FieldChange("spec.realmAttributes", UNSET, "ou=readers"),
    ),
    adopting=True,
    risk="disruptive",
    origin=origin("groups.yaml", 40),
)

LONG_TEXT = Change(
    at("KeyPair", "signing"),
    Action.UPDATE,
    "field-differs",
    (
        FieldChange("spec.publicKey", PUBLIC_KEY, NEW_KEY),
        FieldChange("spec.alias", "a" * 300 + "x" + "b" * 300, "a" * 300 + "y" + "b" * 300),
    ),
    origin=origin("keys.yaml", 2),
)

MEMBERS = Change(
    at("Federation", "docker-fed"),
    Action.CONVERT,
    "field-differs",
    (
        FieldChange(
            "spec.members",
            [{"url": "https://a.example.com/docker", "enabled": True}],
            [
                {"url": "https://a.example.com/docker", "enabled": False},
                {"url": "https://b.example.com/docker", "enabled": True},
            ],
        ),
        FieldChange(
            "spec.extra.settings", {"size": 1, "deep": {"a": 1}}, {"size": 2, "deep": {"a": 1}}
        ),
        FieldChange("spec.order", ["b", "a", "c"], ["a", "b", "c"], ordered=True),
    ),
    origin=origin("federation.yaml", 7),
)

DELETE = Change(
    at("LocalRepository", "old-maven"),
    Action.DELETE,
    "no-longer-declared",
    risk="destructive",
    evidence={
        "artifacts": 1204567,
        "bytes": 1_204_000_000_000,
        "newest": "2025-11-02T10:00:00Z",
        "lastDownload": "2026-01-07T08:30:00Z",
    },
    requests=(PlannedRequest("DELETE", "/artifactory/api/repositories/old-maven"),),
)

REPLACE = Change(
    at("LocalRepository", "scratch"),
    Action.REPLACE,
    "field-differs",
    (FieldChange("spec.packageType", "generic", "npm"),),
    risk="destructive",
    origin=origin("scratch.yaml", 1),
    evidence={"artifacts": 3, "bytes": 4096, "newest": None, "lastDownload": "never"},
)

BLOCKED = Change(
    at("LocalRepository", "core-maven"),
    Action.REPLACE,
    "field-differs",
    (FieldChange("spec.packageType", "maven", "gradle"),),
    risk="destructive",
    origin=origin("core.yaml", 1),
    blocked=Block(
        "immutable",
        "packageType is 'maven' and fixed at creation, the manifest says 'gradle'",
        "metadata.lifecycle.replace: true",
    ),
    evidence={"artifacts": "unknown", "bytes": "unknown"},
)

DEPLOY = Change(
    at("Deployment", "fleet", "edge-app"),
    Action.DEPLOY,
    "field-differs",
    (FieldChange("spec.version", "1.4.0", "1.5.0"),),
    origin=origin("edge.yaml", 5),
    evidence={"behind": 12, "current": 88},
)

ADOPT = Change(
    at("Project", "payments"),
    Action.ADOPT,
    "unowned",
    adopting=True,
    risk="safe",
    origin=origin("project.yaml", 1),
)

RELEASE = Change(
    at("Group", "writers"), Action.RELEASE, "released", risk="safe", origin=origin("groups.yaml", 9)
)

WARNING = Diagnostic(
    "secret-unresolved",
    "warning",
    "spec.password of west:RemoteRepository/npm-remote: env:CORP_NPM_PASSWORD has no value here",
    hint="an apply that must send it fails; a plan does not need it",
    file="manifests/remote.yaml",
    line=9,
    column=3,
    address="west:RemoteRepository/npm-remote",
)
ERROR = Diagnostic(
    "unknown-field",
    "error",
    "'xrayIndx' is no field of LocalRepository",
    detail="LocalRepository has 41 fields",
    hint="did you mean 'xrayIndex'?",
    file="manifests/payments.yaml",
    line=9,
    column=3,
)
INFO = Diagnostic("no-longer-declared", "info", "Group/x is no longer declared; it is kept")

CHANGES = (
    CREATE,
    UPDATE,
    SECRET,
    ADOPTING,
    LONG_TEXT,
    MEMBERS,
    DEPLOY,
    ADOPT,
    RELEASE,
    BLOCKED,
    REPLACE,
    DELETE,
)

FULL = Plan(
    changes=CHANGES,
    unchanged=7,
    platforms=(EAST, WEST),
    unmanaged=(at("LocalRepository", "left over"), at("Group", "strays", platform="west")),
    diagnostics=(WARNING, INFO),
    digest=DIGEST,
    tool="0.1.0",
    created="2026-01-02T03:04:05Z",
    commit="0123456789abcdef0123456789abcdef01234567",
    by_reference=(ADOPT.address,),
)

CONVERGED = Plan(unchanged=500, platforms=(EAST,), digest=DIGEST, tool="0.1.0")

SCOPED = Plan(
    changes=(UPDATE,),
    unchanged=2,
    platforms=(EAST,),
    scope=Scope(("VirtualRepository/*",), ("label=team=payments",)),
    by_reference=(at("LocalRepository", "npm-local"),),
    partial=True,
    digest=DIGEST,
)

PLANS = {
    "full": FULL,
    "converged": CONVERGED,
    "scoped": SCOPED,
    "scoped_converged": Plan(unchanged=1, scope=Scope(("Group/a",)), partial=True),
    "adopt": Plan(changes=(ADOPT,), unchanged=3, platforms=(EAST,), digest=DIGEST),
    "empty": Plan(),
}

OUTCOMES = (
    Outcome(CREATE, "done", wrote=True),
    Outcome(
        UPDATE,
        "done",
        "server rewrote it: spec.description",
        (FieldChange("spec.description", "Everything", "Everything of npm, in one place"),),
        True,
    ),
    Outcome(ADOPT, "done"),
    Outcome(SECRET, "failed", "POST /artifactory/api/repositories/npm-remote answered 500: boom"),
    Outcome(MEMBERS, "not-attempted", "it names east:VirtualRepository/npm, which failed"),
    Outcome(BLOCKED, "blocked", BLOCKED.blocked.message if BLOCKED.blocked else ""),
)

DRIFT = Drift(
    (
        DriftEntry(
            UPDATE.address,
            "changed",
            (FieldChange("spec.description", "All of npm", "hacked"),),
            UPDATE.origin,
        ),
        DriftEntry(CREATE.address, "not-tracked", (), CREATE.origin),
        DriftEntry(ADOPTING.address, "unreadable", (), ADOPTING.origin, "403: not for you"),
        DriftEntry(SECRET.address, "deleted", (), SECRET.origin),
    ),
    (at("LocalRepository", "left over"),),
    tracked=40,
)

NEIGHBOUR = GraphNode(at("LocalRepository", "npm-local"), origin("npm.yaml", 3))

SURROUNDINGS = Surroundings(
    "acme",
    {CREATE.address: {"team": "payments", "tier": "1"}, UPDATE.address: {"team": "web"}},
    Graph(
        (
            NEIGHBOUR,
            *(GraphNode(c.address, c.origin) for c in (ADOPT, CREATE, UPDATE, RELEASE)),
        ),
        (
            GraphEdge(CREATE.address, ADOPT.address, ("metadata.project",)),
            GraphEdge(UPDATE.address, CREATE.address, ("spec.repositories",)),
            GraphEdge(UPDATE.address, NEIGHBOUR.address, ("spec.repositories",)),
        ),
    ),
)

SOURCES = {
    ("manifests/payments.yaml", 9): "  xrayIndx: true",
    ("manifests/remote.yaml", 9): "  password: {env: CORP_NPM_PASSWORD}",
}


def source(file: str, line: int) -> str | None:
    """The lines of the sample workspace."""
    return SOURCES.get((file, line))


HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\u202egnp.exe",
    "zero\u200bwidth\ufeff",
    "line\nbreak\r\nand\u2028more\x85",
    "`tick` ```` ticks",
    "a | b | c",
    "</details></summary>",
    "<img src=x onerror=alert(1)>",
    "@team and @org/team",
    "#123 org/repo#5 GH-7",
    "https://evil.example.com/",
    "[link](https://evil.example.com) ![x](y)",
    "::error::pwned",
    "##[group]pwned ##vso[task.complete]",
    "```\n```diff\n+ x",
    "~~~",
    "@@ -1 +1 @@",
    "lone\ud800surrogate",
    "\x9b31m c1",
    "tab\there",
    "日本語の名前",
    "",
    " ",
    "\u3164\U000e0041",
    "x" * 5000,
    "</script><script>alert(1)</script>",
    "</style><!-- <script>",
    "\" autofocus onfocus=alert(1) x='",
    "javascript:alert(1)",
    "&lt;b&gt; &#60;b&#62;",
    "]]> --> */",
    "%0A%0D,:",
    "\\x1b",
    '"quoted"',
)


def hostile_change(text: str, action: Action = Action.UPDATE) -> Change:
    """A change that carries a text wherever a stranger could have put it."""
    return Change(
        Address("LocalRepository", (text,), text or "default", True),
        action,
        text,
        (
            FieldChange(f"spec.{text}", text, text + "!"),
            FieldChange("spec.list", [text, "a"], ["a", text + "!"]),
            FieldChange("spec.named", [{"name": text, "v": 1}], [{"name": text, "v": text}]),
            FieldChange("spec.map", {text: 1}, {text: text}),
            FieldChange("spec.text", f"a\n{text}\nc", f"a\n{text}!\nc"),
            FieldChange("spec.secret", secret="changed", reference=text),
        ),
        origin=Origin(text, 1),
        blocked=Block(text, text, text) if action is Action.REPLACE else None,
        evidence={"artifacts": text, "bytes": text, "newest": text, text: text},
        requests=(PlannedRequest("POST", text),),
        requires=(Address("Group", (text,)),),
    )


def hostile_plan(text: str) -> Plan:
    """A plan of nothing but a hostile text."""
    found = hostile_diagnostic(text)
    return Plan(
        changes=(*(hostile_change(text, action) for action in Action),),
        unchanged=1,
        platforms=(PlatformInfo(text, text, {"artifactory": text}),),
        scope=Scope((text,), (text,)),
        unmanaged=(Address("Group", (text,)),),
        diagnostics=(found, replace(found, severity="warning")),
        digest=text,
        tool=text,
        created=text,
        commit=text,
        by_reference=(Address("Group", (text,)),),
    )


def hostile_diagnostic(text: str) -> Diagnostic:
    """A diagnostic of nothing but a hostile text."""
    return Diagnostic(text, "error", text, text, text, text, 1, 1, text)


def hostile_outcomes(text: str) -> tuple[Outcome, ...]:
    """Outcomes of a hostile plan, one of each result."""
    change = hostile_change(text)
    return (
        Outcome(change, "done", text, change.fields),
        Outcome(change, "failed", text),
        Outcome(change, "blocked", text),
        Outcome(change, "not-attempted", text),
    )


def hostile_drift(text: str) -> Drift:
    """Drift of nothing but a hostile text."""
    change = hostile_change(text)
    return Drift(
        (
            DriftEntry(change.address, "changed", change.fields, change.origin, text),
            DriftEntry(change.address, "unreadable", (), None, text),
        ),
        (change.address,),
        1,
        (hostile_diagnostic(text),),
    )


def hostile_surroundings(text: str) -> Surroundings:
    """A workspace of nothing but a hostile text."""
    change = hostile_change(text)
    other = Address("Group", (text,), text or "default", True)
    nodes = (GraphNode(change.address, change.origin), GraphNode(other))
    edges = (GraphEdge(change.address, other, (text,)),)
    return Surroundings(text, {change.address: {text: text}}, Graph(nodes, edges))
