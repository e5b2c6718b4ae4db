"""Uploads, downloads and questions about content in, artifacts and their details out.

A repository holds its files by path. A remote's files live in its cache (`<key>-cache`, the same
store); a virtual shows its members' files. Folders exist as long as a file is in them.
File sizes are text in a file's details and numbers in a listing, as servers print them.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from typing import Any

from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.auth import sees
from reconciler.sandbox.clock import iso
from reconciler.sandbox.messages import Response, empty_response, json_response
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.repository_keys import CACHE_SUFFIX
from reconciler.sandbox.routing import Call, Route
from reconciler.sandbox.store import Repository

Json = Any
Files = dict[str, Artifact]

KEPT_BYTES = 256 * 1024
"""Bodies up to this size can be downloaded again; of larger ones only size and sums are kept."""

# --- files ----------------------------------------------------------------------------------------


def upload(call: Call) -> Response:
    """A repository, a path and bytes in; the artifact is stored afterwards."""
    target = deployable(call)
    path, *pairs = (part.strip("/") for part in call.params["path"].split(";"))
    files = call.platform.store.artifacts.setdefault(target.key, {})
    before = files.get(path)
    now = call.platform.sandbox.clock.now()
    files[path] = artifact = measured(call.request.body, now, call.caller)
    for pair in pairs:
        key, _, value = pair.partition("=")
        artifact.properties.setdefault(key, []).append(value)
    if before is not None:
        artifact.created, artifact.created_by = before.created, before.created_by
    return json_response(details(call, target.key, path, artifact), 201)


def measured(body: bytes, now: float, who: str) -> Artifact:
    """Bytes in, what is remembered of them out."""
    return Artifact(
        size=len(body),
        sha1=hashlib.sha1(body, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        created=now,
        modified=now,
        created_by=who,
        modified_by=who,
        content=base64.b64encode(body).decode() if len(body) <= KEPT_BYTES else None,
    )


def deployable(call: Call) -> Repository:
    """A call with a repository in, where its upload goes out; refused when it may not."""
    repository = existing(call)
    if repository.rclass == "virtual":
        target = call.platform.store.repository(repository.get("defaultDeploymentRepo"))
        if target is None:
            raise Refusal(405, f"No local repository is set to deploy through '{repository.key}'")
        repository = target
    if repository.rclass == "remote" and not call.params["repo"].endswith(CACHE_SUFFIX):
        raise Refusal(405, f"Cannot deploy to the remote repository '{repository.key}'")
    if repository.get("blackedOut"):
        raise Refusal(403, f"The repository '{repository.key}' is blacked out and cannot be used")
    return repository


def download(call: Call) -> Response:
    """A repository and a path in, the bytes out."""
    repository = existing(call)
    path = call.params["path"].strip("/")
    artifact = content(call, repository).get(path)
    if artifact is None or artifact.content is None:
        raise Refusal(404, f"File not found.: {repository.key}/{path}")
    if repository.get("blackedOut"):
        raise Refusal(404, f"The repository '{repository.key}' is blacked out")
    if call.request.method != "HEAD":
        artifact.downloads += 1
        artifact.downloaded = call.platform.sandbox.clock.now()
        artifact.downloaded_by = call.caller
    body = base64.b64decode(artifact.content)
    headers = {
        "Content-Type": media_type(path),
        "X-Checksum-Sha1": artifact.sha1,
        "X-Checksum-Sha256": artifact.sha256,
    }
    return Response(200, headers, b"" if call.request.method == "HEAD" else body)


def remove(call: Call) -> Response:
    """A repository and a path in; the file, or everything below the folder, is gone."""
    repository = existing(call)
    path = call.params["path"].strip("/")
    files = call.platform.store.artifacts.get(repository.key, {})
    gone = [name for name in files if name == path or name.startswith(f"{path}/")]
    if not gone:
        raise Refusal(404, f"Could not locate artifact '{repository.key}:{path}'")
    for name in gone:
        del files[name]
    return empty_response()


# --- information ----------------------------------------------------------------------------------


def get_storage(call: Call) -> Response:
    """A repository and a path in, a listing (`?list`) or the details of file or folder out."""
    repository = existing(call)
    files = content(call, repository)
    path = call.params.get("path", "").strip("/")
    if call.request.value("list") is not None:
        return json_response(listing(call, repository, path, files))
    if path in files:
        return json_response(details(call, repository.key, path, files[path]))
    return json_response(folder(call, repository, path, files))


def listing(call: Call, repository: Repository, path: str, files: Files) -> Json:
    """A folder in, the files below it (and folders, when asked) out."""
    check_folder(path, files)
    deep = call.request.flag("deep")
    wished = call.request.value("depth") or ""
    depth = (int(wished) if wished.isdecimal() else 0) if deep else 1
    inside = below(path, files)
    lines = [
        file_line(name, file)
        for name, file in sorted(inside.items())
        if not depth or name.count("/") < depth
    ]
    if call.request.flag("listFolders"):
        lines = [*folder_lines(inside, depth), *lines]
    uri = f"{call.platform.base_url}/artifactory/api/storage/{repository.key}"
    created = iso(call.platform.sandbox.clock.now())
    return {"uri": f"{uri}/{path}".rstrip("/"), "created": created, "files": lines}


def file_line(name: str, file: Artifact) -> Json:
    """A file in, its line in a listing out."""
    return {
        "uri": f"/{name}",
        "size": file.size,
        "lastModified": iso(file.modified),
        "folder": False,
        "sha1": file.sha1,
        "sha2": file.sha256,
    }


def folder_lines(files: Files, depth: int) -> list[Json]:
    """Files in, one line per folder that holds them out."""
    newest: dict[str, float] = {}
    for name, file in files.items():
        parts = name.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            parent = "/".join(parts[:end])
            newest[parent] = max(newest.get(parent, 0.0), file.modified)
    return [
        {"uri": f"/{name}", "size": -1, "lastModified": iso(moment), "folder": True}
        for name, moment in sorted(newest.items())
        if not depth or name.count("/") < depth
    ]


def folder(call: Call, repository: Repository, path: str, files: Files) -> Json:
    """A folder in, its details and children out."""
    check_folder(path, files)
    inside = below(path, files)
    children: dict[str, bool] = {}
    for name in sorted(inside):
        first, _, rest = name.partition("/")
        children[first] = bool(rest)
    times = [file.created for file in inside.values()] or [call.platform.sandbox.clock.now()]
    changes = [file.modified for file in inside.values()] or times
    uri = f"{call.platform.base_url}/artifactory/api/storage/{repository.key}"
    return {
        "repo": repository.key,
        "path": f"/{path}",
        "created": iso(min(times)),
        "lastModified": iso(max(changes)),
        "lastUpdated": iso(max(changes)),
        "children": [
            {"uri": f"/{name}", "folder": is_folder} for name, is_folder in children.items()
        ],
        "uri": f"{uri}/{path}".rstrip("/"),
    }


def details(call: Call, key: str, path: str, file: Artifact) -> Json:
    """A file in, everything known about it out."""
    base = f"{call.platform.base_url}/artifactory"
    sums = {"sha1": file.sha1, "md5": file.md5, "sha256": file.sha256}
    return {
        "repo": key,
        "path": f"/{path}",
        "created": iso(file.created),
        "createdBy": file.created_by,
        "lastModified": iso(file.modified),
        "modifiedBy": file.modified_by,
        "lastUpdated": iso(file.modified),
        "downloadUri": f"{base}/{key}/{path}",
        "mimeType": media_type(path),
        "size": str(file.size),
        "checksums": sums,
        "originalChecksums": {"sha256": file.sha256},
        "uri": f"{base}/api/storage/{key}/{path}",
    }


# --- helpers --------------------------------------------------------------------------------------


def existing(call: Call) -> Repository:
    """A call with a repository in, the repository out; a cache name means its remote."""
    key = call.params["repo"]
    if not sees(call.caller, key):
        raise Refusal(403, "Forbidden")
    store = call.platform.store
    remote = store.repository(key.removesuffix(CACHE_SUFFIX))
    cached = remote if remote is not None and remote.rclass == "remote" else None
    found = store.repository(key) or cached
    if found is None:
        raise Refusal(404, "Unable to find item")
    return found


def content(call: Call, repository: Repository) -> Files:
    """A repository in, its files by path out; a virtual shows what its members hold."""
    store = call.platform.store
    if repository.rclass != "virtual":
        return store.artifacts.get(repository.key, {})
    merged: Files = {}
    for key in reversed(repository.get("repositories")):
        member = store.repository(key)
        merged.update(content(call, member) if member is not None else {})
    return merged


def below(path: str, files: Files) -> Files:
    """A folder in, the files under it by their path from there out."""
    prefix = f"{path}/" if path else ""
    return {name[len(prefix) :]: file for name, file in files.items() if name.startswith(prefix)}


def check_folder(path: str, files: Files) -> None:
    """A path in; the root always exists, other folders while something is in them."""
    if path and not below(path, files):
        raise Refusal(404, "Unable to find item")


def media_type(path: str) -> str:
    """A path in, the type its name suggests out."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


STORAGE = "/artifactory/api/storage/{repo}"
FILE = "/artifactory/{repo}/{path...}"
API = "/artifactory/api/"

ROUTES = (
    Route("GET", STORAGE, get_storage),
    Route("GET", f"{STORAGE}/{{path...}}", get_storage),
    Route("PUT", FILE, upload, needs="admin", excluding=API),
    Route("GET", FILE, download, excluding=API),
    Route("HEAD", FILE, download, excluding=API),
    Route("DELETE", FILE, remove, needs="admin", excluding=API),
)
