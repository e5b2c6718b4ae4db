"""Cleanup and archive policies: kept, run over what is stored, and reported.

`retention` is what a platform remembers of them. A policy hits `candidates`, versions of `packages`
among them; `runs` carries that out while the clock goes on. The endpoints are in `cleanup` and
`cleanup_runs`, `archive` and `cold_storage`, and `bundle_retention`.
"""
