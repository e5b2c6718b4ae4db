"""AQL in, what it finds out: the item domain of the query language, as the reference has it.

Text becomes tokens (`tokens`), tokens a query (`parser`, `query`), a query a test of one item
(`evaluate`), and the items that pass it rows of an answer (`output`).
"""

from reconciler.sandbox.aql.errors import AqlError
from reconciler.sandbox.aql.evaluate import matches
from reconciler.sandbox.aql.items import Item
from reconciler.sandbox.aql.output import answer
from reconciler.sandbox.aql.parser import parse
from reconciler.sandbox.aql.query import Query
from reconciler.sandbox.aql.requote import requote

__all__ = ["AqlError", "Item", "Query", "answer", "matches", "parse", "requote"]
