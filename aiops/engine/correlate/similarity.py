"""The similarity of two clusters by their types, by which they are merged."""

from __future__ import annotations

from itertools import islice

from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.state import Cluster

# Types of a cluster that are compared; later ones are mostly echoes of the first.
MAX_MEAN_TYPES = 8


def similarity(known: Cooccurrence, a: Cluster, b: Cluster) -> float:
    """Return the mean NPMI of the first types of two clusters, -0.3 to 1; 0 where one has none."""
    types = list(islice(a.types, MAX_MEAN_TYPES))
    return sum(_mean(known, type_, b) for type_ in types) / len(types) if types else 0.0


def _mean(known: Cooccurrence, type_: str, cluster: Cluster) -> float:
    """Return the mean NPMI of a type with the first types of a cluster."""
    answers = known.answers_of(type_)
    total = 0.0
    count = 0
    for other in cluster.types:
        npmi = answers.get(other)
        total += known.query(answers, type_, other) if npmi is None else npmi
        count += 1
        if count == MAX_MEAN_TYPES:
            break
    return total / count if count else 0.0
