"""How large and how deep a YAML file may be; above, it is refused before it costs much."""

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASES = 200
MAX_NODES = 50_000
MAX_FAULTS = 200
