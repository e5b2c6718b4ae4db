"""The Artifactory Query Language as policies use it: queries over items, read with positions."""

from __future__ import annotations

from reconciler.kinds.policies.aql.canonical import canonical
from reconciler.kinds.policies.aql.meaning import NamedRepository, repositories
from reconciler.kinds.policies.aql.reading import Reading, read
from reconciler.kinds.policies.aql.tokens import AqlFault

__all__ = ["AqlFault", "NamedRepository", "Reading", "canonical", "read", "repositories"]
