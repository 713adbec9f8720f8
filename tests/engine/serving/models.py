"""Small models that learn, for tests of serving: a ranker, a suggester and a memory, and an engine of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.engine.rank import Models
from aiops.engine.serving.trial import Meter, unmeasured
from aiops.errors import UsageError
from aiops.model_state import swap_action
from aiops.ports import IncidentView
from aiops.records import Action, Alert, Cause, Evidence, Record, Suggestion

T0 = 1_795_000_000.0


class Learner:
    """Ranks entities by how often they were the cause; `bias` comes on top. Some states make it fail on purpose."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.bias: dict[str, float] = {}
        self.fault = ""

    def _maybe(self, name: str, view: IncidentView) -> None:
        if self.fault == name or (self.fault == f"{name} later" and view.id != "sample"):
            raise ValueError(f"{name} is broken")
        if self.fault == "changes views":
            view.facts.clear()
            view.changes.clear()
            view.causes.append(Cause("forged"))

    def rank(self, view: IncidentView) -> list[Cause]:
        entities = dict.fromkeys(fact.entity for fact in view.facts)
        self._maybe("rank", view)
        scored = [(self.bias.get(one, 0.0) + self.counts.get(one, 0), one) for one in entities]
        return [Cause(one, score) for score, one in sorted(scored, key=lambda each: (-each[0], each[1]))]

    def suggest(self, view: IncidentView) -> list[Suggestion]:
        self._maybe("suggest", view)
        first = view.causes[0].entity if view.causes else "nobody"
        return [Suggestion(f"restart-{first}", 1.0), *(Suggestion(name, one) for name, one in self.bias.items())]

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        self._maybe("nearest", view)
        return [Evidence(name, 0.5, "alike") for name in list(self.counts)[-k:] if name != view.id]

    def learn(self, view: IncidentView, what: str | None, outcome: str = "") -> None:
        self._maybe("learn", view)
        if what is not None:
            self.counts[what] = self.counts.get(what, 0) + 1

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        self._maybe("add", view)
        self.counts[view.id] = len(meta)

    def dump(self) -> Any:
        if self.fault == "dump":
            raise ValueError("dump is broken")
        return {"counts": self.counts, "bias": self.bias, "fault": self.fault}

    def load(self, state: Any) -> None:
        self.counts = {name: int(count) for name, count in state["counts"].items()}
        self.bias = {name: float(one) for name, one in state["bias"].items()}
        self.fault = str(state["fault"])
        if self.fault == "load":
            raise RuntimeError("load is broken")


class Stateless:
    """A ranker whose state cannot be loaded."""

    def rank(self, view: IncidentView) -> list[Cause]:
        return []

    def learn(self, view: IncidentView, root: str | None) -> None:
        pass


def make(slot: str, algorithm: str) -> Any:
    """A factory, as the host injects one."""
    if algorithm == "stateless":
        return Stateless()
    if algorithm not in ("learner", "other"):
        raise UsageError(f"expected one of learner, other, stateless; got {algorithm!r}")
    return Learner()


def engine_of(meter: Meter = unmeasured) -> Engine:
    """An engine with a learner in each slot of the ranking stage."""
    names = dict.fromkeys(("causes", "playbooks", "similar"), "learner")
    return Engine(models=Models(Learner(), Learner(), Learner(), make, names, meter))


def state(
    counts: Mapping[str, int] | None = None, fault: str = "", bias: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """The state of a learner."""
    return {"counts": dict(counts or {}), "bias": dict(bias or {}), "fault": fault}


def record(verb: str, slot: str, found: Any, algorithm: str = "learner", **args: str) -> Action:
    """The record of a model."""
    action = swap_action("causes", algorithm, found, T0, verb)
    action.args |= {"slot": slot, **args}
    action.actor = "ann"
    return action


def bare(verb: str, slot: str, **args: str) -> Action:
    """A record without a state."""
    return Action(ts=T0, verb=verb, id=f"{verb}-{slot}", actor="bob", args={"slot": slot, **args})


def answer(engine: Engine, action: Action) -> Feedback:
    """The engine's answer to an action, whose time is that of the engine."""
    action.ts = max(action.ts, engine.timeline.now)
    [found] = [event for event in engine.step([action]) if isinstance(event, Feedback)]
    return found


def storm(at: float, *services: str) -> list[Record]:
    """Alerts that make one incident: three kinds, three times, on each service."""
    return [
        Alert(
            ts=T0 + at + turn + place / 10,
            name=f"{service}-{kind}",
            entity=f"{service}-1",
            service=service,
            severity="critical",
            id=f"{at}-{service}-{kind}-{turn}",
        )
        for turn in range(3)
        for place, service in enumerate(services)
        for kind in ("Down", "Slow", "Full")
    ]
