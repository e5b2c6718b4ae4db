"""Names in, switches out: habits of real servers that can be turned on and off."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: dict[str, bool] = {
    # Lists that mean a set come back in another order than they were sent.
    "reorder_sets": True,
    # The description of a remote gets " (local file cache)" appended on reading.
    "cache_suffix": False,
    # The password of a remote is returned, encrypted, instead of being left out.
    "encrypt_passwords": False,
    # Answers hold fields no reference mentions.
    "unknown_fields": False,
    # Numbers are printed as text.
    "numbers_as_strings": False,
    # Booleans are printed as text.
    "bools_as_strings": False,
    # A repository without a project says "default", whatever the version.
    "default_project": False,
    # A repository without environments leaves the field out instead of showing an empty list.
    "absent_environments": False,
    # Two configuration writes at the same time: the second is refused with the merge text.
    "strict_conflicts": False,
    # Attaching a repository to a project shows only after some reads.
    "slow_attach": False,
    # A project counts as full for some deletions after its repositories were detached.
    "slow_detach": False,
    # A repository that names an environment nobody created is refused.
    "undefined_environments": False,
    # The list of policies on packages is wrapped in an object.
    "wrapped_policies": False,
    # Policies of projects say which.
    "policy_project": False,
    # A change of a policy that runs is refused with 409 instead of 400.
    "running_conflicts": False,
    # No cold storage: the classic archive has no endpoints.
    "no_cold_storage": False,
    # A repository the caller must not know of answers 404 instead of 403.
    "hide_unauthorized": False,
    # The platform is JFrog's cloud, not self-hosted.
    "cloud": False,
}


def with_defaults(chosen: Mapping[str, object] | None) -> dict[str, bool]:
    """The chosen switches in, all switches out; an unknown name is an error."""
    chosen = chosen or {}
    unknown = sorted(set(chosen) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"unknown quirks: {', '.join(unknown)}; known: {', '.join(DEFAULTS)}")
    return {name: bool(chosen.get(name, default)) for name, default in DEFAULTS.items()}
