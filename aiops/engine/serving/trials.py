"""The candidates of all slots, as the stages call them: beside each decision, and with each lesson."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from copy import copy
from typing import Any, TypeVar

from msgspec.structs import replace

from aiops.engine.serving.comparison import MAX_NAMES
from aiops.engine.serving.trial import Meter, Role, Trial, names, unmeasured
from aiops.ports import AlertFact, IncidentView

T = TypeVar("T")


class Trials:
    """Trials by slot: at most one shadow and one canary each, the shadow first."""

    def __init__(self, meter: Meter = unmeasured) -> None:
        self.meter = meter
        self.by_slot: dict[str, list[Trial]] = {}

    def of(self, slot: str, role: Role) -> Trial | None:
        """Return a trial; None if there is none."""
        return next((one for one in self.by_slot.get(slot, ()) if one.role == role), None)

    def put(self, slot: str, trial: Trial) -> None:
        """Begin a trial; one of the same role ends."""
        others = [one for one in self.by_slot.get(slot, ()) if one.role != trial.role]
        self.by_slot[slot] = sorted([*others, trial], key=lambda one: one.role == "canary")

    def remove(self, slot: str, role: Role) -> Trial | None:
        """End a trial and return it; None if there was none."""
        found = self.of(slot, role)
        if found is not None:
            self.by_slot[slot] = [one for one in self.by_slot[slot] if one is not found]
            if not self.by_slot[slot]:
                del self.by_slot[slot]
        return found

    def decided(
        self,
        slot: str,
        case: Case,
        found: list[T],
        call: Callable[[Any], list[T]],
        named: Callable[[T], str],
    ) -> tuple[list[T], Any]:
        """Run the candidates beside a decision; return the decision and the candidate that made it, or None.

        `found` is the decision of the model that serves. It stands, except where a canary covers the case and answers.
        """
        decision: list[T] = found
        decider: Any = None
        trials = self.by_slot.get(slot)
        if not trials:
            return decision, decider
        serving = names(found, named, MAX_NAMES)
        for trial in trials:
            answer = trial.run(lambda model: _named(call(model), named), self.meter)
            if answer is None:
                continue
            is_decided = trial.covers(case.touched)
            trial.compare(case.key, serving, answer[1], is_decided)
            if is_decided:
                decision, decider = answer[0], trial.model
        return decision, decider

    def teach(self, slot: str, lesson: Callable[[Any], object]) -> None:
        """Have the candidates of a slot learn what the model that serves learned."""
        for trial in self.by_slot.get(slot, ()):
            trial.run(lesson, self.meter)

    def confirm(self, slot: str, key: str, is_right: Callable[[str], bool]) -> None:
        """Count what people confirmed for both sides; `is_right` judges a name of a decision."""
        for trial in self.by_slot.get(slot, ()):
            trial.confirm(key, is_right)


class Case:
    """The subject of a decision: its key (an incident's id), and the services and entities it touches."""

    def __init__(self, key: str, touched: Callable[[], Collection[str]]) -> None:
        self.key = key
        self.touched = touched


def case_of(view: IncidentView) -> Case:
    """Return the case of an incident: it touches the services, workloads and entities of its alerts."""

    def touched() -> Collection[str]:
        found: dict[str, None] = {}
        for fact in view.facts:
            for name in (fact.service, fact.workload, fact.entity):
                if name:
                    found[name] = None
        return found

    return Case(view.id, touched)


def copied(view: IncidentView) -> IncidentView:
    """Return a view of its own for a candidate: what it changes in it changes nothing elsewhere."""
    return replace(
        view,
        facts=[_fact(fact) for fact in view.facts],
        changes=[replace(change, labels=dict(change.labels)) for change in view.changes],
        causes=[copy(cause) for cause in view.causes],
    )


def is_of(entity: str, view: IncidentView) -> Callable[[str], bool]:
    """Return a judge of suspects for a confirmed cause: itself, its service or workload, or a part of it.

    A person may name the service or the pod; both models are judged by the same rule.
    """
    near: dict[str, None] = {entity: None}
    for fact in view.facts:
        above = [name for name in (fact.service, fact.workload) if name]
        if entity in above:
            near[fact.entity] = None
        if fact.entity == entity:
            near.update(dict.fromkeys(above))
    return lambda name: name in near


def _fact(fact: AlertFact) -> AlertFact:
    return replace(fact, labels=dict(fact.labels), annotations=dict(fact.annotations))


def _named(found: Sequence[T], named: Callable[[T], str]) -> tuple[list[T], list[str]]:
    return list(found), names(found, named, MAX_NAMES)


__all__ = ["Case", "Trials", "case_of", "copied", "is_of"]
