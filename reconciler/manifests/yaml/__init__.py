"""YAML in and out: everything that knows how YAML is written.

Reading: `reader` (the entrance) tries the `fast` pass and falls back on the `careful` one; both
take `events` from PyYAML, and `scalars` says what a plain word means. `source` and `syntax` tell
what is wrong with a file's bytes and with its grammar, `nodes` are the results.

Writing: `dump` for new text, `edit` for a change in place (by `splice`, else by `rewrite`, which
is ruamel.yaml), `format` for the canonical layout; `parts` and `data` are what they share.
"""
