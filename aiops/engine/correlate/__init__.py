"""Correlation: find the cluster that an alert belongs to.

Read `correlator` (the decision), `comparison` (the score of each recent cluster), `scoring` and `join_evidence` (the
terms of a score), `cooccurrence` and `hops` (what ties two alerts), `background` (noise), `similarity` (merges) and
`splitting`; `open_clusters`, `state`, `candidate` and `result` hold the data.

May import: records, topology, wording.
"""
