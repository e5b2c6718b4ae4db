"""What a plan tells of cleanup and archive policies: figures as large as what would go (D10)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.digest import digest
from reconciler.errors import Exit
from reconciler.model import Change
from reconciler.pipeline.planning import make_plan, run_blocks
from reconciler.report.figures import evidence_words
from reconciler.report.verdict import plan_exit
from reconciler.sandbox import Sandbox
from reconciler.sandbox.policies.candidates import candidates
from reconciler.sandbox.policies.retention import Policy
from tests.platform.test_convergence import FUZZ, assert_done
from tests.support.estate import Estate, manifest

NOW = 1_767_225_600.0
TYPES = (
    *("maven", "npm", "docker", "pypi", "generic", "helm", "nuget", "debian", "rpm", "go"),
    *("alpine", "ansible", "cocoapods", "conda", "terraformbackend"),
)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A platform where time stands still."""
    return frozen(tmp_path)


def frozen(root: Path) -> Estate:
    """A platform where time stands still."""
    made = Estate(root)
    made.sandbox.clock.freeze(NOW)
    return made


def store(estate: Estate, *files: Mapping[str, Any]) -> None:
    """Files with a past."""
    estate.tell("POST", "/_sandbox/artifacts", {"artifacts": list(files)})


def paths(package_type: str, name: str, version: int) -> list[str]:
    """The files of one version, as clients of the type lay them out; the lead is one of them."""
    v = f"1.{version}"
    return {
        "maven": [f"org/acme/{name}/{v}/{name}-{v}.pom", f"org/acme/{name}/{v}/{name}-{v}.jar"],
        "npm": [f"{name}/-/{name}-{v}.0.tgz"],
        "docker": [f"team/{name}/{v}/manifest.json", f"team/{name}/{v}/sha256__{name}{version}"],
        "pypi": [f"{name}/{v}/{name}-{v}.tar.gz", f"{name}/{v}/{name}-{v}-py3-none-any.whl"],
        "generic": [f"{name}/{v}/data.bin"],
        "helm": [f"{name}-{v}.0.tgz", f"{name}-{v}.0.tgz.prov"],
        "nuget": [f"{name}/{name}.{v}.0.nupkg"],
        "debian": [f"pool/{name}_{v}_amd64.deb", f"pool/{name}_{v}_arm64.deb"],
        "rpm": [f"{name}-{v}-1.x86_64.rpm", f"{name}-{v}-1.aarch64.rpm"],
        "alpine": [f"edge/main/x86_64/{name}-{v}-r0.apk"],
        "ansible": [f"acme-{name}-{v}.0.tar.gz"],
        "cocoapods": [f"{name}/{v}/{name}-{v}.tar.gz"],
        "conda": [f"noarch/{name}-{v}-py_0.tar.bz2", f"noarch/{name}-{v}-py_0.conda"],
        "terraformbackend": [f"{name}/state.{v}.json"],
        "go": [f"acme.example/{name}/@v/v{v}.mod", f"acme.example/{name}/@v/v{v}.zip"],
    }[package_type]


versions = st.fixed_dictionaries(
    {
        "type": st.sampled_from(TYPES),
        "name": st.sampled_from(("lib", "app", "core")),
        "version": st.integers(1, 9),
        "size": st.integers(0, 5000),
        "createdDaysAgo": st.integers(0, 400),
        "downloadedDaysAgo": st.none() | st.integers(0, 400),
        "properties": st.sampled_from(({}, {"stage": ["dev"]}, {"keep": ["true"]})),
    }
)
strays = st.lists(st.sampled_from(("index.html", "a/b/readme.txt", "x.json")), max_size=2)
ages = st.fixed_dictionaries(
    {},
    optional={
        "createdBeforeInDays": st.integers(1, 400),
        "lastDownloadedBeforeInDays": st.integers(1, 400),
        "includedProperties": st.just({"stage": ["dev"]}),
        "excludedProperties": st.just({"keep": ["true"]}),
    },
).filter(lambda found: bool(found.keys() - {"excludedProperties"}))
months = st.fixed_dictionaries(
    {"createdBeforeInMonths": st.integers(1, 12)},
    optional={"lastDownloadedBeforeInMonths": st.integers(1, 12)},
)
counts = st.fixed_dictionaries(
    {"keepLastNVersions": st.integers(1, 4)},
    optional={"excludedProperties": st.just({"keep": ["true"]})},
)


def selecting(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Criteria the server takes: the files of generic packages are not counted as versions."""
    types = base["packageTypes"]
    if "keepLastNVersions" in more:
        types = [name for name in types if name != "generic"] or ["npm"]
    return {**base, **more, "packageTypes": types}


criteria = st.builds(
    selecting,
    st.fixed_dictionaries(
        {
            "packageTypes": st.lists(st.sampled_from(TYPES), min_size=1, unique=True),
            "repos": st.sampled_from((["**"], ["*-local"], ["maven-local", "npm-*"])),
            "excludedRepos": st.sampled_from(([], ["docker-*"])),
            "includedPackages": st.sampled_from((["**"], ["*lib*"], ["app"])),
            "excludedPackages": st.sampled_from(([], ["core"])),
            "includeAllProjects": st.just(value=True),
        }
    ),
    st.one_of(ages, months, counts),
)


def furnished(root: Path, stored: list[dict[str, Any]], extra: list[str]) -> Estate:
    """A repository for each type, with these versions and some files of no package."""
    estate = frozen(root)
    files: list[dict[str, Any]] = []
    for package_type in TYPES:
        estate.put(f"{package_type}-local", rclass="local", packageType=package_type)
        files += [
            {"repo": f"{package_type}-local", "path": path, "size": 3, "createdDaysAgo": 500}
            for path in extra
        ]
    for one in stored:
        fixed = {n: v for n, v in one.items() if n not in ("type", "name", "version")}
        fixed = {n: v for n, v in fixed.items() if v is not None}
        for path in paths(one["type"], one["name"], one["version"]):
            files.append({"repo": f"{one['type']}-local", "path": path, **fixed})
    if files:
        store(estate, *files)
    return estate


def impact(change: Change) -> dict[str, Any]:
    """What the change says that its object would hit."""
    found = change.evidence["impact"]
    assert isinstance(found, dict)
    return found


def only(estate: Estate, **settings: Any) -> Change:
    """The one change of a plan."""
    (change,) = estate.plan(**settings).changes
    return change


@FUZZ
@given(st.lists(versions, max_size=25), strays, criteria)
def test_an_estimate_is_what_a_run_would_delete_property(
    stored: list[dict[str, Any]], extra: list[str], wanted: dict[str, Any]
) -> None:
    """Versions, bytes, repositories and shares equal a count over everything that is stored."""
    with tempfile.TemporaryDirectory() as folder:
        estate = furnished(Path(folder), stored, extra)
        spec = {"skipTrashcan": True, "searchCriteria": wanted}
        estate.declare(manifest("PackageCleanupPolicy", "old-packages", spec))
        told = impact(only(estate))
        body = {"key": "old-packages", **spec}
        truth = candidates(
            estate.platform, Policy("old-packages", "packages", body, enabled=False), NOW
        )
        assert told["source"] == "estimate"
        assert told["candidates"] == len(truth)
        assert told["artifacts"] == sum(len(one.paths) for one in truth)
        assert told["bytes"] == sum(one.size for one in truth)
        hit = {one.repo for one in truth}
        assert len(told["repositories"]) + told["otherRepositories"] == len(hit)
        for share in told["repositories"]:
            check_share(estate, share, truth)


def check_share(estate: Estate, share: Mapping[str, Any], truth: list[Any]) -> None:
    """One repository's line against a count."""
    here = [one for one in truth if one.repo == share["repository"]]
    files = estate.platform.store.artifacts[share["repository"]]
    gone, size = sum(len(one.paths) for one in here), sum(one.size for one in here)
    total = sum(file.size for file in files.values())
    assert (share["candidates"], share["artifacts"], share["bytes"]) == (len(here), gone, size)
    percent = max(100 * gone / len(files), 100 * size / total if total else 0)
    assert share["percent"] == pytest.approx(percent, abs=0.01)


FORM = {
    "repositories": {"include": {"values": ["*-local"]}, "exclude": {"values": ["docker-*"]}},
    "createdBefore": 3,
    "downloadedBefore": 2,
}
archives = st.sampled_from(
    (
        {"aqlQuery": 'items.find({"repo": {"$match": "*-local"}, "created": {"$before": "60d"}})'},
        {"aqlQuery": 'items.find({"size": {"$gt": 900}}).include("name").limit(3)'},
        {"aqlQuery": 'items.find({"@stage": "dev"}, {"name": {"$match": "*1*"}})'},
        {"searchCriteriaForm": FORM},
        {"searchCriteriaForm": {"names": {"include": {"values": ["*.tgz", "*.pom"]}}}},
        {
            "packageRetention": True,
            "packageSearchCriteriaForm": {
                "packageType": "npm",
                "packageRepos": ["npm-local"],
                "componentName": "l*",
                "createdBefore": int(NOW - 86400 * 50) * 1000,
            },
        },
    )
)


@FUZZ
@given(st.lists(versions, max_size=25), archives)
def test_a_preview_is_what_a_run_would_archive_property(
    stored: list[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    """The figures are the platform's own; repositories and shares agree with them."""
    with tempfile.TemporaryDirectory() as folder:
        estate = furnished(Path(folder), stored, [])
        spec = {"enabled": False, **wanted}
        estate.declare(manifest("ArchivePolicy", "old-files", spec))
        told = impact(only(estate))
        estate.apply()
        kept = estate.platform.store.retention.policies["old-files"]
        truth = candidates(estate.platform, kept, NOW)
        assert told["source"] == "preview"
        assert told["candidates"] == len(truth)
        assert told["bytes"] == sum(one.size for one in truth)
        assert "gaps" not in told
        hit = {one.repo for one in truth}
        assert len(told["repositories"]) + told["otherRepositories"] == len(hit)
        if "packageRetention" not in wanted:
            for share in told["repositories"]:
                check_share(estate, share, truth)


def retention(name: str = "old-packages", **more: Any) -> dict[str, Any]:
    """A policy that deletes what is older than 90 days."""
    found = {
        "packageTypes": ["npm"],
        "repos": ["npm-*"],
        "includedPackages": ["**"],
        "includeAllProjects": True,
        "createdBeforeInDays": 90,
        **more,
    }
    return manifest("PackageCleanupPolicy", name, {"enabled": False, "searchCriteria": found})


def eight_of_ten(estate: Estate, key: str = "npm-local") -> None:
    """A repository of ten packages, eight of them old; the last download was a week ago."""
    estate.put(key, rclass="local", packageType="npm")
    store(
        estate,
        *(
            {
                "repo": key,
                "path": f"lib/-/lib-1.{number}.0.tgz",
                "size": 1000,
                "createdDaysAgo": 100 + number if number < 8 else 5,
                **({"downloadedDaysAgo": 7} if number == 3 else {}),
            }
            for number in range(10)
        ),
    )


def test_the_figures_stand_in_the_plan_and_not_in_its_digest(estate: Estate) -> None:
    """Reviewers see what would go; an approval does not lapse when a file comes in."""
    eight_of_ten(estate)
    estate.declare(retention())
    plan = estate.plan()
    assert evidence_words(plan.changes[0].evidence)[1] == (
        "estimate: it would hit 8 package versions / 8 files / 8 kB, npm-local 8 (80 % of it), "
        "oldest npm-local: lib 1.7.0 of 2025-09-16T00:00:00.000Z, "
        "last download npm-local: lib 1.3.0 on 2025-12-25T00:00:00.000Z"
    )
    store(
        estate,
        {"repo": "npm-local", "path": "lib/-/lib-0.1.0.tgz", "size": 1, "createdDaysAgo": 200},
    )
    again = estate.plan()
    assert impact(again.changes[0])["candidates"] == 9
    assert digest(again) == digest(plan)


def blocked(estate: Estate, **settings: Any) -> tuple[list[str], int]:
    """The messages of the blocks of a plan, and its exit code."""
    with estate.session(**settings) as run:
        made = make_plan(run)
        blocks = run_blocks(run, made)
        return [f"{b.code}: {b.message} [{b.override}]" for b in blocks], plan_exit(made, blocks)


def test_a_policy_that_goes_too_far_is_blocked(estate: Estate) -> None:
    """80 % of a repository, where 50 % is the limit: exit 3, with the figures and the way out."""
    eight_of_ten(estate)
    estate.workspace(limits={"policy": {"percentOfRepository": 50, "artifacts": 5}})
    estate.declare(retention())
    assert blocked(estate) == (
        [
            "policy-limit: PackageCleanupPolicy/old-packages would go too far: 8 artifacts are "
            "more than 5 and npm-local: 80 % of a repository is more than 50 % (set by "
            "reconciler.yaml spec.limits.policy) "
            "[--allow-policy PackageCleanupPolicy/old-packages=8]"
        ],
        Exit.BLOCKED,
    )
    allowed = ("PackageCleanupPolicy/old-packages=8",)
    assert blocked(estate, allow_policy=allowed) == ([], Exit.DONE)
    assert blocked(estate, allow_policy=("PackageCleanupPolicy/old-packages=7",))[1] == 3


def test_a_policy_within_the_limits_passes(estate: Estate) -> None:
    """The same policy, with the figures."""
    eight_of_ten(estate)
    estate.workspace(limits={"policy": {"percentOfRepository": 80, "artifacts": 8}})
    estate.declare(retention())
    assert blocked(estate) == ([], Exit.DONE)
    assert impact(only(estate))["percentOfRepository"] == 80


def test_what_cannot_be_measured_is_unknown_and_blocked(estate: Estate) -> None:
    """A query that fails is no zero; with a limit, somebody must allow it by name."""
    eight_of_ten(estate)
    estate.workspace(limits={"policy": {"artifacts": 5}})
    estate.declare(retention())
    estate.fault("status", path="*/search/aql", status=500, body="", count=99)
    told = impact(only(estate))
    assert (told["candidates"], told["bytes"]) == ("unknown", "unknown")
    assert told["gaps"][0].startswith("npm-local: ")
    estate.fault("status", path="*/search/aql", status=500, body="", count=99)
    (message,), code = blocked(estate)
    assert code == 3
    assert message.endswith("[--allow-policy PackageCleanupPolicy/old-packages=unknown]")
    estate.fault("status", path="*/search/aql", status=500, body="", count=99)
    allowed = ("PackageCleanupPolicy/old-packages=unknown",)
    assert blocked(estate, allow_policy=allowed) == ([], Exit.DONE)


@pytest.mark.parametrize("budget", [0, 1])
def test_no_more_is_asked_than_the_budget_allows(estate: Estate, budget: int) -> None:
    """Beside it, two requests for each repository that is matched; what is left out is unknown."""
    for key in ("npm-a", "npm-b"):
        eight_of_ten(estate, key)
    estate.declare(retention("one"), retention("two", createdBeforeInDays=10))
    estate.plan(evidence_budget=0)
    before = len(estate.requests())
    estate.forget_requests()
    plan = estate.plan(evidence_budget=budget)
    spent = len(estate.requests())
    assert spent <= before + budget + 2 * 2 * 2
    expected = "unknown" if budget == 0 else 16
    assert [impact(change)["candidates"] for change in plan.changes] == [expected, expected]


def test_rows_the_server_keeps_back_are_not_taken_for_all(estate: Estate) -> None:
    """A search that reached a limit of the server says so."""
    eight_of_ten(estate)
    estate.tell("PUT", "/_sandbox/retention", {"aqlLimit": 5})
    estate.declare(retention())
    told = impact(only(estate))
    assert told["candidates"] == "unknown"
    assert "only a part" in told["gaps"][0]


def test_packages_of_an_unknown_layout_are_unknown(estate: Estate) -> None:
    """Nobody here can tell which files of it make up a version."""
    estate.put("conan-local", rclass="local", packageType="conan")
    estate.declare(retention(packageTypes=["conan"], repos=["**"]))
    assert "conan packages" in impact(only(estate))["gaps"][0]


@pytest.mark.parametrize(
    ("version", "spec", "reason"),
    [
        (
            "7.115.0",
            {"packageTypes": ["npm", "docker", "oci"], "keepLastNVersions": 3},
            "keepLastNVersions cannot be used with docker and oci",
        ),
        ("7.115.1", {"packageTypes": ["docker"], "keepLastNVersions": 3}, ""),
        ("7.115.0", {"packageTypes": ["docker"], "createdBeforeInDays": 9}, ""),
        (
            "7.128.0",
            {"createdBeforeInDays": 9, "includedProperties": {"a": ["b"]}},
            "ages and includedProperties cannot stand together",
        ),
        ("7.128.0", {"createdBeforeInDays": 9, "excludedProperties": {"a": ["b"]}}, ""),
    ],
)
def test_what_an_older_platform_refuses_is_blocked(
    tmp_path: Path, version: str, spec: dict[str, Any], reason: str
) -> None:
    """In the plan, before the platform is asked; and what is not blocked is taken by it."""
    estate = Estate(tmp_path, Sandbox(version=version))
    criteria = {
        "packageTypes": ["npm"],
        "repos": ["**"],
        "includedPackages": ["**"],
        "includeAllProjects": True,
        **spec,
    }
    estate.declare(manifest("PackageCleanupPolicy", "old-packages", {"searchCriteria": criteria}))
    blocked = only(estate).blocked
    assert (blocked is None) == (not reason)
    if blocked is None:
        assert_done(estate.apply(), set())
    else:
        assert reason in blocked.message


def test_a_policy_looks_into_its_projects_only(estate: Estate) -> None:
    """Repositories in other projects, or in none, are left out; `default` means those in none."""
    estate.project("pay")
    eight_of_ten(estate, "npm-free")
    estate.put("pay-npm", rclass="local", packageType="npm", projectKey="pay")
    store(
        estate,
        {"repo": "pay-npm", "path": "lib/-/lib-1.0.0.tgz", "size": 1, "createdDaysAgo": 200},
    )
    scopes = {("pay",): ["pay-npm"], ("default",): ["npm-free"], (): []}
    for projects, keys in scopes.items():
        estate.declare(
            retention(repos=["*"], includeAllProjects=False, includedProjects=list(projects))
        )
        assert [s["repository"] for s in impact(only(estate))["repositories"]] == keys


def test_a_change_of_a_live_policy_is_measured_as_it_will_be(estate: Estate) -> None:
    """What a manifest leaves out stays as it is on the platform."""
    eight_of_ten(estate)
    estate.declare(retention())
    estate.apply()
    estate.declare(retention(createdBeforeInDays=1))
    assert impact(only(estate))["candidates"] == 10
