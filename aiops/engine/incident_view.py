"""An incident as the engine holds it now, for a host that plans a run. Reading it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from aiops.engine.engine import Engine
from aiops.engine.fleet import MeasuredCertainty, certainty_of, is_silent, unsettled
from aiops.engine.incidents import summary
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.state import IncidentState
from aiops.engine.noise.marks import NOISE
from aiops.ports import AlertFact, IncidentView
from aiops.records import Alert, Cause, Change, Member
from aiops.wording import located, titled

# The name of a change that announces planned work has this word, or its label `kind` has.
MAINTENANCE = "maintenance"
# Streams on the suspected cause that are checked for silences: a run touches one thing, which has few streams.
MAX_SILENCED = 50


class Stream(Struct, gc=False):
    """One alert stream: its firing state, and the time of its last alert (Unix seconds).

    `is_silent`: it fires by what was received, and has been silent for much longer than its alerts used to be.
    """

    entity: str
    is_firing: bool
    last_at: float
    name: str = ""
    is_silent: bool = False


class CurrentIncident(Struct):
    """An incident at one moment, as playbooks and guards need it.

    `maintenance` names the silence or maintenance window that covers the suspected cause, if there is one.
    `open_incidents` are those that opened or grew within the last hour.
    """

    view: IncidentView
    is_over: bool
    open_incidents: int
    streams: list[Stream] = field(default_factory=list)
    maintenance: str | None = None
    # By entity: what covers an alert on it; a playbook may be for another entity than the cause.
    silenced: dict[str, str] = {}
    certainty: MeasuredCertainty | None = None
    # Who works on it, empty if nobody does, and the playbooks that people rejected.
    person: str = ""
    rejected: frozenset[str] = frozenset()
    # The playbook that a person confirmed.
    fixed_by: str = ""
    # The review of it: the cause that a person confirmed, and if it was marked as noise.
    confirmed: str = ""
    is_noise: bool = False

    def is_clear(self, targets: Sequence[str], calm_from: float) -> bool:
        """Return True if nothing fires on the targets, nor did since a time; without alerts on them all count."""
        mine = [stream for stream in self.streams if stream.entity in targets] or self.streams
        return all(not stream.is_firing and stream.last_at <= calm_from for stream in mine)


def current_incident(engine: Engine, incident: str, at: float) -> CurrentIncident | None:
    """Return the incident of an id at the time `at`; None where the engine holds none of that id."""
    state = engine.incidents.by_id.get(incident)
    cluster = engine.clusters.of(state.cluster) if state is not None else None
    if state is None or cluster is None:
        return None
    view = _view(engine, state, cluster)
    streams = [
        Stream(one.entity, one.firing > 0, one.last_at, one.name, is_silent(one, at))
        for one in cluster.members.values()
    ]
    is_over = state.status == "resolved"
    covering = _maintenance(engine, view, at)
    count = unsettled(engine, at)
    found = CurrentIncident(view, is_over, count, streams, covering, _silenced(engine, view.facts, at))
    found.certainty = certainty_of(engine, state, view)
    found.person, found.rejected = _people(engine, state)
    found.person = found.person or _at_maintenance(view)
    found.fixed_by, found.confirmed = state.fixed_by, state.root or ""
    found.is_noise = engine.incidents.noise.label_of(incident) == NOISE
    return found


def members_of(engine: Engine, incident: str) -> list[Member]:
    """Return all members that the engine keeps of an incident, most severe first; empty for an unknown id.

    A record of the incident carries the first `summary.MAX_SHOWN` of them.
    """
    state = engine.incidents.by_id.get(incident)
    cluster = engine.clusters.of(state.cluster) if state is not None else None
    if cluster is None:
        return []
    members = list(cluster.members.values())
    return summary.shown(members, {}, len(members))


def _people(engine: Engine, state: IncidentState) -> tuple[str, frozenset[str]]:
    handled = engine.handling.by_incident.get(state.id)
    assigned = handled.assigned_to if handled is not None else ""
    known = assigned or (state.acknowledged_by or "somebody" if state.status == "acknowledged" else "")
    return known, frozenset(one[0] for one in handled.rejections) if handled is not None else frozenset()


def _at_maintenance(view: IncidentView) -> str:
    """Name who works on an entity that alerts, by a change that announced it; empty if none did.

    Planned work without a silence looks like a fault with a certain cause.
    """
    alerting = {fact.entity for fact in view.facts}
    found = (one for one in view.changes if one.entity in alerting and _is_maintenance(one))
    return next((f"whoever announced {located(one.name, one.entity or '')}" for one in found), "")


def _is_maintenance(change: Change) -> bool:
    return any(MAINTENANCE in text.lower() for text in (change.name, change.labels.get("kind", "")))


def _view(engine: Engine, state: IncidentState, cluster: ClusterState) -> IncidentView:
    view = engine.ranking.view(state, cluster)
    view.causes = list(state.causes)
    if state.root is not None:
        # What a person confirmed is no guess.
        others = [cause for cause in state.causes if cause.entity != state.root]
        view.causes = [Cause(state.root, confidence="high"), *others]
    return view


def _maintenance(engine: Engine, view: IncidentView, at: float) -> str | None:
    cause = view.causes[0].entity if view.causes else None
    # A workload that the topology does not know is touched by its replicas.
    workload = cause if cause not in engine.topology.nodes else None
    own = [fact for fact in view.facts if fact.entity == cause or (workload and fact.workload == workload)]
    return next(iter(_silenced(engine, own, at).values()), None)


def _silenced(engine: Engine, facts: Sequence[AlertFact], at: float) -> dict[str, str]:
    """Return the silence that covers an alert, for each entity that has one."""
    found: dict[str, str] = {}
    for fact in facts[:MAX_SILENCED]:
        silence = engine.silences.match(_alert(fact), fact.entity, at)
        if silence is not None:
            found.setdefault(fact.entity, f"{titled('silence', silence.id)} covers {located(fact.name, fact.entity)}")
    return found


def _alert(fact: AlertFact) -> Alert:
    return Alert(
        ts=fact.last_at,
        name=fact.name,
        source=fact.source,
        service=fact.service,
        entity=fact.entity,
        message=fact.message,
        labels=fact.labels,
    )
