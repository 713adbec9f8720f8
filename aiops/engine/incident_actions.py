"""Judgements of people on an incident: the confirmed cause, grouping or playbook.

Each is applied, or refused with a reason that names the alternatives. An incident that was merged into another one
stands for that one, and the answer names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiops.engine.acted_incident import acted_incident, actor_of, check_members, ids_in, named
from aiops.engine.arrival import Moment
from aiops.engine.correlate.lessons import Lessons
from aiops.engine.finding_actions import FindingActions
from aiops.engine.grouping_lessons import GroupingLessons
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import new_deed
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import IncidentState
from aiops.engine.mark_actions import MarkActions
from aiops.engine.noise.marks import NOISE
from aiops.engine.rank import Ranking
from aiops.engine.regrouping_actions import RegroupingActions, members_named
from aiops.engine.undo_actions import UndoActions
from aiops.engine.work_actions import WorkActions
from aiops.errors import UsageError
from aiops.ports import Catalogued, IncidentView
from aiops.records import Action
from aiops.topology import Topology
from aiops.wording import plural

OUTCOMES = ("resolved", "helped", "useless")
# Why a playbook was rejected, in a sentence or two.
MAX_REASON_CHARS = 500

Verb = Callable[[Action, Moment], str]


class IncidentActions:
    """Applies actions to incidents that the engine remembers."""

    def __init__(self, incidents: Incidents, ranking: Ranking, topology: Topology, lessons: Lessons) -> None:
        self.incidents = incidents
        self.ranking = ranking
        self.topology = topology
        self.work = WorkActions(incidents)
        self.marking = MarkActions(incidents, ranking.outcomes)
        self.lessons = GroupingLessons(lessons)
        self.regrouping = RegroupingActions(incidents, self.lessons)
        self.undoing = UndoActions(self.regrouping)

    def verbs(self) -> dict[str, Verb]:
        """Return the actions by verb."""
        return {
            "acknowledge": self.work.acknowledge,
            "resolve": self.work.resolve,
            "reopen": self.work.reopen,
            "assign": self.work.assign,
            "snooze": self.work.snooze,
            "unsnooze": self.work.unsnooze,
            "merge": self._corrected(self.regrouping.merge),
            "split": self._corrected(self.regrouping.split),
            "undo": self._marked(self.undoing.undo),
            "confirm_cause": self._confirm_cause,
            "confirm_grouping": self._confirm_grouping,
            "forget_lessons": self._forget_lessons,
            "confirm_playbook": self._confirm_playbook,
            "reject_playbook": self._reject_playbook,
            "note": self.work.note,
            "mark": self._marked(self.marking.mark),
            "open": self.marking.open,
            "finding": FindingActions(self.incidents).finding,
        }

    def _corrected(self, verb: Verb) -> Verb:
        """Return an action that corrects a grouping, counted as a wrong one once it was applied."""

        def correct(action: Action, moment: Moment) -> str:
            answer = verb(action, moment)
            self.ranking.outcomes.judged("grouping", action.incident or "", False)
            return answer

        return correct

    def _marked(self, verb: Verb) -> Verb:
        """Return an action that may change the mark of an incident, of which the ranker then learns."""

        def mark(action: Action, moment: Moment) -> str:
            incident = self.incidents.find(action.incident or "")
            before = self.incidents.noise.label_of(incident.id) if incident is not None else ""
            answer = verb(action, moment)
            cluster = self.incidents.clusters.of(incident.cluster) if incident is not None else None
            if incident is None or cluster is None or incident.root is not None:
                return answer
            after = self.incidents.noise.label_of(incident.id)
            if before != after and NOISE in (before, after):
                self.ranking.mark_noise(self._view(incident, cluster), after == NOISE)
            return answer

        return mark

    def _confirm_cause(self, action: Action, moment: Moment) -> str:
        if not action.entity:
            raise UsageError("$.entity: expected the entity that was the cause; got none")
        incident, cluster, now = acted_incident(self.incidents, action)
        view = self._view(incident, cluster)
        known = dict.fromkeys(_entities(incident, cluster, view))
        if action.entity not in known and action.entity not in self.topology.nodes:
            raise UsageError(
                f"{now}$.entity: expected an entity of the incident ({named(known)}) or of the dependency graph; "
                f"got {action.entity[:80]!r}"
            )
        self.ranking.confirm_cause(incident, view, action.entity)
        self.marking.imply(incident, cluster, action, moment)
        self.incidents.note(incident, f"cause confirmed: {action.entity}")
        self.incidents.updated(incident, ["root"], moment)
        return f"{now}{action.entity} is the confirmed cause"

    def _confirm_grouping(self, action: Action, moment: Moment) -> str:
        incident, cluster, now = acted_incident(self.incidents, action)
        right, wrong = (ids_in(action.args.get(name, "")) for name in ("alerts", "wrong"))
        if both := sorted(right & wrong):
            raise UsageError(f"{now}$.args: expected each alert as right or as wrong; got {both[0][:80]!r} as both")
        check_members(cluster, right | wrong, now)
        self.ranking.outcomes.judged("grouping", incident.id, not wrong)
        text = f"grouping judged wrong for {plural(len(wrong), 'alert')}" if wrong else "grouping confirmed"
        deed = new_deed(action.id, action.verb, moment.now, actor_of(action))
        sides = members_named(cluster, right), members_named(cluster, wrong)
        learned = self.lessons.judged(deed, incident.id, cluster, sides)
        self.incidents.handling.did(incident.id, deed)
        self.incidents.note(incident, text)
        self.incidents.updated(incident, ["grouping"], moment)
        return f"{now}{text}; recorded with the incident, which stays as it is{learned}"

    def _forget_lessons(self, action: Action, moment: Moment) -> str:
        return self.lessons.forget(action)

    def _confirm_playbook(self, action: Action, moment: Moment) -> str:
        playbook, outcome = action.args.get("playbook", ""), action.args.get("outcome", "resolved")
        if not playbook:
            raise UsageError("$.args.playbook: expected the name of a playbook; got none")
        if outcome not in OUTCOMES:
            raise UsageError(f"$.args.outcome: expected one of {', '.join(OUTCOMES)}; got {outcome[:80]!r}")
        incident, cluster, now = acted_incident(self.incidents, action)
        self._check_playbook(incident, playbook, now)
        self.ranking.confirm_playbook(incident, self._view(incident, cluster), playbook, outcome)
        if outcome == "resolved":
            incident.fixed_by = playbook
        if outcome != "useless":
            self.marking.imply(incident, cluster, action, moment)
        self.incidents.note(incident, f"playbook {playbook}: {outcome}")
        self.incidents.updated(incident, ["playbook"], moment)
        return f"{now}{playbook}: {outcome}"

    def _reject_playbook(self, action: Action, moment: Moment) -> str:
        playbook, reason = action.args.get("playbook", ""), (action.message or "").strip()[:MAX_REASON_CHARS]
        if not playbook:
            raise UsageError("$.args.playbook: expected the name of a playbook; got none")
        if not reason:
            raise UsageError("$.message: expected the reason; got none")
        incident, cluster, now = acted_incident(self.incidents, action)
        if incident.status == "resolved":
            raise UsageError(f"{now}{incident.id} is resolved: nothing is suggested for it any more")
        self._check_playbook(incident, playbook, now)
        handling, by = self.incidents.handling, actor_of(action)
        handling.reject(incident.id, playbook, moment.now, by, reason)
        if incident.playbooks and incident.playbooks[0].name == playbook:
            self.ranking.outcomes.judged("playbooks", incident.id, False)
        handling.did(incident.id, new_deed(action.id, action.verb, moment.now, by, playbook=playbook))
        # A version of its own: page and API show it at once, and no endpoint gets anything.
        self.incidents.announce(incident, cluster, moment.now, ("updated", ["rejected"]), moment)
        return f"{now}{playbook} rejected: {reason}"

    def _check_playbook(self, incident: IncidentState, playbook: str, now: str) -> None:
        """Raise `UsageError` for a playbook that is neither suggested nor known to the catalogue."""
        suggested = [each.name for each in incident.playbooks]
        suggester = self.ranking.models.suggester
        if playbook not in suggested and isinstance(suggester, Catalogued) and not suggester.knows(playbook):
            raise UsageError(
                f"{now}$.args.playbook: expected a playbook of the catalogue (suggested: {named(suggested)}); "
                f"got {playbook[:80]!r}"
            )

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
        if member.workload:
            yield member.workload
    for fact in view.facts:
        yield fact.entity
        if fact.service:
            yield fact.service
    yield from (change.entity for change in view.changes)
    if cluster.storm is not None:
        yield from cluster.storm.entities
