"""Silences: muted by matchers or by schedule, and the streams that each one mutes.

Read `silences` (matching), `schedules` (maintenance windows), `actions` (set and end), `muted` (streams to wake up).

May import: errors, matchers, patterns, records, zones.
"""
