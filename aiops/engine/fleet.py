"""Facts for runs without a person: how many entities alert, and how certain a first suspect is.

Reading changes nothing.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.engine import Engine
from aiops.engine.incidents.state import IncidentState
from aiops.engine.model_faults import Faults
from aiops.ports import Calibrated

# An entity without an alert for longer may no longer exist.
SEEN_S = 86_400.0


class Fleet(Struct):
    """Counts of entities: with a firing alert in an open incident, and known; and the reason for a storm."""

    alerting: int
    known: int
    storm: str = ""


class MeasuredCertainty(Struct):
    """The least share of incidents here in which a first suspect like this one was the cause.

    `outcomes` is the number of confirmed causes behind it.
    """

    bound: float
    outcomes: int
    why: str


def fleet_of(engine: Engine, at: float) -> Fleet:
    """Return the fleet at the time `at`: the topology's entities, and those of the last day's alerts.

    Background does not count as alerting: what always fires is no storm. Cost: some 100 ns a stream.
    """
    alerting: set[str] = set()
    for state in engine.incidents.by_id.values():
        cluster = engine.clusters.of(state.cluster) if state.status != "resolved" else None
        if cluster is not None:
            alerting.update(member.entity for member in cluster.members.values() if member.firing > 0)
    known = set(engine.topology.nodes) | alerting
    known.update(stream.entity for stream in engine.dedup.streams.values() if stream.last_at >= at - SEEN_S)
    storms = engine.pipeline.storms
    return Fleet(len(alerting), len(known), storms.reason() if storms.active else "")


def certainty_of(engine: Engine, state: IncidentState) -> MeasuredCertainty | None:
    """Return the measured certainty of the first suspect; None without one, or before it was measured.

    What a person confirmed is certain. A canary's ranking is another model's: nothing was measured of it.
    """
    if state.root is not None:
        return MeasuredCertainty(1.0, 1, "a person confirmed the cause")
    ranking = engine.ranking
    ranker = ranking.calibrated
    if not state.causes or not isinstance(ranker, Calibrated) or ranking.trials.of("causes", "canary") is not None:
        return None
    # A ranker that fails here is no fault of a decision, and is not counted.
    found = Faults().contained("causes", lambda: ranker.candidate_set(state.causes).get("first"), None)
    report = ranking.measured() or {}
    if not isinstance(found, float) or not 0.0 <= found <= 1.0:
        return None
    outcomes = int(report.get("outcomes") or 0)
    return MeasuredCertainty(found, outcomes, f"by {outcomes} confirmed causes")
