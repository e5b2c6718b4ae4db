"""What an import leaves is told by its Terraform address, and no secret is ever written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.kinds.registry import builtin
from reconciler.terraform.convert import Converted, convert
from reconciler.terraform.state import LARGEST, resources
from reconciler.terraform.table import row_for
from tests.terraform import states

LOCAL = "artifactory_local_generic_repository"
REMOTE = "artifactory_remote_npm_repository"
URL = "https://registry.example.com"


def converted(*found: Any) -> Converted:
    return convert(resources(states.text(states.shown(found))), builtin(), "default")


def told(*found: Any) -> list[tuple[str, str]]:
    """The rule and the words for each resource or attribute that was left."""
    return [(d.rule, d.summary) for d in converted(*found).left]


def test_an_unknown_resource_type() -> None:
    """Told with its full address, whatever it is."""
    resource = states.resource("random_id", "x", {}, address='module.m.random_id.x["a"]')

    assert told(resource) == [
        (
            "import-skipped",
            'module.m.random_id.x["a"] was not imported: no kind stands for it',
        )
    ]


def test_a_kind_this_version_lacks() -> None:
    """The table may know a kind before the registry does."""
    row = row_for("project")
    assert row is not None
    if row.kind not in builtin():
        resource = states.resource("project", "x", {"key": "pay"})
        assert "Project is no kind of this version" in told(resource)[0][1]


def test_data_sources_and_deposed_objects_are_none() -> None:
    """They are not managed here."""
    data = states.resource(LOCAL, "x", {"key": "x"}, mode="data")
    deposed = states.resource(LOCAL, "y", {"key": "y"}, deposed_key="8a4c")

    assert converted(data, deposed) == Converted()


def test_an_attribute_without_a_field() -> None:
    """Counted when it says something, quiet when it is empty or Terraform's own."""
    values = {"key": "a", "id": "a", "brand_new": True, "empty": "", "none": None, "list": []}

    assert told(states.resource(LOCAL, "x", values)) == [
        (
            "import-attribute",
            f"{LOCAL}.x brand_new was not imported: LocalRepository has no field for it",
        )
    ]


def test_an_attribute_of_another_package_type() -> None:
    """Told unless it says what is so anyway."""
    values = {"key": "a", "max_unique_tags": 5, "handle_releases": True}

    assert told(states.resource(LOCAL, "x", values)) == [
        (
            "import-attribute",
            f"{LOCAL}.x maxUniqueTags was not imported: generic repositories have no such field",
        )
    ]


@pytest.mark.parametrize(
    "url, address",
    [
        ("https://reader:canary@up.example.com/npm", "https://up.example.com/npm"),
        ("https://up.example.com/npm?token=canary", "https://up.example.com/npm"),
        ("https://reader:canary@up.example.com:8443/?password=x", "https://up.example.com:8443/"),
    ],
)
def test_an_address_loses_its_credentials(url: str, address: str) -> None:
    """A remote is imported without them rather than not at all, and that is told."""
    found = converted(states.resource(REMOTE, "x", {"key": "a", "url": url}))

    assert [one.live.raw["url"] for one in found.found] == [address]
    assert [d.rule for d in found.left] == ["import-attribute"]
    assert "canary" not in repr(found)


def test_assignments_give_repositories_their_project() -> None:
    """`project_repository` and `repos` of a project; a repository's own word is not overruled."""
    found = converted(
        states.resource("project", "p", {"key": "pay", "display_name": "P", "repos": ["a", "no"]}),
        states.resource("project_repository", "b", {"project_key": "pay", "key": "b"}),
        states.resource("project_repository", "c", {"project_key": "pay", "key": "c"}),
        states.resource(LOCAL, "a", {"key": "a"}),
        states.resource(LOCAL, "b", {"key": "b", "project_key": "default"}),
        states.resource(LOCAL, "c", {"key": "c", "project_key": "own"}),
    )

    projects = {one.address.name: one.live.raw.get("projectKey") for one in found.found}
    assert projects == {"pay": None, "a": "pay", "b": "pay", "c": "own"}
    assert [d.summary for d in found.left] == [
        "project.p assigns 'no' to a project, and the state has no such repository"
    ]


@pytest.mark.parametrize(
    "values, marked, attribute",
    [
        ({"notes": "canary"}, {"notes": True}, "notes"),
        ({"query_params": "canary"}, {"query_params": True}, "query_params"),
        ({"property_sets": ["canary"]}, {"property_sets": [True]}, "property_sets"),
        ({"local_address": "https://u:canary@x.example.com"}, {}, "local_address"),
        ({"description": "-----BEGIN PRIVATE KEY-----canary"}, {}, "description"),
    ],
)
def test_what_is_sensitive_is_never_written(
    values: dict[str, Any], marked: dict[str, Any], attribute: str
) -> None:
    """Marked as sensitive, or a password by its look: left out and told, without the value."""
    resource = states.resource(
        REMOTE, "x", {"key": "a", "url": URL, **values}, sensitive_values=marked
    )
    result = converted(resource)

    assert [attribute in d.summary for d in result.left] == [True]
    assert "canary" not in repr(result)
    assert len(result.found) == 1


def test_a_sensitive_field_that_must_be_there() -> None:
    """Without its address a remote is no manifest: the resource is left."""
    resource = states.resource(
        REMOTE, "x", {"key": "a", "url": "https://canary"}, sensitive_values={"url": True}
    )
    result = converted(resource)

    assert result.found == []
    assert [d.rule for d in result.left] == ["import-attribute", "import-skipped"]
    assert "canary" not in repr(result)


def test_a_password_that_is_not_known_is_not_declared() -> None:
    """A user name alone makes no reference: the state would know of a password."""
    (found,) = converted(
        states.resource(REMOTE, "x", {"key": "a", "url": URL, "username": "u", "password": None})
    ).found

    assert found.unset == {"password"}


def test_the_same_object_twice() -> None:
    """Two resources for one repository: the second is told."""
    one = states.resource(LOCAL, "x", {"key": "a"})
    two = states.resource(LOCAL, "y", {"key": "a"})

    assert told(one, two) == [
        (
            "import-skipped",
            f"{LOCAL}.y was not imported: LocalRepository/a is what {LOCAL}.x became already",
        )
    ]


@pytest.mark.parametrize("key", [None, "", 7, ["a"], {"a": 1}])
def test_a_resource_without_a_name(key: Any) -> None:
    """There is nothing to name the manifest by."""
    assert "it has no key" in told(states.resource(LOCAL, "x", {"key": key}))[0][1]


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[" * 200_000, "it is no JSON"),
        (b"[]", "no object"),
        (b"{}", "neither a format_version nor"),
        (b'{"version": 3, "modules": []}', "version 3, and only version 4"),
        (b'{"version": 4, "resources": {}}', "resources is no list"),
        (b'{"version": 4, "resources": [7]}', "a resource is no object"),
        (b'{"format_version": "1.0", "values": 7}', "values is no object"),
        (b'{"format_version": "1.0", "values": {"root_module": []}}', None),
        (b'{"format_version": "1.0", "values": {"root_module": 7}}', "root_module is no object"),
        (b'{"format_version": "1.2", "planned_values": {}}', "nothing of it exists yet"),
        (b'{"format_version": "1.0"}', None),
    ],
)
def test_whatever_is_in_the_file(content: bytes, reason: str | None) -> None:
    """Every wrong shape has its words; an empty state has no resources."""
    if reason is None:
        assert resources(content) == []
        return
    with pytest.raises(UsageError, match="the Terraform state cannot be used: ") as raised:
        resources(content)
    assert reason in str(raised.value)


def test_a_huge_file() -> None:
    """Refused before it is parsed."""
    with pytest.raises(UsageError, match="larger than 256 MiB"):
        resources(b" " * (LARGEST + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "url",
        "username",
        "password",
        "repositories",
        "blacked_out",
        "content_synchronisation",
        "max_unique_tags",
        "project_environments",
        "custom_http_headers",
        "retrieval_cache_period_seconds",
        "member",
    ]
)


@given(
    type_=st.sampled_from([LOCAL, REMOTE, "artifactory_virtual_npm_repository", "project", "x"]),
    values=st.dictionaries(NAMES, JSON),
    marked=JSON,
)
def test_any_values(type_: str, values: dict[str, Any], marked: Any) -> None:
    """Wrong types are left out and told; nothing is raised, and what is found has right types."""
    resource = states.resource(type_, "x", {"key": "a", **values}, sensitive_values=marked)
    for found in converted(resource).found:
        fields = builtin()[found.address.kind].fields
        assert isinstance(found.live.raw.get(fields["packageType"].wire), str)
