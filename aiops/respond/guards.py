"""The guards of a run in their fixed order. A dry run shows every answer.

Any doubt refuses: no target, a target that means "everything", a service of unknown size, a storm. Sources of the order
and of the rules: Site Reliability Engineering (Google, 2016), chapter 7, where an empty set meant all disks;
Kubernetes' and Cluster API's limits on how many nodes may be remediated at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, field

from aiops.durations import seconds
from aiops.respond.calls import Systems, executable, missing_system
from aiops.respond.format import Playbook
from aiops.respond.history import GLOBAL, History, Run
from aiops.respond.http_kinds import Http
from aiops.respond.matching import CONFIDENCES, Fit
from aiops.respond.parameters import Values
from aiops.respond.situation import Situation
from aiops.respond.step_registry import name_of
from aiops.respond.steps import Manual
from aiops.step_kinds.forms import Form
from aiops.wording import plural

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERYTHING = frozenset({"", "*", "all", "any", "-", "none", "null", "unknown"})


class Policy(Struct):
    """The limits set by the operator of the engine; no playbook exceeds them."""

    ceiling: Literal["suggest", "approve"] = "suggest"
    allow: list[str] = field(default_factory=lambda: ["*"])
    protect: list[str] = field(default_factory=list)


class World(Struct):
    """The host's knowledge at this moment.

    `members` is the size of the target's service, None if unknown. `maintenance` names what covers the suspected cause,
    `silenced` what covers alerts on other entities, by entity.
    """

    now: float
    open_incidents: int = 1
    members: int | None = None
    maintenance: str | None = None
    silenced: dict[str, str] = {}


class GuardCheck(Struct):
    """One guard's answer; `later` is for a condition that only the run itself can check."""

    guard: str
    state: Literal["passed", "refused", "later"]
    reason: str


class Case(Struct):
    """The input of the guards."""

    playbook: Playbook
    situation: Situation
    fit: Fit
    targets: list[str]
    values: list[Values]
    plan: str
    history: History
    policy: Policy
    world: World
    systems: Systems = {}


Guard = Callable[[Case], str | None]


def evaluate(case: Case) -> list[GuardCheck]:
    """Return every guard's answer, in order."""
    checks = []
    for name, guard in GUARDS:
        refused = guard(case)
        checks.append(GuardCheck(name, "refused" if refused else "passed", refused or "holds"))
        if name == "parameters":
            checks += [
                GuardCheck("precondition", "later", f"{_brief(step)} is checked just before the run: {step.name}")
                for step in case.playbook.preconditions
            ]
    return checks


def _brief(step: Form) -> str:
    return f"{step.method} {step.url}" if isinstance(step, Http) else name_of(step)


def refusal(checks: Sequence[GuardCheck], *, but: str | None = None) -> GuardCheck | None:
    """Return the first guard that refuses; `but` is ignored."""
    return next((check for check in checks if check.state == "refused" and check.guard != but), None)


def scopes(playbook: Playbook) -> list[str]:
    """Return the kill switches that stop a playbook."""
    return [GLOBAL, *playbook.owners, f"playbook:{playbook.name}"]


def _switch(case: Case) -> str | None:
    scope = case.history.engaged(scopes(case.playbook))
    return f"kill switch {scope} is engaged" if scope else None


def _trail(case: Case) -> str | None:
    gap = case.history.gap
    if gap is None or gap.accepted:
        return None
    return f"the audit trail was cut ({gap.problem}); check it, then `aiops playbooks accept-trail`"


def _mode(case: Case) -> str | None:
    playbook = case.playbook
    if playbook.mode != "approve":
        return f"its mode is {playbook.mode}: a person carries it out"
    if case.policy.ceiling != "approve":
        return f"the operator's policy allows {case.policy.ceiling} at most"
    manual = [step.name for step in playbook.steps if isinstance(step, Manual)]
    return f"step {manual[0]!r} is manual" if manual else None


def _system(case: Case) -> str | None:
    playbook = case.playbook
    for steps in (playbook.preconditions, playbook.steps, playbook.verify, playbook.rollback):
        for step in executable(steps):
            if (reason := missing_system(step, case.systems)) is not None:
                return reason
    return None


def _match(case: Case) -> str | None:
    return None if case.fit.ok else case.fit.reason


def _confidence(case: Case) -> str | None:
    wanted, got = case.playbook.guards.min_confidence, case.situation.confidence
    if got in CONFIDENCES and CONFIDENCES.index(got) >= CONFIDENCES.index(wanted):
        return None
    return f"confidence in the cause is {got or 'absent'}, it requires {wanted}"


def _age(case: Case) -> str | None:
    age, wanted = case.world.now - case.situation.opened_at, case.playbook.guards.min_age
    return None if age >= seconds(wanted) else f"the incident is {age:.0f} s old; correlation may settle for {wanted}"


def _storm(case: Case) -> str | None:
    count, limit = case.world.open_incidents, case.playbook.guards.storm_incidents
    return (
        f"{plural(count, 'incident is', 'incidents are')} open, more than {limit}: nothing runs during a storm"
        if count > limit
        else None
    )


def _targets(case: Case) -> str | None:
    targets, limit = case.targets, case.playbook.guards.max_targets
    if not targets or any(target.strip().lower() in _EVERYTHING for target in targets):
        return "there is no target, or one that means everything"
    if len(set(targets)) != len(targets):
        return "a target is named twice"
    if len(targets) > limit.count:
        return f"{plural(len(targets), 'target')}, at most {limit.count} allowed"
    if limit.percent is not None:
        members = case.world.members
        if not members:
            return f"at most {limit.percent:g} % of the service may be touched, and its size is not known"
        if 100 * len(targets) / members > limit.percent:
            return f"{len(targets)} of {plural(members, 'member')} is more than {limit.percent:g} %"
    return _allowed(case)


def _allowed(case: Case) -> str | None:
    guards, policy = case.playbook.guards, case.policy
    for target in case.targets:
        if any(fnmatchcase(target, pattern) for pattern in [*policy.protect, *guards.protect]):
            return f"{target} is protected"
        for allowed in (policy.allow, guards.allow or ["*"]):
            if not any(fnmatchcase(target, pattern) for pattern in allowed):
                return f"{target} is not among the allowed targets"
    return None


def _windows(case: Case) -> str | None:
    if case.world.maintenance:
        return f"maintenance: {case.world.maintenance}"
    for target in case.targets:
        if target in case.world.silenced:
            return f"maintenance: {case.world.silenced[target]}"
    for window in case.playbook.guards.windows.deny:
        if in_window(window, case.world.now):
            return f"runs are denied during {window} UTC"
    return None


def in_window(window: str, now: float) -> bool:
    """Return True if a moment is inside a weekly window such as `Fri 16:00/Mon 08:00` (UTC, end excluded).

    >>> in_window("Fri 16:00/Mon 08:00", 1_700_000_000.0)  # a Tuesday
    False
    """
    start, end = (_minute_of_week(part) for part in window.split("/"))
    at = datetime.fromtimestamp(now, UTC)
    minute = (at.weekday() * 24 + at.hour) * 60 + at.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def _minute_of_week(text: str) -> int:
    day, time = text.split(" ")
    hour, minute = time.split(":")
    return (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)


def _unknown(case: Case, length: str) -> str | None:
    """Explain that runs may be missing from a cut trail: any of them may have been one of this playbook."""
    gap = case.history.gap
    if gap is None or case.world.now - gap.until >= seconds(length):
        return None
    return f"the audit trail was cut, and may have held a run less than {length} ago"


def _cooldown(case: Case) -> str | None:
    wait = seconds(case.playbook.guards.cooldown)
    if (reason := _unknown(case, case.playbook.guards.cooldown)) is not None:
        return reason
    for run in _touching(case, case.history.of_playbook(case.playbook.name)):
        since = case.world.now - (run.ended_at or run.started_at)
        if since < wait:
            return f"run {run.id} touched the target {since:.0f} s ago; cooldown is {case.playbook.guards.cooldown}"
    return None


def _repeated(case: Case) -> str | None:
    gap = case.history.gap
    if gap is not None and case.situation.opened_at <= gap.until:
        return "the audit trail was cut, and may have held a run for this incident"
    for run in _touching(case, case.history.of_playbook(case.playbook.name)):
        if run.incident == case.situation.incident and run.version == case.playbook.version:
            return f"run {run.id} was already made for this incident and target, and ended {run.state}"
    return None


def _breaker(case: Case) -> str | None:
    failures, limit = 0, case.playbook.guards.max_failures
    last = 0.0
    for run in reversed(case.history.of_playbook(case.playbook.name)):
        if run.state in ("verified", "running"):
            break
        if run.state in ("failed", "unknown"):
            failures += 1
            last = max(last, run.ended_at or run.started_at)
    if failures < limit:
        return None
    # Once the cooldown has passed, one run may try again: the breaker is half open.
    if case.world.now - last >= seconds(case.playbook.guards.cooldown):
        return None
    return f"the last {plural(failures, 'run')} failed, had no effect or ended unknown; a person must check first"


def _mutex(case: Case) -> str | None:
    for run in _touching(case, case.history.active()):
        if run.state != "running":
            return f"the rollback of run {run.id} of {run.playbook} is {run.rollback} on the target"
        return f"run {run.id} of {run.playbook} is active on the target"
    return None


def _concurrency(case: Case) -> str | None:
    mine = [run for run in case.history.active() if run.playbook == case.playbook.name]
    active = [run for run in mine if "running" in (run.state, run.rollback)]
    limit = case.playbook.guards.max_concurrent
    return f"{plural(len(active), 'run')} of it active, at most {limit} allowed" if len(active) >= limit else None


def _parameters(case: Case) -> str | None:
    for values in case.values:
        for name, reason in values.missing.items():
            return f"parameter {name} has no value: {reason}"
    return None


def _approval(case: Case) -> str | None:
    wanted, since = case.playbook.approval, case.world.now - seconds(case.playbook.approval.timeout)
    fresh = {one.actor for one in case.history.approvals.get(case.plan, []) if one.at > since}
    if len(fresh) >= wanted.quorum:
        return None
    return (
        f"{len(fresh)} of {wanted.quorum} approvals within {wanted.timeout}; {', '.join(wanted.approvers)} may approve"
    )


def _rate(case: Case) -> str | None:
    rate = case.playbook.guards.max_runs
    since = case.world.now - seconds(rate.per)
    if (reason := _unknown(case, rate.per)) is not None:
        return reason
    count = sum(1 for run in case.history.of_playbook(case.playbook.name) if run.started_at > since)
    return (
        f"{plural(count, 'run')} in the last {rate.per}, at most {rate.count} allowed" if count >= rate.count else None
    )


def _touching(case: Case, runs: Sequence[Run]) -> list[Run]:
    targets = set(case.targets)
    return [run for run in runs if targets.intersection(run.targets)]


# The rate is checked last: a refusal by another guard never uses up a slot.
GUARDS: tuple[tuple[str, Guard], ...] = (
    ("kill switch", _switch),
    ("audit trail", _trail),
    ("mode", _mode),
    ("system", _system),
    ("match", _match),
    ("confidence", _confidence),
    ("age", _age),
    ("storm", _storm),
    ("targets", _targets),
    ("windows", _windows),
    ("cooldown", _cooldown),
    ("repeated", _repeated),
    ("breaker", _breaker),
    ("mutex", _mutex),
    ("concurrency", _concurrency),
    ("parameters", _parameters),
    ("approval", _approval),
    ("rate", _rate),
)
