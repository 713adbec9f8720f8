"""The API, the probes and the incident pages, over a host that the daemon implements.

Read `host` (what is needed of the daemon), `app` (all routes), `operations` and `openapi` (the API), one module a
topic, `pages` and `forms` (HTML), `sessions` and `formtokens` (sign-in).

May import: durations, engine, errors, http, matchers, records, respond, store, version, wording, zones.
"""
