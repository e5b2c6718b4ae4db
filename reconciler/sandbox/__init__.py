"""A request in, a response out: a JFrog Platform in memory, written from the REST reference.

Nothing here imports the rest of the package: if the double and the client shared code, they could
share a mistake, and no test would notice.
"""

from reconciler.sandbox.app import Platform, Sandbox
from reconciler.sandbox.messages import ConnectionReset, Request, Response

__all__ = ["ConnectionReset", "Platform", "Request", "Response", "Sandbox"]
