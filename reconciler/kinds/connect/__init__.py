"""JFrog Connect: devices, update flows, and what is deployed to devices. API v2 only.

The older requests that deploy (`v1/deploy_update`, `v2/deploy_update`) answer without an
identifier, so nothing they start could be found again; they are never used.
"""
