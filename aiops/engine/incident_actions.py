"""Actions of people on an incident: acknowledge, resolve, and confirm cause, grouping or playbook.

Each is applied, or refused with a reason that names the alternatives. An incident that was merged into another one
stands for that one, and the answer names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiops.engine.arrival import Moment
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import IncidentState
from aiops.engine.rank import Ranking
from aiops.errors import UsageError
from aiops.ports import Catalogued, IncidentView
from aiops.records import Action
from aiops.topology import Topology
from aiops.wording import plural

OUTCOMES = ("resolved", "helped", "useless")
# Names listed in a refusal: enough to see what is meant, short enough for a line.
MAX_NAMED = 5
# A note is a sentence or two; it is kept with the incident and goes into messages.
MAX_NOTE_CHARS = 1_000

Verb = Callable[[Action, Moment], str]


class IncidentActions:
    """Applies actions to incidents that the engine remembers."""

    def __init__(self, incidents: Incidents, ranking: Ranking, topology: Topology) -> None:
        self.incidents = incidents
        self.ranking = ranking
        self.topology = topology

    def verbs(self) -> dict[str, Verb]:
        """Return the actions by verb."""
        return {
            "acknowledge": self._acknowledge,
            "resolve": self._resolve,
            "confirm_cause": self._confirm_cause,
            "confirm_grouping": self._confirm_grouping,
            "confirm_playbook": self._confirm_playbook,
            "note": self._take_note,
        }

    def _found(self, action: Action) -> tuple[IncidentState, ClusterState, str]:
        """Return the incident, its cluster, and the beginning of the answer."""
        name = action.incident or ""
        incident = self.incidents.find(name)
        cluster = self.incidents.clusters.of(incident.cluster) if incident is not None else None
        if incident is None or cluster is None:
            raise UsageError(
                f"$.incident: expected an incident that is open, or among the last {self.incidents.config.max_closed} "
                f"that were resolved; got {name[:80]!r}, which the engine does not know or remembers no more"
            )
        return incident, cluster, "" if incident.id == name else f"{name} is part of {incident.id} now: "

    def _acknowledge(self, action: Action, moment: Moment) -> str:
        incident, _, now = self._found(action)
        if incident.status == "resolved":
            raise UsageError(f"{now}{incident.id} is resolved: only an open incident can be acknowledged")
        if incident.status == "acknowledged":
            return f"{now}was acknowledged before: nothing changed"
        self.incidents.acknowledge(incident, action.actor, moment)
        return f"{now}acknowledged"

    def _resolve(self, action: Action, moment: Moment) -> str:
        incident, cluster, now = self._found(action)
        if incident.status == "resolved":
            return f"{now}was resolved before: nothing changed"
        self.incidents.resolve(incident, cluster, moment.now, moment, f"resolved by {action.actor or 'an operator'}")
        return f"{now}resolved"

    def _confirm_cause(self, action: Action, moment: Moment) -> str:
        if not action.entity:
            raise UsageError("$.entity: expected the entity that was the cause; got none")
        incident, cluster, now = self._found(action)
        view = self._view(incident, cluster)
        known = dict.fromkeys(_entities(incident, cluster, view))
        if action.entity not in known and action.entity not in self.topology.nodes:
            raise UsageError(
                f"{now}$.entity: expected an entity of the incident ({_listed(known)}) or of the dependency graph; "
                f"got {action.entity[:80]!r}"
            )
        self.ranking.confirm_cause(incident, view, action.entity)
        self.incidents.note(incident, f"cause confirmed: {action.entity}")
        self.incidents.updated(incident, ["root"], moment)
        return f"{now}{action.entity} is the confirmed cause"

    def _confirm_grouping(self, action: Action, moment: Moment) -> str:
        incident, cluster, now = self._found(action)
        right, wrong = (_ids(action.args.get(name, "")) for name in ("alerts", "wrong"))
        if both := sorted(right & wrong):
            raise UsageError(f"{now}$.args: expected each alert as right or as wrong; got {both[0][:80]!r} as both")
        _check_members(cluster, right | wrong, now)
        text = f"grouping judged wrong for {plural(len(wrong), 'alert')}" if wrong else "grouping confirmed"
        self.incidents.note(incident, text)
        self.incidents.updated(incident, ["grouping"], moment)
        return f"{now}{text}; recorded with the incident, which stays as it is"

    def _confirm_playbook(self, action: Action, moment: Moment) -> str:
        playbook, outcome = action.args.get("playbook", ""), action.args.get("outcome", "resolved")
        if not playbook:
            raise UsageError("$.args.playbook: expected the name of a playbook; got none")
        if outcome not in OUTCOMES:
            raise UsageError(f"$.args.outcome: expected one of {', '.join(OUTCOMES)}; got {outcome[:80]!r}")
        incident, cluster, now = self._found(action)
        suggested = [each.name for each in incident.playbooks]
        suggester = self.ranking.models.suggester
        if playbook not in suggested and isinstance(suggester, Catalogued) and not suggester.knows(playbook):
            raise UsageError(
                f"{now}$.args.playbook: expected a playbook of the catalogue (suggested: {_listed(suggested)}); "
                f"got {playbook[:80]!r}"
            )
        self.ranking.confirm_playbook(incident, self._view(incident, cluster), playbook, outcome)
        self.incidents.note(incident, f"playbook {playbook}: {outcome}")
        self.incidents.updated(incident, ["playbook"], moment)
        return f"{now}{playbook}: {outcome}"

    def _take_note(self, action: Action, moment: Moment) -> str:
        text = action.args.get("text", "")[:MAX_NOTE_CHARS]
        if not text:
            raise UsageError("$.args.text: expected a sentence; got none")
        incident, _, now = self._found(action)
        if incident.status not in ("open", "acknowledged"):
            raise UsageError(
                f"{now}$.incident: expected an incident that is not over; {incident.id} is {incident.status}"
            )
        self.incidents.note(incident, text)
        self.incidents.updated(incident, ["note"], moment)
        return f"{now}noted"

    def _view(self, incident: IncidentState, cluster: ClusterState) -> IncidentView:
        known = self.ranking.views.get(incident.id)
        if known is not None:
            return known
        view = self.ranking.view(incident, cluster)
        view.causes = incident.causes
        return view


def _entities(incident: IncidentState, cluster: ClusterState, view: IncidentView) -> Iterable[str]:
    """Return possible causes: ranked entities, those that alerted, their services, those that changed."""
    yield from (cause.entity for cause in incident.causes)
    for member in cluster.members.values():
        yield member.entity
        if member.service:
            yield member.service
    for fact in view.facts:
        yield fact.entity
        if fact.service:
            yield fact.service
    yield from (change.entity for change in view.changes)
    if cluster.storm is not None:
        yield from cluster.storm.entities


def _ids(text: str) -> set[str]:
    return {name for name in text.split(",") if name}


def _check_members(cluster: ClusterState, names: set[str], now: str) -> None:
    """Raise `UsageError` for a name that is no member's: its first alert's id, or its fingerprint."""
    known: dict[str, None] = {}
    for member in cluster.members.values():
        known[member.alert] = known[member.fingerprint] = None
    for name in sorted(names):
        if name not in known:
            kept = f"; {plural(cluster.overflow, 'stream')} more are not kept one by one" if cluster.overflow else ""
            first = [member.alert or member.fingerprint for member in cluster.members.values()]
            raise UsageError(
                f"{now}$.args: expected the id of an alert of the incident as `aiops incidents show` lists it "
                f"({_listed(first)}){kept}; got {name[:80]!r}"
            )


def _listed(names: Iterable[str]) -> str:
    found = [name[:80] for name in names]
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    return f"{', '.join(found[:MAX_NAMED]) or 'none'}{more}"
