"""A cluster as a decision sees it."""

from __future__ import annotations

import math

from aiops.engine.dedup.stream import new_stream
from aiops.engine.incidents.clusters import Clusters
from aiops.engine.incidents.sights import sight_of
from aiops.engine.interning import Shared
from aiops.engine.noise.sight import MAX_ENTITIES, NAMES
from aiops.records import Alert


def cluster_of(*alerts: Alert) -> object:
    clusters = Clusters(1_000)
    cluster = clusters.open(1, 100.0)
    for number, alert in enumerate(alerts):
        identity = (None, alert.name, alert.entity or "", alert.service, ())
        stream = new_stream(number, identity, Shared(), alert, alert.entity or "")
        clusters.join(cluster, number, stream, alert, alert.ts)
    return cluster


def test_a_sight_has_the_numbers_by_their_names() -> None:
    alerts = [
        Alert(ts=100.0, name="Slow", entity="db-1", service="db", severity="warning"),
        Alert(ts=110.0, name="Slow", entity="db-2", service="db", severity="high"),
        Alert(ts=120.0, name="Lag", entity="db-2", service="db", severity="warning"),
    ]
    sight = sight_of(cluster_of(*alerts), 130.0)  # type: ignore[arg-type]
    found = dict(zip(NAMES, sight.values, strict=True))
    assert found["log_alerts"] == math.log1p(3)
    assert found["log_entities"] == found["log_names"] == math.log1p(2)
    assert (found["severity"], found["habitual"], found["log_waited_s"]) == (3.0, 0.0, math.log1p(30.0))
    assert (sight.kinds, sight.entities, sight.is_cut) == (["Slow @ db", "Lag @ db"], ["db-1", "db-2"], False)


def test_a_large_cluster_is_cut() -> None:
    alerts = [Alert(ts=100.0, name="Slow", entity=f"e{number}") for number in range(MAX_ENTITIES + 1)]
    sight = sight_of(cluster_of(*alerts), 100.0)  # type: ignore[arg-type]
    assert sight.is_cut
    assert len(sight.entities) == MAX_ENTITIES
