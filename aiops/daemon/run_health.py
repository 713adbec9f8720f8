"""Health and metrics of guarded runs: what is stopped, since when, why, and what releases it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, to_builtins

from aiops.respond.format import Playbook
from aiops.respond.history import GLOBAL, MAX_RUNS, WAITING, History, Run, RunState
from aiops.respond.history_guards import open_breaker
from aiops.respond.run_states import NO_REASON
from aiops.respond.runs import FIRST_START, Runner
from aiops.respond.steps import can_run
from aiops.telemetry.metrics import Family
from aiops.wording import plural

STATES: tuple[RunState, ...] = ("running", "waiting", "executed", "verified", "failed", "stopped", "refused", "unknown")
# Sentences of one kind in the detail; the lists beside it have all.
MAX_NAMED = 5
_DECIDED = "Decisions on runs by playbook and code, since the trail began; each once an incident."
_SHADOWED = "The same of shadow mode, which sends nothing."
TRAIL_HELP = "0 while the audit trail is damaged, or cut and nobody has accepted it: nothing runs."


class Stop(Struct):
    """An engaged kill switch: who engaged it, when and why, and the command that releases it.

    `since` is None if the trail does not show it. `is_initial` is true for the global one that nobody has released yet,
    while nothing could run anyway.
    """

    scope: str
    since: float | None
    actor: str
    reason: str
    release: str
    is_initial: bool = False

    def __str__(self) -> str:
        what = (
            "all automation is stopped since" if self.scope == GLOBAL else f"kill switch {self.scope} is engaged since"
        )
        by = f" by {self.actor}" if self.actor else ""
        return f"{what} {_time(self.since)}{by}: {self.reason}; check why, then `{self.release}`"


class Breaker(Struct):
    """The open breaker of a playbook: its failures, and the time from which one run may try again."""

    playbook: str
    failures: int
    since: float
    until: float

    def __str__(self) -> str:
        return (
            f"the breaker of {self.playbook} is open since {_time(self.since)}, after "
            f"{plural(self.failures, 'run')} that failed, had no effect or ended unknown; check why with "
            f"`aiops playbooks runs`; from {_time(self.until)} one run "
            "may try again"
        )


def stops_of(runner: Runner) -> list[Stop]:
    """Return the engaged kill switches, the global one first."""
    found = []
    for scope, engaged in sorted(switches_of(runner.history).items(), key=lambda one: one[0] != GLOBAL):
        if not engaged:
            continue
        move = runner.history.moved.get(scope)
        # The last move is a release if a cut of the trail engaged it again.
        move = move if move is not None and move.engaged else None
        reason = move.reason if move is not None else "its line is missing from the audit trail"
        is_initial = scope == GLOBAL and reason == FIRST_START and runner.policy.ceiling == "suggest"
        at, actor = (move.at, move.actor) if move is not None else (None, "")
        found.append(Stop(scope, at, actor, reason or NO_REASON, _release(scope), is_initial))
    return found


def breakers_of(runner: Runner, playbooks: Mapping[str, Playbook], now: float) -> list[Breaker]:
    """Return the open breakers."""
    able = (playbook for playbook in playbooks.values() if can_run(playbook.steps))
    found = ((playbook.name, open_breaker(runner.history, playbook, now)) for playbook in able)
    return [Breaker(name, one.failures, one.since, one.until) for name, one in found if one is not None]


def health_of(
    runner: Runner,
    playbooks: Mapping[str, Playbook],
    now: float,
    changed: str | None = None,
    lacking: Sequence[str] = (),
) -> dict[str, object]:
    """Return the health; not ok while something is stopped or lacking, or a person must check something.

    `changed` is why the file of the trail is no longer the one that was opened, `lacking` are secrets that cannot be
    sent, each in words.
    """
    history, problems = runner.history, []
    stops, breakers = stops_of(runner), breakers_of(runner, playbooks, now)
    if history.gap is not None and not history.gap.accepted:
        problems.append(
            f"nothing runs: the audit trail was cut: {history.gap.problem}; look, then accept it with "
            "`aiops playbooks accept-trail --note WHY`"
        )
    if changed is not None:
        problems.append(f"nothing runs: {changed}; find the cause, then restart the daemon")
    problems += _first([str(one) for one in stops if not one.is_initial])
    problems += _first([str(one) for one in breakers])
    problems += _first(list(lacking))
    if unknown := unknown_of(history):
        problems.append(f"cut off, look at what they did, then release their switches: {_named(unknown)}")
    if waiting := waiting_of(history):
        problems.append(f"rollbacks that wait for a person: {_named(waiting)}")
    for scope, why in runner.switches.unwritten().items():
        problems.append(f"kill switch {scope} is engaged and not yet on disk{f': {why}' if why else ''}")
    return {
        "ok": not problems,
        "detail": "; ".join(problems),
        "switches": switches_of(history),
        "stopped": [to_builtins(one) | {"text": str(one)} for one in stops],
        "breakers": [to_builtins(one) | {"text": str(one)} for one in breakers],
    }


def metrics_of(
    runner: Runner, playbooks: Mapping[str, Playbook], now: float, changed: str | None = None
) -> list[Family]:
    """Return the metrics of runs, rollbacks, kill switches, breakers and the trail."""
    history = runner.history
    runs = Family("aiops_runs", "gauge", "Runs of playbooks by state.")
    held = Counter(run.state for run in list(history.runs.values()))
    for state in STATES:
        runs.add(held[state], state=state)
    switches = Family("aiops_kill_switch_engaged", "gauge", "1 while a kill switch is engaged.")
    for scope, engaged in switches_of(history).items():
        switches.add(float(engaged), scope=scope)
    gap = history.gap
    trail = Family("aiops_audit_trail_ok", "gauge", TRAIL_HELP)
    rollbacks = Family("aiops_rollbacks_waiting", "gauge", "Rollbacks of runs that wait for a person.")
    breakers = Family("aiops_breakers_open", "gauge", "Playbooks whose breaker is open after failed runs.")
    return [
        runs,
        _decided("aiops_remediation_decisions_total", _DECIDED, history.counts, playbooks),
        _decided("aiops_remediation_shadow_decisions_total", _SHADOWED, history.shadow_counts, playbooks),
        switches,
        breakers.add(len(breakers_of(runner, playbooks, now))),
        rollbacks.add(len(waiting_of(history))),
        trail.add(float((gap is None or gap.accepted) and changed is None)),
    ]


def switches_of(history: History) -> dict[str, bool]:
    """Return every kill switch that was ever moved; True if it is engaged."""
    return {GLOBAL: True, **history.switches}


def unknown_of(history: History) -> list[Run]:
    """Return runs with an unknown end, while the kill switch of their playbook is engaged for it."""
    switches = history.switches
    return [one for one in _listed(history) if one.state == "unknown" and switches.get(f"playbook:{one.playbook}")]


def waiting_of(history: History) -> list[Run]:
    """Return runs whose rollback waits for a person, or failed."""
    return [run for run in _listed(history) if run.rollback in WAITING]


def _listed(history: History) -> list[Run]:
    return list(history.runs.values())[::-1][:MAX_RUNS]


def _decided(name: str, text: str, found: Mapping[tuple[str, str], int], playbooks: Mapping[str, Playbook]) -> Family:
    """Count decisions; the labels are the playbooks of the catalogue and some dozen codes."""
    family = Family(name, "counter", text)
    counts: Counter[tuple[str, str]] = Counter()
    for (playbook, code), count in list(found.items()):
        counts[playbook if playbook in playbooks else "(removed)", code] += count
    for (playbook, code), count in sorted(counts.items()):
        family.add(count, playbook=playbook, code=code)
    return family


def _release(scope: str) -> str:
    """Return the command that releases a switch; owners are texts of playbooks, and quoted for a shell."""
    if scope == GLOBAL:
        return "aiops remediation resume --note WHY"
    return f"aiops playbooks switch off --scope {shlex.quote(scope)} --note WHY"


def _first(sentences: Sequence[str]) -> list[str]:
    more = len(sentences) - MAX_NAMED
    return [*sentences[:MAX_NAMED], *([f"and {more} more"] if more > 0 else [])]


def _named(runs: Sequence[Run]) -> str:
    more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
    return ", ".join(f"{run.id} ({run.playbook} for {run.incident})" for run in runs[:3]) + more


def _time(at: float | None) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at is not None else "unknown"
    except (OverflowError, ValueError, OSError):
        return "unknown"
