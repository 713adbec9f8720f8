"""The store: incidents, outbox, audit and dead letters in one SQLite file.

All decisions of a frame are written in one transaction.

Read `store`, `schema` and `database`, `outbox`, `incidents`, `audit`, `retention`; `repair`, `wal_check` and
`diagnosis` deal with damage.

May import: engine, errors, journal, ports, private, records.
"""
