"""The API and the probes, over a host that the daemon implements.

Read `host` (what is needed of the daemon), `app` (all routes), `operations` and `openapi` (the API), one module a
topic, `alertmanager` (Alertmanager's API), `forms`, `sessions` and `formtokens` (sign-in).

May import: durations, engine, errors, http, matchers, patterns, ports, records, respond, search, store, version,
views, wording, zones.
"""
