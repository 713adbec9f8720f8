"""Operator actions: commands of people, or of the host on their behalf."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.events import Feedback
from aiops.engine.incident_actions import IncidentActions, Verb
from aiops.engine.incidents.lifecycle import MAX_DUE
from aiops.engine.rank import Ranking
from aiops.engine.serving.stage import Serving
from aiops.engine.silence_expiry import SilenceExpiry, sentence
from aiops.engine.silences.actions import MAX_ID_CHARS, parse_silence
from aiops.errors import AiopsError, UsageError
from aiops.records import VERBS, Action
from aiops.topology import Topology
from aiops.wording import titled


class Actions:
    """Applies actions; one that cannot be applied changes nothing and returns the reason."""

    def __init__(self, expiry: SilenceExpiry, ranking: Ranking, serving: Serving, topology: Topology) -> None:
        self.expiry = expiry
        self.silences = expiry.silences
        self._verbs: dict[str, Verb] = {
            **IncidentActions(expiry.incidents, ranking, topology, expiry.pipeline.correlate.lessons).verbs(),
            "silence": self._silence,
            "unsilence": self._unsilence,
            "swap_model": serving.swap,
            "shadow_model": serving.shadow,
            "canary_model": serving.canary,
        }

    def apply(self, action: Action, moment: Moment) -> None:
        """Apply one action."""
        verb = self._verbs.get(action.verb)
        try:
            if verb is None:
                raise UsageError(f"expected a verb of {', '.join(VERBS)}; got {action.verb[:80]!r}")
            reason, applied = verb(action, moment), True
        except AiopsError as error:
            reason, applied = str(error), False
        moment.out.append(Feedback(moment.seq, action.id, action.verb, applied, reason))

    def _silence(self, action: Action, moment: Moment) -> str:
        try:
            silence = parse_silence(action, moment.now)
            self.silences.add(silence, moment.now)
            # If it replaces another one, what that suppressed is checked again.
            self.expiry.muted.wake(silence.id)
            self.expiry.checks.begin(held=False)
            self.expiry.checks.run(moment, MAX_DUE)
        except UsageError as error:
            # Journals and archives hold what earlier releases took; people see in health what is not in force.
            self.silences.refuse((action.args.get("id") or action.id)[:MAX_ID_CHARS], str(error))
            raise
        return f"{titled('silence', silence.id)} is set"

    def _unsilence(self, action: Action, moment: Moment) -> str:
        name = action.args.get("id", "")
        if not self.silences.remove(name, moment.now):
            raise UsageError(f"$.args.id: expected a silence that is set; got {name[:80]!r}")
        self.expiry.muted.wake(name)
        self.expiry.checks.begin(held=True)
        woken = self.expiry.wake(moment, MAX_DUE)
        self.expiry.checks.run(moment, MAX_DUE)
        return f"{titled('silence', name)} is ended: {sentence(woken, len(self.expiry.muted.waking))}"
