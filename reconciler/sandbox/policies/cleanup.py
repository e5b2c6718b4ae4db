"""Cleanup policies in, the same kept: those on packages, those on bundles, and the newer archive.

They share a contract: created disabled, switched by a call of their own, left alone while they run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from reconciler.sandbox.auth import administered
from reconciler.sandbox.messages import Response, json_response
from reconciler.sandbox.policies import rules
from reconciler.sandbox.policies.candidates import NO_PROJECT
from reconciler.sandbox.policies.retention import Policy
from reconciler.sandbox.policies.runs import plan_next
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_values import boolean, parse_object
from reconciler.sandbox.routing import Call, Route

Json = Any
Fields = dict[str, Json]

SETS = (*rules.TEXTS, "excludePromotedEnvironments", "releaseBundles")
"""Lists whose order means nothing."""


@dataclass(frozen=True)
class Family:
    """One kind of policies with this contract."""

    kind: str
    path: str
    since: str
    body: Callable[[Call, Fields], Fields]

    def create(self, call: Call) -> Response:
        """A key and a body in; the policy exists afterwards, disabled."""
        key, sent = call.params["key"], parse_object(call.request.body)
        store = call.platform.store
        rules.check_key(key, sent)
        if store.taken(key):
            raise Refusal(409, f"Policy with key '{key}' already exists")
        if boolean("enabled", sent.get("enabled") or False):
            raise Refusal(400, f"Policy '{key}' must be created disabled")
        body = self.body(call, {**sent, "key": key})
        policy = Policy(key, self.kind, body, project=owner(sent, body))
        check_rights(call, policy)
        store.retention.policies[key] = policy
        plan_next(call.platform, policy)
        shown = view(call, policy)
        return json_response({**shown, **of_project(policy)}, 201)

    def update(self, call: Call) -> Response:
        """A key and a whole body in; it replaces the policy, but for `enabled`."""
        policy = self.stored(call)
        sent = {**parse_object(call.request.body)}
        rules.check_key(policy.key, sent)
        check_idle(call, policy, "updated")
        if boolean("enabled", sent.get("enabled") or False) != policy.enabled:
            raise Refusal(400, f"Policy '{policy.key}' is switched by its own call only")
        if self.kind != "bundles":
            sent["projectKey"] = sent.get("projectKey") or policy.project
        if self.kind != "bundles" and sent["projectKey"] != policy.project:
            raise Refusal(400, f"Policy '{policy.key}' cannot move to another project")
        body = self.body(call, {**sent, "key": policy.key})
        changed = replace(policy, body=body, project=owner(sent, body))
        check_rights(call, changed)
        policy.body, policy.project = changed.body, changed.project
        plan_next(call.platform, policy)
        return json_response(view(call, policy))

    def get(self, call: Call) -> Response:
        """A key in, the policy out."""
        return json_response(view(call, self.stored(call)))

    def delete(self, call: Call) -> Response:
        """A key in; the policy is gone."""
        policy = self.stored(call)
        check_idle(call, policy, "deleted")
        del call.platform.store.retention.policies[policy.key]
        return Response(200)

    def switch(self, call: Call) -> Response:
        """A key and `{"enabled": ...}` in; the policy is on or off afterwards."""
        policy = self.stored(call)
        sent = parse_object(call.request.body)
        if sent.get("enabled") is None:
            raise Refusal(400, "enabled is mandatory")
        policy.enabled = boolean("enabled", sent["enabled"])
        return Response(200)

    def listed(self, call: Call) -> list[Policy]:
        """The policies the caller asks for: of one project, or all there are."""
        asked = call.request.value("projectKey") or None
        mine = administered(call.caller)
        if mine is not None and asked is None:
            raise Refusal(400, "projectKey is mandatory for the administrator of a project")
        if mine is not None and asked != mine:
            raise Refusal(403, "Forbidden")
        every = call.platform.store.retention.policies.values()
        return [
            policy
            for policy in every
            if policy.kind == self.kind and asked in (None, policy.project)
        ]

    def stored(self, call: Call) -> Policy:
        """A call with a key in, the policy out."""
        policy = call.platform.store.retention.policies.get(call.params["key"])
        if policy is None or policy.kind != self.kind:
            raise Refusal(404, f"Policy with key '{call.params['key']}' was not found")
        check_rights(call, policy)
        return policy

    def routes(self) -> tuple[Route, ...]:
        """The endpoints all these families have."""
        one = f"{self.path}/{{key}}"
        return (
            Route("POST", f"{one}/enablement", self.switch, needs="project", since=self.since),
            Route("POST", one, self.create, needs="project", since=self.since),
            Route("GET", one, self.get, needs="project", since=self.since),
            Route("PUT", one, self.update, needs="project", since=self.since),
            Route("DELETE", one, self.delete, needs="project", since=self.since),
        )


def owner(sent: Fields, body: Fields) -> str | None:
    """A body as sent and as kept in, the project of the policy out.

    Bundle policies have no field for it: one that reaches the bundles of one project only is taken
    for that project's. The reference does not say.
    """
    if "itemType" not in body:
        return sent.get("projectKey") or None
    criteria = body["searchCriteria"]
    reached = {*criteria["includedProjects"]}
    reached |= {entry["projectKey"] for entry in criteria["releaseBundles"]}
    one = len(reached) == 1 and not criteria["includeAllProjects"]
    return next(iter(reached)) or None if one and reached != {NO_PROJECT} else None


def check_rights(call: Call, policy: Policy) -> None:
    """The administrator of a project has its policies and no others."""
    mine = administered(call.caller)
    if mine is not None and policy.project != mine:
        raise Refusal(403, "Forbidden")


def check_idle(call: Call, policy: Policy, verb: str) -> None:
    """A policy that runs is left alone. Which status says so is not in the reference."""
    if call.platform.store.retention.running(policy.key) is not None:
        status = 409 if call.platform.sandbox.quirks["running_conflicts"] else 400
        raise Refusal(status, f"Policy '{policy.key}' is currently running and cannot be {verb}")


def view(call: Call, policy: Policy) -> Fields:
    """A policy in, what a client reads out. Its project is not among it."""
    quirks = call.platform.sandbox.quirks
    body = policy.body
    shown: Fields = {"key": policy.key}
    for name in ("description", "cronExp", "itemType", "durationInMinutes"):
        if name in body:
            shown[name] = body[name]
    shown["enabled"] = policy.enabled
    if "skipTrashcan" in body:
        shown["skipTrashcan"] = body["skipTrashcan"]
    if quirks["policy_project"]:
        shown.update(of_project(policy))
    criteria = dict(body["searchCriteria"])
    if quirks["reorder_sets"]:
        for name in criteria.keys() & set(SETS):
            criteria[name] = mixed(f"{call.platform.sandbox.seed}:{policy.key}", criteria[name])
    shown["searchCriteria"] = criteria
    return shown


def of_project(policy: Policy) -> Fields:
    """The project of a policy, where it is shown."""
    return {"projectKey": policy.project} if policy.project and policy.kind != "bundles" else {}


def mixed(seed: str, values: list[Json]) -> list[Json]:
    """A list that means a set in, the same in the server's own order out."""
    order = list(values)
    Random(f"{seed}:{len(values)}").shuffle(order)
    return order[::-1] if order == values else order


# --- the families ---------------------------------------------------------------------------------


def package_body(call: Call, sent: Fields) -> Fields:
    """A body on packages in, its fields out."""
    platform = call.platform
    return rules.package_body(sent, platform.version, platform.store.projects, False)


def smart_body(call: Call, sent: Fields) -> Fields:
    """The same for the newer archive."""
    platform = call.platform
    return rules.package_body(sent, platform.version, platform.store.projects, True)


def bundle_body(_call: Call, sent: Fields) -> Fields:
    """A body on release bundles in, its fields out."""
    return rules.bundle_body(sent)


CLEANUP = "/artifactory/api/cleanup"
PACKAGES = Family("packages", f"{CLEANUP}/packages/policies", "7.98.2", package_body)
BUNDLES = Family("bundles", f"{CLEANUP}/bundles/policies", "7.104.2", bundle_body)
SMART = Family("smart", "/artifactory/api/archive/v2/packages/policies", "7.102.0", smart_body)


def list_packages(call: Call) -> Response:
    """Whole policies, as a list; some servers wrap it."""
    found = [view(call, policy) for policy in PACKAGES.listed(call)]
    wrapped = call.platform.sandbox.quirks["wrapped_policies"]
    return json_response({"policies": found} if wrapped else found)


def list_bundles(call: Call) -> Response:
    """A view of the policies: neither criteria nor schedule nor description."""
    return json_response({"policies": [line(call, policy) for policy in BUNDLES.listed(call)]})


def line(call: Call, policy: Policy) -> Fields:
    """A policy on bundles in, its line in the list out."""
    criteria = policy.body["searchCriteria"]
    made: Fields = {"itemType": "releaseBundle", "policyKey": policy.key}
    if policy.next_run is not None:
        made["nextRunTime"] = int(policy.next_run * 1000)
    made["enabled"] = policy.enabled
    made["displayProject"] = policy.project or "Global"
    run = call.platform.store.retention.runs.get(policy.last_run or 0)
    if run is not None:
        made["lastRunData"] = {
            "status": run.status,
            "lastRunTime": int(run.started * 1000),
            "dryRun": run.dry,
            "runId": run.id,
            "reportDownloaded": run.report_downloaded,
            "totalItems": run.done,
        }
    names = {NO_PROJECT: "Unassigned Repos"}
    projects = [names.get(name, name) for name in criteria["includedProjects"]]
    made["includedProjects"] = ["All"] if criteria["includeAllProjects"] else projects
    return made


ROUTES = (
    Route("GET", PACKAGES.path, list_packages, needs="project", since=PACKAGES.since),
    *PACKAGES.routes(),
    Route("GET", BUNDLES.path, list_bundles, needs="project", since=BUNDLES.since),
    *BUNDLES.routes(),
    *SMART.routes(),
)
