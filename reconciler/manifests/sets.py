"""A ManifestSet in, the manifests it stands for out: one for each combination of its matrix."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from math import prod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from reconciler.errors import Severity
from reconciler.kinds.spec import unset
from reconciler.manifests.environment import PLACEHOLDER_NAME
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.placeholders import Filled, Filling, Picks
from reconciler.model import Document, Finding, Origin, Path

KIND = "ManifestSet"
MAX_MANIFESTS = 50_000
"""So many manifests one set may stand for; above, it is a mistake or belongs into several files."""
MAX_CHARACTERS = 512 * 1024 * 1024
"""So much text they may be together, taken as large as the first one."""

TEMPLATE: Path = ("spec", "template")
_IDENTITY: Path = (*TEMPLATE, "metadata")
AxisName = Annotated[str, StringConstraints(pattern=f"^{PLACEHOLDER_NAME}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class SetMetadata(_Part):
    """The set's own name."""

    name: Annotated[str, StringConstraints(min_length=1)] = unset()
    """What readers call the set; nothing is made of it."""


class SetSpec(_Part):
    """What varies, and the manifest it varies in."""

    matrix: Annotated[dict[AxisName, list[Any]], Field(min_length=1)]
    """Named lists; every combination of their items makes one manifest, in the order written. An
    item is text, a number, a boolean, or a mapping."""

    exclude: list[dict[str, Any]] = unset()
    """Combinations to leave out: each names an item of some of the lists, of a mapping as many keys
    as are needed to tell it."""

    template: dict[str, Any]
    """The manifest, with `${matrix.NAME}` or `${matrix.NAME.KEY}` where it varies. `apiVersion` may
    be left out."""


class ManifestSetFile(_Part):
    """Many manifests that differ in a few words: a template, and the lists that fill it."""

    apiVersion: Literal["reconciler/v1"]  # noqa: N815 - the manifest's spelling
    """Version of the manifest format."""

    kind: Literal["ManifestSet"]
    """Always `ManifestSet`."""

    metadata: SetMetadata = unset()
    """The set's own name."""

    spec: SetSpec
    """What varies, and the manifest it varies in."""


@dataclass
class SetExpansion:
    """The manifests of one set, as documents; what is wrong with the set is in `findings`.

    `place` tells line and column of the template's first line.
    """

    document: Document
    values: Mapping[str, Any] | None
    environments: Sequence[str]
    place: Callable[[Document, Path], tuple[int, int]]
    findings: list[Finding] = field(default_factory=list)
    used_values: set[str] = field(default_factory=set)

    def documents(self) -> list[Document]:
        """One document for each combination; only the first one where nobody can tell what
        the others are called."""
        spec = self._checked_spec()
        if spec is None:
            return []
        axes: dict[str, list[Any]] = spec["matrix"]
        self._items(axes)
        excluded = list(self._excluded(axes, spec.get("exclude") or []))
        if prod(map(len, axes.values())) > MAX_MANIFESTS:
            self._too_large(axes)
            return []
        is_sound = not _has_errors(self.findings)
        filling = self._filling(axes)
        template = filling.fill(self.document.data["spec"]["template"], TEMPLATE)
        self._took(filling)
        for name in axes.keys() - filling.used_axes:
            text = f"the template does not use '{name}' of the matrix"
            hint = f"write ${{matrix.{name}}} where it varies, or take the list out"
            self._tell(("spec", "matrix", name), "unused-matrix", text, hint, "key", "warning")
        combinations = _combinations(axes, excluded)
        if not is_sound or _has_errors(f for f in filling.findings if f.path[:3] == _IDENTITY):
            combinations = islice(combinations, 1)  # nobody can tell how the others are called
        made = self._made(template, axes, combinations)
        if not made and not _has_errors(self.findings):
            text, hint = (
                "the set stands for no manifest at all",
                "a list is empty, or all is excluded",
            )
            self._tell(("spec", "matrix"), "set-empty", text, hint, "key", "warning")
        return made

    def _made(
        self, template: Filled, axes: Mapping[str, Sequence[Any]], chosen: Iterator[tuple[int, ...]]
    ) -> list[Document]:
        line, column = self.place(self.document, TEMPLATE)
        origin = replace(self.document.origin, line=line, column=column, base=TEMPLATE)
        made: list[Document] = []
        most = MAX_MANIFESTS
        for indices in chosen:
            picks: Picks = {name: axes[name][i] for name, i in zip(axes, indices, strict=True)}
            data = _with_version(template(picks))
            if not made:
                most = MAX_CHARACTERS // len(_key(data))
            if len(made) >= most:
                self._too_much_text()
                return []
            combined = replace(origin, combination=_described(axes, indices))
            made.append(Document(combined, data, self.document.index))
        return made

    def _too_much_text(self) -> None:
        text = f"the set stands for more than {MAX_CHARACTERS:,} characters of manifests"
        hint = "shorten the template, or split the longest list over several sets"
        self._tell(("spec", "matrix"), "expansion-limit", text, hint, "key")

    def _filling(self, axes: Mapping[str, Sequence[Any]] | None) -> Filling:
        return Filling(self.document, self.values, self.environments, axes)

    def _took(self, filling: Filling) -> None:
        self.findings += filling.findings
        self.used_values |= filling.used_values

    def _checked_spec(self) -> dict[str, Any] | None:
        """The spec, values filled in all but the template; None where its structure is wrong."""
        data = dict(self.document.data)
        spec = data.get("spec")
        filling = self._filling(None)
        if isinstance(spec, dict):
            data["spec"] = {
                name: value if name == "template" else filling.fill(value, ("spec", name)).value
                for name, value in spec.items()
            }
        self._took(filling)
        try:
            ManifestSetFile.model_validate(data)
        except ValidationError as error:
            origin, index = self.document.origin, self.document.index
            self.findings += Checked(ManifestSetFile, origin, index).findings(error)
            return None
        if data["spec"]["template"].get("kind") == KIND:
            text, hint = "a set cannot stand in a set", "give the matrix another list instead"
            self._tell((*TEMPLATE, "kind"), "set-nested", text, hint)
            return None
        checked: dict[str, Any] = data["spec"]
        return checked

    def _items(self, axes: Mapping[str, Sequence[Any]]) -> None:
        for name, items in axes.items():
            seen: dict[str, int] = {}
            for index, item in enumerate(items):
                path = ("spec", "matrix", name, index)
                if isinstance(item, list):
                    text = f"an item of '{name}' must be a scalar or a mapping, not a list"
                    self._tell(path, "wrong-type", text, "write a mapping with the list in it")
                first = seen.setdefault(_key(item), index)
                if first != index:
                    text = f"item {index + 1} of '{name}' is the same as item {first + 1}"
                    self._tell(path, "matrix-twice", text, "remove one of them")

    def _too_large(self, axes: Mapping[str, Sequence[Any]]) -> None:
        sizes = " x ".join(str(len(items)) for items in axes.values())
        count = prod(map(len, axes.values()))
        text = f"the set stands for {count:,} manifests ({sizes}); {MAX_MANIFESTS:,} are the limit"
        hint = "split the longest list over several sets"
        self._tell(("spec", "matrix"), "expansion-limit", text, hint, "key")

    def _excluded(
        self, axes: Mapping[str, Sequence[Any]], entries: Sequence[Mapping[str, Any]]
    ) -> Iterator[dict[str, set[int]]]:
        """For each entry the indices it means, by the matrix's name."""
        for number, entry in enumerate(entries):
            meant: dict[str, set[int]] = {}
            for name, wanted in entry.items():
                path = ("spec", "exclude", number, name)
                if name not in axes:
                    hint = nearest_hint(name, axes) or f"spec.matrix has {', '.join(axes)}"
                    text = f"the matrix has no '{name}'"
                    self._tell(path, "placeholder-undefined", text, hint, "key")
                    continue
                meant[name] = {i for i, item in enumerate(axes[name]) if _matches(item, wanted)}
                if not meant[name]:
                    text, hint = (
                        f"no item of '{name}' is meant by this",
                        "see the list in spec.matrix",
                    )
                    self._tell(path, "exclude-without-hit", text, hint)
            if not entry:
                text = "an empty entry would exclude everything"
                hint = "name an item, such as {team: payments}"
                self._tell(("spec", "exclude", number), "exclude-without-hit", text, hint)
            elif len(meant) == len(entry):
                yield meant

    def _tell(
        self,
        path: Path,
        rule: str,
        text: str,
        hint: str,
        at: Literal["key", "value"] = "value",
        severity: Severity = "error",
    ) -> None:
        origin: Origin = self.document.origin
        self.findings.append(
            Finding(origin, self.document.index, path, rule, text, hint, severity, at)
        )


def _has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _combinations(
    axes: Mapping[str, Sequence[Any]], excluded: Sequence[Mapping[str, set[int]]]
) -> Iterator[tuple[int, ...]]:
    """The indices of every combination that stays; the last list varies fastest."""
    names = list(axes)
    rules = [[(names.index(name), meant) for name, meant in entry.items()] for entry in excluded]
    for indices in product(*(range(len(items)) for items in axes.values())):
        if not any(all(indices[place] in meant for place, meant in rule) for rule in rules):
            yield indices


def _matches(item: Any, wanted: Any) -> bool:
    """Whether an item is the wanted one; of a mapping, whether it has the wanted keys."""
    if isinstance(item, dict) and isinstance(wanted, dict):
        return all(key in item and _matches(item[key], value) for key, value in wanted.items())
    return _key(item) == _key(wanted)


def _key(item: Any) -> str:
    """Equal for equal items; 1, 1.0 and true are three."""
    return json.dumps(item, sort_keys=True)


_TELLING = ("name", "key", "id")
_LONGEST = 40


def _described(axes: Mapping[str, Sequence[Any]], indices: Sequence[int]) -> str:
    """A combination as it is told: `team=payments, type=npm`."""
    picked = zip(axes.items(), indices, strict=True)
    return ", ".join(f"{name}={_short(items[index], index)}" for (name, items), index in picked)


def _short(item: Any, index: int) -> str:
    """One item in a few words: of a mapping its name, or its plain fields, or which one it is."""
    if isinstance(item, dict):
        scalars = {k: v for k, v in item.items() if isinstance(v, str | int)}
        item = next((scalars[key] for key in _TELLING if key in scalars), None)
        if item is None:
            plain = (f"{k}={_short(v, index)}" for k, v in scalars.items())
            item = f"{{{', '.join(plain)}}}" if scalars else f"#{index + 1}"
    text = item if isinstance(item, str) else json.dumps(item)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _with_version(template: dict[str, Any]) -> dict[str, Any]:
    from reconciler.manifests.workspace import API_VERSION

    return template if "apiVersion" in template else {"apiVersion": API_VERSION, **template}
