"""The store: incidents, outbox, audit and dead letters in one SQLite file, one transaction a frame.

Read `store`, `schema` and `database`, `outbox`, `delivery_references`, `incidents`, `audit`, `retention`; `repair`,
`wal_check` and `diagnosis` deal with damage. `search` holds what lists show, and finds incidents by words.

May import: durations, engine, errors, journal, ports, private, records, search, verdict.
"""
