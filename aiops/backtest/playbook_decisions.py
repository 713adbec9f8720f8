"""Decisions about playbooks in a history: the first suggestion, its probability, and its outcome.

The history is processed again, and each action of a person about a playbook is stopped at: the suggestions as they
stood then, with the probabilities that the suggester stated, are the decision. Equal records give equal suggestions, so
these are the ones that were shown, as long as configuration and version are those of the daemon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiops.backtest.driver import BATCH, step
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback
from aiops.records import Action, Incident, Logged, Suggestion
from aiops.score.off_policy import Decision

# The reward of the first suggestion by the outcome that a person reported for it. A playbook that only helped would be
# used again, as in the suggester's own credit.
REWARDS = {"resolved": 1.0, "helped": 0.7, "useless": 0.0}
# The part of a score that is drawn at random.
_RANDOM_PART = "exploration"
_VERBS = frozenset({"confirm_playbook", "reject_playbook", "undo"})


def logged_decisions(records: Iterable[Logged], engine: Engine) -> list[Decision]:
    """Return the decisions with a known reward, in the order of their first judgement."""
    found = _Judgements(engine)
    batch: list[Logged] = []
    for record in records:
        if isinstance(record, Action) and record.verb in _VERBS:
            step(engine, batch)
            batch = []
            found.take(record)
        else:
            batch.append(record)
            if len(batch) == BATCH:
                step(engine, batch)
                batch = []
    step(engine, batch)
    return found.decisions()


class _Judgements:
    """The suggestions of incidents at their first judgement, and the rewards by now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shown: dict[str, list[Suggestion]] = {}
        self._context: dict[str, str] = {}
        self._rewards: dict[str, float] = {}

    def take(self, action: Action) -> None:
        """Process an action about a playbook, and keep its judgement of the first suggestion."""
        incident = self._present(action.incident)
        applied = any(_is_applied(event) for event in step(self._engine, [action]))
        if incident is None or not applied:
            return
        if action.verb == "undo":
            self._withdraw(incident)
            return
        shown = self._shown.get(incident.id, incident.playbooks)
        if not shown:
            return
        reward = _reward(action, shown[0].name)
        if reward is None or (reward == 0.0 and self._is_about_another(action, incident.id, shown)):
            return
        if incident.id not in self._shown:
            self._shown[incident.id] = list(shown)
            self._context[incident.id] = _context(incident)
        self._rewards[incident.id] = reward

    def decisions(self) -> list[Decision]:
        """Return what was judged."""
        return [
            _decision(name, self._context[name], self._shown[name], reward) for name, reward in self._rewards.items()
        ]

    def _is_about_another(self, action: Action, incident: str, shown: Sequence[Suggestion]) -> bool:
        """Return True if another playbook helped as well as the first, which has its own judgement already."""
        return incident in self._rewards and action.args.get("playbook") != shown[0].name

    def _withdraw(self, before: Incident) -> None:
        """Drop the judgement of a rejection that was undone."""
        after = self._present(before.id)
        shown = self._shown.get(before.id)
        if after is None or not shown:
            return
        first = shown[0].name
        if _is_rejected(before, first) and not _is_rejected(after, first):
            self._rewards.pop(before.id, None)

    def _present(self, name: str | None) -> Incident | None:
        """Return an incident as it stands, or the one that it was merged into."""
        incident: Incident | None = None
        for _ in range(10):
            found = self._engine.present(name) if name else None
            if found is None:
                return incident
            incident = found[0]
            name = incident.merged_into
        return incident


def _reward(action: Action, first: str) -> float | None:
    """Return the reward of the first suggestion by an action; None if the action is not about it."""
    playbook, outcome = action.args.get("playbook", ""), action.args.get("outcome", "resolved")
    if action.verb == "reject_playbook":
        return 0.0 if playbook == first else None
    credit = REWARDS.get(outcome)
    if playbook == first:
        return credit
    # Another playbook helped: the first one was not what the person used.
    return 0.0 if credit else None


def _decision(incident: str, context: str, shown: Sequence[Suggestion], reward: float) -> Decision:
    drawn = [one.propensity for one in shown if one.propensity is not None]
    # Where nothing was drawn the order was certain.
    chances = drawn if len(drawn) == len(shown) else [1.0] + [0.0] * (len(shown) - 1)
    scores = [one.score - _random_part(one) for one in shown]
    return Decision(incident, context, [one.name for one in shown], chances, scores, 0, reward)


def _random_part(one: Suggestion) -> float:
    return sum(evidence.value for evidence in one.evidence if evidence.name == _RANDOM_PART)


def _context(incident: Incident) -> str:
    """Return the name of the alert that stands for an incident: on the suspected cause, else the first."""
    cause = incident.causes[0].entity if incident.causes else None
    return (
        min(incident.members, key=lambda one: (one.entity != cause, one.first_at, one.name)).name
        if incident.members
        else ""
    )


def _is_rejected(incident: Incident, playbook: str) -> bool:
    return any(one.playbook == playbook for one in incident.rejected)


def _is_applied(event: Event) -> bool:
    return isinstance(event, Feedback) and event.applied
