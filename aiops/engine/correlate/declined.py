"""The cluster that a stream was compared with and did not join, kept to explain why not."""

from __future__ import annotations

from aiops.engine.correlate.join_evidence import Join
from aiops.engine.fields import state


@state(acyclic=True)
class Declined:
    """A cluster that was not taken, and the terms by which it was compared.

    `cut` is empty, or the reason why the cluster was ended although the alert fitted: "surge" or "age".
    """

    cluster: int
    join: Join
    cut: str = ""


def declined(cluster: int, join: Join, cut: str = "") -> Declined:
    """Return the record of a cluster that was not taken."""
    found = Declined()
    found.cluster, found.join, found.cut = cluster, join, cut
    return found
