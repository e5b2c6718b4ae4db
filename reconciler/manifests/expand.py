"""Documents in, the manifests they stand for out: sets written out, values filled in, patches.

Offline and without a word about kinds. A document that has no placeholder, is no set and meets no
patch is passed on as it is: nearly all of them are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.manifests.environment import Environment
from reconciler.manifests.patches import Patching
from reconciler.manifests.placeholders import Filling
from reconciler.manifests.sets import KIND, SetExpansion
from reconciler.manifests.yaml.nodes import Positions
from reconciler.manifests.yaml.reader import positions
from reconciler.model import Document, Finding, Path


@dataclass(frozen=True, slots=True)
class Expanded:
    """Documents that are manifests, and what was found on the way."""

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether every placeholder could be filled and every patch applied."""
        return not any(finding.severity == "error" for finding in self.findings)


def expand(
    documents: Iterable[Document],
    environment: Environment,
    environments: Iterable[str],
    read: Callable[[str], bytes],
    *,
    complete: bool = True,
) -> Expanded:
    """Write out what stands for more than itself; nothing is raised.

    `environments` are the names of those there are, `read` gives a file's bytes by its name. Only
    where the documents are `complete` it is worth telling that a value or a patch has no use.
    """
    stage = _Stage(environment, tuple(environments), read)
    made = [manifest for document in documents for manifest in stage.manifests(document)]
    if environment.patches:
        made = [stage.patching.apply(document) for document in made]
    if complete:
        stage.tell_unused()
    return Expanded(tuple(made), (*stage.findings, *stage.patching.findings))


@dataclass
class _Stage:
    environment: Environment
    environments: tuple[str, ...]
    read: Callable[[str], bytes]
    findings: list[Finding] = field(default_factory=list)
    used_values: set[str] = field(default_factory=set)
    _places: dict[str, list[Positions]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.patching = Patching(tuple(map(self._filled_patch, self.environment.patches)))

    @property
    def values(self) -> Any:
        return self.environment.values if self.environment.name else None

    def manifests(self, document: Document) -> Iterable[Document]:
        if document.data.get("kind") == KIND:
            return self._of_set(document)
        return (self._filled(document),) if document.may_have_placeholders else (document,)

    def _of_set(self, document: Document) -> list[Document]:
        work = SetExpansion(document, self.values, self.environments, self._place)
        made = work.documents()
        self.findings += work.findings
        self.used_values |= work.used_values
        return made

    def _filled(self, document: Document) -> Document:
        filling = Filling(document, self.values, self.environments)
        data = filling.fill(document.data).value
        self._took(filling)
        if not filling.count:  # escapes alone: what the document means is written out in it
            return replace(document, data=data) if filling.escapes else document
        return replace(document, data=data, origin=replace(document.origin, filled=True))

    def _filled_patch(self, patch: Any) -> Any:
        """A patch may use the environment's own values."""
        document = Document(patch.origin, None, patch.index)
        filling = Filling(document, self.values, self.environments)
        merge = filling.fill(patch.merge, (*patch.at, "merge")).value
        operations = [
            filling.fill(operation, (*patch.at, "jsonPatch", number)).value
            for number, operation in enumerate(patch.operations)
        ]
        self._took(filling)
        return replace(patch, merge=merge, operations=tuple(operations))

    def _took(self, filling: Filling) -> None:
        self.findings += filling.findings
        self.used_values |= filling.used_values

    def _place(self, document: Document, path: Path) -> tuple[int, int]:
        file = document.origin.file
        if file not in self._places:
            self._places[file] = positions(self.read(file))
        found = self._places[file]
        where = found[document.index].value(path) if document.index < len(found) else None
        return where or (document.origin.line, document.origin.column)

    def tell_unused(self) -> None:
        """Values no manifest uses; patches without a hit, unless a fault kept manifests away."""
        environment = self.environment
        for name in environment.values:
            if name not in self.used_values:
                self.findings.append(
                    Finding(
                        environment.origin,
                        environment.index,
                        ("spec", "values", name),
                        "unused-value",
                        f"no manifest uses the value '{name}'",
                        f"write ${{value.{name}}} where it belongs, or take it out",
                        "warning",
                        at="key",
                    )
                )
        if not any(finding.severity == "error" for finding in self.findings):
            self.findings += self.patching.without_hit()
