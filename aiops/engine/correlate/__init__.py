"""Correlation: find the cluster that an alert belongs to.

Read `correlator` (candidates, score, join), `scoring` and `join_evidence` (the terms of a score), `cooccurrence` and
`hops` (what ties two alerts), `background` (noise), `splitting`; `state` and `result` hold the data.

May import: records, topology, wording.
"""
