"""Shared parts of sinks that post over HTTP.

Read `http_post` (one attempt), `options`, `incident_body` and `text` (what is sent), `truncation`.

May import: errors, http, options, ports, records, wording.
"""
