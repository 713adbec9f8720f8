"""The state derived from the audit trail: kill switches, approvals, runs. It is never stored."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from aiops.respond.audit import RENEWED, Entry
from aiops.respond.calls import Call, StepState
from aiops.respond.run_progress import Progress, joined_why
from aiops.respond.run_states import (
    GLOBAL,
    WAITING,
    Approved,
    Bound,
    By,
    Decided,
    Gap,
    Level,
    Mode,
    PendingNotice,
    Refusal,
    RollbackState,
    Run,
    RunState,
    ShadowState,
    Start,
    Storm,
    SwitchMove,
    Trial,
    TrialKey,
    Wait,
    step_place,
    trial_key,
)

__all__ = [
    "GLOBAL",
    "WAITING",
    "Approved",
    "Bound",
    "By",
    "Decided",
    "Gap",
    "History",
    "Level",
    "Mode",
    "PendingNotice",
    "Refusal",
    "RollbackState",
    "Run",
    "RunState",
    "ShadowState",
    "Start",
    "Storm",
    "SwitchMove",
    "Trial",
    "Wait",
    "step_place",
]

# Runs kept in memory for guards. The longest window of a guard is days, and rates are a few an hour.
MAX_RUNS = 10_000
MAX_REFUSALS = 100
MAX_DECISIONS = 500
MAX_SHADOWS = 2_000
MAX_COUNTED = 20_000
MAX_TRIALS = 2_000


class History(Struct):
    """The state of runs.

    `switches` has a scope (`global`, `team:x`, `playbook:x`) for every switch ever touched; `moved` has its last move.

    `plans` has the playbook and incident of each plan in `approvals`, `bound` what each is bound to; `calls` the
    remaining requests of a run; `rolled` the keys of rollback requests that were accepted; `taken` the steps of a run
    that were sent, by `step_place`, with the values that they took from answers; `progress` how far its steps are.
    `levels` has the recorded mode of a playbook, `shadows` what would have run, `counts` the number of decisions by
    playbook and code, `shadow_counts` those of shadow mode, `counted` what is in them. `high_water` is the latest time
    of an entry.
    """

    switches: dict[str, bool] = field(default_factory=dict)
    moved: dict[str, SwitchMove] = field(default_factory=dict)
    approvals: dict[str, list[Approved]] = field(default_factory=dict)
    plans: dict[str, tuple[str, str]] = field(default_factory=dict)
    bound: dict[str, Bound] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    rolled: set[str] = field(default_factory=set)
    taken: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    pending_notices: dict[int, PendingNotice] = field(default_factory=dict)
    gap: Gap | None = None
    begun: int = 0
    # The last ones, for people; no guard reads them.
    refusals: list[Refusal] = field(default_factory=list)
    decisions: list[Decided] = field(default_factory=list)
    levels: dict[str, Level] = field(default_factory=dict)
    shadows: dict[str, Run] = field(default_factory=dict)
    trials: dict[TrialKey, Trial] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    shadow_counts: dict[tuple[str, str], int] = field(default_factory=dict)
    counted: dict[tuple[str, str, str, bool], None] = field(default_factory=dict)
    storm: Storm | None = None
    starts: list[Start] = field(default_factory=list)
    high_water: float = 0.0
    entries: int = 0

    def apply(self, entry: Entry) -> None:
        """Apply one entry; kinds that do not concern the state are ignored."""
        data = entry.data
        self.high_water, self.entries = max(self.high_water, entry.at), self.entries + 1
        take = _KINDS.get(entry.kind)
        if take is not None:
            take(self, entry.at, data)
        if data.get("say"):
            notice = PendingNotice(entry.seq, data.get("incident", ""), data["say"], data.get("page", False))
            self.pending_notices[entry.seq] = notice

    def engaged(self, scopes: list[str]) -> str | None:
        """Return the first engaged kill switch of the scopes.

        The global one is engaged until a person releases it.
        """
        for scope in scopes:
            if self.switches.get(scope, scope == GLOBAL):
                return scope
        return None

    def of_playbook(self, name: str) -> list[Run]:
        """Return the runs of a playbook, oldest first.

        One that ended before anything was sent touched nothing.
        """
        return [run for run in list(self.runs.values()) if run.playbook == name and (run.touched or run.is_active)]

    def shadows_of(self, name: str) -> list[Run]:
        """Return what would have run of a playbook, oldest first."""
        return [run for run in list(self.shadows.values()) if run.playbook == name]

    def unjudged(self, incident: str) -> list[Run]:
        """Return the runs for an incident of which it is not known yet whether they helped."""
        states = ("running", "waiting", "executed")
        return [run for run in list(self.runs.values()) if run.incident == incident and run.state in states]

    def active(self) -> list[Run]:
        """Return the runs that have begun and not ended, with those whose rollback has not."""
        return [run for run in list(self.runs.values()) if run.is_active]

    def on_targets_of(self, run: Run) -> list[Run]:
        """Return other active runs on a target of a run."""
        return [one for one in self.active() if one is not run and set(one.targets).intersection(run.targets)]

    def acted_on(self, shadow: Run, until: float) -> bool:
        """Return True if a real run touched the incident or a target of a would-be run, until a time.

        A condition that cleared afterwards did not clear without a run.
        """
        made = [run for run in list(self.runs.values()) if run.touched and run.began <= until]
        shared = set(shadow.targets)
        return any(
            run.incident == shadow.incident or (run.began >= shadow.began and not shared.isdisjoint(run.targets))
            for run in made
        )

    def begin(self, run: Run, calls: list[Call]) -> None:
        """Reserve the targets of a run that is about to be recorded."""
        self.runs[run.id] = run
        self.calls[run.id] = calls
        self.begun += 1
        self._forget_plan(run.plan)
        if len(self.runs) > MAX_RUNS:
            oldest = next((one.id for one in self.runs.values() if not one.is_active), run.id)
            self.forget(oldest)

    def forget(self, run: str) -> None:
        """Drop a run that was never recorded, or is too old."""
        self.runs.pop(run, None)
        self._drop(run)

    def _drop(self, run: str) -> None:
        self.calls.pop(run, None)
        self.taken.pop(run, None)
        self.progress.pop(run, None)

    def _switch(self, at: float, data: dict[str, Any]) -> None:
        self.switches[data["scope"]] = data["engaged"]
        self.note_move(at, data)
        if data["scope"] == GLOBAL and not data["engaged"]:
            # A person has checked why it crashed: only what follows counts, with the present start. From here on runs
            # are possible in it.
            self.starts = [Start(one.at, True) for one in self.starts[-1:]]

    def note_move(self, at: float, data: dict[str, Any]) -> None:
        """Keep the last move of a kill switch, for people."""
        self.moved[data["scope"]] = SwitchMove(data["engaged"], at, data.get("actor", ""), data.get("reason", ""))
        for run in self.active() if data["engaged"] else ():
            if run.wait is not None and data["scope"] in run.wait.scopes:
                run.wait.void()

    def _approve(self, at: float, data: dict[str, Any]) -> None:
        self.approvals.setdefault(data["plan"], []).append(Approved(data["actor"], at))
        self.plans[data["plan"]] = (data["playbook"], data["incident"])
        states = msgspec.convert(data.get("states", []), list[StepState])
        self.bound[data["plan"]] = Bound(data.get("base", data["plan"]), states)

    def _expire(self, at: float, data: dict[str, Any]) -> None:
        self._forget_plan(data["plan"])

    def _refuse(self, at: float, data: dict[str, Any]) -> None:
        given = (data.get("incident", ""), data.get("guard", ""), data.get("reason", ""), data.get("actor", ""))
        playbook, code = data.get("playbook", ""), data.get("code", "")
        self.refusals = [*self.refusals[1 - MAX_REFUSALS :], Refusal(at, playbook, *given, code)]
        run = self.runs.get(data.get("run", ""))
        if run is not None and run.wait is not None:
            run.wait.void()
        self._count(playbook, code, data.get("incident", ""))

    def _count(self, playbook: str, code: str, about: str, *, shadow: bool = False) -> None:
        """Count a decision once: a condition that comes and goes makes one of it many times.

        `about` is the incident, or the run. What shadow mode decided is counted apart.
        """
        key = (playbook, code, about, shadow)
        if not code or key in self.counted:
            return
        self.counted[key] = None
        if len(self.counted) > MAX_COUNTED:
            del self.counted[next(iter(self.counted))]
        counts = self.shadow_counts if shadow else self.counts
        counts[playbook, code] = counts.get((playbook, code), 0) + 1

    def _decide(self, at: float, data: dict[str, Any]) -> None:
        given = {name: data[name] for name in ("playbook", "incident", "targets", "code", "reason", "by")}
        self.decisions = [*self.decisions[1 - MAX_DECISIONS :], Decided(at, **given)]
        self._count(data["playbook"], data["code"], data["incident"], shadow=data["by"] == "shadow")

    def _level(self, at: float, data: dict[str, Any]) -> None:
        self.levels[data["playbook"]] = Level(data["mode"], at, data["actor"], data.get("reason", ""))

    def _shadow(self, at: float, data: dict[str, Any]) -> None:
        given = {name: data[name] for name in ("playbook", "version", "incident", "targets", "plan", "body")}
        run = Run(data["run"], **given, started_at=at, state="shadow", by="shadow", touched=list(data["targets"]))
        self.shadows[run.id] = run
        self._try(at, data)
        self._count(run.playbook, "would_run", run.incident, shadow=True)
        if len(self.shadows) > MAX_SHADOWS:
            del self.shadows[next(iter(self.shadows))]

    def _end_shadow(self, at: float, data: dict[str, Any]) -> None:
        run = self.shadows.get(data["run"])
        if run is not None:
            run.state, run.ended_at, run.helped = data["state"], run.ended_at or at, data.get("helped")

    def _try(self, at: float, data: dict[str, Any]) -> None:
        """Keep a trial; a shadow or a run is one if its line has `trial`.

        It does not where a person had confirmed the cause before.
        """
        key = trial_key(data["playbook"], data["incident"], data["targets"])
        if not data.get("trial") or key in self.trials:
            return
        self.trials[key] = Trial(at, data["playbook"], data["body"], data["incident"], list(data["targets"]))
        if len(self.trials) > MAX_TRIALS:
            del self.trials[next(iter(self.trials))]

    def _review(self, at: float, data: dict[str, Any]) -> None:
        found = self.trials.get(trial_key(data["playbook"], data["incident"], data["targets"]))
        if found is not None:
            # The last review counts, also if it only revokes an earlier one.
            found.right, found.answer = data["right"], data["answer"]

    def _storm(self, at: float, data: dict[str, Any]) -> None:
        self.storm = Storm(data["active"], at, data.get("why", ""))

    def _begin_life(self, at: float, data: dict[str, Any]) -> None:
        self.starts = [*self.starts[1 - MAX_REFUSALS :], Start(at, data["able"])]

    def _end_life(self, at: float, data: dict[str, Any]) -> None:
        self.starts = self.starts[:-1]

    def _step_clock(self, at: float, data: dict[str, Any]) -> None:
        """Move all times with a step of the host's clock: no step lets time pass for a guard."""
        step = data["step_s"]
        for run in (*self.runs.values(), *self.shadows.values()):
            run.shifted += step
        for trial in self.trials.values():
            trial.at += step
        waits = [run.wait for run in self.active() if run.wait is not None]
        for wait in waits:
            wait.shifted += step
        for given in (*self.approvals.values(), *(each for wait in waits for each in wait.approvals.values())):
            for one in given:
                one.shifted += step
        for start in self.starts:
            start.at += step
        if self.storm is not None:
            self.storm.shifted += step
        if self.gap is not None:
            self.gap.until += step
        # From here on the trail's times are those of the new clock.
        self.high_water = at

    def _reject(self, at: float, data: dict[str, Any]) -> None:
        for plan, found in list(self.plans.items()):
            if found == (data["playbook"], data["incident"]):
                self._forget_plan(plan)

    def _start(self, at: float, data: dict[str, Any]) -> None:
        self._count(data["playbook"], "started", data["run"])
        self._try(at, data)
        if data["run"] in self.runs:
            return
        given = {name: data[name] for name in ("playbook", "version", "incident", "targets", "plan")}
        given |= {"by": data.get("by", "person"), "body": data.get("body", "")}
        given["states"] = msgspec.convert(data.get("states", []), list[StepState])
        given["base"] = data.get("base", "")
        calls = msgspec.convert(data.get("requests", []), list[Call])
        left = [str(call) for call in calls if call.phase == "step"]
        self.begin(Run(data["run"], **given, started_at=at, actor=data.get("actor", ""), left=left), calls)

    def _pause(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is not None:
            run.state, run.why, run.done, run.left = "waiting", data["why"], data["done"], data["left"]
            run.unknown = data.get("unknown", [])
            run.wait = Wait(**{name: data[name] for name in _WAIT}, at=at)

    def _approve_step(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is not None and run.wait is not None:
            run.wait.approvals.setdefault(data["approval"], []).append(Approved(data["actor"], at))
            run.wait.states[data["approval"]] = msgspec.convert(data["states"], list[StepState])

    def _continue(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is not None:
            found = {step_place(one.place, one.target): one for one in run.states}
            new = msgspec.convert(data["states"], list[StepState])
            run.states = list((found | {step_place(one.place, one.target): one for one in new}).values())
            run.state, run.why, run.left, run.wait = "running", "", data["left"], None

    def _intend(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is None:
            return
        run.keys.append(data["key"])
        self.progress.setdefault(run.id, Progress()).intend(run, data)
        if data["place"].startswith("step"):
            if data["request"].get("touches", True) and data["target"] not in run.touched:
                run.touched.append(data["target"])
            self._took(run, data)

    def _answer(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is None:
            return
        self.progress.setdefault(run.id, Progress()).answer(run, data)
        if not data.get("sent", True):
            run.keys.remove(data["key"])
            if data.get("first", False):
                run.touched.remove(data["target"])
            self.taken.get(run.id, {}).pop(step_place(data.get("place", ""), data["target"]), None)
            return
        if data.get("place", "").startswith("step"):
            run.acted = True
            self._took(run, data)
        elif data["problem"] is None and data.get("place", "").startswith("rollback"):
            self.rolled.add(data["key"])

    def _record_poll(self, at: float, data: dict[str, Any]) -> None:
        """Note the progress of a change; a later answer may show that a rollback did not work."""
        if (run := self.runs.get(data.get("run", ""))) is not None and data.get("key"):
            self.progress.setdefault(run.id, Progress()).follow(run, data)
        if data.get("problem") is not None:
            self.rolled.discard(data.get("key", ""))

    def _took(self, run: Run, data: dict[str, Any]) -> None:
        steps = self.taken.setdefault(run.id, {})
        steps.setdefault(step_place(data["place"], data["target"]), {}).update(data.get("taken", {}))

    def _end(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is not None:
            run.state, run.ended_at, run.why, run.wait = data["state"], at, data["why"], None
            self._count(run.playbook, data.get("code", ""), run.incident)
            run.rollback = data.get("rollback", "")
            self.progress.setdefault(run.id, Progress()).end(run, data)
            if run.by == "engine" and run.state in ("failed", "unknown"):
                # In the same line: no crash can come between the failure and the loss of trust.
                self.levels[run.playbook] = Level("approve", at, "aiops", f"run {run.id} ended {run.state}")
            self._let_go(run)

    def _roll(self, at: float, data: dict[str, Any]) -> None:
        run = self.runs.get(data["run"])
        if run is not None:
            run.rollback, run.why = data["state"], joined_why(run.why, data["why"])
            self.progress.setdefault(run.id, Progress()).roll_back(run, data)
            self._let_go(run)

    def _let_go(self, run: Run) -> None:
        """Release the targets of a run that has ended."""
        if run.state not in ("running", "executed") and run.rollback in ("", "done", "closed"):
            self._drop(run.id)

    def _cut(self, at: float, data: dict[str, Any]) -> None:
        for scope in data["engaged"]:
            if not self.engaged([scope]) or scope not in self.moved:
                self.moved[scope] = SwitchMove(True, at, "aiops", f"the audit trail was cut: {data['problem']}")
            self.switches[scope] = True
        for run in self.active():
            if run.wait is not None:
                run.wait.void()
        until = data["until"] if data["until"] is not None else at
        self.gap = Gap(data["problem"], max(until, self.gap.until if self.gap is not None else until))

    def _renew(self, at: float, data: dict[str, Any]) -> None:
        """Begin after a damaged trail, whose content counts as unknown."""
        self.switches |= dict.fromkeys(data["engaged"], True)
        self.gap = Gap(data["problem"], at, accepted=True)
        for scope in data["engaged"]:
            reason = f"the audit trail was begun anew: {data['reason']}"
            self.note_move(at, {"scope": scope, "engaged": True, "actor": data["actor"], "reason": reason})

    def _accept(self, at: float, data: dict[str, Any]) -> None:
        if self.gap is not None:
            self.gap.accepted = True

    def _notified(self, at: float, data: dict[str, Any]) -> None:
        self.pending_notices.pop(data["entry"], None)

    def _forget_plan(self, plan: str) -> None:
        self.approvals.pop(plan, None)
        self.plans.pop(plan, None)
        self.bound.pop(plan, None)


# The fields of a `Wait` that its line has.
_WAIT = ("place", "target", "name", "text", "approvers", "quorum", "length_s", "escalates", "nonce", "scopes")


_KINDS = {
    "switch": History._switch,
    "approval": History._approve,
    "expired": History._expire,
    "rejected": History._reject,
    "refused": History._refuse,
    "run": History._start,
    "intent": History._intend,
    "outcome": History._answer,
    "asked": History._record_poll,
    "waiting": History._pause,
    "step-approval": History._approve_step,
    "continued": History._continue,
    "ended": History._end,
    "rollback": History._roll,
    "cut": History._cut,
    "accepted": History._accept,
    RENEWED: History._renew,
    "said": History._notified,
    "decided": History._decide,
    "level": History._level,
    "shadow": History._shadow,
    "shadow-ended": History._end_shadow,
    "trial": History._try,
    "reviewed": History._review,
    "storm": History._storm,
    "begun": History._begin_life,
    "closed": History._end_life,
    "clock": History._step_clock,
}
