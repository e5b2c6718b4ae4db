"""Reading and writing repositories, against the reference's samples and observed servers."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from tests.sandbox.support import BATCH, CONFIGURATIONS, REPOSITORIES, USERS, Api, at, message

DOCKER_SAMPLE = {
    "packageType": "docker",
    "description": "",
    "notes": "",
    "includesPattern": "**/*",
    "excludesPattern": "",
    "repoLayoutRef": "maven-2-default",
    "signedUrlTtl": 90,
    "enableDockerSupport": True,
    "enableDebianSupport": False,
    "dockerApiVersion": "V2",
    "blockPushingSchema1": True,
    "checksumPolicyType": "client-checksums",
    "handleReleases": True,
    "maxUniqueTags": 0,
    "snapshotVersionBehavior": "unique",
    "suppressPomConsistencyChecks": False,
    "blackedOut": False,
    "propertySets": [],
    "archiveBrowsingEnabled": False,
    "calculateYumMetadata": False,
    "yumRootDepth": 0,
    "dockerTagRetention": 1,
    "terraformType": "MODULE",
    "encryptStates": True,
    "xrayIndex": False,
    "xrayDataTtl": 90,
    "downloadRedirect": False,
    "cdnRedirect": False,
    "rclass": "local",
}


def test_create_answers_plain_text(api: Api) -> None:
    """A created repository is confirmed with 200 and one line of plain text."""
    response = api.create("libs")

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain"
    assert response.text == "Successfully created repository 'libs'"


def test_update_and_delete_answer_plain_text(api: Api) -> None:
    """Updates and deletions answer 200 with the server's own sentences."""
    api.create("libs")
    updated = api.send("POST", f"{REPOSITORIES}/libs", {"notes": "n"})
    deleted = api.send("DELETE", f"{REPOSITORIES}/libs")

    assert (updated.status, updated.text) == (200, "Successfully updated repository 'libs'")
    assert deleted.status == 200
    assert deleted.text == "Repository 'libs' and all its content have been removed successfully."


def test_bare_docker_local_looks_like_the_sample(api: Api) -> None:
    """A docker repository made from nothing prints the values of the reference's sample."""
    found = api.made("images", package_type="docker")

    assert {name: found[name] for name in DOCKER_SAMPLE} == DOCKER_SAMPLE


def test_rclass_stands_at_the_end(api: Api) -> None:
    """The configuration starts with the key and ends with the class, as servers print it."""
    names = list(api.made("images"))

    assert names[:3] == ["key", "packageType", "description"]
    assert names[-1] == "rclass"


def test_v1_prints_foreign_fields_and_v2_does_not(api: Api) -> None:
    """v1 is a superset over all package types; v2 holds the fields of the type only."""
    full = api.made("pkgs", package_type="debian")
    relevant = api.send("GET", "/artifactory/api/v2/repositories/pkgs").json()

    assert {"dockerApiVersion", "yumRootDepth", "enableNpmSupport"} <= set(full)
    assert not {"dockerApiVersion", "yumRootDepth", "enableNpmSupport"} & set(relevant)
    assert relevant["optionalIndexCompressionFormats"] == ["bz2"]
    assert relevant["rclass"] == "local"


def test_missing_repository_is_400(api: Api) -> None:
    """GET and HEAD of a repository that is not there answer 400, not 404."""
    assert api.send("GET", f"{REPOSITORIES}/nope").status == 400
    assert api.send("HEAD", f"{REPOSITORIES}/nope").status == 400
    assert message(api.send("GET", f"{REPOSITORIES}/nope")) == "Bad Request"


def test_head_of_whatever_can_be_read(api: Api) -> None:
    """HEAD answers the status and headers of GET and no body."""
    for path in (REPOSITORIES, f"{USERS}/admin", f"{USERS}/nope", CONFIGURATIONS):
        head, get = api.send("HEAD", path), api.send("GET", path)

        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_deleting_a_missing_one_is_not_idempotent(api: Api) -> None:
    """Since 7.98 the server stumbles over its own null pointer; before, it answers 404."""
    now = api.send("DELETE", f"{REPOSITORIES}/nope")

    assert now.status == 400
    assert "RepoDescriptor.getType()" in message(now)
    assert "is null" in message(now)
    assert at("7.77.0").send("DELETE", f"{REPOSITORIES}/nope").status == 404


def test_list_spells_types_its_own_way(api: Api) -> None:
    """The list says `type` in capitals and the package type in display case."""
    api.create("libs", package_type="maven", description="ours")
    line = api.send("GET", REPOSITORIES).json()[0]

    assert line == {
        "key": "libs",
        "description": "ours",
        "type": "LOCAL",
        "url": f"{api.platform.url}/artifactory/libs",
        "packageType": "Maven",
    }


def test_list_shows_the_upstream_of_remotes(api: Api) -> None:
    """For a remote, the list's url is the upstream; for others the repository itself."""
    api.create("proxy", "remote", url="https://upstream.example.com/x")

    assert api.send("GET", REPOSITORIES).json()[0]["url"] == "https://upstream.example.com/x"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ((), ["a", "b", "c"]),
        ((("type", "local"),), ["a"]),
        ((("type", "LOCAL"), ("packageType", "npm")), ["a"]),
        ((("packageType", "npm"),), ["a", "b"]),
        ((("packageType", "nonsense"),), []),
        ((("type", "nonsense"),), []),
        ((("project", "nope"),), []),
    ],
)
def test_list_filters_combine(
    api: Api, query: tuple[tuple[str, str], ...], expected: list[str]
) -> None:
    """Filters combine; a value nobody knows finds nothing and is no error."""
    api.create("a", package_type="npm")
    api.create("b", "remote", "npm")
    api.create("c", "virtual", "maven")
    response = api.send("GET", REPOSITORIES, query=query)

    assert response.status == 200
    assert [line["key"] for line in response.json()] == expected


def test_configurations_group_by_class(api: Api) -> None:
    """All configurations come in one answer under upper-case classes; empty classes are missing."""
    assert api.send("GET", CONFIGURATIONS).json() == {}

    api.create("a")
    api.create("b", "virtual")
    found = api.send("GET", CONFIGURATIONS).json()

    assert list(found) == ["LOCAL", "VIRTUAL"]
    assert found["LOCAL"] == [api.get("a")]


def test_configurations_filters(api: Api) -> None:
    """repoType and packageType take comma lists; repo_type is silently ignored."""
    api.create("a", package_type="npm")
    api.create("b", "virtual", "npm")
    api.create("c", package_type="maven")

    def keys(*query: tuple[str, str]) -> list[str]:
        groups = api.send("GET", CONFIGURATIONS, query=query).json()
        return [item["key"] for group in groups.values() for item in group]

    assert keys(("repoType", "local")) == ["a", "c"]
    assert keys(("repoType", "local,virtual"), ("packageType", "npm")) == ["a", "b"]
    assert keys(("repo_type", "local")) == ["a", "c", "b"]


def test_existence_answers_for_classes(api: Api) -> None:
    """The existence check echoes what it was asked, as in the reference's sample."""
    api.create("a")
    query = (("type", "local"), ("type", "remote"), ("projectKey", "my-proj-1"))
    found = api.send("GET", f"{REPOSITORIES}/existence", query=query).json()

    assert found == {
        "exists": False,
        "matchingRepoTypes": ["LOCAL", "REMOTE"],
        "projectKey": "my-proj-1",
    }
    assert api.send("GET", f"{REPOSITORIES}/existence").json()["exists"] is True


def test_post_merges(api: Api) -> None:
    """A POST with one field changes that field and nothing else."""
    before = api.made("libs", description="d", notes="n", blackedOut=True)
    after = api.update("libs", xrayIndex=True)

    assert after == {**before, "xrayIndex": True}


def test_null_in_a_post_changes_nothing(api: Api) -> None:
    """null is read as absent."""
    before = api.made("libs", description="d")

    assert api.update("libs", description=None) == before


def test_unknown_fields_are_dropped(api: Api) -> None:
    """A field nobody knows is accepted and forgotten."""
    assert "shininess" not in api.made("libs", shininess=11)


@pytest.mark.parametrize("sent", [True, "true", "TRUE"])
def test_booleans_may_be_quoted(api: Api, sent: object) -> None:
    """The reference prints booleans as text in places; the server reads both."""
    assert api.made("libs", xrayIndex=sent)["xrayIndex"] is True


def test_batch_create(api: Api) -> None:
    """A batch answers 201 with one line per repository; classes may be mixed."""
    items = [
        {"key": "a", "rclass": "local", "packageType": "docker"},
        {"key": "b", "rclass": "virtual", "packageType": "docker", "repositories": ["a"]},
    ]
    response = api.send("PUT", BATCH, items)

    assert response.status == 201
    assert response.text.splitlines() == [
        "Successfully created repository 'a'",
        "Successfully created repository 'b'",
    ]
    assert api.get("b")["repositories"] == ["a"]


def test_batch_is_all_or_nothing(api: Api) -> None:
    """One bad element and none of the batch exists."""
    items = [
        {"key": "good", "rclass": "local"},
        {"key": "bad", "rclass": "virtual", "repositories": ["nowhere"]},
    ]
    response = api.send("PUT", BATCH, items)

    assert response.status == 400
    assert message(response) == "Repository 'nowhere' does not exist"
    assert api.send("GET", REPOSITORIES).json() == []


def test_batch_with_a_taken_key_is_409(api: Api) -> None:
    """A batch says 409 where the single create says 400; so does a key that comes twice."""
    api.create("taken")
    once = api.send("PUT", BATCH, [{"key": "TAKEN", "rclass": "local"}])
    twice = api.send("PUT", BATCH, [{"key": "x", "rclass": "local"}] * 2)

    assert (once.status, twice.status) == (409, 409)


def test_batch_update(api: Api) -> None:
    """A batch update merges each element; a missing repository fails them all."""
    api.create("a")
    api.create("b")
    good = [{"key": "a", "description": "1"}, {"key": "b", "description": "2"}]
    response = api.send("POST", BATCH, good)
    bad = api.send("POST", BATCH, [{"key": "a", "description": "9"}, {"key": "z"}])

    assert (response.status, response.text) == (200, "Repositories updated successfully")
    assert bad.status == 400
    assert api.get("a")["description"] == "1"
    assert api.get("b")["description"] == "2"


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_batch_limit_and_keys(api: Api, method: str) -> None:
    """A hundred is the most, and every element needs a key."""
    many = [{"key": f"r{number}", "rclass": "local"} for number in range(101)]

    assert api.send(method, BATCH, many).status == 400
    assert api.send(method, BATCH, [{"rclass": "local"}]).status == 400
    assert api.send(method, BATCH, {"key": "a"}).status == 400
    assert api.send(method, BATCH, b"[{").status == 400


def test_batch_get(api: Api) -> None:
    """Names are repeated in the query; the answer is keyed by name."""
    one, two = api.made("one"), api.made("two")
    query = (("names", "one"), ("names", "two"), ("names", "three"))

    assert api.send("GET", BATCH, query=query).json() == {"one": one, "two": two}
    assert api.send("GET", BATCH).status == 400
    many = tuple(("names", f"r{number}") for number in range(101))
    assert api.send("GET", BATCH, query=many).status == 400


@pytest.mark.parametrize(
    ("method", "path", "since", "before"),
    [
        ("GET", CONFIGURATIONS, "7.61.3", "7.61.2"),
        ("GET", f"{REPOSITORIES}/existence", "7.103.0", "7.102.9"),
        ("PUT", BATCH, "7.84.3", "7.84.2"),
        ("POST", BATCH, "7.104.2", "7.104.1"),
    ],
)
def test_endpoints_have_a_first_version(method: str, path: str, since: str, before: str) -> None:
    """An endpoint the version lacks answers 404 in Artifactory's error shape."""
    assert at(since).send(method, path).status != 404
    missing = at(before).send(method, path)

    assert missing.status == 404
    assert missing.json() == {"errors": [{"status": 404, "message": "Not Found"}]}


def test_deleting_a_member_cleans_the_virtual(api: Api) -> None:
    """A deleted repository disappears from the virtuals that held it."""
    api.create("a")
    api.create("b")
    api.create("v", "virtual", repositories=["a", "b"], defaultDeploymentRepo="a")
    api.send("DELETE", f"{REPOSITORIES}/a")
    found = api.get("v")

    assert found["repositories"] == ["b"]
    assert found["defaultDeploymentRepo"] == ""


def test_sets_come_back_in_another_order() -> None:
    """Set-like lists are reordered, steadily; the members of a virtual keep their order."""
    api = Api(Sandbox().platforms["default"])
    for key in "abc":
        api.create(key)
    found = api.made("v", "virtual", repositories=["c", "a", "b"])
    sets = api.made("p", package_type="debian", optionalIndexCompressionFormats=["bz2", "xz"])

    assert found["repositories"] == ["c", "a", "b"]
    assert sets["optionalIndexCompressionFormats"] == ["xz", "bz2"]
    assert api.get("p") == sets


def test_the_cache_is_dropped_on_every_write(api: Api) -> None:
    """Answers are cached as bytes, and never stale."""
    api.made("libs")
    api.send("GET", CONFIGURATIONS)
    api.update("libs", description="new")

    assert api.send("GET", CONFIGURATIONS).json()["LOCAL"][0]["description"] == "new"
    assert api.send("GET", REPOSITORIES).json()[0]["description"] == "new"
