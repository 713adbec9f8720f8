"""Correlation: find the cluster that an alert belongs to.

Read `correlator` (the decision), `comparison` (the score of each recent cluster), `scoring` and `join_evidence` (the
terms of a score), `onset_rate`, `pace`, `distance`, `kinds`, `learned_ratio`, `cooccurrence` and `hops` (what they
rest on), `background` (noise), `similarity` (merges) and `splitting`; `returns` and `fingerprint` (what recurs, with
`phases` and `pauses`); `open_clusters`, `state`, `candidate` and `result` hold the data; `trace` records a decision
that somebody wants explained.

May import: records, topology, wording, workloads.
"""
