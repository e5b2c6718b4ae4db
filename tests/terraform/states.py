"""Repositories in, the states Terraform would hold of them out: written from the provider's schema.

The names here are a second writing of the table the importer has, so that they check each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.values import KINDS, applicable

ATTRIBUTES = {
    "environments": "project_environments",
    "downloadRedirect": "download_direct",
    "dockerTagRetention": "tag_retention",
    "primaryKeyPairRef": "primary_keypair_ref",
    "secondaryKeyPairRef": "secondary_keypair_ref",
    "dockerApiVersion": "api_version",
    "cargoAnonymousAccess": "anonymous_access",
    "cargoInternalIndex": "enable_sparse_index",
    "debianTrivialLayout": "trivial_layout",
    "optionalIndexCompressionFormats": "index_compression_formats",
    "dockerProjectId": "project_id",
    "hexPublicKey": "public_key",
    "chartsBaseUrl": "helm_charts_base_url",
    "pyPIRegistryUrl": "pypi_registry_url",
    "pyPIRepositorySuffix": "pypi_repository_suffix",
    "retrievalCachePeriodSecs": "retrieval_cache_period_seconds",
    "virtualRetrievalCachePeriodSecs": "retrieval_cache_period_seconds",
    "missedRetrievalCachePeriodSecs": "missed_cache_period_seconds",
    "retrieveSha256FromServer": "retrieve_sha256_from_server",
    "blockPushingSchema1": "block_pushing_schema1",
    "resolveDockerTagsByTimestamp": "resolve_docker_tags_by_timestamp",
    "v3FeedUrl": "v3_feed_url",
}


def attribute(wire: str) -> str:
    """The attribute of a field of the API."""
    return ATTRIBUTES.get(wire) or re.sub(r"([A-Z])", lambda m: f"_{m[0].lower()}", wire)


def attributes(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A repository as the API answers it, as the attributes of its resource.

    The API answers fields of every package type; a resource has those of its own.
    """
    fields = applicable(KINDS[raw["rclass"]], raw["packageType"]).values()
    known = {f.wire for f in fields if not f.write_only}
    found = {
        attribute(name): value
        for name, value in raw.items()
        if name in known and name not in ("contentSynchronisation", "terraformType")
    }
    found |= {"key": raw["key"], "id": raw["key"], "package_type": raw["packageType"]}
    smart = raw.get("contentSynchronisation")
    if isinstance(smart, Mapping):
        found["content_synchronisation"] = [
            {
                "enabled": smart.get("enabled", False),
                "statistics_enabled": smart.get("statistics", {}).get("enabled", False),
                "properties_enabled": smart.get("properties", {}).get("enabled", False),
                "source_origin_absence_detection": smart.get("source", {}).get(
                    "originAbsenceDetection", False
                ),
            }
        ]
    return found


def type_of(raw: Mapping[str, Any]) -> str:
    """The resource type of a repository."""
    name = raw["packageType"]
    if name == "docker" and raw["rclass"] == "local":
        name = f"docker_{raw.get('dockerApiVersion', 'V2').lower()}"
    if name == "terraform" and raw["rclass"] == "local":
        name = f"terraform_{raw.get('terraformType', 'module').lower()}"
    return f"artifactory_{raw['rclass']}_{name}_repository"


def resource(type_: str, name: str, values: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One resource of `terraform show -json`."""
    return {
        "address": f"{type_}.{name}",
        "mode": "managed",
        "type": type_,
        "name": name,
        "provider_name": "registry.example.com/jfrog/artifactory",
        "schema_version": 1,
        "values": dict(values),
        "sensitive_values": {},
        **more,
    }


def of_repositories(*raws: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Repositories as resources."""
    return [resource(type_of(raw), f"r{n}", attributes(raw)) for n, raw in enumerate(raws)]


def shown(resources: Sequence[Mapping[str, Any]], *children: Mapping[str, Any]) -> dict[str, Any]:
    """What `terraform show -json` prints of a state."""
    module: dict[str, Any] = {"resources": list(resources)}
    if children:
        module["child_modules"] = list(children)
    return {
        "format_version": "1.0",
        "terraform_version": "1.9.8",
        "values": {"root_module": module},
    }


def planned(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What it prints of a saved plan."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {}},
        "resource_changes": [],
        "prior_state": shown(resources),
    }


def state_file(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The state file itself, version 4."""
    return {
        "version": 4,
        "terraform_version": "1.9.8",
        "serial": 7,
        "lineage": "0c6b0b9e-2d5c-4b8d-9a1e-3f6f5d1c7a42",
        "outputs": {},
        "resources": [
            {
                "mode": r["mode"],
                "type": r["type"],
                "name": r["name"],
                "provider": 'provider["registry.example.com/jfrog/artifactory"]',
                "instances": [
                    {
                        "schema_version": 1,
                        "attributes": r["values"],
                        "sensitive_attributes": [
                            [{"type": "get_attr", "value": name}] for name in r["sensitive_values"]
                        ],
                        **({"index_key": r["index"]} if "index" in r else {}),
                    }
                ],
            }
            for r in resources
        ],
    }


def text(document: Any) -> bytes:
    """A document as a file."""
    return json.dumps(document).encode()
