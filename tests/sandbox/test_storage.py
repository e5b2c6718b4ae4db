"""Artifacts: uploads, listings, details, and what a blacked-out repository refuses."""

from __future__ import annotations

from tests.sandbox.support import REPOSITORIES, Api, message

LIST = (("list", ""), ("deep", "1"), ("listFolders", "0"))
STORAGE = "/artifactory/api/storage"


def test_empty_repository_lists_nothing(api: Api) -> None:
    """The emptiness probe of clients: an empty list, and 404 for a missing repository."""
    api.create("libs")
    found = api.send("GET", f"{STORAGE}/libs", query=LIST).json()

    assert found["files"] == []
    assert found["uri"] == f"{api.platform.url}/artifactory/api/storage/libs"
    missing = api.send("GET", f"{STORAGE}/nope", query=LIST)
    assert (missing.status, message(missing)) == (404, "Unable to find item")


def test_upload_list_download_delete(api: Api) -> None:
    """A file goes in, is listed, comes out again and goes."""
    api.create("libs")
    api.platform.sandbox.clock.freeze(1_767_225_600.0)
    uploaded = api.upload("libs", "my/jar/1.0/jar-1.0.jar", b"hello")
    line = api.send("GET", f"{STORAGE}/libs", query=LIST).json()["files"][0]

    assert uploaded.status == 201
    assert uploaded.json()["path"] == "/my/jar/1.0/jar-1.0.jar"
    assert uploaded.json()["size"] == "5"
    assert line["uri"] == "/my/jar/1.0/jar-1.0.jar"
    assert (line["size"], line["folder"]) == (5, False)
    assert line["lastModified"] == "2026-01-01T00:00:00.000Z"
    assert line["sha1"] == "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    assert api.send("GET", "/artifactory/libs/my/jar/1.0/jar-1.0.jar").body == b"hello"
    assert api.send("DELETE", "/artifactory/libs/my").status == 204
    assert api.send("GET", f"{STORAGE}/libs", query=LIST).json()["files"] == []
    assert api.send("DELETE", "/artifactory/libs/my").status == 404


def test_listing_depth_and_folders(api: Api) -> None:
    """Flat by default, deep when asked, folders only on request."""
    api.create("libs")
    api.upload("libs", "a/b/one")
    api.upload("libs", "two")

    def uris(*query: tuple[str, str]) -> list[str]:
        answer = api.send("GET", f"{STORAGE}/libs", query=(("list", ""), *query))
        return [item["uri"] for item in answer.json()["files"]]

    assert uris() == ["/two"]
    assert uris(("deep", "1")) == ["/a/b/one", "/two"]
    assert uris(("deep", "1"), ("listFolders", "1")) == ["/a", "/a/b", "/a/b/one", "/two"]
    assert uris(("deep", "1"), ("depth", "2"), ("listFolders", "1")) == ["/a", "/a/b", "/two"]


def test_folder_and_file_details(api: Api) -> None:
    """A folder tells its children, a file its sums."""
    api.create("libs")
    api.upload("libs", "a/one", b"hello")

    root = api.send("GET", f"{STORAGE}/libs").json()
    assert root["children"] == [{"uri": "/a", "folder": True}]
    file = api.send("GET", f"{STORAGE}/libs/a/one").json()
    assert file["checksums"]["sha1"] == "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
    assert file["downloadUri"].endswith("/artifactory/libs/a/one")
    assert api.send("GET", f"{STORAGE}/libs/a/two").status == 404


def test_blacked_out_repositories_refuse_uploads(api: Api) -> None:
    """Nothing new gets in while it is out of service; what is in is still listed."""
    api.create("libs")
    api.upload("libs", "one")
    api.update("libs", blackedOut=True)

    assert api.upload("libs", "two").status == 403
    assert len(api.send("GET", f"{STORAGE}/libs", query=LIST).json()["files"]) == 1


def test_uploads_through_a_virtual(api: Api) -> None:
    """They go to the default deployment repository, or nowhere."""
    api.create("a")
    api.create("v", "virtual", repositories=["a"])

    assert api.upload("v", "one").status == 405
    api.update("v", defaultDeploymentRepo="a")
    assert api.upload("v", "one").json()["repo"] == "a"
    assert len(api.send("GET", f"{STORAGE}/v", query=LIST).json()["files"]) == 1


def test_remotes_take_content_in_their_cache_only(api: Api) -> None:
    """`<key>-cache` is where a remote's files live."""
    api.create("r", "remote")

    assert api.upload("r", "one").status == 405
    assert api.upload("r-cache", "one").status == 201
    assert len(api.send("GET", f"{STORAGE}/r-cache", query=LIST).json()["files"]) == 1


def test_deleting_a_repository_drops_its_content(api: Api) -> None:
    """A new repository of the same name starts empty."""
    api.create("libs")
    api.upload("libs", "one")
    api.send("DELETE", f"{REPOSITORIES}/libs")
    api.create("libs")

    assert api.send("GET", f"{STORAGE}/libs", query=LIST).json()["files"] == []
