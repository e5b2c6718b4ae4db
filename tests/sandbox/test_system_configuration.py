"""Patches of the configuration: what is counted, which names are taken afterwards."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.sandbox.support import CONFIGURATION, REPOSITORIES, Api, message, quirky

TAKEN = "error when validating repository name: Case insensitive repository key already exists"


def patch(api: Api, text: str) -> tuple[int, str]:
    """A patch in, status and text of the answer out."""
    answer = api.send("PATCH", CONFIGURATION, text.encode())
    return answer.status, answer.text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("urlBase: x", 1),
        ("proxies:\n  corp:\n    host: proxy.example.com\n    port: 8080\n", 2),
        ("backups:\n  nightly: ~\n", 1),
        ("propertySets: {a: {}, b: {properties: {p: {multipleChoice: true}}}}", 2),
        ("security: {passwordSettings: {encryptionPolicy: REQUIRED}, anonAccessEnabled: false}", 2),
        ("backups:\n  b:\n    excludedRepositories:\n    - x\n    - y\n", 2),
    ],
)
def test_values_are_counted(api: Api, text: str, count: int) -> None:
    """One sentence tells how many values were merged, unknown sections counted too."""
    assert patch(api, text) == (200, f"{count} changes to config merged successfully")


@pytest.mark.parametrize("text", ["", "# nothing", "x", "- a", "a: {b", "a: *b", "proxies: 7"])
def test_bad_patches(api: Api, text: str) -> None:
    """400 for what is no map; the same for bytes that are no text."""
    assert patch(api, text)[0] == 400
    assert api.send("PATCH", CONFIGURATION, b"\xff\xfe").status == 400


@pytest.mark.parametrize("section", ["proxies", "propertySets", "repoLayouts", "backups"])
def test_names_are_shared_with_repositories(api: Api, section: str) -> None:
    """What a patch makes takes a name from repositories, whatever its case; a tilde frees it."""
    patch(api, f"{section}:\n  Corp:\n    host: h\n")
    refused = api.create("corp")

    assert (refused.status, message(refused)) == (400, TAKEN)
    patch(api, f"{section}:\n  Corp: ~\n")
    assert api.create("corp").status == 200


def test_a_list_of_proxies(api: Api) -> None:
    """A list of things with keys is taken as well."""
    patch(api, "proxies:\n- key: one\n  host: h\n- key: two\n  host: h\n- host: nameless\n")

    assert api.platform.store.names.others["proxies"].keys() == {"one", "two"}
    patch(api, "proxies: ~\n")
    assert api.platform.store.names.others["proxies"] == {}


def test_a_patch_is_a_merge(api: Api) -> None:
    """What it does not name stays; the same patch again changes nothing."""
    before = list(api.platform.store.names.others["backups"])
    for _ in range(2):
        patch(api, "backups: {weekend: {enabled: true}}")

    assert list(api.platform.store.names.others["backups"]) == [*before, "weekend"]


@pytest.mark.parametrize(
    "end", ["{proxies: {corp: ~}}", "{proxies: {corp: {platformDefault: false}}}", "{proxies: ~}"]
)
def test_the_default_proxy(api: Api, end: str) -> None:
    """New remotes take it until it is gone or no longer the default."""
    patch(api, "proxies: {corp: {host: h, platformDefault: true}, other: {host: h}}")
    patch(api, "proxies: {corp: {port: 1}}")
    assert api.made("a", "remote")["proxy"] == "corp"

    patch(api, end)
    assert not api.made("b", "remote").get("proxy")


def document(api: Api) -> ElementTree.Element:
    """The root of the document the configuration is shown as."""
    answer = api.send("GET", CONFIGURATION)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/xml")
    return ElementTree.fromstring(answer.body)


def test_patches_are_shown_as_xml(api: Api) -> None:
    """A map by name becomes a list whose elements bring their name; a second patch is merged."""
    patch(api, "proxies: {corp: {host: h, port: 80, password: geheim, platformDefault: true}}")
    patch(api, "proxies: {corp: {port: 8080}, gone: {host: h}}")
    patch(api, "proxies: {gone: ~}")
    (proxy,) = document(api).findall("proxies/proxy")
    secret = proxy.findtext("password")

    assert [(part.tag, part.text) for part in proxy if part.tag != "password"] == [
        ("key", "corp"),
        ("host", "h"),
        ("port", "8080"),
        ("platformDefault", "true"),
    ]
    assert secret
    assert "geheim" not in secret


def test_nested_names_are_shown_as_xml(api: Api) -> None:
    """The same for properties and their values inside a property set, and plain lists of texts."""
    predefined = "{v: {defaultValue: true}, w: {}}"
    patch(api, f"propertySets: {{s: {{properties: {{p: {{predefinedValues: {predefined}}}}}}}}}")
    patch(api, "backups: {b: {excludedRepositories: [one, two], cronExp: 0 0 2 ? * SAT}}")
    root = document(api)
    values = "propertySets/propertySet[name='s']/properties/property[name='p']/predefinedValues"
    excluded = root.findall("backups/backup[key='b']/excludedRepositories/repositoryRef")

    assert [value.findtext("value") for value in root.findall(f"{values}/*")] == ["v", "w"]
    assert [part.text for part in excluded] == ["one", "two"]
    patch(api, "propertySets: {s: {properties: {p: ~}}}")
    assert document(api).find("propertySets/propertySet[name='s']/properties/property") is None


def test_the_cloud_does_not_show_its_configuration(api: Api) -> None:
    """Patches work there, reading does not."""
    quirky(api, cloud=True)

    refused = api.send("GET", CONFIGURATION)
    assert (refused.status, patch(api, "urlBase: x")[0]) == (400, 200)
    assert message(refused).startswith("Artifactory Online does not support")


def test_unknown_names_are_not_refused(api: Api) -> None:
    """Nothing says a server refuses a proxy or property set it does not have, so this does not."""
    assert api.create("r", "remote", proxy="nope").status == 200
    assert api.create("l", propertySets=["nope"]).status == 200


def test_a_patch_needs_the_configuration(api: Api) -> None:
    """It can lose the race for the descriptor like any write of a repository."""
    quirky(api, strict_conflicts=True)
    with api.platform.writing:
        status, text = patch(api, "urlBase: x")

    assert status == 400
    assert "Could not merge and save new descriptor" in text
    assert patch(api, "urlBase: x")[0] == 200


def test_rights(api: Api) -> None:
    """Only the administrator may."""
    answer = Api(api.platform, "read").send("PATCH", CONFIGURATION, b"urlBase: x")

    assert answer.status == 403
    assert Api(api.platform, "read").send("GET", CONFIGURATION).status == 403
    assert api.send("GET", REPOSITORIES).status == 200
