"""Explain the place of an alert stream, from what its member keeps.

Reading the engine changes nothing. For each stream the terms of its own cluster and of one other are kept: a question
about any third cluster is answered by `aiops explain`, which processes the journal again.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.correlate.join_evidence import Join
from aiops.engine.engine import Engine
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.records import Evidence


class Grounds(Struct):
    """The terms by which a stream was compared with a cluster, strongest first; they sum to `score`.

    `incident` is the one that the cluster belongs to now, None for background or a forgotten cluster. `cut` is the
    sign by which the cluster was ended although the alert fitted: surge or age.
    """

    cluster: int
    incident: str | None
    score: float
    evidence: list[Evidence]
    cut: str = ""


class MemberExplanation(Struct):
    """The place of a stream; `threshold` is what a score must exceed, None where it is not known.

    `incident` is the one that it is in, `at` (Unix seconds) when it came there. `joined` are the terms of that, None
    if it opened a cluster; `declined` those of the other cluster that is kept.
    """

    fingerprint: str
    alert: str
    name: str
    entity: str
    incident: str | None
    at: float
    text: str
    threshold: float | None = None
    joined: Grounds | None = None
    declined: Grounds | None = None


def explain_member(engine: Engine, incident: str, alert: str) -> MemberExplanation | None:
    """Explain a stream, by its first alert's id or its fingerprint, with respect to an incident.

    None if the engine holds no such stream. Cost: some 50 ns for each member of all clusters, if it is not in this one.
    """
    found = _member(engine, incident, alert)
    if found is None:
        return None
    cluster, member = found
    one = MemberExplanation(
        member.fingerprint, member.alert, member.name, member.entity, cluster.incident, member.first_at, "",
        engine.correlate.limits.threshold,
    )  # fmt: skip
    if member.join is not None:
        one.joined = _grounds(engine, cluster.number, member.join)
    other = member.declined
    if other is not None and engine.clusters.of(other.cluster) is not cluster:
        one.declined = _grounds(engine, other.cluster, other.join, other.cut)
    one.text = _sentence(one, incident)
    return one


def _member(engine: Engine, incident: str, alert: str) -> tuple[ClusterState, MemberState] | None:
    """Return the member of a stream: in the incident if it is there, else where it came last."""
    state = engine.incidents.by_id.get(incident)
    own = engine.clusters.of(state.cluster) if state is not None else None
    best: tuple[ClusterState, MemberState] | None = None
    for cluster in ([own] if own is not None else []), engine.clusters.by_number.values():
        for each in cluster:
            for member in each.members.values():
                is_it = member.alert == alert or member.fingerprint == alert
                if is_it and (best is None or member.first_at > best[1].first_at):
                    best = each, member
        if best is not None:
            return best
    return None


def grounds(number: int, incident: str | None, evidence: list[Evidence], cut: str = "") -> Grounds:
    """Return terms with their sum."""
    score = sum([each.value for each in evidence])
    return Grounds(number, incident, score, sorted(evidence, key=lambda each: -abs(each.value)), cut)


def _grounds(engine: Engine, number: int, join: Join, cut: str = "") -> Grounds:
    cluster = engine.clusters.of(number)
    return grounds(number, cluster.incident if cluster is not None else None, join.evidence(), cut)


def _sentence(one: MemberExplanation, incident: str) -> str:
    needed = f"more than {one.threshold or 0.0:.2f} nats are needed"
    if one.incident == incident:
        if one.joined is None:
            return "It fitted no cluster and opened one, which belongs to this incident."
        return f"It joined this incident with a score of {one.joined.score:+.2f}; {needed}."
    where = f"It is in {one.incident}." if one.incident is not None else "It is in no incident."
    if one.declined is None or one.declined.incident != incident:
        return f"{where} It is not known here how well it fits this incident."
    if one.declined.cut:
        return f"{where} It fitted this one, which was ended by a sign of something new: {one.declined.cut}."
    return f"{where} With this one its score was {one.declined.score:+.2f}; {needed}."
