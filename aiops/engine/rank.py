"""The ranking stage: the cause ranker, the suggester and the memory of similar incidents."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypedDict, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from aiops.engine.assessment import Assessment
from aiops.engine.drift.outcomes import Outcomes
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.config import IncidentConfig
from aiops.engine.incidents.state import IncidentState
from aiops.engine.model_faults import Faults, all_of
from aiops.engine.serving.trial import Meter, unmeasured
from aiops.engine.serving.trials import Trials, case_of, copied, is_of
from aiops.errors import UsageError
from aiops.ports import AlertFact, Calibrated, Certain, IncidentView, Ranker, Similar, Stateful, Suggester
from aiops.records import Cause, Change, Evidence, Suggestion
from aiops.wording import plural

# Changes kept for suspicion: a busy platform deploys about once a minute, and the window is an hour.
MAX_CHANGES = 1_000
# Streams of one incident that are ranked; beyond it only repeats of what is already seen are to be expected.
MAX_FACTS = 2_000


# The field of `Models` by slot, which also names the model's state in snapshots.
FIELDS = {"causes": "ranker", "playbooks": "suggester", "similar": "similar"}
# The key of the algorithms that were swapped in, beside the states of the models.
_SWAPPED = "algorithms"
_GOOD = ("resolved", "helped")
T = TypeVar("T")


class Models(Struct):
    """The plugged-in models; a stage without one returns nothing.

    `make` returns a new model for (slot, algorithm) and raises `UsageError` for one that is not installed; `names` are
    the algorithms of the configuration by slot. `meter` measures calls for the host.
    """

    ranker: Ranker | None = None
    suggester: Suggester | None = None
    similar: Similar | None = None
    make: Callable[[str, str], Any] | None = None
    names: dict[str, str] = field(default_factory=dict)
    meter: Meter = unmeasured


class RankingState(TypedDict):
    """The state of `Ranking` in snapshots; what a model keeps is its own."""

    changes: list[Change]
    views: list[IncidentView]
    models: dict[str, Any]


class Ranking(Struct):
    """Calls the models, and passes them the outcomes of incidents."""

    STATE: ClassVar[Any] = RankingState

    config: IncidentConfig
    models: Models
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=MAX_CHANGES))
    # Views of ended incidents, for feedback that comes later.
    views: dict[str, IncidentView] = field(default_factory=dict)
    # The ranker, if it is calibrated. A check at each ranking would take as long as a small ranking.
    calibrated: Calibrated | None = None
    trials: Trials = field(default_factory=Trials)
    faults: Faults = field(default_factory=Faults)
    # How often the models were right, by what people confirmed.
    outcomes: Outcomes = field(default_factory=lambda: Outcomes([]))
    # Algorithms by slot, where a record replaced the model of the configuration.
    swapped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look once at what the ranker can do."""
        self.calibrated = self.models.ranker if isinstance(self.models.ranker, Calibrated) else None

    def model(self, slot: str) -> Any:
        """Return the model that serves in a slot; None if the slot is switched off."""
        return getattr(self.models, FIELDS[slot])

    def algorithm(self, slot: str) -> str:
        """Return the registered name of the model that serves in a slot."""
        return self.swapped.get(slot) or self.models.names.get(slot, slot)

    def made(self, slot: str, algorithm: str) -> Any:
        """Return a new model, with nothing learned; raise `UsageError` for one that is not installed."""
        if self.models.make is None:
            raise UsageError("expected an engine that can make models; this one was given its own")
        return self.models.make(slot, algorithm)

    def serve(self, slot: str, algorithm: str, model: Any) -> None:
        """Have another model decide in a slot."""
        self.models = replace(self.models, **{FIELDS[slot]: model})
        self.swapped[slot] = algorithm
        self.__post_init__()

    def change(self, change: Change) -> None:
        """Remember a change for the incidents that follow it."""
        self.changes.append(change)

    def measured(self) -> Mapping[str, Any] | None:
        """Return how far ranked causes were right here; None without a ranker that measures it.

        A ranker that fails here is no fault of a decision, and is not counted: hosts call this when they like.
        """
        calibrated = self.calibrated
        return Faults().contained("causes", calibrated.calibration, None) if calibrated is not None else None

    def view(self, incident: IncidentState, cluster: ClusterState) -> IncidentView:
        """An incident as the models see it: one fact for each (entity, name, caller)."""
        facts: Facts = {}
        for member in cluster.members.values():
            _add(facts, member)
        since = cluster.opened_at - self.config.change_window_s
        changes = [change for change in self.changes if since <= change.ts <= cluster.last_at]
        return IncidentView(
            incident.id,
            cluster.opened_at,
            list(facts.values())[:MAX_FACTS],
            changes,
            incident.severity,
            findings=list(incident.findings or ()),
        )

    def assess(self, incident: IncidentState, cluster: ClusterState) -> Assessment:
        """Causes, playbooks and similar incidents of an incident as it stands."""
        models = self.models
        found = Assessment()
        if models.ranker is None and models.suggester is None and models.similar is None:
            return found
        view = self.view(incident, cluster)
        self._causes(view, found)
        found.playbooks = self._decided("playbooks", view, _suggested, _name)[0]
        found.similar = self._decided("similar", view, _nearest, _name)[0]
        return found

    def _causes(self, view: IncidentView, found: Assessment) -> None:
        found.causes, decider = self._decided("causes", view, _ranked, _entity)
        view.causes = found.causes
        calibrated = self.calibrated if decider is None else decider
        if isinstance(calibrated, Calibrated):
            ranker = calibrated
            found.trust = self.faults.contained("causes", lambda: trust(ranker, found.causes), "")

    def _decided(
        self, slot: str, view: IncidentView, call: Callable[[Any, IncidentView], list[T]], named: Callable[[T], str]
    ) -> tuple[list[T], Any]:
        """Return the decision of a slot, and the canary that made it or None; candidates run beside it."""
        model = self.model(slot)
        nothing: list[T] = []
        if model is None:
            return nothing, None
        run = self.models.meter
        found = self.faults.contained(slot, lambda: run(slot, "serving", lambda: call(model, view)), nothing)
        if slot not in self.trials.by_slot:
            return found, None
        return self.trials.decided(slot, case_of(view), found, lambda other: call(other, copied(view)), named)

    def learn(self, incident: IncidentState, cluster: ClusterState) -> None:
        """An incident ended: its alerts are history, its cause is not confirmed."""
        models = self.models
        if models.ranker is None and models.suggester is None and models.similar is None:
            # Nobody would look at the view, now or when feedback comes.
            return
        view = self.view(incident, cluster)
        view.causes = incident.causes
        self.views[incident.id] = view
        if len(self.views) > self.config.max_closed:
            del self.views[next(iter(self.views))]
        self._learn_cause(view, incident.root)
        self._remember(view, _meta(incident, None) | _end(incident, cluster))

    def _learn_cause(self, view: IncidentView, root: str | None) -> None:
        if root is not None:
            self.trials.confirm("causes", view.id, is_of(root, view))
        self._teach("causes", lambda model: model.learn, view, root)

    def _remember(self, view: IncidentView, meta: dict[str, str]) -> None:
        self._teach("similar", lambda model: model.add, view, meta)

    def _teach(self, slot: str, method: Callable[[Any], Callable[..., None]], view: IncidentView, *lesson: Any) -> None:
        """Have the model of a slot learn, and its candidates the same from views of their own."""
        model = self.model(slot)
        if model is None:
            return
        self.faults.contained(slot, lambda: method(model)(view, *lesson), None)
        if slot in self.trials.by_slot:
            self.trials.teach(slot, lambda other: method(other)(copied(view), *map(_own, lesson)))

    def confirm_cause(self, incident: IncidentState, view: IncidentView, entity: str) -> None:
        """Learn a confirmed cause."""
        incident.root = entity
        before = self.measured()
        self._learn_cause(view, entity)
        self._judge_cause(view, entity, before, self.measured())
        if incident.learned:
            self._remember(view, _meta(incident, None))

    def mark_noise(self, view: IncidentView, is_noise: bool) -> None:
        """Have the ranker learn that an incident had no cause, or that it may have one."""
        if isinstance(self.models.ranker, Certain):
            self._teach("causes", lambda model: model.mark_noise, view, is_noise)

    def _judge_cause(
        self, view: IncidentView, entity: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        """Count a confirmed cause as the ranker has, which knows what a name stands for; else by its name."""
        if before is None or after is None or "last" not in after:
            if view.causes:
                self.outcomes.judged("causes", view.id, view.causes[0].entity == entity)
        elif after["outcomes"] > before["outcomes"]:
            # A second confirmation of one incident changes what was learned, and is no further outcome.
            self.outcomes.judged("causes", view.id, bool(after["last"]))
            if after.get("last_promise") is not None:
                self.outcomes.promised(bool(after["last_promise"]))
            if after.get("last_stated") is not None:
                self.outcomes.stated(float(after["last_stated"]), bool(after["last"]))

    def confirm_playbook(self, incident: IncidentState, view: IncidentView, playbook: str, outcome: str) -> None:
        """Learn a confirmed outcome of a playbook."""
        first = incident.playbooks[0].name if incident.playbooks else None
        if outcome != "useless" or playbook == first:
            # One that did not help, and was not the first suggestion, was no mistake of the suggester.
            self.outcomes.judged("playbooks", view.id, playbook == first and outcome != "useless")
        if outcome in _GOOD:
            self.trials.confirm("playbooks", view.id, lambda name: name == playbook)
        self._teach("playbooks", lambda model: model.learn, view, playbook, outcome)
        if incident.learned:
            self._remember(view, _meta(incident, playbook if outcome != "useless" else None))

    def set_back(self, now: float) -> None:
        """Keep all as it is: changes and past incidents have times of their own."""

    def dump(self) -> RankingState:
        """State for a snapshot."""
        return {
            "changes": list(self.changes),
            "views": list(self.views.values()),
            "models": {name: model.dump() for name, model in self._stateful()} | self._algorithms(),
        }

    def _algorithms(self) -> dict[str, Any]:
        return {_SWAPPED: dict(self.swapped)} if self.swapped else {}

    def load(self, state: RankingState) -> None:
        """Take the state of a `dump`; raise `AiopsError` if a model that was swapped in is not installed."""
        for slot, algorithm in state["models"].get(_SWAPPED, {}).items():
            self.serve(slot, algorithm, self.made(slot, algorithm))
        self.changes = deque(state["changes"], maxlen=MAX_CHANGES)
        self.views = {view.id: view for view in state["views"]}
        for name, model in self._stateful():
            if name in state["models"]:
                model.load(state["models"][name])

    def _stateful(self) -> list[tuple[str, Stateful]]:
        named = [(name, getattr(self.models, name)) for name in FIELDS.values()]
        return [(name, model) for name, model in named if isinstance(model, Stateful)]


def ranking_of(config: IncidentConfig, models: Models, faults: Faults, outcomes: Outcomes) -> Ranking:
    """Return the ranking stage of an engine."""
    return Ranking(config, models, trials=Trials(models.meter), faults=faults, outcomes=outcomes)


def _ranked(model: Any, view: IncidentView) -> list[Cause]:
    return all_of(Cause, model.rank(view))


def _suggested(model: Any, view: IncidentView) -> list[Suggestion]:
    return all_of(Suggestion, model.suggest(view))


def _nearest(model: Any, view: IncidentView) -> list[Evidence]:
    return all_of(Evidence, model.nearest(view))


def _entity(cause: Cause) -> str:
    return cause.entity


def _name(found: Suggestion | Evidence) -> str:
    return found.name


def _own(lesson: Any) -> Any:
    return dict(lesson) if isinstance(lesson, dict) else lesson


def _meta(incident: IncidentState, playbook: str | None) -> dict[str, str]:
    """Return what is remembered beside the alerts of an incident."""
    meta = {"opened_at": repr(incident.opened_at)}
    if incident.root is not None:
        meta["root"] = incident.root
    if playbook is not None:
        meta["playbook"] = playbook
    return meta


def _end(incident: IncidentState, cluster: ClusterState) -> dict[str, str]:
    """Return the end of an incident, without the quiet that was waited for before it was resolved."""
    was_quiet = cluster.firing <= 0 < cluster.active_at
    at = cluster.active_at if was_quiet else incident.resolved_at
    return {"resolved_at": repr(at)} if at is not None else {}


def trust(ranker: Calibrated, causes: list[Cause]) -> str:
    """Describe the reliability of the ranking in a sentence; empty without causes."""
    if not causes:
        return ""
    found, report = ranker.candidate_set(causes), ranker.calibration()
    names = ", ".join(found["entities"])
    if found["among_first"] is None:
        return f"First suspects: {names}; not yet checked here ({report['outcomes']} confirmed so far)."
    by = f"by {plural(report['outcomes'], 'confirmed incident')}"
    if found["promised"] is None:
        return (
            f"First suspects: {names}. No short list can be promised here: the first ten hold the cause in at least "
            f"{found['among_first']:.0%} of incidents, {by}."
        )
    held = found["measured_coverage"]
    kept = f"; promises like this held in {held:.0%}" if held is not None else ""
    return f"The cause is among {names} in at least {found['promised']:.0%} of such incidents, {by}{kept}."


Facts = dict[tuple[str, str, str | None], AlertFact]


def _add(facts: Facts, member: MemberState) -> None:
    """Facts of a member: one for each caller that observed it, one without caller where there is none."""
    observed = sum(member.callers.values())
    for caller, count in member.callers.items():
        _count(facts, member, caller, count)
    if member.count > observed:
        _count(facts, member, None, member.count - observed)


def _count(facts: Facts, member: MemberState, caller: str | None, count: int) -> None:
    key = (member.entity, member.name, caller)
    known = facts.get(key)
    if known is None:
        facts[key] = AlertFact(
            member.entity,
            member.name,
            member.severity,
            count,
            member.first_at,
            member.last_at,
            member.service,
            member.source,
            member.message,
            member.magnitude,
            caller,
            member.labels,
            member.url,
            member.workload,
            member.annotations,
            member.recent,
        )
        return
    known.count += count
    known.severity = max(known.severity, member.severity)
    known.first_at = min(known.first_at, member.first_at)
    known.recent = min(known.recent, member.recent)
    known.last_at = max(known.last_at, member.last_at)


__all__ = ["Models", "Ranking"]
