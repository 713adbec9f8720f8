"""Decisions of shadow mode over an archive: the guarded runs that would have been, with nothing sent.

The records are processed once more, with the clock stepped as a daemon's ticks step it. At each step the open incidents
are decided on by the same pure function as in the daemon; a run that would have been counts for cooldown, rate and
repetition of the next ones. Afterwards it is judged: did the condition clear alone, and, where the archive has
labels, was the target the labelled cause.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aiops.backtest.driver import Replay, paced
from aiops.backtest.truth import matched_incidents
from aiops.daemon.run_world import Worlds
from aiops.engine.engine import Engine
from aiops.engine.fleet import fleet_of
from aiops.engine.incident_view import CurrentIncident, current_incident
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Alert, Cause, Logged, RootCause, Tick
from aiops.respond.audit import Entry, read_entries
from aiops.respond.config import RespondConfig
from aiops.respond.decision_log import DecisionLog
from aiops.respond.decisions import Decision, decide
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Certainty, Policy, World
from aiops.respond.history import GLOBAL, History, Run, ShadowState
from aiops.respond.plans import Planner
from aiops.respond.secrets import Secrets
from aiops.respond.steps import verify_window
from aiops.respond.systems import read_systems
from aiops.respond.trials import Record, latest_bodies, record_of, review
from aiops.score.ranking import cause_case
from aiops.topology import Topology

# The ticks of a daemon (`daemon/ticks.py`).
TICK_S = 2.0
# A daemon decides again after so long, since guards depend on time.
EVERY_S = 15.0
# An incident that stays open and the same is decided on less and less often.
MAX_PAUSE_S = 600.0
# The clock continues for so long after the last record: incidents come of age, and conditions clear.
TAIL_S = 1800.0
MAX_PLAYBOOKS = 3
# The actor of what a daemon records of its runs.
ACTOR = "aiops"
# The actions that review an incident, or revoke a review.
_REVIEWS = frozenset({"confirm_cause", "mark", "undo"})
_LATE = frozenset({"not_firing", "too_old"})


class WouldRun(Struct, omit_defaults=True):
    """A run that would have been.

    `state` is `cleared` if the condition cleared without it, `persisted` if it did not, `acted_on` if a run of the
    daemon acted on that incident, `unknown` if it cleared and nobody knows whether one did, and `unjudged` if the input
    ended before that was clear. `is_right` is None without labels: the target is, or belongs to, the labelled cause.
    """

    at: float
    incident: str
    playbook: str
    targets: list[str]
    requests: list[str]
    state: str = "unjudged"
    is_right: bool | None = None


class RefusedRun(Struct, omit_defaults=True):
    """The last decision on a playbook for an incident for which it would not have run."""

    at: float
    incident: str
    playbook: str
    targets: list[str]
    code: str
    reason: str


class RemediationReport(Struct):
    """All decisions of a replay.

    `incidents` opened, of which `fitting` had a playbook with steps that could run. `codes` counts last refusals.
    `assumed_certainty` is the assumption of whoever made the report, None for what the archive confirmed. `trail` is
    the audit trail that names the runs of the daemon that wrote the journal; `is_live`: the input is such a journal.
    `record` counts what people's reviews made of decisions that nothing refused but the measured certainty.
    """

    incidents: int = 0
    fitting: int = 0
    runs: list[WouldRun] = field(default_factory=list)
    refused: list[RefusedRun] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    assumed_certainty: float | None = None
    is_live: bool = False
    trail: str | None = None
    record: Record = field(default_factory=Record)

    @property
    def handled(self) -> int:
        """Return the number of incidents for which something would have run."""
        return len({run.incident for run in self.runs})


class LiveRuns(Struct, frozen=True):
    """The runs of a daemon, and the trail that names them; both None if nobody knows."""

    history: History | None
    trail: str | None


class Shadow:
    """Decides on the incidents of one engine while an archive passes."""

    def __init__(
        self,
        engine: Engine,
        playbooks: Mapping[str, Playbook],
        topology: Topology,
        config: RespondConfig,
        certainty: float | None = None,
    ) -> None:
        self._engine, self._certainty, self._topology = engine, certainty, topology
        # What nobody can run has no decision.
        self._playbooks = {name: one for name, one in playbooks.items() if one.mode != "suggest"}
        self._policy = Policy.of(config)
        self._history = History(switches={GLOBAL: False})
        systems = read_systems(config)
        # The values of secrets are those of the daemon's host; where they may be sent is known everywhere.
        secrets = Secrets(config.secrets, systems, is_here=False)
        self._planner = Planner(self._playbooks, topology, self._policy, self._history, systems, secrets)
        self._log = DecisionLog(self._history, self._write)
        self._worlds = Worlds(lambda: engine.timeline.now, lambda: fleet_of(engine, engine.timeline.now), _unmanaged)
        self._lines = 0
        # By playbook and incident: when it was decided on, the incident's version, and the pause until the next time.
        self._taken: dict[tuple[str, str], tuple[float, int, float]] = {}
        self._suggested: dict[str, tuple[int, list[str]]] = {}
        # By incident: the version that is too old to be decided on again.
        self._final: dict[str, int] = {}
        self._refused: dict[tuple[str, str], RefusedRun] = {}
        self._runs: dict[str, WouldRun] = {}
        self._seen: set[str] = set()
        self._fitting: set[str] = set()
        self._acted: set[str] = set()
        # Incidents that people reviewed since the last visit.
        self._reviewed: set[str] = set()

    def visit(self) -> None:
        """Judge what is due, then decide on every open incident that changed or waited long enough."""
        now = self._engine.timeline.now
        self._judge(now)
        self._judge_trials(now)
        self._log.storm(self._worlds.storm(self._policy), now)
        for name, state in list(self._engine.incidents.by_id.items()):
            self._seen.add(name)
            if state.status == "resolved" or self._final.get(name) == state.version:
                continue
            for suggested in self._suggestions(name, state.version):
                if suggested in self._playbooks and self._is_due(suggested, name, state.version, now):
                    self._decide(suggested, name, now)

    def _suggestions(self, incident: str, version: int) -> list[str]:
        """Return the first playbooks of an incident, read once a version: its record takes long to make."""
        known, names = self._suggested.get(incident, (-1, []))
        if known == version:
            return names
        present = self._engine.present(incident)
        if present is None:
            return []
        names = [one.name for one in present[0].playbooks[:MAX_PLAYBOOKS]]
        self._suggested[incident] = (version, names)
        return names

    def note_action(self, action: Action) -> None:
        """Note an incident on which a run of the daemon acted, by what the daemon recorded of it."""
        if action.verb in _REVIEWS:
            self._reviewed.add(action.incident or "")
        if action.actor == ACTOR and action.verb == "confirm_playbook" and action.incident:
            self._acted.add(action.incident)

    def report(self, done: Replay, topology: Topology, live: LiveRuns | None = None) -> RemediationReport:
        """Return the report of a replay by `run_shadow`, judged by the labels that it has.

        `live` are the runs of the daemon whose journal was replayed; None for an archive.
        """
        causes: dict[str, list[RootCause]] = {}
        for name, found in matched_incidents(done).items():
            truth = done.truths.incidents.get(name)
            if truth is not None and truth.root_cause is not None:
                causes.setdefault(found.id, []).append(truth.root_cause)
        for run in self._runs.values():
            if labelled := causes.get(run.incident):
                run.is_right = all(_is_cause(target, labelled, topology) for target in run.targets)
        for run_id, run in self._runs.items():
            run.state = self._state(self._history.shadows[run_id], live)
        done_for = self._done()
        refused = [one for key, one in self._refused.items() if key not in done_for]
        codes = Counter(one.code for one in refused)
        runs = list(self._runs.values())
        known = (live is not None, live.trail if live is not None else None)
        trials = list(self._history.trials.values())
        record = record_of(trials, latest_bodies(trials))
        counts = (len(self._seen), len(self._fitting), runs, refused, dict(codes.most_common()))
        return RemediationReport(*counts, self._certainty, *known, record)

    def _state(self, run: Run, live: LiveRuns | None) -> str:
        """Return the state of a would-be run; nothing cleared alone where something acted on it."""
        state = "unjudged" if run.state == "shadow" else run.state
        history = live.history if live is not None else None
        if run.incident in self._acted or (history is not None and history.acted_on(run, run.ended)):
            return "acted_on"
        # Lines of a trail that was cut may have held a run.
        is_known = live is None or (history is not None and history.gap is None)
        return state if state != "cleared" or is_known else "unknown"

    def _done(self) -> set[tuple[str, str]]:
        return {(run.playbook, run.incident) for run in self._runs.values()}

    def _is_due(self, playbook: str, incident: str, version: int, now: float) -> bool:
        at, known, pause_s = self._taken.get((playbook, incident), (-MAX_PAUSE_S, -1, EVERY_S))
        if known == version and now - at < pause_s:
            return False
        longer = EVERY_S if known != version else min(2 * pause_s, MAX_PAUSE_S)
        self._taken[playbook, incident] = (now, version, longer)
        return True

    def _decide(self, playbook: str, incident: str, now: float) -> None:
        found = current_incident(self._engine, incident, now)
        if found is None or found.is_over:
            return
        self._fitting.add(incident)
        try:
            world = self._world(found)
            decision = decide(self._planner, found.view, playbook, world, "shadow")
        except UsageError as error:
            self._refuse(playbook, incident, [], "cannot_be_planned", str(error), now)
            return
        if decision.is_trial and not world.confirmed:
            self._log.trial(decision, self._playbooks[playbook], now)
        if not decision.runs:
            if decision.code == "too_old":
                # Nothing but another version makes it younger.
                self._final[incident] = self._suggested[incident][0]
            if decision.code not in ("repeated", "incident_busy") or (playbook, incident) not in self._done():
                self._refuse(playbook, incident, decision.targets, decision.code, decision.reason, now)
            return
        self._run(decision, now, is_trial=not world.confirmed)

    def _run(self, decision: Decision, now: float, *, is_trial: bool) -> None:
        run = self._log.shadow(decision, self._playbooks[decision.playbook], now, is_trial=is_trial)
        requests = [str(call) for call in decision.plan.requests if call.phase == "step"]
        self._runs[run.id] = WouldRun(now, decision.incident, decision.playbook, decision.targets, requests)

    def _refuse(self, playbook: str, incident: str, targets: list[str], code: str, reason: str, now: float) -> None:
        if code in _LATE and (playbook, incident) in self._refused:
            # The reason while it fired, and was new, explains more.
            return
        self._refused[playbook, incident] = RefusedRun(now, incident, playbook, targets, code, reason)

    def _world(self, found: CurrentIncident) -> World:
        world = self._worlds.of(found)
        if self._certainty is not None and world.certainty is None:
            world.certainty = Certainty(self._certainty, 0, "assumed for this report")
        return world

    def _judge(self, now: float) -> None:
        for run in list(self._history.shadows.values()):
            playbook = self._playbooks.get(run.playbook)
            if run.state != "shadow" or playbook is None:
                continue
            window = verify_window(playbook.verify)
            until = run.began + (window.length_s if window is not None else 0.0)
            if now >= until:
                cleared = self._is_cleared(run, until - window.calm_s) if window is not None else None
                state: ShadowState = "unjudged" if cleared is None else "cleared" if cleared else "persisted"
                self._log.end_shadow(run, state, now)

    def _judge_trials(self, now: float) -> None:
        """Judge the decisions on incidents that a person reviewed, by the reviews since the last time."""
        names, self._reviewed = self._reviewed, set()
        for trial in list(self._history.trials.values()) if names else ():
            found = current_incident(self._engine, trial.incident, now) if trial.incident in names else None
            if found is not None:
                right = review(trial.targets, found.confirmed, found.is_noise, found.view.facts, self._topology)
                self._log.review(trial, right, "noise" if found.is_noise else found.confirmed, now)

    def _is_cleared(self, run: Run, calm_from: float) -> bool | None:
        found = current_incident(self._engine, run.incident, self._engine.timeline.now)
        return found.is_clear(run.targets, calm_from) if found is not None else None

    def _write(self, kind: str, now: float, data: dict[str, Any]) -> None:
        self._history.apply(Entry(self._lines, now, kind, data, ""))
        self._lines += 1


def run_shadow(records: Iterable[Logged], engine: Engine, shadow: Shadow) -> Replay:
    """Process all records and decide every `EVERY_S` of their time, and for `TAIL_S` after them."""
    return paced(chain(_paced(_noting(records, shadow)), _tail(engine)), engine, shadow.visit)


def live_runs(trail: Path) -> LiveRuns:
    """Return the runs of the daemon with a trail; unknown without one that can be read whole."""
    if not trail.is_file():
        return LiveRuns(None, None)
    history = History()
    try:
        for entry in read_entries(trail):
            history.apply(entry)
    except (AiopsError, OSError):
        return LiveRuns(None, None)
    return LiveRuns(history, str(trail))


def _noting(records: Iterable[Logged], shadow: Shadow) -> Iterator[Logged]:
    for record in records:
        if isinstance(record, Action):
            shadow.note_action(record)
        yield record


def _tail(engine: Engine) -> Iterator[list[Logged]]:
    yield from _ticks(engine.timeline.now, engine.timeline.now + TAIL_S)


def _paced(records: Iterable[Logged]) -> Iterator[list[Logged]]:
    """Yield the records in parts of `EVERY_S`, with ticks as of a daemon where none are recorded.

    A gap of days is not stepped through: what can change in it changes in its first half hour.
    """
    batch: list[Logged] = []
    last = begun = -math.inf
    for record in records:
        if isinstance(record, Alert | Tick):
            if record.ts - last > TICK_S and last > -math.inf:
                yield batch
                batch = []
                yield from _ticks(last, min(record.ts, last + TAIL_S))
            elif record.ts - begun >= EVERY_S:
                yield batch
                batch, begun = [], record.ts
            last = max(last, record.ts)
        batch.append(record)
    yield batch


def _ticks(start: float, end: float) -> Iterator[list[Logged]]:
    """Yield the ticks between two times, in parts of `EVERY_S`."""
    count = max(0, math.ceil((end - start) / TICK_S) - 1)
    ticks: list[Logged] = [Tick(ts=start + TICK_S * (number + 1)) for number in range(count)]
    each = int(EVERY_S / TICK_S)
    for first in range(0, count, each):
        yield ticks[first : first + each]


def _is_cause(target: str, labelled: Iterable[RootCause], topology: Topology) -> bool:
    cases = (cause_case([Cause(target)], root, topology.service_of) for root in labelled)
    return any(any(case.right) for case in cases)


def _unmanaged(targets: object) -> Mapping[str, str]:
    return {}
