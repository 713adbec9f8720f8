"""Guards on earlier runs: cooldown, repetition, breaker, ineffective chain, mutex, concurrency, rate."""

from __future__ import annotations

from msgspec import Struct

from aiops.durations import compact, seconds
from aiops.respond.evidence import recurrences
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Case, Refused
from aiops.respond.history import History
from aiops.wording import plural

# A precondition that failed is not checked every few seconds, each time with a notice that a run was started.
REFUSED_AGAIN_S = 600.0


def _gap(case: Case, length: str, code: str) -> Refused | None:
    """Explain that runs may be missing from a cut trail: any of them may have been one of this playbook."""
    gap = case.history.gap
    if gap is None or case.world.now - gap.until >= seconds(length):
        return None
    return Refused(code, f"the audit trail was cut, and may have held a run less than {length} ago")


def cooldown(case: Case) -> Refused | None:
    """Refuse a target that a run of the playbook touched a short time ago."""
    length = case.playbook.guards.cooldown
    wait = seconds(length)
    if (gap := _gap(case, length, "trail_gap")) is not None:
        return gap
    for run in case.touching(case.runs()):
        since = case.world.now - run.ended
        if since < wait:
            return Refused("cooldown", f"run {run.id} touched the target {compact(since)} ago; cooldown is {length}")
    return None


def repeated(case: Case) -> Refused | None:
    """Refuse a second run of the same version for an incident and a target, whatever its outcome."""
    gap = case.history.gap
    if gap is not None and case.situation.opened_at <= gap.until:
        return Refused("trail_gap", "the audit trail was cut, and may have held a run for this incident")
    for run in case.touching(case.runs()):
        if run.incident == case.situation.incident and run.version == case.playbook.version:
            ended = f"run {run.id} was already made for this incident and target, and ended {run.state}"
            return Refused("repeated", ended)
    return _refused_lately(case) if case.is_alone else None


def _refused_lately(case: Case) -> Refused | None:
    """Refuse to begin again at once what a precondition or the object itself has refused."""
    for run in case.touching(list(case.history.runs.values())):
        is_same = (run.playbook, run.incident) == (case.playbook.name, case.situation.incident)
        if is_same and run.state == "refused" and (since := case.world.now - run.ended) < REFUSED_AGAIN_S:
            return Refused("refused_lately", f"run {run.id} was refused {since:.0f} s ago: {run.why}")
    return None


class Failures(Struct):
    """The failures in a row that opened a breaker at `since`; from `until` one run may try again."""

    failures: int
    since: float
    until: float


def open_breaker(history: History, playbook: Playbook, now: float) -> Failures | None:
    """Return the failures that hold the breaker of a playbook open; after the cooldown it is half open."""
    failures, last = 0, 0.0
    for run in reversed(history.of_playbook(playbook.name)):
        if run.state in ("verified", "running", "waiting"):
            break
        if run.state in ("failed", "unknown"):
            failures += 1
            last = max(last, run.ended)
    wait = seconds(playbook.guards.cooldown)
    if failures < playbook.guards.max_failures or now - last >= wait:
        return None
    return Failures(failures, last, last + wait)


def breaker(case: Case) -> Refused | None:
    """Refuse a playbook whose last runs failed; after the cooldown one may try again (half open)."""
    found = open_breaker(case.history, case.playbook, case.world.now)
    if found is None:
        return None
    ended = f"the last {plural(found.failures, 'run')} failed, had no effect or ended unknown"
    return Refused("breaker_open", f"{ended}; a person must check first")


def ineffective(case: Case) -> Refused | None:
    """Refuse to do without a person what worked and did not last: the cause is another one."""
    if not case.is_alone:
        return None
    runs = case.touching(case.history.of_playbook(case.playbook.name))
    count, limit = recurrences(runs, case.situation.opened_at, case.world.now), case.policy.auto.max_recurrences
    if count < limit:
        return None
    came = f"it was verified {plural(count, 'time')} in a row, and the condition returned within an hour each time"
    return Refused("ineffective_chain", f"{came}: a person must look for another cause")


def mutex(case: Case) -> Refused | None:
    """Refuse a target that a run or a rollback holds; without a person, also an incident with a run."""
    for run in case.touching(case.active()):
        if run.state not in ("running", "waiting"):
            held = f"the rollback of run {run.id} of {run.playbook} is {run.rollback} on the target"
            return Refused("rollback_pending", held)
        held = "waits for an approval" if run.state == "waiting" else "is active"
        return Refused("target_busy", f"run {run.id} of {run.playbook} {held} on the target")
    for run in case.history.unjudged(case.situation.incident) if case.is_alone else ():
        return Refused("incident_busy", f"run {run.id} of {run.playbook} for this incident is not judged yet")
    return None


def concurrency(case: Case) -> Refused | None:
    """Refuse more runs of a playbook at a time than it permits."""
    mine = [run for run in case.active() if run.playbook == case.playbook.name]
    active = [run for run in mine if "running" in (run.state, run.rollback) or run.state == "waiting"]
    limit = case.playbook.guards.max_concurrent
    if len(active) < limit:
        return None
    return Refused("concurrency", f"{plural(len(active), 'run')} of it active, at most {limit} allowed")


def rate(case: Case) -> Refused | None:
    """Refuse more runs of a playbook in a window than it permits."""
    most = case.playbook.guards.max_runs
    since = case.world.now - seconds(most.per)
    if (gap := _gap(case, most.per, "rate_gap")) is not None:
        return gap
    count = sum(1 for run in case.runs() if run.began > since)
    if count < most.count:
        return None
    return Refused("rate_limit", f"{plural(count, 'run')} in the last {most.per}, at most {most.count} allowed")
