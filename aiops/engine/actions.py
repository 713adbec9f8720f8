"""Operator actions: what people, or the host for them, tell the engine. Each is answered by a `Feedback` event."""

from __future__ import annotations

from collections.abc import Callable

from aiops.engine.detect import Detect
from aiops.engine.events import Event, Feedback
from aiops.engine.incidents import Incidents, IncidentState
from aiops.engine.rank import Ranking
from aiops.engine.silence_actions import MAX_ID_CHARS, parse_silence
from aiops.engine.silences import Silences
from aiops.errors import AiopsError, UsageError
from aiops.ports import IncidentView
from aiops.records import VERBS, Action

OUTCOMES = ("resolved", "helped", "useless")
# A note is a sentence or two; it is kept with the incident and goes into messages.
MAX_NOTE_CHARS = 1_000


class Actions:
    """Applies actions; what cannot be applied changes nothing and says why."""

    def __init__(self, incidents: Incidents, ranking: Ranking, silences: Silences, detect: Detect) -> None:
        self.incidents = incidents
        self.ranking = ranking
        self.silences = silences
        self.detect = detect
        self._verbs: dict[str, Callable[[Action, int, float, list[Event]], str]] = {
            "acknowledge": self._acknowledge,
            "resolve": self._resolve,
            "confirm_cause": self._confirm_cause,
            "confirm_grouping": self._confirm_grouping,
            "confirm_playbook": self._confirm_playbook,
            "silence": self._silence,
            "unsilence": self._unsilence,
            "note": self._note,
            "swap_model": self._swap_model,
        }

    def apply(self, action: Action, seq: int, at: float, out: list[Event]) -> None:
        """Apply one action."""
        verb = self._verbs.get(action.verb)
        try:
            if verb is None:
                raise UsageError(f"expected a verb of {', '.join(VERBS)}; got {action.verb[:80]!r}")
            reason, applied = verb(action, seq, at, out), True
        except AiopsError as error:
            reason, applied = str(error), False
        out.append(Feedback(seq, action.id, action.verb, applied, reason))

    def _incident(self, action: Action) -> IncidentState:
        incident = self.incidents.by_id.get(action.incident or "")
        if incident is None:
            raise UsageError(f"$.incident: expected an incident that is known; got {action.incident!r}")
        return incident

    def _acknowledge(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        self.incidents.acknowledge(self._incident(action), seq, at, action.actor, out)
        return "acknowledged"

    def _resolve(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        incident = self._incident(action)
        cluster = self.incidents.clusters.of(incident.cluster)
        if cluster is None or incident.status == "resolved":
            return "was resolved before"
        self.incidents.resolve(incident, cluster, seq, at, out, f"resolved by {action.actor or 'an operator'}")
        return "resolved"

    def _confirm_cause(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        if not action.entity:
            raise UsageError("$.entity: expected the entity that was the cause; got none")
        incident = self._incident(action)
        self.ranking.confirm_cause(incident, self._view(incident), action.entity)
        incident.notes = [*incident.notes, f"cause confirmed: {action.entity}"][-20:]
        self.incidents.updated(incident, seq, at, ["root"], out)
        return f"{action.entity} is the confirmed cause"

    def _confirm_grouping(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        incident = self._incident(action)
        wrong = [name for name in action.args.get("wrong", "").split(",") if name]
        text = f"grouping judged wrong for {len(wrong)} alerts" if wrong else "grouping confirmed"
        incident.notes = [*incident.notes, text][-20:]
        self.incidents.updated(incident, seq, at, ["grouping"], out)
        return text

    def _confirm_playbook(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        incident = self._incident(action)
        playbook, outcome = action.args.get("playbook", ""), action.args.get("outcome", "resolved")
        if not playbook:
            raise UsageError("$.args.playbook: expected the name of a playbook; got none")
        if outcome not in OUTCOMES:
            raise UsageError(f"$.args.outcome: expected one of {', '.join(OUTCOMES)}; got {outcome[:80]!r}")
        self.ranking.confirm_playbook(incident, self._view(incident), playbook, outcome)
        incident.notes = [*incident.notes, f"playbook {playbook}: {outcome}"][-20:]
        self.incidents.updated(incident, seq, at, ["playbook"], out)
        return f"{playbook}: {outcome}"

    def _note(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        incident, text = self._incident(action), action.args.get("text", "")[:MAX_NOTE_CHARS]
        if not text:
            raise UsageError("$.args.text: expected a sentence; got none")
        if incident.status not in ("open", "acknowledged"):
            raise UsageError(f"$.incident: expected an incident that is not over; {incident.id} is {incident.status}")
        incident.notes = [*incident.notes, text][-20:]
        self.incidents.updated(incident, seq, at, ["note"], out)
        return "noted"

    def _view(self, incident: IncidentState) -> IncidentView:
        known = self.ranking.views.get(incident.id)
        if known is not None:
            return known
        cluster = self.incidents.clusters.of(incident.cluster)
        if cluster is None:
            raise UsageError(f"{incident.id}: expected an incident whose alerts are still known")
        view = self.ranking.view(incident, cluster)
        view.causes = incident.causes
        return view

    def _silence(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        try:
            silence = parse_silence(action, at)
            self.silences.add(silence, at)
        except UsageError as error:
            # Journals and archives hold what earlier releases took; people see in health what is not in force.
            self.silences.refuse((action.args.get("id") or action.id)[:MAX_ID_CHARS], str(error))
            raise
        return f"silence {silence.id} is set"

    def _unsilence(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        name = action.args.get("id", "")
        if not self.silences.remove(name):
            raise UsageError(f"$.args.id: expected a silence that is set; got {name[:80]!r}")
        return f"silence {name} is ended"

    def _swap_model(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        return self.detect.swap(action)
