"""Routing: the tree of routes, time intervals and inhibition rules, in Alertmanager's words.

Read `config` (what `aiops.toml` holds), `labels` (how matchers read an alert), `intervals` and `gates` (when a route is
muted), `tree` (where an alert goes), `rules` (what inhibits what). Nothing here knows the outbox: `notify` does.

May import: durations, engine, errors, matchers, patterns, records, topology, wording, zones.
"""
