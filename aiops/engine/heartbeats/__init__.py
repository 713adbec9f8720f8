"""Heartbeats: streams that are expected to come, and the alert that opens when one goes silent.

Read `heartbeats` (the stage) with `expectations` (what is declared), `regularity` (what is learned), `absences` (the
time in which nothing could be received), `beat` (one stream and its alert), `outages` (many that go silent together).

May import: durations, engine.dedup, engine.silences, errors, matchers, records, wording.
"""
