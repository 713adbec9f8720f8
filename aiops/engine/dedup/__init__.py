"""Deduplication: streams, episodes, leases and flapping.

Read `deduplicator` (what a message does to its stream), then `stream` (what is kept of one).

May import: records, workloads.
"""
