"""The guards of a run in their published order. A dry run shows every answer.

Any doubt refuses: no target, a target that means "everything", a service of unknown size, a storm. Each refusal has a
stable code. A run that a person starts needs approvals; one that the engine starts (`by` is `engine`) must pass what
`mode_guards` requires in their place. Sources of the order and of the rules: Site Reliability Engineering (Google,
2016), chapter 7; Kubernetes' and Cluster API's limits on how many nodes may be remediated at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aiops.durations import seconds
from aiops.respond import history_guards, mode_guards, storm_guard, target_guards
from aiops.respond.calls import executable, missing_system
from aiops.respond.corroboration import corroboration
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Case, Certainty, GuardCheck, Policy, Refused, World
from aiops.respond.history import GLOBAL
from aiops.respond.http_kinds import Http
from aiops.respond.step_registry import kind_of, name_of
from aiops.respond.target_guards import in_window
from aiops.step_kinds.forms import Form

__all__ = ["GUARDS", "Case", "Certainty", "GuardCheck", "Policy", "Refused", "World", "evaluate", "in_window"]

Guard = Callable[[Case], Refused | None]


def evaluate(case: Case) -> list[GuardCheck]:
    """Return every guard's answer, in order; what only the run itself can hold is announced as `later`."""
    checks: list[GuardCheck] = []
    for name, guard in GUARDS:
        found = guard(case)
        if found is not None:
            checks.append(GuardCheck(name, "refused", found.reason, found.code, NUMBERS[name]))
        else:
            checks.append(GuardCheck(name, "passed", "holds", "", NUMBERS[name]))
        checks += [GuardCheck(later, "later", text, "", NUMBERS[later]) for later, text in _later(case, name)]
    return checks


def _later(case: Case, after: str) -> Iterator[tuple[str, str]]:
    """Yield what only the run itself can hold, after the guard that it follows."""
    if after == "parameters":
        for step in case.playbook.preconditions:
            yield "precondition", f"{_brief(step)} is checked just before the run: {step.name}"
    elif after == "state":
        for step in [] if case.states else executable(case.playbook.steps):
            if kind_of(step).observes:
                yield (
                    "state",
                    f"what it changes is read before it starts, and again just before the change: {step.name}",
                )
    else:
        yield from _AT_RUN_TIME.get(after, ())


def _brief(step: Form) -> str:
    return f"{step.method} {step.url}" if isinstance(step, Http) else name_of(step)


def refusal(checks: Sequence[GuardCheck], *, but: str | None = None) -> GuardCheck | None:
    """Return the first guard that refuses; `but` is ignored."""
    return next((check for check in checks if check.state == "refused" and check.guard != but), None)


def scopes(playbook: Playbook) -> list[str]:
    """Return the kill switches that stop a playbook."""
    return [GLOBAL, *playbook.owners, f"playbook:{playbook.name}"]


def _switch(case: Case) -> Refused | None:
    """Refuse while a kill switch is engaged; what would have run sends nothing, whatever is engaged."""
    scope = case.history.engaged(scopes(case.playbook)) if case.by != "shadow" else None
    return Refused("kill_switch", f"kill switch {scope} is engaged") if scope else None


def _trail(case: Case) -> Refused | None:
    gap = case.history.gap
    if gap is None or gap.accepted:
        return None
    return Refused(
        "trail_cut", f"the audit trail was cut ({gap.problem}); check it, then `aiops playbooks accept-trail`"
    )


def _system(case: Case) -> Refused | None:
    playbook = case.playbook
    for steps in (playbook.preconditions, playbook.steps, playbook.verify, playbook.rollback):
        for step in executable(steps):
            if (reason := missing_system(step, case.systems)) is not None:
                return Refused("system_missing", reason)
    return case.secret


def _match(case: Case) -> Refused | None:
    if not case.fit.ok:
        return Refused("no_match", case.fit.reason)
    firing = case.world.firing
    if not case.is_alone or firing is None:
        return None
    # An incident stays open for a while after its alerts ended: a person may still want to act, the engine must not.
    facts = [case.situation.seen[index].fact for index in case.fit.facts]
    is_over = not any((fact.entity, fact.name) in firing for fact in facts)
    return Refused("not_firing", "no alert that it is for fires any more") if is_over else None


def _parameters(case: Case) -> Refused | None:
    for values in case.values:
        for name, reason in values.missing.items():
            return Refused("parameter_missing", f"parameter {name} has no value: {reason}")
    return None


def _state(case: Case) -> Refused | None:
    """Refuse a step whose object could not be read, or that its kind would not make."""
    stop = next((one for one in case.states if one.problem), None)
    return Refused(stop.code, f"{stop.name} on {stop.target}: {stop.problem}") if stop is not None else None


def _approval(case: Case) -> Refused | None:
    """Refuse a run that a person starts without its quorum; without a person the mode guard has decided."""
    if case.is_alone:
        return None
    wanted, now = case.playbook.approval, case.world.now
    since = now - seconds(wanted.timeout)
    fresh = {one.actor for one in case.history.approvals.get(case.plan, []) if one.given > since}
    if len(fresh) >= wanted.quorum:
        return None
    given = f"{len(fresh)} of {wanted.quorum} approvals within {wanted.timeout}"
    return Refused("approval_missing", f"{given}; {', '.join(wanted.approvers)} may approve")


# No guard has an effect: only a run that begins takes a slot of its rate.
GUARDS: tuple[tuple[str, Guard], ...] = (
    ("kill switch", _switch),
    ("audit trail", _trail),
    ("mode", mode_guards.mode),
    ("system", _system),
    ("match", _match),
    ("confidence", mode_guards.confidence),
    ("corroboration", corroboration),
    ("age", mode_guards.age),
    ("storm", storm_guard.storm),
    ("targets", target_guards.targets),
    ("windows", target_guards.windows),
    ("gitops", target_guards.gitops),
    ("cooldown", history_guards.cooldown),
    ("repeated", history_guards.repeated),
    ("breaker", history_guards.breaker),
    ("ineffective", history_guards.ineffective),
    ("mutex", history_guards.mutex),
    ("concurrency", history_guards.concurrency),
    ("parameters", _parameters),
    ("state", _state),
    ("approval", _approval),
    ("rate", history_guards.rate),
    ("verification", mode_guards.verification),
)
# What the run itself holds, after the guard that it follows.
_AT_RUN_TIME = {
    "approval": (("stop and state", "switches and the incident are read again just before what is sent"),),
    "rate": (
        ("intent", "each request is on disk before it is sent, and its answer after"),
        ("timeout", "each request has its time limit"),
    ),
    "verification": (
        ("rollback", "what was touched is rolled back if a step or the verification fails, or a person is called"),
        ("outcome", "the outcome counts for the breaker, the promotion and the order of suggestions"),
    ),
}
# The number of each guard in the published order of eighteen.
NUMBERS = {
    "kill switch": 1,
    "audit trail": 1,
    "mode": 2,
    "system": 2,
    "match": 3,
    "confidence": 3,
    "corroboration": 3,
    "age": 3,
    "storm": 4,
    "targets": 5,
    "windows": 6,
    "gitops": 6,
    "cooldown": 7,
    "repeated": 7,
    "breaker": 8,
    "ineffective": 8,
    "mutex": 9,
    "concurrency": 9,
    "parameters": 10,
    "precondition": 10,
    "state": 10,
    "approval": 11,
    "stop and state": 12,
    "rate": 13,
    "intent": 14,
    "timeout": 15,
    "verification": 16,
    "rollback": 17,
    "outcome": 18,
}
