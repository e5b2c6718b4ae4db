"""`--only` and `--exclude` in, the selected manifests out; what they name comes along.

A term is an address glob (`LocalRepository/pay-*`, `east:*/x`) or one of `kind=`, `label=K=V`,
`path=GLOB`, `project=`, `platform=`. Commas inside one flag mean and, repeated flags mean or,
exclude wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from reconciler.engine.resolve import Resolved
from reconciler.engine.shard import holds, members
from reconciler.errors import UsageError
from reconciler.model import Address, Manifest, Origin, Scope

Test = Callable[[Manifest], bool]

TERMS = (
    "terms are address globs like 'LocalRepository/pay-*', or kind=, label=K=V, path=GLOB, "
    "project=, platform="
)

_NOWHERE = Origin("", 0)


def select(resolved: Resolved, scope: Scope) -> tuple[list[Manifest], set[Address]]:
    """The manifests in scope, in order, and which of them came in by reference only.

    A shard takes its part of what the terms select; it may be nothing. What an object names is
    always on its shard. Raises UsageError for a term that cannot mean anything or selects nothing.
    """
    chosen, by_reference = _selected(resolved, scope)
    if scope.shard is None:
        return chosen, by_reference
    here = members(resolved, scope.shard)
    return [m for m in chosen if m.address in here], by_reference & here


def _selected(resolved: Resolved, scope: Scope) -> tuple[list[Manifest], set[Address]]:
    if not scope.only and not scope.exclude:
        return list(resolved.manifests), set()
    only = [_every(flag, "--only") for flag in scope.only]
    exclude = [_every(flag, "--exclude") for flag in scope.exclude]
    named = {m.address for m in resolved.manifests if not only or any(test(m) for test in only)}
    _refuse_empty("--only", scope.only, only, resolved.manifests)
    _refuse_empty("--exclude", scope.exclude, exclude, resolved.manifests)
    excluded = {m.address for m in resolved.manifests if any(test(m) for test in exclude)}
    named -= excluded
    if not named:
        raise UsageError(
            "the selection is empty: --exclude takes out all that --only names",
            hint="an excluded object stays out, whatever else selects it",
        )
    reached = _closure(named, resolved) - excluded
    chosen = [m for m in resolved.manifests if m.address in named or m.address in reached]
    return chosen, reached - named


def in_scope(address: Address, scope: Scope) -> bool:
    """Whether an object that has no manifest is in scope, judged by its address alone."""
    if scope.shard is not None and not holds(address, scope.shard):
        return False
    probe = Manifest(address, {}, _NOWHERE)
    only = [_every(flag, "--only") for flag in scope.only]
    exclude = [_every(flag, "--exclude") for flag in scope.exclude]
    wanted = not only or any(test(probe) for test in only)
    return wanted and not any(test(probe) for test in exclude)


def check_scope(scope: Scope) -> None:
    """Raises UsageError for a term that cannot mean anything."""
    for flag in scope.only:
        _every(flag, "--only")
    for flag in scope.exclude:
        _every(flag, "--exclude")


def platform_in_scope(name: str, scope: Scope) -> bool:
    """Whether anything on a platform can be in scope, judged by the `platform=` terms alone."""

    def may_hold(flag: str) -> bool:
        terms = [term.strip().partition("=") for term in flag.split(",")]
        return all(fnmatchcase(name, value) for key, _, value in terms if key == "platform")

    return not scope.only or any(may_hold(flag) for flag in scope.only)


def _refuse_empty(
    option: str, flags: Sequence[str], tests: Sequence[Test], all_: Iterable[Manifest]
) -> None:
    manifests = list(all_)
    for flag, test in zip(flags, tests, strict=True):
        if not any(test(m) for m in manifests):
            raise UsageError(
                f"{option} '{flag}' selects nothing",
                hint=TERMS,
            )


def _closure(named: set[Address], resolved: Resolved) -> set[Address]:
    reached: set[Address] = set()
    todo = list(named)
    while todo:
        for target in resolved.requires.get(todo.pop(), ()):
            if target not in reached:
                reached.add(target)
                todo.append(target)
    return reached


def _every(flag: str, option: str) -> Test:
    tests = [_test(term.strip(), option) for term in flag.split(",") if term.strip()]
    if not tests:
        raise UsageError(f"{option} needs a term", hint=TERMS)
    return lambda manifest: all(test(manifest) for test in tests)


def _test(term: str, option: str) -> Test:
    key, equals, value = term.partition("=")
    if not equals:
        return _address_glob(term, option)
    match key:
        case "kind":
            return lambda m: fnmatchcase(m.address.kind, value)
        case "platform":
            return lambda m: fnmatchcase(m.address.platform, value)
        case "path":
            return lambda m: fnmatchcase(m.origin.file, value)
        case "project":
            return lambda m: _project(m) == value
        case "label":
            label, _, wanted = value.partition("=")
            return lambda m: label in m.labels and fnmatchcase(m.labels[label], wanted or "*")
    raise UsageError(
        f"{option} '{term}' is no term",
        hint=TERMS,
    )


def _project(manifest: Manifest) -> str:
    project = manifest.spec.get("projectKey")
    return project if isinstance(project, str) else manifest.address.parts[0]


def _address_glob(term: str, option: str) -> Test:
    if "/" not in term:
        raise UsageError(
            f"{option} '{term}' is no address",
            hint=f"an address is Kind/name: write '*/{term}' for any kind, or kind={term}",
        )
    if ":" in term.partition("/")[0]:
        return lambda m: fnmatchcase(m.address.full, term)
    return lambda m: fnmatchcase(m.address.unqualified, term)
