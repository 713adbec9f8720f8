"""Runs that start without a person, and what would have run in shadow mode.

Decisions are taken for open incidents while a playbook may run alone or is in shadow. A decision is taken again only if
the incident or the trail changed, or after some seconds, since guards depend on time. A run begins by the same code as
an approved one, which evaluates all guards once more under its lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError, UsageError
from aiops.respond.decisions import Decision
from aiops.respond.format import Playbook
from aiops.respond.guard_case import World
from aiops.respond.history import By, Run, ShadowState, Trial
from aiops.respond.mode_guards import level_of
from aiops.respond.promotion import is_shadow
from aiops.respond.runs import Runner
from aiops.respond.steps import verify_window
from aiops.respond.switches import Watch
from aiops.respond.trials import review
from aiops.telemetry.logs import log

ACTOR = "aiops"
# Suggestions of an incident that are considered: further ones only resemble it.
MAX_PLAYBOOKS = 3
# Decisions at once, each a question to the engine; the oldest come first.
MAX_AT_ONCE = 20
# Guards that depend on time (age, cooldown, windows) are evaluated again after so long.
AGAIN_S = 15.0
# People report of late whether a playbook helped; shadows that are older learn nothing any more.
LEARNS_FOR_S, LEARNS_EVERY_S = 86_400.0, 60.0
# Reviews come of late, and may be revoked: the older a decision, the less often it is looked for.
REVIEWS_FOR_S, REVIEWS_SLOWER = 7 * 86_400.0, 50.0
MAX_KNOWN = 10_000


class Candidate(Struct):
    """An open incident with its suggestions, best first; `version` changes with it."""

    incident: str
    version: int
    playbooks: list[str]


class Links(Struct):
    """The way of decisions to the rest of the daemon.

    `candidates` lists open incidents. `find` returns an incident as the engine holds it; `world` what the host knows of
    it. `begin` does work in a thread of its own, one of a key at a time, and returns False if it cannot begin.
    `is_cleared` judges a run's condition at the end of its window, None if nobody can.
    """

    candidates: Callable[[], Sequence[Candidate]]
    find: Callable[[str], CurrentIncident | None]
    world: Callable[[CurrentIncident], World]
    begin: Callable[..., bool]
    is_cleared: Callable[[Run, float], bool | None]


class AutoRuns:
    """Takes decisions; one thread calls `decide` and `judge`."""

    def __init__(
        self, runner: Runner, playbooks: Mapping[str, Playbook], links: Links, clock: Callable[[], float]
    ) -> None:
        self._runner, self._playbooks, self._links, self._clock = runner, playbooks, links, clock
        # When a decision was taken last, and on what state.
        self._taken: dict[tuple[str, str], tuple[float, int, int]] = {}
        # When the engine was queried last for people's word on a shadow.
        self._queried: dict[str, float] = {}

    def decide(self) -> None:
        """Take the decisions that are due."""
        modes = {name: by for name, one in self._playbooks.items() if (by := self._by(one)) is not None}
        if not modes:
            return
        due = [
            (name, candidate)
            for candidate in self._links.candidates()
            for name in candidate.playbooks[:MAX_PLAYBOOKS]
            if name in modes and self._is_due(name, candidate)
        ]
        due.sort(key=lambda one: self._taken.get((one[0], one[1].incident), (0.0, 0, 0))[0])
        for name, candidate in due[:MAX_AT_ONCE]:
            self._note(name, candidate)
            try:
                self._decide(name, candidate.incident, modes[name])
            except UsageError as error:
                log(logging.WARNING, f"no decision on {name}: {error}", incident=candidate.incident)

    def judge(self) -> None:
        """Judge what would have run: did its condition clear without it, and did people use the playbook."""
        now = self._clock()
        queries = 0
        for run in list(self._runner.history.shadows.values()):
            playbook = self._playbooks.get(run.playbook)
            if playbook is None:
                continue
            if run.state == "shadow":
                self._judge(run, playbook, now)
            elif run.helped is None and now - run.began < LEARNS_FOR_S and queries < MAX_AT_ONCE:
                queries += self._learn(run, now)
        for trial in list(self._runner.history.trials.values()):
            if trial.playbook in self._playbooks and now - trial.at < REVIEWS_FOR_S and queries < MAX_AT_ONCE:
                queries += self._review(trial, now)

    def _by(self, playbook: Playbook) -> By | None:
        """Return who would start runs of a playbook; None if only people do."""
        policy, history = self._runner.policy, self._runner.history
        if playbook.mode != "auto":
            return None
        if is_shadow(playbook, policy):
            return "shadow"
        may_run = policy.ceiling == "auto" and level_of(playbook.name, history, policy) == "auto"
        return "engine" if may_run else None

    def _is_due(self, name: str, candidate: Candidate) -> bool:
        taken = self._taken.get((name, candidate.incident))
        if taken is None:
            return True
        at, version, entries = taken
        changed = (version, entries) != (candidate.version, self._runner.history.entries)
        return changed or not 0.0 <= self._clock() - at < AGAIN_S

    def _note(self, name: str, candidate: Candidate) -> None:
        key = (name, candidate.incident)
        self._taken.pop(key, None)
        self._taken[key] = (self._clock(), candidate.version, self._runner.history.entries)
        if len(self._taken) > MAX_KNOWN:
            del self._taken[next(iter(self._taken))]

    def _decide(self, name: str, incident: str, by: By) -> None:
        watch = self._runner.watch(name)
        found = self._links.find(incident)
        if found is None or found.is_over:
            return
        world = self._links.world(found)
        decision = self._runner.decide(found.view, name, world, by)
        now = self._clock()
        playbook = self._playbooks[name]
        if decision.is_trial and not world.confirmed:
            self._runner.log.trial(decision, playbook, now)
        if not decision.runs:
            if self._runner.log.decided(decision, now):
                log(logging.INFO, f"not run without a person: {decision.reason}", incident=incident, code=decision.code)
        elif by == "shadow":
            run = self._runner.log.shadow(decision, playbook, now, is_trial=not world.confirmed)
            log(logging.INFO, f"would have run {decision.plan}", incident=incident, run=run.id)
        else:
            self._links.begin(self._run, decision, watch, key=f"{name} {incident}")

    def _run(self, decision: Decision, watch: Watch) -> None:
        found = self._links.find(decision.incident)
        if found is None or found.is_over:
            return
        done = self._runner.run(
            found.view,
            decision.playbook,
            self._links.world(found),
            ACTOR,
            approved=decision.plan.id,
            watch=watch,
            by="engine",
            still=lambda: self._changed(decision, _cause(found)),
        )
        log(logging.INFO, done.sentence, incident=decision.incident, run=done.run or "none", steps=done.steps)

    def _changed(self, decision: Decision, cause: str | None) -> str | None:
        """Return why the incident is no longer the one that was decided on; None if it is."""
        try:
            found = self._links.find(decision.incident)
            if found is None or found.is_over:
                return "the incident has ended"
            if found.person:
                return f"{found.person} works on the incident"
            if _cause(found) != cause:
                return "another cause is suspected"
            world = self._links.world(found)
            now = self._runner.decide(found.view, decision.playbook, world)
        except AiopsError as error:
            return f"the state of the incident is not known: {error}"
        if now.plan.id != decision.plan.id:
            return "another plan would be made now"
        stop = next((one for one in now.plan.checks if one.code in _STATE), None)
        return stop.reason if stop is not None else None

    def _judge(self, run: Run, playbook: Playbook, now: float) -> None:
        window = verify_window(playbook.verify)
        until = run.began + (window.length_s if window is not None else 0.0)
        if now < until:
            return
        # Nobody can distinguish the effect of a run from what would have happened without one.
        is_judged = window is not None and not self._runner.history.acted_on(run, until)
        cleared = self._links.is_cleared(run, until - window.calm_s) if window is not None and is_judged else None
        state: ShadowState = "unjudged" if cleared is None else "cleared" if cleared else "persisted"
        self._runner.log.end_shadow(run, state, now)

    def _learn(self, run: Run, now: float) -> bool:
        """Look for a person's word on a playbook that would have run; return True if the engine was queried."""
        if not self._may_query(run.id, LEARNS_EVERY_S, now):
            return False
        found = self._links.find(run.incident)
        runs = [one for one in list(self._runner.history.runs.values()) if one.incident == run.incident]
        # What was run is evidence of its own.
        if found is None or any(one.playbook == run.playbook for one in runs):
            return True
        helped = True if found.fixed_by == run.playbook else False if run.playbook in found.rejected else None
        if helped is not None:
            self._runner.log.end_shadow(run, run.state, now, helped)
        return True

    def _review(self, trial: Trial, now: float) -> bool:
        """Look for a person's review of a trial's incident; return True if the engine was queried."""
        key = " ".join(("trial", trial.playbook, trial.incident, *trial.targets))
        if not self._may_query(key, max(LEARNS_EVERY_S, (now - trial.at) / REVIEWS_SLOWER), now):
            return False
        found = self._links.find(trial.incident)
        # What the engine no longer knows was not revoked.
        if found is not None:
            facts, topology = found.view.facts, self._runner.topology
            right = review(trial.targets, found.confirmed, found.is_noise, facts, topology)
            self._runner.log.review(trial, right, "noise" if found.is_noise else found.confirmed, now)
        return True

    def _may_query(self, key: str, every_s: float, now: float) -> bool:
        if now - self._queried.get(key, -every_s) < every_s:
            return False
        self._queried[key] = now
        if len(self._queried) > MAX_KNOWN:
            del self._queried[next(iter(self._queried))]
        return True


# The codes of guards whose answer may change between the decision and the first request.
_STATE = frozenset({"not_firing", "no_match", "storm_rate", "storm_share", "maintenance", "gitops_managed", "rejected"})


def _cause(found: CurrentIncident) -> str | None:
    return found.view.causes[0].entity if found.view.causes else None
