"""Which resource type becomes which kind, and which attribute which field: facts, no code.

An attribute's field is its name in camelCase unless `names` says otherwise. A kind that the
registry does not have (yet) is told as not importable, so a row may be here before its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.repositories._package_types import PACKAGE_TYPES

Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """How resources of one type become manifests of one kind."""

    kind: str
    key: str = "key"
    """The attribute that holds the object's name."""

    parents: tuple[str, ...] = ()
    """The attributes that hold the names of the objects it lives in."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Fields of attributes whose camelCase is not the field's name."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    """Attributes whose value has another shape than the field's."""

    constants: Mapping[str, Any] = field(default_factory=dict)
    """Fields that the resource type alone says."""

    ours: frozenset[str] = frozenset()
    """Attributes about Terraform or its provider, not about the object."""


_ALWAYS_OURS = frozenset({"id", "timeouts"})


def _smart(value: Any) -> Any:
    """One block of switches as the nested object of the API."""
    block = value[0] if isinstance(value, list) and value else value
    if not isinstance(block, dict):
        return None
    return {
        "enabled": block.get("enabled"),
        "statistics": {"enabled": block.get("statistics_enabled")},
        "properties": {"enabled": block.get("properties_enabled")},
        "source": {"originAbsenceDetection": block.get("source_origin_absence_detection")},
    }


def _gibibytes(value: Any) -> Any:
    return value * 1024**3 if isinstance(value, int) and value >= 0 else value


def _reversed(value: Any) -> Any:
    return not value if isinstance(value, bool) else value


def _block(value: Any) -> Any:
    """A block that stands once at most, as the nested object of the API."""
    inner = value[0] if isinstance(value, list) and value else value
    return dict(inner) if isinstance(inner, dict) else None


def camel(name: str) -> str:
    """`includes_pattern` as `includesPattern`."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


_REPOSITORY_NAMES = {
    "project_environments": "environments",
    "download_direct": "downloadRedirect",
    "tag_retention": "dockerTagRetention",
    "primary_keypair_ref": "primaryKeyPairRef",
    "secondary_keypair_ref": "secondaryKeyPairRef",
    "hex_primary_keypair_ref": "primaryKeyPairRef",
    "api_version": "dockerApiVersion",
    "anonymous_access": "cargoAnonymousAccess",
    "enable_sparse_index": "cargoInternalIndex",
    "trivial_layout": "debianTrivialLayout",
    "index_compression_formats": "optionalIndexCompressionFormats",
    "project_id": "dockerProjectId",
    "public_key": "hexPublicKey",
    "helm_charts_base_url": "chartsBaseUrl",
    "pypi_repository_suffix": "pyPIRepositorySuffix",
    "retrieval_cache_period_seconds": "retrievalCachePeriodSecs",
    "missed_cache_period_seconds": "missedRetrievalCachePeriodSecs",
    "resolve_oci_tags_by_timestamp": "resolveDockerTagsByTimestamp",
    "member": "members",
}
_OF_VIRTUAL = {"retrieval_cache_period_seconds": "virtualRetrievalCachePeriodSecs"}
_REPOSITORY_TYPE = re.compile(r"artifactory_(local|remote|virtual|federated)_(.+)_repository")
_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "docker_v1": {"packageType": "docker", "dockerApiVersion": "V1"},
    "docker_v2": {"packageType": "docker", "dockerApiVersion": "V2"},
    "terraform_module": {"packageType": "terraform", "terraformType": "MODULE"},
    "terraform_provider": {"packageType": "terraform", "terraformType": "PROVIDER"},
}

_OF_A_DIRECTORY = ("realm", "realm_attributes")
"""Where a group comes from: told by the server, declared by nobody."""

_ROWS: Mapping[str, Row] = {
    "project": Row(
        "Project",
        names={
            "max_storage_in_gibibytes": "storageQuotaBytes",
            "block_deployments_on_limit": "softLimit",
            "email_notification": "storageQuotaEmailNotification",
        },
        changes={
            "max_storage_in_gibibytes": _gibibytes,
            "block_deployments_on_limit": _reversed,
            "admin_privileges": _block,
        },
        ours=frozenset(
            {
                "repos",  # who is in it says so as a repository: assignments.py
                *(f"use_project_{n}_resource" for n in ("role", "user", "group", "repository")),
            }
        ),
    ),
    "artifactory_global_environment": Row("GlobalEnvironment", "name"),
    "project_environment": Row("ProjectEnvironment", "name", ("project_key",)),
    "artifactory_group": Row(
        "Group",
        "name",
        names={"users_names": "members"},
        ours=frozenset({"detach_all_users", *_OF_A_DIRECTORY}),
    ),
    "platform_group": Row(
        "Group", "name", ours=frozenset({"use_group_members_resource", *_OF_A_DIRECTORY})
    ),
}


def row_for(resource_type: str) -> Row | None:
    """The row of a resource type; None for one that nothing is known of."""
    if resource_type in _ROWS:
        return _ROWS[resource_type]
    found = _REPOSITORY_TYPE.fullmatch(resource_type)
    if found is None:
        return None
    rclass, name = found.groups()
    constants = _VARIANTS.get(name, {"packageType": name})
    if constants["packageType"] not in PACKAGE_TYPES:
        return None
    names = {**_REPOSITORY_NAMES, **(_OF_VIRTUAL if rclass == "virtual" else {})}
    return Row(
        f"{rclass.capitalize()}Repository",
        names=names,
        changes={"content_synchronisation": _smart},
        constants=constants,
        ours=frozenset({"package_type", "cleanup_on_delete"}),
    )


def is_ours(row: Row, attribute: str) -> bool:
    """Whether an attribute says nothing of the object itself."""
    return attribute in _ALWAYS_OURS or attribute in row.ours


def field_name(row: Row, attribute: str) -> str:
    """The manifest field of an attribute."""
    return row.names.get(attribute) or camel(attribute)
