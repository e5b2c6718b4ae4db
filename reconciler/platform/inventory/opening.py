"""A workspace in, the store of its inventory out: the one way to it for every command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.manifests.workspace import Workspace
from reconciler.platform.inventory.file import FileStore
from reconciler.platform.inventory.store import Store

if TYPE_CHECKING:
    from reconciler.platform.connect import Wire


@contextmanager
def open_store(
    workspace: Workspace,
    wire: Wire | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Store]:
    """The store of the workspace's inventory in its environment, left tidy at the end.

    `tell` is told when another run lets us wait. Raises UsageError where there is no way to it.
    """
    store = FileStore(workspace.inventory_file, wire.clock if wire else None, tell)
    try:
        yield store
    except BaseException:
        with suppress(ReconcilerError):  # what was recorded is, tidy or not
            store.close()
        raise
    store.close()
