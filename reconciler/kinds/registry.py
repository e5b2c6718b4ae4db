"""A kind's name in, the kind out: gathers the declarations from the topic folders.

The list of names comes from the file names, so no kind is imported before a manifest names it:
sixty models imported at once would cost every command several hundred milliseconds.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reconciler.kinds.kind import Kind
from reconciler.model import Address


class Registry:
    """The kinds a run knows: the built-in ones by file name, and any given as values."""

    def __init__(self, modules: Mapping[str, str], extra: Iterable[Kind] = ()) -> None:
        self._modules = dict(modules)
        self._kinds = {kind.name: kind for kind in extra}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({*self._modules, *self._kinds})

    def __contains__(self, name: object) -> bool:
        return name in self._modules or name in self._kinds

    def __getitem__(self, name: str) -> Kind:
        """The kind of that name, imported when it is first asked for. Raises KeyError."""
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = importlib.import_module(self._modules[name]).KIND
        return kind

    def __iter__(self) -> Iterator[Kind]:
        return (self[name] for name in self.names())

    def place(self, address: Address) -> tuple[str, ...]:
        """What an object takes up: kinds of one namespace share their names."""
        space = self[address.kind].namespace
        own = [address.name] if space else address.parts
        return (address.platform, space or address.kind, *own)

    def with_kinds(self, *kinds: Kind) -> Registry:
        """The same registry with some more kinds."""
        return Registry(self._modules, (*self._kinds.values(), *kinds))


def builtin() -> Registry:
    """The registry of the kinds that come with the package."""
    return Registry(dict(_modules(Path(__file__).parent)))


def _modules(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*/[!_]*.py")):
        yield _kind_name(file.stem), f"{__package__}.{file.parent.name}.{file.stem}"


def _kind_name(stem: str) -> str:
    return "".join(part.capitalize() for part in stem.split("_"))
