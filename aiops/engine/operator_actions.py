"""Operator actions: what people, or the host for them, tell the engine. Each is answered by a `Feedback` event."""

from __future__ import annotations

from collections.abc import Callable

from aiops.engine.detect.stage import Detect
from aiops.engine.events import Event, Feedback
from aiops.engine.incidents.actions import IncidentActions
from aiops.engine.incidents.lifecycle import MAX_DUE, Incidents
from aiops.engine.rank import Ranking
from aiops.engine.silences.actions import MAX_ID_CHARS, parse_silence
from aiops.engine.silences.ending import Waking, sentence
from aiops.errors import AiopsError, UsageError
from aiops.records import VERBS, Action
from aiops.topology import Topology


class Actions:
    """Applies actions; what cannot be applied changes nothing and says why."""

    def __init__(
        self, incidents: Incidents, ranking: Ranking, waking: Waking, detect: Detect, topology: Topology
    ) -> None:
        self.waking = waking
        self.silences = waking.placer.silences
        self.detect = detect
        self._verbs: dict[str, Callable[[Action, int, float, list[Event]], str]] = {
            **IncidentActions(incidents, ranking, topology).verbs(),
            "silence": self._silence,
            "unsilence": self._unsilence,
            "swap_model": self._swap_model,
        }
        self._incidents = incidents

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

    def _silence(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        try:
            silence = parse_silence(action, at)
            self.silences.add(silence, at)
            # Where it takes the place of another one, what that suppressed is asked again.
            self.waking.muted.wake(silence.id)
            self._incidents.recheck(held=False)
            self._incidents.check(at, seq, out, MAX_DUE)
        except UsageError as error:
            # Journals and archives hold what earlier releases took; people see in health what is not in force.
            self.silences.refuse((action.args.get("id") or action.id)[:MAX_ID_CHARS], str(error))
            raise
        return f"silence {silence.id} is set"

    def _unsilence(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        name = action.args.get("id", "")
        if not self.silences.remove(name):
            raise UsageError(f"$.args.id: expected a silence that is set; got {name[:80]!r}")
        self.waking.muted.wake(name)
        self._incidents.recheck(held=True)
        woken = self.waking.run(at, seq, out, MAX_DUE)
        self._incidents.check(at, seq, out, MAX_DUE)
        return f"silence {name} is ended: {sentence(woken, len(self.waking.muted.waking))}"

    def _swap_model(self, action: Action, seq: int, at: float, out: list[Event]) -> str:
        return self.detect.swap(action)
