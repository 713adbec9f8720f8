"""Lines of the trail beside runs: decisions, shadows, modes, storms, starts and steps of the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiops.errors import UsageError
from aiops.respond.calls import body_of
from aiops.respond.decisions import Decision
from aiops.respond.format import Playbook
from aiops.respond.guard_case import MODES
from aiops.respond.history import GLOBAL, History, Mode, Run, RunState, ShadowState, Trial
from aiops.respond.run_states import trial_key

# So many ends without an orderly shutdown within this time are a crash loop: the daemon itself may be the fault.
CRASHES, CRASH_WINDOW_S = 3, 600.0
# A step of the host's clock that is smaller changes no guard.
STEP_S = 5.0
# Lines on one playbook and incident: a condition that comes and goes must not fill the disk.
MAX_DECISIONS_EACH = 50

Write = Callable[[str, float, dict[str, Any]], None]


class DecisionLog:
    """Writes them; `write` puts a line on disk and applies it to the history."""

    def __init__(self, history: History, write: Write) -> None:
        self._history, self._write = history, write

    def decided(self, decision: Decision, now: float) -> bool:
        """Record a decision unless the last one for the same playbook, incident and targets was the same."""
        key = (decision.playbook, decision.incident)
        mine = [one for one in self._history.decisions if (one.playbook, one.incident) == key]
        last = mine[-1] if mine else None
        if last is not None and (last.code, last.targets, last.by) == (decision.code, decision.targets, decision.by):
            return False
        if len(mine) >= MAX_DECISIONS_EACH:
            return False
        data: dict[str, Any] = {"playbook": decision.playbook, "incident": decision.incident}
        data |= {"targets": decision.targets}
        data |= {"plan": decision.plan.id, "code": decision.code, "guard": decision.guard}
        data |= {"reason": decision.reason, "by": decision.by}
        if decision.code == "ineffective_chain":
            text = f"{decision.playbook} was not run on {', '.join(decision.targets)}: {decision.reason}"
            data |= {"say": text, "page": True}
        self._write("decided", now, data)
        return True

    def trial(self, decision: Decision, playbook: Playbook, now: float) -> None:
        """Record a decision that nothing but the measured certainty refuses, once an incident and targets."""
        key = trial_key(decision.playbook, decision.incident, decision.targets)
        known = self._history.trials
        if key in known or sum(one[:2] == key[:2] for one in known) >= MAX_DECISIONS_EACH:
            return
        data = {"playbook": decision.playbook, "body": body_of(playbook), "incident": decision.incident}
        self._write("trial", now, data | {"targets": decision.targets, "trial": True})

    def review(self, trial: Trial, right: bool | None, answer: str, now: float) -> None:
        """Record what a person's review of the incident makes of a trial; nothing if that is known."""
        if right is trial.right:
            return
        data = {"playbook": trial.playbook, "incident": trial.incident, "targets": trial.targets}
        self._write("reviewed", now, data | {"right": right, "answer": answer})

    def shadow(self, decision: Decision, playbook: Playbook, now: float, *, is_trial: bool = True) -> Run:
        """Record a run that would have been; `is_trial` unless a person had confirmed the cause."""
        name = f"{decision.plan.id}-shadow-{len(self._history.shadows)}"
        data: dict[str, Any] = {"run": name, "playbook": playbook.name, "version": playbook.version}
        data |= {"body": body_of(playbook), "incident": decision.incident, "targets": decision.targets}
        data |= {"plan": decision.plan.id, "trial": is_trial}
        self._write("shadow", now, data)
        return self._history.shadows[name]

    def end_shadow(self, run: Run, state: RunState | ShadowState, now: float, helped: bool | None = None) -> None:
        """Record the end of a would-be run: did its condition clear, and did the playbook help a person."""
        data = {"run": run.id, "playbook": run.playbook, "incident": run.incident, "state": state}
        self._write("shadow-ended", now, data | {"helped": helped})

    def set_level(self, playbook: str, mode: Mode, actor: str, reason: str, now: float) -> None:
        """Give a playbook a mode; raise `UsageError` without the name of a person."""
        if mode not in MODES:
            raise UsageError(f"expected a mode ({', '.join(MODES)}); got {mode!r}")
        if not actor:
            raise UsageError("the mode of a playbook needs the name of the person who changes it")
        self._write("level", now, {"playbook": playbook, "mode": mode, "actor": actor, "reason": reason})

    def storm(self, why: str | None, now: float) -> None:
        """Record the beginning of a storm with its reason, or its end; nothing if that is known."""
        known = self._history.storm
        if (known is not None and known.active) != (why is not None):
            self._write("storm", now, {"active": why is not None, "why": why or ""})

    def begin_life(self, now: float) -> str | None:
        """Record a start of the daemon; return the reason to stop everything if it is one of a crash loop."""
        lately = [one for one in self._history.starts if one.able and now - one.at < CRASH_WINDOW_S]
        able = not self._history.engaged([GLOBAL])
        self._write("begun", now, {"able": able})
        if not able or len(lately) < CRASHES:
            return None
        return f"crash loop: {len(lately)} ends without a shutdown within {CRASH_WINDOW_S / 60:.0f} min"

    def end_life(self, now: float) -> None:
        """Record an orderly end of the daemon."""
        self._write("closed", now, {})

    def step_clock(self, step_s: float, now: float) -> None:
        """Record a step of the host's clock: the times of all runs move with it."""
        if abs(step_s) >= STEP_S:
            self._write("clock", now, {"step_s": step_s})
