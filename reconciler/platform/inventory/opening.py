"""A workspace in, the store of its inventory out: the one way to it for every command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reconciler.errors import ReconcilerError
from reconciler.manifests.workspace import Workspace
from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.store import Store


@contextmanager
def open_store(workspace: Workspace) -> Iterator[Store]:
    """The store of the workspace's inventory in its environment, left tidy at the end.

    Raises UsageError where there is no way to it.
    """
    store = FileStore(workspace.inventory_file)
    try:
        yield store
    except BaseException:
        with suppress(ReconcilerError):  # what was recorded is, tidy or not
            store.close()
        raise
    store.close()
