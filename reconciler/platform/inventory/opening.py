"""A workspace in, the store of its inventory out: the one way to it for every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.manifests.workspace import InventoryPlace, Workspace
from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.store import Store
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.platform.connect import Wire

Tell = Callable[[str], None]


@contextmanager
def open_store(
    workspace: Workspace, settings: Settings, wire: Wire | None = None, tell: Tell | None = None
) -> Iterator[Store]:
    """The store of the workspace's inventory in its environment, left tidy at the end.

    `tell` is told when a platform or another run lets us wait. A run from a snapshot has the
    inventory of the snapshot and reaches no platform's. Raises UsageError where there is no way to
    it.
    """
    place = workspace.inventory_place
    if place is None or settings.snapshot is not None:
        clock = wire.clock if wire else None
        with _tidied(FileStore(workspace.inventory_file, clock, tell)) as store:
            yield store
    else:
        with _opened(place, workspace, settings, wire, tell) as store:
            yield store


@contextmanager
def _opened(
    place: InventoryPlace,
    workspace: Workspace,
    settings: Settings,
    wire: Wire | None,
    tell: Tell | None,
) -> Iterator[Store]:
    from reconciler.platform.connect import Wire, clients
    from reconciler.platform.inventory.folder import Folder
    from reconciler.platform.inventory.remote import PlatformStore

    wire = wire or Wire()
    with clients(workspace, settings, [place.platform], wire, tell) as opened:
        client = opened[place.platform]
        folder = Folder(client, place.repository, place.folder, wire.clock)
        with _tidied(PlatformStore(folder, wire.clock, tell)) as store:
            yield store


@contextmanager
def _tidied(store: Store) -> Iterator[Store]:
    try:
        yield store
    except BaseException:
        with suppress(ReconcilerError):  # what was recorded is, tidy or not
            store.close()
        raise
    store.close()
