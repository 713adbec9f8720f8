"""Workbench of mappings: samples and their checks, recorded requests, first drafts.

Read `samples` (what a payload must become), `recorded_request` (a file with a whole request), `trial`, `draft`.

May import: errors, http, records, wording, aiops_connectors.lines, aiops_connectors.mapping,
aiops_connectors.payloads.
"""
