"""A platform and a query in, the stored items the query is about out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.sandbox.ant_patterns import accepts
from reconciler.sandbox.aql import Item, Query
from reconciler.sandbox.artifacts import Artifact
from reconciler.sandbox.policies.retention import TRASH
from reconciler.sandbox.repository_keys import CACHE_SUFFIX

if TYPE_CHECKING:
    from reconciler.sandbox.app import Platform
    from reconciler.sandbox.store import Repository, Store


def items(platform: Platform, query: Query) -> Iterator[Item]:
    """A platform and a query in, its items out: of every repository, under the names it has.

    The trash can is looked into only when the query names it. Folders are made up from the files
    in them, and only for queries that mention a type.
    """
    store = platform.store
    around = virtuals(store) if names_virtual(store, query) else {}
    folders = "type" in query.fields
    for key, files in store.artifacts.items():
        repository = store.repository(key)
        remote = repository is not None and repository.rclass == "remote"
        shown = f"{key}{CACHE_SUFFIX}" if remote else key
        inside = around.get(key, [])
        aliases = (key,) if remote and query.transitive else ()
        yield from of_files(shown, files, inside, aliases, folders)
    if TRASH in query.repositories:
        yield from of_files(TRASH, store.retention.trash, [], (), folders)


def of_files(
    key: str,
    files: Mapping[str, Artifact],
    inside: Sequence[Repository],
    aliases: tuple[str, ...],
    with_folders: bool,
) -> Iterator[Item]:
    """The files of one repository, and the virtual ones around it, in, the items out."""
    for path, file in files.items():
        yield item(key, path, file, reached(inside, path), aliases)
    if with_folders:
        yield from folders(key, files, inside, aliases)


def reached(inside: Sequence[Repository], path: str) -> tuple[str, ...]:
    """Virtual repositories and a path behind them in, those that let it through out."""
    return tuple(
        repository.key
        for repository in inside
        if accepts(repository.get("includesPattern"), repository.get("excludesPattern"), path)
    )


def item(
    key: str,
    path: str,
    file: Artifact,
    inside: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
) -> Item:
    """One file in, the item out."""
    folder, _, name = path.rpartition("/")
    return Item(
        repo=key,
        path=folder or ".",
        name=name,
        created=file.created,
        modified=file.modified,
        updated=file.modified,
        created_by=file.created_by,
        modified_by=file.modified_by,
        size=file.size,
        depth=path.count("/") + 1,
        md5=file.md5,
        sha1=file.sha1,
        sha256=file.sha256,
        virtual_repos=inside,
        aliases=(*inside, *aliases),
        properties=pairs(file),
        downloaded=file.downloaded,
        downloads=file.downloads or None,
        downloaded_by=file.downloaded_by,
    )


def pairs(file: Artifact) -> tuple[tuple[str, str], ...]:
    """A file in, its properties one by one out."""
    return tuple((key, value) for key, values in file.properties.items() for value in values)


def folders(
    key: str,
    files: Mapping[str, Artifact],
    inside: Sequence[Repository],
    aliases: tuple[str, ...],
) -> Iterator[Item]:
    """The files of a repository in, the folders they are in out."""
    for path, held in sorted(by_folder(files).items()):
        above, _, name = path.rpartition("/")
        first = min(held, key=lambda file: file.created)
        newest = max(file.modified for file in held)
        names = reached(inside, path)
        yield Item(
            repo=key,
            path=above or ".",
            name=name,
            created=first.created,
            modified=newest,
            updated=newest,
            created_by=first.created_by,
            modified_by=first.modified_by,
            type="folder",
            depth=path.count("/") + 1,
            virtual_repos=names,
            aliases=(*names, *aliases),
        )


def by_folder(files: Mapping[str, Artifact]) -> dict[str, list[Artifact]]:
    """Files in, those below each folder out."""
    found: dict[str, list[Artifact]] = {}
    for path, file in files.items():
        parts = path.split("/")
        for end in range(1, len(parts)):
            found.setdefault("/".join(parts[:end]), []).append(file)
    return found


def names_virtual(store: Store, query: Query) -> bool:
    """Whether a query names a virtual repository, or wants to see them."""
    known = (store.repository(key) for key in query.repositories)
    named = any(found is not None and found.rclass == "virtual" for found in known)
    return named or "virtual_repos" in query.include


def virtuals(store: Store) -> dict[str, list[Repository]]:
    """By repository: the virtual ones its content can be reached through."""
    found: dict[str, list[Repository]] = {}
    for repository in sorted(store, key=lambda one: one.key):
        if repository.rclass == "virtual":
            for member in members(store, repository.key, set()):
                found.setdefault(member, []).append(repository)
    return found


def members(store: Store, key: str, seen: set[str]) -> Iterable[str]:
    """A virtual repository in, everything it leads to out."""
    repository = store.repository(key)
    if repository is None or key in seen:
        return
    seen.add(key)
    if repository.rclass != "virtual":
        yield key
        return
    for member in repository.get("repositories") or []:
        yield from members(store, member, seen)
