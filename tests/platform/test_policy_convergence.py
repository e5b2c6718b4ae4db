"""Cleanup, archive and retention policies: apply, then plan, and nothing is left to do (M5, M6)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.graph import graph
from reconciler.kinds.fields import Field
from reconciler.kinds.kind import Kind
from reconciler.kinds.policies.archive_policy import KIND as ARCHIVE
from reconciler.kinds.policies.package_cleanup_policy import KIND as PACKAGES
from reconciler.kinds.policies.release_bundle_cleanup_policy import KIND as BUNDLES
from reconciler.kinds.policies.release_bundle_retention import KIND as RETENTION
from reconciler.report.figures import evidence_words
from reconciler.sandbox import Sandbox
from tests.platform.test_convergence import FUZZ, assert_converged, assert_done
from tests.support.estate import Estate, local, manifest

NAMES: Mapping[str, str] = {
    "PackageCleanupPolicy": "old-packages",
    "ReleaseBundleCleanupPolicy": "old-bundles",
    "ArchivePolicy": "old-files",
    "ReleaseBundleRetention": "default",
}
KINDS: Mapping[str, Kind] = {k.name: k for k in (PACKAGES, BUNDLES, ARCHIVE, RETENTION)}
COMMON: Mapping[str, Any] = {
    "description": "what nöbody needs",
    "cronExp": "0 0 2 ? * SAT",
    "durationInMinutes": 90,
    "enabled": True,
    "skipTrashcan": True,
}
QUERY = 'items.find({"repo": "maven-local", "created": {"$before": "2y"}})'
PACKAGE_CRITERIA: Mapping[str, Any] = {
    "packageTypes": ["npm", "maven"],
    "repos": ["maven-local", "npm-*"],
    "excludedRepos": ["npm-keep"],
    "includedPackages": ["com/acme*"],
    "excludedPackages": ["com/acme-core", "com/acme-api"],
    "includeAllProjects": False,
    "includedProjects": ["pay", "default"],
}
FORM: Mapping[str, Any] = {
    "properties": {
        "include": {
            "operator": "and",
            "values": [
                {"propertyKey": "stage", "propertyValue": "dev"},
                {"propertyKey": "team", "propertyValue": "pay"},
            ],
        },
        "exclude": {"operator": "or", "values": [{"propertyKey": "k", "propertyValue": "v"}]},
    },
    "repositories": {
        "include": {"operator": "or", "values": ["npm-*", "maven-local"]},
        "exclude": {"operator": "and", "values": ["npm-keep"]},
    },
    "paths": {
        "include": {"operator": "or", "values": ["org/*"]},
        "exclude": {"operator": "or", "values": ["org/keep/*"]},
    },
    "names": {
        "include": {"operator": "or", "values": ["*.jar", "*.pom"]},
        "exclude": {"operator": "or", "values": ["*-sources.jar"]},
    },
    "createdBefore": 24,
    "downloadedBefore": 12,
}
PACKAGE_FORM: Mapping[str, Any] = {
    "packageType": "maven",
    "packageRepos": ["maven-local", "npm-local"],
    "componentName": "com.acme:*",
    "version": "1.*",
    "createdBefore": 1_600_000_000_000,
    "downloadedBefore": 1_600_000_000_001,
}
ARCHIVING: Mapping[str, Any] = {**COMMON, "expirationTimeInMonths": 120}

FULL: Mapping[str, tuple[str, dict[str, Any]]] = {
    "packages by age in days": (
        "PackageCleanupPolicy",
        {
            **COMMON,
            "searchCriteria": {
                **PACKAGE_CRITERIA,
                "createdBeforeInDays": 90,
                "lastDownloadedBeforeInDays": 30,
                "includedProperties": {"stage": ["dev"]},
                "excludedProperties": {"keep": ["true"]},
            },
        },
    ),
    "packages by age in months": (
        "PackageCleanupPolicy",
        {
            **COMMON,
            "searchCriteria": {
                **PACKAGE_CRITERIA,
                "createdBeforeInMonths": 12,
                "lastDownloadedBeforeInMonths": 6,
            },
        },
    ),
    "packages by number": (
        "PackageCleanupPolicy",
        {**COMMON, "searchCriteria": {**PACKAGE_CRITERIA, "keepLastNVersions": 5}},
    ),
    "packages of a project": (
        "PackageCleanupPolicy",
        {
            **COMMON,
            "projectKey": "pay",
            "searchCriteria": {
                **{n: v for n, v in PACKAGE_CRITERIA.items() if not n.startswith("include")},
                "includedPackages": ["**"],
                "keepLastNVersions": 2,
            },
        },
    ),
    "release bundles": (
        "ReleaseBundleCleanupPolicy",
        {
            **{n: v for n, v in COMMON.items() if n != "skipTrashcan"},
            "searchCriteria": {
                "includeAllProjects": False,
                "includedProjects": ["pay", "default"],
                "releaseBundles": [
                    {"name": "shop", "projectKey": "pay"},
                    {"name": "**", "projectKey": ""},
                ],
                "excludePromotedEnvironments": ["PROD", "DEV"],
                "createdBeforeInMonths": 24,
            },
        },
    ),
    "files by query": ("ArchivePolicy", {**ARCHIVING, "aqlQuery": QUERY}),
    "files by form": ("ArchivePolicy", {**ARCHIVING, "searchCriteriaForm": dict(FORM)}),
    "packages to archive": (
        "ArchivePolicy",
        {
            **ARCHIVING,
            "packageRetention": True,
            "packageSearchCriteriaForm": dict(PACKAGE_FORM),
        },
    ),
    "retention": (
        "ReleaseBundleRetention",
        {
            "enable": True,
            "automatic": True,
            "numOfVersionsToKeepPerReleaseBundle": 7,
            "maxDaysToKeep": 500,
            "cronPattern": "0 0 0 ? * SUN *",
            "maxDeletionsPerBackgroundRun": 10,
        },
    ),
}
each = pytest.mark.parametrize("what", FULL)


def furnish(estate: Estate) -> Estate:
    """A project and repositories, created behind the tool's back."""
    estate.project("pay")
    estate.put("maven-local", rclass="local", packageType="maven")
    for key in ("npm-local", "npm-keep"):
        estate.put(key, rclass="local", packageType="npm")
    return estate


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A workspace beside a platform with a project and repositories."""
    return furnish(Estate(tmp_path))


@contextmanager
def fresh() -> Iterator[Estate]:
    """The same for each example of hypothesis."""
    with tempfile.TemporaryDirectory() as folder:
        yield furnish(Estate(Path(folder), Sandbox()))


def name_of(what: str) -> str:
    kind, spec = FULL[what]
    return f"{spec['projectKey']}-{NAMES[kind]}" if "projectKey" in spec else NAMES[kind]


def declare(estate: Estate, what: str, spec: Mapping[str, Any]) -> None:
    """One policy is all there is."""
    documents = [manifest(FULL[what][0], name_of(what), spec)]
    if "packageSearchCriteriaForm" in spec:
        documents += [local("maven-local", "maven"), local("npm-local", "npm")]
    estate.declare(*documents)


def path_of(what: str) -> str:
    collection = KINDS[FULL[what][0]].rest.path
    return collection if what == "retention" else f"{collection}/{name_of(what)}"


def stored(estate: Estate, what: str) -> dict[str, Any]:
    """The policy as the platform answers it."""
    found = estate.ask(path_of(what))
    if what == "retention":
        found |= estate.ask(f"{path_of(what)}/enable")
    policy: dict[str, Any] = found[0] if isinstance(found, list) else found
    return {name: in_order(value) for name, value in policy.items()}


def in_order(value: Any) -> Any:
    """The same with its lists sorted: the server answers sets in any order."""
    if isinstance(value, dict):
        return {name: in_order(inner) for name, inner in value.items()}
    return sorted(value, key=json.dumps) if isinstance(value, list) else value


def bare(what: str) -> dict[str, Any]:
    """What must be given at least."""
    kind, spec = FULL[what]
    least = {n: v for n, v in spec.items() if KINDS[kind].fields[n].required or n == "projectKey"}
    if kind == "ArchivePolicy":
        least |= {n: spec[n] for n in (*ARCHIVE.modes, "packageRetention") if n in spec}
    return least


def paths_in(fields: Mapping[str, Field], at: str = "") -> Iterator[str]:
    for name, field in fields.items():
        if field.fields:
            yield from paths_in(field.fields, f"{at}{name}.")
        else:
            yield f"{at}{name}"


def paths_given(spec: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name, value in spec.items():
        if isinstance(value, dict) and not name.endswith("Properties"):
            yield from paths_given(value, f"{at}{name}.")
        else:
            yield f"{at}{name}"


# --- every field ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_full_specs_have_every_field(kind: str) -> None:
    """A new field must get a value here, also one inside another."""
    given = {p for name, spec in FULL.values() if name == kind for p in paths_given(spec)}
    assert given == set(paths_in(KINDS[kind].fields))


@each
def test_every_field_converges(what: str, estate: Estate) -> None:
    """Created with everything; applied once more, nothing is written."""
    declare(estate, what, FULL[what][1])
    assert_done(estate.apply(), set())
    assert_converged(estate)


@each
def test_every_field_can_be_changed_later(what: str, estate: Estate) -> None:
    """The same state is reached from a bare policy."""
    declare(estate, what, bare(what))
    assert_done(estate.apply(), set())
    assert_converged(estate)
    declare(estate, what, FULL[what][1])
    assert_done(estate.apply(), set())
    assert_converged(estate)


@each
def test_every_field_alone_can_be_changed(what: str, estate: Estate) -> None:
    """An update of one field writes this one; whatever is not declared keeps its value."""
    kind, full = FULL[what]
    least = {name: full[name] for name in bare(what)}
    for name, field in KINDS[kind].fields.items():
        if name not in full or field.fields or field.fixed or field.required:
            continue
        declare(estate, what, full)
        estate.apply()
        before = stored(estate, what)
        declare(estate, what, least | {name: other(field, full[name])})
        assert_done(estate.apply(), set())
        assert_converged(estate)
        after = stored(estate, what)
        assert {n for n in after if after[n] != before.get(n)} - set(READ_ONLY) == {field.wire}


def other(field: Field, value: Any) -> Any:
    """Another value that the field may have."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return {
        "description": "something else",
        "cronExp": "0 0 3 ? * SUN",
        "cronPattern": "0 0 1 ? * MON",
        "aqlQuery": 'items.find({"name": {"$match": "*.tmp"}, "repo": "npm-local"})',
    }[field.name]


@each
def test_every_nullable_field_can_be_null(what: str, estate: Estate) -> None:
    """Null over a set value clears the field, and null at creation is the same as nothing."""
    kind, full = FULL[what]
    fields = KINDS[kind].fields
    nothing = bare(what) | {n: None for n in full if fields[n].nullable and n != "projectKey"}
    for first in (full, nothing):
        declare(estate, what, first)
        assert_done(estate.apply(), set())
    assert_converged(estate)


# --- one condition in the place of another ----------------------------------------------------

CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "days": {"createdBeforeInDays": 90},
    "downloads": {"lastDownloadedBeforeInDays": 90},
    "months": {"createdBeforeInMonths": 3, "lastDownloadedBeforeInMonths": 2},
    "number": {"keepLastNVersions": 3},
    "property": {"includedProperties": {"stage": ["dev"]}},
    "age and property": {
        "createdBeforeInDays": 9,
        "excludedProperties": {"keep": ["true"]},
    },
}


@pytest.mark.parametrize("before", CONDITIONS)
@pytest.mark.parametrize("after", CONDITIONS)
def test_conditions_replace_each_other(before: str, after: str, estate: Estate) -> None:
    """The manifest says the new condition; the one that cannot stand beside it goes by itself."""
    for condition in (CONDITIONS[before], CONDITIONS[after]):
        criteria = {**PACKAGE_CRITERIA, **condition}
        declare(estate, "packages by number", {"searchCriteria": criteria})
        assert_done(estate.apply(), set())
        assert_converged(estate)


# --- random policies --------------------------------------------------------------------------


def _some(value: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any part of an object, at every depth."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: _some(inner)
            if isinstance(inner, dict) and "values" not in inner
            else st.just(inner)
            for name, inner in value.items()
        },
    )


@FUZZ
@given(data=st.data())
def test_random_package_policies_converge(data: st.DataObject) -> None:
    """Create with some fields, update with others: the plan is empty after each."""
    optional = {n: v for n, v in PACKAGE_CRITERIA.items() if n.startswith(("excl", "includeA"))}
    required = {n: v for n, v in PACKAGE_CRITERIA.items() if n in ("packageTypes", "repos")}
    with fresh() as estate:
        for _ in range(2):
            condition = data.draw(st.sampled_from(list(CONDITIONS.values())))
            criteria = {
                **required,
                "includedPackages": ["**"],
                **condition,
                **data.draw(_some(optional)),
            }
            spec = {**data.draw(_some(COMMON)), "searchCriteria": criteria}
            declare(estate, "packages by number", spec)
            assert_done(estate.apply(), set())
            assert_converged(estate)


@FUZZ
@given(data=st.data())
def test_random_archive_forms_converge(data: st.DataObject) -> None:
    """Any part of the form, created and changed."""
    with fresh() as estate:
        for _ in range(2):
            form = {**data.draw(_some(FORM)), "names": FORM["names"]}
            optional = {n: v for n, v in ARCHIVING.items() if n != "enabled"}
            spec = {**data.draw(_some(optional)), "enabled": data.draw(st.booleans())}
            declare(estate, "files by form", {**spec, "searchCriteriaForm": form})
            assert_done(estate.apply(), set())
            assert_converged(estate)


# --- switching --------------------------------------------------------------------------------

switched = pytest.mark.parametrize("what", ["packages by number", "release bundles"])


@switched
def test_it_is_created_switched_off_and_then_switched_on(what: str, estate: Estate) -> None:
    """The server refuses a policy that is created switched on."""
    declare(estate, what, FULL[what][1])
    estate.forget_requests()
    assert_done(estate.apply(), set())
    path = path_of(what)
    assert estate.writes() == [f"POST {path}", f"POST {path}/enablement"]
    first = next(
        json.loads(body)
        for method, at, body in estate.transport.bodies
        if (method, at) == ("POST", path)
    )
    assert first["enabled"] is False
    assert stored(estate, what)["enabled"] is True


@switched
def test_switching_is_one_request(what: str, estate: Estate) -> None:
    """Nothing but the switch is touched where nothing but the switch differs."""
    declare(estate, what, FULL[what][1])
    estate.apply()
    for on in (False, True):
        declare(estate, what, FULL[what][1] | {"enabled": on})
        estate.forget_requests()
        assert_done(estate.apply(), set())
        assert estate.writes() == [f"POST {path_of(what)}/enablement"]
        assert_converged(estate)


@switched
def test_an_update_repeats_what_is_live(what: str, estate: Estate) -> None:
    """A policy that somebody switched on stays on where the manifest does not say."""
    spec = {n: v for n, v in FULL[what][1].items() if n != "enabled"}
    declare(estate, what, spec)
    estate.apply()
    estate.tell("POST", f"{path_of(what)}/enablement", {"enabled": True})
    declare(estate, what, spec | {"description": "something else"})
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == [f"PUT {path_of(what)}"]
    assert stored(estate, what)["enabled"] is True


@switched
def test_switched_on_outside_it_is_switched_off_before_it_is_changed(
    what: str, estate: Estate
) -> None:
    """With `enabled: false` nothing runs between the two requests."""
    spec = FULL[what][1] | {"enabled": False}
    declare(estate, what, spec)
    estate.apply()
    estate.tell("POST", f"{path_of(what)}/enablement", {"enabled": True})
    declare(estate, what, spec | {"description": "something else"})
    estate.forget_requests()
    assert_done(estate.apply(), set())
    assert estate.writes() == [f"POST {path_of(what)}/enablement", f"PUT {path_of(what)}"]
    assert_converged(estate)


# --- edited in the UI -------------------------------------------------------------------------


@each
def test_what_was_edited_elsewhere_is_put_back(what: str, estate: Estate) -> None:
    """Whoever changes a declared field in the UI finds it as declared after the next apply."""
    kind, full = FULL[what]
    declare(estate, what, full)
    estate.apply()
    field = "maxDaysToKeep" if what == "retention" else "durationInMinutes"
    live = {n: v for n, v in stored(estate, what).items() if n not in READ_ONLY}
    if what == "retention":
        estate.tell("POST", path_of(what), {"max_days_to_keep": 3})
    else:
        estate.tell("PUT", path_of(what), {**live, field: 7})
    plan = estate.plan()
    assert [[f.path for f in c.fields] for c in plan.changes if c.address.kind == kind] == [
        [f"spec.{field}"]
    ]
    assert_done(estate.apply(), set())
    assert_converged(estate)


READ_ONLY = ("lastRunStatus", "nextExecutionTime")


def test_a_query_in_other_quotes_is_the_same(estate: Estate) -> None:
    """The server writes a query anew; what it means is compared."""
    declare(
        estate,
        "files by query",
        {"enabled": False, "aqlQuery": 'items.find({"repo":"npm-local","type":{$eq:"file"}})'},
    )
    assert_done(estate.apply(), set())
    assert_converged(estate)
    declare(
        estate,
        "files by query",
        {
            "enabled": False,
            "aqlQuery": 'items.find({"$and": [{"type": "file"}, {"repo": {"$eq": "npm-local"}}]})',
        },
    )
    assert estate.plan().changes == ()


def test_another_mode_is_another_policy(estate: Estate) -> None:
    """A policy that selects by query cannot be turned into one that selects by form."""
    declare(estate, "files by query", FULL["files by query"][1])
    estate.apply()
    declare(estate, "files by form", FULL["files by form"][1])
    (change,) = estate.plan().changes
    assert change.action.value == "replace"
    assert change.blocked is not None
    assert change.blocked.code == "immutable"
    assert "it has aqlQuery, the manifest searchCriteriaForm" in change.blocked.message


# --- while it runs ----------------------------------------------------------------------------


def _run(estate: Estate, what: str, seconds: float) -> None:
    """A run begins, and takes so many seconds of the platform's time."""
    estate.sandbox.clock.freeze(1_767_225_600.0)
    estate.tell("PUT", "/_sandbox/retention", {"runSeconds": seconds})
    estate.tell("PUT", f"{path_of(what)}/run", None)


@switched
def test_a_running_policy_is_waited_for(what: str, estate: Estate) -> None:
    """The server refuses to change a policy that runs; the update is tried until it has ended."""
    declare(estate, what, FULL[what][1])
    estate.apply()
    _run(estate, what, 20)
    declare(estate, what, FULL[what][1] | {"description": "something else"})
    estate.time.followers.append(estate.sandbox.clock.advance)
    assert_done(estate.apply(), set())
    assert_converged(estate)


@switched
def test_what_runs_too_long_is_told(what: str, estate: Estate) -> None:
    """After the limit the change has failed, nothing was written, and the reason is told."""
    declare(estate, what, FULL[what][1])
    estate.apply()
    _run(estate, what, 100_000)
    declare(estate, what, FULL[what][1] | {"description": "something else"})
    applied = estate.apply()
    (outcome,) = applied.outcomes
    assert outcome.result == "failed"
    assert "was refused" in outcome.reason
    assert "running" in outcome.reason
    assert stored(estate, what)["description"] == FULL[what][1]["description"]


def test_a_running_policy_is_waited_for_before_it_is_deleted(estate: Estate) -> None:
    """The server refuses that too while a run is under way."""
    what = "packages by number"
    declare(estate, what, FULL[what][1])
    estate.apply()
    _run(estate, what, 20)
    estate.workspace(prune=True)
    estate.declare(local("other"))
    estate.time.followers.append(estate.sandbox.clock.advance)
    assert set(estate.apply().results().values()) == {"done"}
    assert estate.ask(KINDS["PackageCleanupPolicy"].rest.listing.path) in ([], {"policies": []})


def test_a_policy_is_deleted_when_it_is_no_longer_declared(estate: Estate) -> None:
    """With pruning on, it goes like any other object."""
    declare(estate, "packages by number", FULL["packages by number"][1])
    estate.apply()
    estate.workspace(prune=True)
    estate.declare(local("other"))
    applied = estate.apply()
    assert applied.results()["PackageCleanupPolicy/old-packages"] == "done"
    assert estate.ask("/artifactory/api/cleanup/packages/policies") in ([], {"policies": []})


# --- export and adoption ----------------------------------------------------------------------


@each
def test_what_is_exported_is_adopted_without_a_difference(what: str, estate: Estate) -> None:
    """A live policy becomes a manifest that says the same."""
    declare(estate, what, FULL[what][1])
    estate.apply()
    (estate.root / "manifests/all.yaml").unlink()
    (estate.root / ".reconciler/inventory.json").unlink(missing_ok=True)
    for file, text in estate.export().created:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    kind = FULL[what][0]
    assert (estate.root / f"manifests/{kind}/{name_of(what)}.yaml").is_file()
    assert {c.action.value for c in estate.plan().changes} == {"adopt"}


# --- references -------------------------------------------------------------------------------


def test_names_and_patterns_that_match_nothing_are_told(estate: Estate) -> None:
    """A policy for repositories that are not there does nothing; one that spares some must know
    them."""
    criteria = {
        **PACKAGE_CRITERIA,
        "repos": ["npm-*", "mavn-local", "docker-*"],
        "excludedRepos": ["npm-kep"],
        "keepLastNVersions": 3,
    }
    declare(estate, "packages by number", {"searchCriteria": criteria})
    told = [(d.rule, d.summary, d.hint) for d in estate.plan().diagnostics]
    kinds = "LocalRepository, RemoteRepository or FederatedRepository, declared or live"
    other = "correct it, or take it out; the token may also not see what it matches"
    assert told == [
        ("nothing-matches", f"'mavn-local' names no {kinds}", "did you mean 'maven-local'?"),
        ("nothing-matches", f"'docker-*' matches no {kinds}", other),
        ("nothing-matches", f"'npm-kep' names no {kinds}", "did you mean 'npm-keep'?"),
    ]


def test_a_repository_comes_before_the_policy_that_names_it(estate: Estate) -> None:
    """A name is a reference like any other, in a query too; a pattern needs nothing."""
    query = 'items.find({"$or": [{"repo": "new-local"}, {"repo": {"$match": "npm-*"}}]})'
    estate.declare(
        manifest("ArchivePolicy", "a-policy", {"enabled": False, "aqlQuery": query}),
        local("new-local"),
    )
    plan = estate.plan()
    policy = next(c for c in plan.changes if c.address.kind == "ArchivePolicy")
    assert [str(a) for a in policy.requires] == ["LocalRepository/new-local"]
    assert plan.diagnostics == ()


def test_the_cache_of_a_remote_repository_is_known(estate: Estate) -> None:
    """Files of a remote repository lie in its cache, and policies name that."""
    estate.put(
        "npm-remote", rclass="remote", packageType="npm", url="https://registry.example.com/x"
    )
    criteria = {**PACKAGE_CRITERIA, "repos": ["npm-remote-cache"], "keepLastNVersions": 3}
    declare(estate, "packages by number", {"searchCriteria": criteria})
    assert estate.plan().diagnostics == ()


def test_a_pattern_is_drawn_to_what_it_matches(estate: Estate) -> None:
    """And to nothing else: what matches may be live, so nothing is missing."""
    criteria = {**PACKAGE_CRITERIA, "repos": ["n*", "docker-*"], "keepLastNVersions": 3}
    estate.declare(
        manifest("PackageCleanupPolicy", "old", {"searchCriteria": criteria}),
        local("npm-one", "npm"),
        local("npm-two", "npm"),
        local("maven-one", "maven"),
    )
    wanted = estate.desire()
    drawn = graph(wanted.resolved, wanted.registry, wanted.manifests)
    ends = [(e.source.name, e.target.name) for e in drawn.edges if e.target.kind != "Project"]
    assert ends == [("old", "npm-one"), ("old", "npm-two")]


def test_a_schedule_in_the_past_never_comes(estate: Estate) -> None:
    """Nobody is left to find that out by waiting."""
    spec = FULL["packages by number"][1] | {"cronExp": "0 15 10 * * ? 2024"}
    declare(estate, "packages by number", spec)
    (change,) = estate.plan().changes
    assert change.evidence["nextRuns"] == []
    assert evidence_words(change.evidence) == (
        "evidence",
        "estimate: it would hit nothing, it never runs again",
    )


def test_the_next_runs_are_evidence(estate: Estate) -> None:
    """A reviewer sees when a schedule comes, without counting."""
    declare(estate, "packages by number", FULL["packages by number"][1])
    (change,) = estate.plan().changes
    times = change.evidence["nextRuns"]
    assert len(times) == 3
    assert all(time.endswith("T02:00:00Z") for time in times)
    assert change.risk == "disruptive"


# --- servers without them ---------------------------------------------------------------------


def test_without_the_classic_api_an_archive_policy_is_unsupported(estate: Estate) -> None:
    """A server that has only the newer API says 404 for the list; nothing is created there."""
    estate.fault(
        "status",
        path="/artifactory/api/retention/archive/policies*",
        status=404,
        message="Not Found",
        times=None,
    )
    declare(estate, "files by query", FULL["files by query"][1])
    (change,) = estate.plan().changes
    assert change.blocked is not None
    assert change.blocked.code == "unsupported"
    assert "smart archiving" in change.blocked.message
