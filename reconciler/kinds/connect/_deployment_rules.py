"""What is wrong with a Deployment's manifest, told offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.deployments.filters import problems
from reconciler.deployments.intent import REST, filters_of
from reconciler.deployments.marker import PREFIX
from reconciler.kinds.kind import Fault, Subject

RULE = "deployment-illegal"
SELECT = ("spec", "select")


def selector(subject: Subject) -> Iterator[Fault]:
    """Nothing may widen the selection by being left out."""
    select = subject.spec.get("select") or {}
    groups, whole = select.get("groups"), select.get("allGroups")
    if groups and whole:
        yield Fault((*SELECT, "allGroups"), RULE, "groups and allGroups do not go together")
    elif not groups and not whole:
        yield Fault(
            (*SELECT, "groups") if groups is not None else SELECT,
            RULE,
            "nothing says which groups are meant",
            "write groups: [Production], or allGroups: true for the whole fleet",
        )
    yield from _doubles(groups or (), (*SELECT, "groups"))
    converging = subject.spec.get("mode", "converge") == "converge"
    for found in problems(filters_of(select.get("filters") or ()), converging=converging):
        at: tuple[str | int, ...] = (*SELECT, "filters", found.at)
        at = (*at, found.field) if found.field else at
        yield Fault(at, found.rule, found.text, found.hint)
    for index, tag in enumerate((select.get("exclude") or {}).get("tags") or ()):
        if tag.startswith(PREFIX):
            at = (*SELECT, "exclude", "tags", index)
            yield Fault(at, RULE, f"tags that begin with '{PREFIX}' are the reconciler's own")
    expect = select.get("expect") or {}
    if expect.get("max") is not None and expect["max"] < expect.get("min", 1):
        text = f"at most {expect['max']} devices can never be at least {expect.get('min', 1)}"
        yield Fault((*SELECT, "expect", "max"), RULE, text)


def _doubles(names: Any, at: tuple[str | int, ...]) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault((*at, index), RULE, f"'{name}' is listed twice", "is another one meant?")


def desired(subject: Subject) -> Iterator[Fault]:
    """An app to compare, one flow, and each parameter once."""
    wanted = subject.spec.get("desired") or {}
    at = ("spec", "desired")
    if not wanted.get("app") and subject.spec.get("mode", "converge") == "converge":
        text = "without an app there is no version to compare"
        yield Fault(at, RULE, text, "write app: {name: ..., version: ...}, or mode: once")
    flow = wanted.get("flow") or {}
    if len({"name", "uuid"} & flow.keys()) != 1:
        text = "a flow is named by 'name' or by 'uuid'"
        yield Fault((*at, "flow"), RULE, text, "write flow: {name: camera-fw}")
    given = {**wanted, "secretParameters": subject.spec.get("secretParameters")}
    yield from _secrets_once(given, ("spec",))
    yield from _flow_declared(subject, flow, (*at, "flow", "name"))


def _secrets_once(written: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterator[Fault]:
    secrets = [one["name"] for one in written.get("secretParameters") or ()]
    for index, name in enumerate(secrets):
        if name in (written.get("parameters") or {}) or name in secrets[:index]:
            path = (*at, "secretParameters", index, "name")
            yield Fault(path, RULE, f"the parameter '{name}' is given twice")


def _flow_declared(
    subject: Subject, flow: Mapping[str, Any], at: tuple[str | int, ...]
) -> Iterator[Fault]:
    name = flow.get("name")
    if name is None or subject.declared is None:
        return
    if (*subject.parents, name) not in subject.declared("UpdateFlow"):
        yield Fault(
            at,
            RULE,
            f"no manifest declares the UpdateFlow '{name}' of the fleet '{subject.parents[0]}'",
            "declare it; a flow drawn in the web UI, whose content nobody can read, is named by "
            "its uuid",
        )


def rollback(subject: Subject) -> Iterator[Fault]:
    """An older version of the same app, by one flow, where a failed gate stops anything."""
    failure, at = subject.spec.get("onFailure") or {}, ("spec", "onFailure", "rollback")
    written = failure.get("rollback")
    if not written:
        return
    app, flow = written.get("app") or {}, written.get("flow") or {}
    wanted = (subject.spec.get("desired") or {}).get("app") or {}
    if wanted and app.get("name") != wanted.get("name"):
        text = f"a rollback brings another version of '{wanted.get('name')}', and no other app"
        yield Fault((*at, "app", "name"), RULE, text, f"write {wanted.get('name')}")
    elif wanted and app.get("version") == wanted.get("version"):
        text = f"the rollback is to {app.get('version')}, the version that failed then"
        yield Fault((*at, "app", "version"), RULE, text, "name the version from before")
    if len({"name", "uuid"} & flow.keys()) != 1:
        text = "a flow is named by 'name' or by 'uuid'"
        yield Fault((*at, "flow"), RULE, text, "write flow: {name: camera-fw}")
    yield from _flow_declared(subject, flow, (*at, "flow", "name"))
    yield from _secrets_once(written, at)
    if failure.get("stop") is False or not subject.spec.get("waves"):
        text = "no gate stops this rollout, so nothing is ever rolled back"
        hint = "write waves with gates, and leave stop out"
        yield Fault(at, "deployment-useless", text, hint, "warning")


def waves(subject: Subject) -> Iterator[Fault]:
    """Each wave has a name of its own and says whom it takes."""
    seen: set[str] = set()
    total = 0
    for index, wave in enumerate(subject.spec.get("waves") or ()):
        at: tuple[str | int, ...] = ("spec", "waves", index)
        if wave["name"] in seen or wave["name"] in (REST.name, "redeploy"):
            text = f"the name '{wave['name']}' is taken"
            yield Fault((*at, "name"), RULE, text, "the wave of everybody left is called 'rest'")
        seen.add(wave["name"])
        take = wave.get("take") or {}
        if "take" in wave and len(take) != 1:
            yield Fault((*at, "take"), RULE, "a wave takes either a count or a percentage")
        if not ({"take", "tag", "devices"} & wave.keys()):
            text = "the wave does not say whom it takes"
            yield Fault(at, RULE, text, "write take: {count: 3}, a tag, or devices")
        total += take.get("percent", 0) if not ({"tag", "devices"} & wave.keys()) else 0
        if total > 100:
            text = f"with this wave, the waves take {total} % of the devices"
            hint = "it gets what the ones before leave over"
            yield Fault((*at, "take"), "deployment-useless", text, hint, "warning")
            total = 0
    known = {wave["name"] for wave in subject.spec.get("waves") or ()} | {"redeploy"}
    for index, approval in enumerate(subject.spec.get("approvals") or ()):
        if approval["wave"] not in known:
            path = ("spec", "approvals", index, "wave")
            yield Fault(path, RULE, f"there is no wave '{approval['wave']}'")


def ways(subject: Subject) -> Iterator[Fault]:
    """What a single deployment, or a filter the server judges, cannot do."""
    spec = subject.spec
    for name, value in (("targeting", "live"), ("mode", "once")):
        if spec.get(name) != value:
            continue
        for field in ("waves", "maxInFlight"):
            if spec.get(field):
                text = f"'{field}' does not go with {name}: {value}: everything is one deployment"
                yield Fault(("spec", field), RULE, text, f"take it out, or {name}")
    if spec.get("targeting") == "live":
        for field in ("devices",):
            if (spec.get("select") or {}).get(field):
                text = "a list of devices needs a tag, and targeting: live writes none"
                yield Fault((*SELECT, field), RULE, text, "take targeting out")


def removal(subject: Subject) -> Iterator[Fault]:
    """All that is known is read from the server, and there is no manifest that is gone."""
    if subject.spec.get("onRemove") == "abort-pending":
        yield Fault(
            ("spec", "onRemove"),
            RULE,
            "nothing is aborted because a manifest was removed: nobody remembers one that is gone",
            "write leave, and before you remove the manifest: reconciler run ADDRESS abort",
        )


def name(subject: Subject) -> Iterator[Fault]:
    """The name is in every comment, and the identity."""
    version = ((subject.spec.get("desired") or {}).get("app") or {}).get("version", "")
    if version and version in subject.name:
        yield Fault(
            ("metadata", "name"),
            "deployment-useless",
            f"the name holds the version {version}: the next version will be another deployment, "
            "which knows nothing of this one",
            "name what is deployed, not which version",
            "warning",
        )


RULES = (selector, desired, rollback, waves, ways, removal, name)
