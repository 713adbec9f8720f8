"""The store: incidents, outbox, audit and dead letters in one SQLite file, one transaction a frame.

Read `store`, `schema` and `database`, `outbox`, `incidents`, `audit`, `retention`; `repair`, `wal_check` and
`diagnosis` deal with damage.

May import: engine, errors, journal, ports, private, records.
"""
