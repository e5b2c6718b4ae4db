"""Documents in, manifests out, with every fault found at once.

Runs offline and without credentials. Each document is checked by itself, then all together:
identities, references, the rules of the kinds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from reconciler.kinds.fields import PASS_THROUGH, Field, FieldTable, field_table
from reconciler.kinds.kind import Fault, Kind, Neighbour, Site, Subject
from reconciler.kinds.registry import Registry
from reconciler.kinds.rest import DOT_SEGMENTS
from reconciler.manifests.envelope import ENVELOPE, MetadataSpec
from reconciler.manifests.field_rules import extra_findings, marks_findings
from reconciler.manifests.lifecycle_rules import lifecycle_findings
from reconciler.manifests.messages import Checked, nearest_hint
from reconciler.manifests.planned import PLANNED
from reconciler.manifests.secret_rules import secret_findings
from reconciler.manifests.workspace import Workspace
from reconciler.model import Address, Document, Finding, Lifecycle, Manifest, Origin, Path

Sites = Callable[[str, Mapping[str, Any]], Iterable[Site]]


@dataclass(frozen=True, slots=True)
class Validated:
    """The sound manifests, one for each platform, and what was found on the way."""

    manifests: tuple[Manifest, ...] = ()
    findings: tuple[Finding, ...] = ()
    unsound: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of manifests with an error: declared, but not among the sound ones."""


def validate(documents: Iterable[Document], workspace: Workspace, registry: Registry) -> Validated:
    """Check every document by itself, then all together; nothing is raised."""
    checker = _Checker(workspace, registry)
    for document in documents:
        checker.check(document)
    checker.check_together()
    return Validated(tuple(checker.manifests), tuple(checker.findings), frozenset(checker.unsound))


@dataclass
class _Checker:
    """Collects manifests and findings; gone when the documents are checked."""

    workspace: Workspace
    registry: Registry
    findings: list[Finding] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    unsound: set[tuple[str, str]] = field(default_factory=set)
    faulty: list[Manifest] = field(default_factory=list)
    """What has an error and a name all the same; their specs are left out."""
    nowhere: list[Manifest] = field(default_factory=list)
    """What is on no platform of the workspace: only the kinds' rules look at it."""

    def __post_init__(self) -> None:
        # What is asked of the workspace for each of thousands of documents.
        self._is_plural = self.workspace.is_plural
        self._platform_names = self.workspace.platform_names
        self._default_platforms = self.workspace.default_platforms
        self._fenced = self.workspace.spec.get("fence") or {}
        self._metadata_fits = validator(MetadataSpec).validate_python
        self._checks: dict[str, _Checks] = {}

    def check(self, document: Document) -> None:
        """Check one document by itself; a sound one becomes one manifest for each platform."""
        before = len(self.findings)
        checks = self._kind(document)
        metadata = self._metadata(document, checks)
        spec = self._spec(document, checks) if checks is not None else None
        has_errors = any(f.severity == "error" for f in islice(self.findings, before, None))
        if checks is None or metadata is None or spec is None or has_errors:
            self._remember(document)
            if checks is not None and metadata is not None:
                is_told = any(f.path[:2] == _NAME for f in islice(self.findings, before, None))
                self._keep_name(document, checks.kind, metadata, is_told=is_told)
            return
        if self._fenced:
            self._fence(document, metadata, spec)
        if checks.kind.sites is not None:
            self._spread(document, checks.kind, metadata, spec, checks.kind.sites)
            return
        for platform in self._places(checks.kind, metadata):
            self.manifests.append(self._manifest(document, checks.kind, metadata, spec, platform))

    def _spread(
        self, document: Document, kind: Kind, metadata: dict[str, Any], spec: Any, sites: Sites
    ) -> None:
        """One manifest for each platform that the spec names; the first is written first."""
        if "platforms" in metadata:
            text = f"the spec of a {kind.name} says on which platforms it is"
            path = ("metadata", "platforms")
            self._tell(document, path, "unknown-field", text, "take it out", at="key")
        if kind.misplaced is not None:
            for fault in kind.misplaced(spec, self.workspace.base_urls):
                self._tell(document, fault.path, fault.rule, fault.summary, fault.hint)
        found: list[Address] = []
        for site in sites(metadata["name"], spec):
            if site.platform not in self._platform_names:
                self._unknown_platform(document, site.path, site.platform)
                continue
            manifest = self._manifest(document, kind, metadata, spec, site.platform)
            address = replace(manifest.address, parts=site.parts)
            if address not in found:  # a rule of the kind says it of one that is named twice
                self.manifests.append(replace(manifest, address=address, after=tuple(found[:1])))
                found.append(address)
        if not found:
            platform = self._default_platforms[0]
            self.nowhere.append(self._manifest(document, kind, metadata, spec, platform))

    def _places(self, kind: Kind, metadata: Mapping[str, Any]) -> Sequence[str]:
        """Where an object is to be: on platforms, or in the one service that has its kind."""
        return [kind.home] if kind.home else metadata.get("platforms") or self._default_platforms

    def _keep_name(
        self, document: Document, kind: Kind, metadata: dict[str, Any], *, is_told: bool
    ) -> None:
        """What can be said of the name alone is said although the rest is faulty."""
        if any(parent not in metadata for parent in kind.parents):
            return
        places = {*self._platform_names, kind.home}
        known = [name for name in dict.fromkeys(self._places(kind, metadata)) if name in places]
        for platform in known:
            self.faulty.append(self._manifest(document, kind, metadata, {}, platform))
        if known and not is_told:  # a name that can name nothing needs no second reason
            manifest = self.faulty[-1]
            address = manifest.address
            subject = Subject(address.name, {}, lambda _: None, address.parts[:-1])
            for fault in (fault for rule in kind.rules for fault in rule(subject)):
                if fault.path[:1] == ("metadata",):
                    self._add(manifest, fault)

    def _remember(self, document: Document) -> None:
        metadata = document.data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if isinstance(name, str):
            self.unsound.add((str(document.data.get("kind")), name))

    def _manifest(
        self, document: Document, kind: Kind, metadata: dict[str, Any], spec: Any, platform: str
    ) -> Manifest:
        parents = [metadata[parent] for parent in kind.parents]
        return Manifest(
            Address(kind.name, (*parents, metadata["name"]), platform, self._is_plural),
            spec,
            document.origin,
            document.index,
            metadata.get("labels") or {},
            _lifecycle(metadata.get("lifecycle")),
            tuple(metadata.get("previousNames") or ()),
        )

    def _tell(
        self,
        document: Document,
        path: Path,
        rule: str,
        text: str,
        hint: str = "",
        at: Literal["key", "value"] = "value",
    ) -> None:
        self.findings.append(
            Finding(document.origin, document.index, path, rule, text, hint, at=at)
        )

    def _kind(self, document: Document) -> _Checks | None:
        for name in document.data:
            if name not in ENVELOPE:
                hint = nearest_hint(str(name), ENVELOPE)
                self.findings.append(
                    Finding(
                        document.origin,
                        document.index,
                        (name,),
                        "unknown-field",
                        f"there is no field '{name}'",
                        hint or "a manifest has apiVersion, kind, metadata and spec",
                        at="key",
                    )
                )
        name = document.data.get("kind")
        if isinstance(name, str) and (known := self._checks.get(name)) is not None:
            return known
        if name is None:
            hint = "such as 'kind: LocalRepository'; `reconciler kinds` lists them"
            self._tell(document, ("kind",), "missing-field", "'kind' is required", hint)
        elif not isinstance(name, str):
            hint = "`reconciler kinds` lists them"
            self._tell(document, ("kind",), "wrong-type", "'kind' must be the name of one", hint)
        elif name in self.registry:
            made = self._checks[name] = _Checks(self.registry[name], self.workspace)
            return made
        else:
            text = f"this version knows no kind '{name}'"
            self._tell(document, ("kind",), "unknown-kind", text, self._kind_hint(name))
        return None

    def _kind_hint(self, name: str) -> str:
        if name == "Workspace":
            return "a workspace is described by reconciler.yaml in its root folder only"
        if name == "Environment":
            return "environments lie in 'environments/' beside reconciler.yaml"
        if name in PLANNED:
            return "it is planned for a later version; `reconciler kinds` lists what there is now"
        near = nearest_hint(name, self.registry.names())
        return near or "`reconciler kinds` lists what can be managed"

    def _metadata(self, document: Document, checks: _Checks | None) -> dict[str, Any] | None:
        metadata = document.data.get("metadata")
        if metadata is None:
            text, hint = "'metadata' with a 'name' is required", "write 'metadata: {name: ...}'"
            self._tell(document, ("metadata",), "missing-field", text, hint)
            return None
        try:
            self._metadata_fits(metadata)
        except ValidationError as error:
            checked = Checked(MetadataSpec, document.origin, document.index, ("metadata",))
            self.findings += checked.findings(error)
            return None
        self._names(document, metadata)
        if checks is not None and checks.kind.home:
            self._refuse_platforms(document, checks.kind, metadata)
        else:
            self._platforms(document, metadata)
        if checks is not None and not (checks.is_at_the_top and _PARENTS.isdisjoint(metadata)):
            self._parents(document, checks.kind, metadata)
        sound: dict[str, Any] = metadata
        return sound

    def _names(self, document: Document, metadata: Mapping[str, Any]) -> None:
        """Names are parts of addresses; two of them would lead out of the kind's own place."""
        if metadata["name"] not in DOT_SEGMENTS and _OTHER_NAMES.isdisjoint(metadata):
            return
        named: list[tuple[Path, Any]] = [
            (("metadata", at), metadata.get(at)) for at in ("name", *_PARENTS)
        ]
        named += [
            (("metadata", "previousNames", index), name)
            for index, name in enumerate(metadata.get("previousNames") or ())
        ]
        for path, name in named:
            if name in DOT_SEGMENTS:
                text = f"'{name}' can name nothing: in the address of an object it leads elsewhere"
                hint = "take a name that is more than one or two dots"
                self._tell(document, path, "name-illegal", text, hint)

    def _refuse_platforms(
        self, document: Document, kind: Kind, metadata: Mapping[str, Any]
    ) -> None:
        if "platforms" in metadata:
            path = ("metadata", "platforms")
            text = f"a {kind.name} lies on no platform: it is in {kind.home}"
            self._tell(document, path, "unknown-field", text, "take it out", at="key")

    def _platforms(self, document: Document, metadata: Mapping[str, Any]) -> None:
        known = self._platform_names
        names = metadata.get("platforms") or ()
        for index, name in enumerate(names):
            path = ("metadata", "platforms", index)
            if name in names[:index]:
                text = f"the platform '{name}' is listed twice"
                self._tell(document, path, "platform-twice", text, "remove one of them")
            elif name not in known:
                self._unknown_platform(document, path, name)

    def _unknown_platform(self, document: Document, path: Path, name: str) -> None:
        known = self._platform_names
        hint = nearest_hint(name, known) or f"the workspace has {', '.join(known)}"
        text = f"the workspace has no platform '{name}'"
        self._tell(document, path, "unknown-platform", text, hint)

    def _parents(self, document: Document, kind: Kind, metadata: Mapping[str, Any]) -> None:
        for parent in _PARENTS:
            if parent in kind.parents and parent not in metadata:
                text = f"'metadata.{parent}' is required: a {kind.name} lives in a {parent}"
                self._tell(document, ("metadata",), "missing-field", text)
            if parent not in kind.parents and parent in metadata:
                has_project = parent == "project" and "projectKey" in kind.fields
                hint = "write spec.projectKey" if has_project else "take it out"
                text = f"a {kind.name} does not live in a {parent}"
                self._tell(document, ("metadata", parent), "unknown-field", text, hint, at="key")

    def _spec(self, document: Document, checks: _Checks) -> dict[str, Any] | None:
        kind = checks.kind
        written = document.data.get("spec")
        spec = {} if written is None else written
        if checks.defaults and isinstance(spec, dict):
            spec = _with_defaults(kind, checks.defaults, spec)
        try:
            checks.fits(spec)
        except ValidationError as error:
            checked = Checked(kind.spec, document.origin, document.index, ("spec",), kind.name)
            told = checked.findings(error)
            self.findings += told
            if isinstance(written, dict):
                faulty = {finding.path[1] for finding in told if len(finding.path) > 1}
                self._spec_fields(
                    document, checks, {n: v for n, v in written.items() if n not in faulty}, spec
                )
            return None
        self._spec_fields(document, checks, written or {}, spec)
        sound: dict[str, Any] = spec
        return sound

    def _spec_fields(
        self,
        document: Document,
        checks: _Checks,
        written: dict[str, Any],
        spec: Mapping[str, Any],
    ) -> None:
        """What is asked of fields beyond their type; `written` are those whose type is right."""
        kind = checks.kind
        if written:  # what the workspace's defaults say was checked where it is written
            variant = kind.variant(spec)
            watched = checks.watched(variant)
            if not watched.isdisjoint(written):
                looked_at = {name: value for name, value in written.items() if name in watched}
                self.findings += marks_findings(document, kind, looked_at, variant)
                self.findings += secret_findings(document, kind, looked_at, self.workspace)
            if PASS_THROUGH in written:
                self.findings += extra_findings(document, kind, written, variant)
        metadata = document.data.get("metadata")
        if isinstance(metadata, dict) and "lifecycle" in metadata:
            self.findings += lifecycle_findings(document, kind)

    def _fence(self, document: Document, metadata: Mapping[str, Any], spec: Any) -> None:
        names, projects = self._fenced.get("names"), self._fenced.get("projects")
        if names and not any(fnmatchcase(metadata["name"], pattern) for pattern in names):
            text = f"'{metadata['name']}' is outside this workspace's fence ({', '.join(names)})"
            hint = "spec.fence.names of the workspace file lists what it may declare"
            self._tell(document, ("metadata", "name"), "outside-fence", text, hint)
        project = metadata.get("project") or spec.get("projectKey")
        if projects and project not in projects:
            what = f"project '{project}'" if project else "an object without a project"
            text = f"{what} is outside this workspace's fence ({', '.join(projects)})"
            hint = "spec.fence.projects of the workspace file lists the projects it may touch"
            path = ("spec", "projectKey")
            self._tell(document, path, "outside-fence", text, hint)

    def check_together(self) -> None:
        """Check what only shows when all manifests are known."""
        self._identities()
        self._previous_names()
        self._rules()

    def _identities(self) -> None:
        seen: dict[tuple[str, ...], Manifest] = {}
        kept: list[Manifest] = []
        doubles: dict[tuple[Origin, Origin], Finding] = {}
        sound = len(self.manifests)
        for number, manifest in enumerate((*self.manifests, *self.faulty)):
            identity = self._identity(manifest.address)
            first = seen.setdefault(identity, manifest)
            if first is manifest:
                kept += [manifest] if number < sound else []
            else:
                doubles.setdefault((manifest.origin, first.origin), _twice(manifest, first))
        self.manifests = kept
        self.findings += doubles.values()

    def _previous_names(self) -> None:
        """Each former name means one object, of which nothing else is left under that name."""
        renamed = [m for m in self.manifests if m.previous_names]
        declared = {m.address for m in self.manifests} if renamed else set()
        claimed: dict[Address, Manifest] = {}
        for manifest in renamed:
            for index, old in enumerate(manifest.previous_addresses()):
                first = claimed.setdefault(old, manifest)
                at = ("metadata", "previousNames", index)
                kind = self.registry[manifest.address.kind]
                fault = _former_name(at, kind, manifest, old, first, old in declared)
                if fault is not None:
                    self._add(manifest, fault)

    def _add(self, manifest: Manifest, fault: Fault) -> None:
        self.findings.append(
            Finding(
                manifest.origin,
                manifest.index,
                fault.path,
                fault.rule,
                fault.summary,
                fault.hint,
                fault.severity,
                address=str(manifest.address),
                offset=fault.offset,
            )
        )

    def _identity(self, address: Address) -> tuple[str, ...]:
        space = self._checks[address.kind].kind.namespace
        if space:
            return (address.platform, space, address.name.casefold())
        return (address.platform, address.kind, *address.parts)

    def _rules(self) -> None:
        for manifest in (*self.manifests, *self.nowhere):
            kind = self._checks[manifest.address.kind].kind
            if not kind.rules:
                continue
            address = manifest.address
            lookup = self._neighbours[address.platform, kind.namespace].get
            declared = self._declared_on(address.platform)
            parents, name = address.parts[:-1], address.name
            if kind.sites is not None:  # what it is called as a whole; a site may have another key
                parents, name = (), address.parts[0]
            subject = Subject(name, manifest.spec, lookup, parents, declared)
            for rule in kind.rules:
                for fault in rule(subject):
                    self._add(manifest, fault)
        self._rules_together()

    def _rules_together(self) -> None:
        """What is wrong with the objects of a kind on one platform as a whole."""
        groups: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
        for name, checks in self._checks.items():
            if checks.kind.together is not None:
                for manifest in self.manifests:
                    if manifest.address.kind == name:
                        groups[name, manifest.address.platform].append(manifest)
        for (name, platform), manifests in groups.items():
            together = self._checks[name].kind.together
            subjects = [Subject(m.address.name, m.spec, lambda _: None) for m in manifests]
            for index, fault in together(subjects, platform) if together is not None else ():
                self._add(manifests[index], fault)

    def _declared_on(self, platform: str) -> Callable[[str], Collection[tuple[str, ...]]]:
        return lambda kind: self._declared.get((platform, kind), ())

    @cached_property
    def _declared(self) -> Mapping[tuple[str, str], Collection[tuple[str, ...]]]:
        """The names of what is declared, sound or not, by platform and kind."""
        found: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
        for manifest in (*self.manifests, *self.faulty):
            found[manifest.address.platform, manifest.address.kind].append(manifest.address.parts)
        return found

    @cached_property
    def _neighbours(self) -> Mapping[tuple[str, str], Mapping[str, Neighbour]]:
        spaces: dict[tuple[str, str], dict[str, Neighbour]] = defaultdict(dict)
        for manifest in self.manifests:
            address = manifest.address
            space = (address.platform, self._checks[address.kind].kind.namespace)
            spaces[space][address.name] = Neighbour(address.kind, manifest.spec)
        return spaces


class _Checks:
    """What the manifests of one kind are checked with: put together once, not for each of them."""

    def __init__(self, kind: Kind, workspace: Workspace) -> None:
        self.kind = kind
        self.fits = validator(kind.spec).validate_python
        self.defaults = workspace.defaults_for(kind.name)
        self.is_at_the_top = not kind.parents
        self._watched: dict[str | None, frozenset[str]] = {}

    def watched(self, variant: str | None) -> frozenset[str]:
        """The fields that more is asked of than that their value has the right type."""
        found = self._watched.get(variant)
        if found is None:
            fields = self.kind.fields.items()
            found = frozenset(name for name, known in fields if self._is_watched(known, variant))
            self._watched[variant] = found
        return found

    def _is_watched(self, known: Field, variant: str | None) -> bool:
        if known.name == self.kind.discriminator and variant in known.known:
            return False  # its value is the variant, and that is a known one
        return _is_watched(known, variant)


_NAME: Path = ("metadata", "name")

_PARENTS = {"project": None, "provider": None, "fleet": None}.keys()

_OTHER_NAMES = frozenset({*_PARENTS, "previousNames"})


def _former_name(
    at: Path, kind: Kind, manifest: Manifest, old: Address, first: Manifest, is_declared: bool
) -> Fault | None:
    """What is wrong with one of `metadata.previousNames`."""
    rule = "previous-name"
    if old == manifest.address:
        return Fault(at, rule, f"'{old.name}' is the name the object has", "take it out")
    if is_declared:
        text = f"{old} is declared too: it is another object, and keeps its name"
        return Fault(at, rule, text, "take the name out here, or the other manifest away")
    if first is not manifest:
        text = f"'{old.name}' is a previous name of {first.address} too"
        return Fault(at, rule, text, "take it out of one of them: one object becomes one")
    if kind.rest.rename(old, manifest.address) is None:
        text = f"the platform cannot give {old} another name"
        hint = "a new object is created, and the old one is kept as it is"
        return Fault(at, "no-effect", text, hint, "warning")
    return None


def validator(model: type[BaseModel]) -> Any:
    """Pydantic's validator of a model, built when it is first needed."""
    if not model.__pydantic_complete__:
        model.model_rebuild()
    return model.__pydantic_validator__


def _is_watched(known: Field, variant: str | None) -> bool:
    return (
        bool(known.known)
        or known.shape in ("object", "secret", "any")
        or not known.applies_to(variant)
        or (known.element is not None and _is_watched(known.element, variant))
    )


def _lifecycle(written: Mapping[str, Any] | None) -> Lifecycle:
    if not written:
        return _FULLY_MANAGED
    return Lifecycle(**{**written, "ignore": tuple(written.get("ignore") or ())})


_FULLY_MANAGED = Lifecycle()


def _with_defaults(kind: Kind, defaults: Mapping[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """The spec over the workspace's defaults; a default that does not apply here is left out."""
    variant = kind.variant({**defaults, **spec})
    merged = dict(spec)
    for name, value in defaults.items():
        known = kind.fields.get(name)
        if known is not None and not known.applies_to(variant):
            continue
        if name not in merged:
            merged[name] = value
        elif isinstance(value, dict) and isinstance(merged[name], dict):
            merged[name] = {**value, **merged[name]}
    return merged


def _twice(manifest: Manifest, first: Manifest) -> Finding:
    is_same = manifest.address == first.address
    what = manifest.address.unqualified if is_same else f"the name '{manifest.address.name}'"
    why = "" if is_same else "; names of repositories of all classes share one set, without case"
    return Finding(
        manifest.origin,
        manifest.index,
        ("metadata", "name"),
        "duplicate-identity",
        f"{what} is already declared at {first.origin}{why}",
        "keep one of the two; one object has one manifest",
        address=str(manifest.address),
    )


def metadata_fields() -> FieldTable:
    """The fields of `metadata`, for the schema and the reference."""
    return field_table(MetadataSpec)
