"""Facts for runs without a person: alerting entities, unsettled incidents, certainty of a suspect.

Reading changes nothing.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from aiops.engine.engine import Engine
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.incidents.state import IncidentState
from aiops.engine.model_faults import Faults
from aiops.engine.rank import Ranking
from aiops.ports import Certain, IncidentView
from aiops.wording import plural

# An entity without an alert for longer may no longer exist.
SEEN_S = 86_400.0
# An incident that opened earlier, and that no alert stream joined since, has settled: many sites have a dozen of them,
# of alerts that nobody ends, for days.
SETTLED_S = 3_600.0
# A stream that came so often has an interval of its own; after so many of them, and so long, it no longer fires.
MIN_REPEATS, SILENT_TIMES, SILENT_S = 3, 10.0, 900.0


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


def is_silent(member: MemberState, at: float) -> bool:
    """Return True for a stream that used to repeat, and has been silent for much longer than that.

    Its end was lost. One whose alerts come every four hours is not silent for a day.
    """
    if member.count < MIN_REPEATS:
        return False
    usual_s = (member.last_at - member.first_at) / (member.count - 1)
    return at - member.last_at > max(SILENT_S, SILENT_TIMES * usual_s)


def fleet_of(engine: Engine, at: float) -> Fleet:
    """Return the fleet at the time `at`: the topology's entities, and those of the last day's alerts.

    Background does not count as alerting: what always fires is no storm. Neither does a stream that fell silent
    without an end. Cost: some 100 ns a stream.
    """
    alerting: set[str] = set()
    for state in engine.incidents.by_id.values():
        cluster = engine.clusters.of(state.cluster) if state.status != "resolved" else None
        if cluster is not None:
            members = cluster.members.values()
            alerting.update(one.entity for one in members if one.firing > 0 and not is_silent(one, at))
    known = {stream.entity for stream in engine.dedup.streams.values() if stream.last_at >= at - SEEN_S}
    known.update(engine.topology.nodes, alerting)
    storms = engine.pipeline.storms
    return Fleet(len(alerting), len(known), storms.reason() if storms.active else "")


def unsettled(engine: Engine, at: float) -> int:
    """Return the number of open incidents that opened, or grew by an alert stream, within the hour."""
    if not engine.incidents.open_count:
        return 0
    return sum(
        state.status != "resolved" and not _has_settled(engine, state, at - SETTLED_S)
        for state in engine.incidents.by_id.values()
    )


def _has_settled(engine: Engine, state: IncidentState, since: float) -> bool:
    cluster = engine.clusters.of(state.cluster)
    if cluster is None or state.opened_at >= since or cluster.storm is not None:
        return False
    return all(member.first_at < since for member in cluster.members.values())


def certainty_of(engine: Engine, state: IncidentState, view: IncidentView) -> MeasuredCertainty | None:
    """Return the measured certainty of the first suspect of a view.

    None without a suspect, or before it was measured.

    What a person confirmed is certain. A canary's ranking is another model's: nothing was measured of it.
    """
    if state.root is not None:
        return MeasuredCertainty(1.0, 1, "a person confirmed the cause")
    ranking = engine.ranking
    if not view.causes or ranking.trials.of("causes", "canary") is not None:
        return None
    # A ranker that fails here is no fault of a decision, and is not counted.
    measured = Faults().contained("causes", lambda: _measured(ranking, view), None)
    if measured is None:
        return None
    found, outcomes = measured
    if not isinstance(found, float) or not 0.0 <= found <= 1.0:
        return None
    return MeasuredCertainty(found, int(outcomes), f"by {plural(int(outcomes), 'reviewed incident')} like it")


def _measured(ranking: Ranking, view: IncidentView) -> tuple[Any, Any] | None:
    if isinstance(ranking.models.ranker, Certain):
        return ranking.models.ranker.certainty(view)
    if ranking.calibrated is None:
        return None
    first = ranking.calibrated.candidate_set(view.causes).get("first")
    return first, ranking.calibrated.calibration().get("outcomes") or 0
