"""The mode of a playbook, and what a run without a person needs: opt-in, evidence, certainty."""

from __future__ import annotations

from aiops.durations import compact, seconds
from aiops.respond.evidence import Evidence, evidence_of
from aiops.respond.format import Playbook
from aiops.respond.guard_case import MODES, Case, Mode, Policy, Refused
from aiops.respond.history import History
from aiops.respond.matching import CONFIDENCES
from aiops.respond.reversible import irreversible
from aiops.respond.run_states import NO_REASON
from aiops.respond.steps import AlertResolved, Manual
from aiops.respond.trials import record_of
from aiops.step_kinds.forms import Form
from aiops.wording import plural


def level_of(playbook: str, history: History, policy: Policy) -> Mode:
    """Return the mode that the operator gave to a playbook.

    A recorded promotion or demotion counts for more than the configuration: one click back must hold.
    """
    recorded = history.levels.get(playbook)
    if recorded is not None:
        return recorded.mode
    return "auto" if playbook in policy.auto.playbooks else "approve"


def effective_mode(playbook: Playbook, history: History, policy: Policy) -> Mode:
    """Return the lowest of the author's mode, the operator's ceiling and the playbook's level.

    A playbook without enough evidence for `auto` stays at `approve`.
    """
    found = min(playbook.mode, policy.ceiling, level_of(playbook.name, history, policy), key=MODES.index)
    if found == "auto" and (_unproven(playbook, history, policy) or irreversible(playbook, policy.auto.reversible)):
        return "approve"
    return found


def mode(case: Case) -> Refused | None:
    """Refuse what the author or the operator left to people."""
    playbook, policy = case.playbook, case.policy
    if policy.mode == "shadow" and case.by != "shadow":
        return Refused("shadow_mode", "respond.mode is shadow: nothing is sent")
    if playbook.mode == "suggest":
        return Refused("mode_suggest", "its mode is suggest: a person carries it out")
    manual = [step.name for step in playbook.steps if isinstance(step, Manual)]
    if case.by == "shadow":
        return _alone(case, manual)
    wanted: Mode = "auto" if case.is_alone else "approve"
    if MODES.index(policy.ceiling) < MODES.index(wanted):
        return Refused("mode_ceiling", f"the operator's policy allows {policy.ceiling} at most")
    level = level_of(playbook.name, case.history, policy)
    if level == "suggest":
        return Refused("mode_level", f"it was set to suggest: {_by_whom(case)}")
    if case.is_alone:
        return _alone(case, manual) or _promoted(case, level)
    return Refused("mode_manual_step", f"step {manual[0]!r} is manual") if manual else None


def _alone(case: Case, manual: list[str]) -> Refused | None:
    playbook, policy = case.playbook, case.policy
    if playbook.mode != "auto":
        return Refused("mode_approve", "its mode is approve: people approve each run")
    if manual:
        return Refused("mode_manual_step", f"step {manual[0]!r} is manual")
    if (why := irreversible(playbook, policy.auto.reversible)) is not None:
        return Refused("not_reversible", f"{why}: a person approves each run")
    if case.world.person:
        return Refused("person_at_work", f"{case.world.person} works on the incident")
    if playbook.name in case.world.rejected:
        return Refused("rejected", "a person rejected it for this incident")
    return None


def _promoted(case: Case, level: Mode) -> Refused | None:
    if level != "auto":
        return Refused("not_promoted", f"it was not promoted to auto: {_by_whom(case)}")
    why = _unproven(case.playbook, case.history, case.policy)
    return Refused("unproven", why) if why else None


def _by_whom(case: Case) -> str:
    recorded = case.history.levels.get(case.playbook.name)
    if recorded is None:
        return "nobody did"
    return f"{recorded.mode} by {recorded.actor}, {recorded.reason or NO_REASON}"


def _unproven(playbook: Playbook, history: History, policy: Policy) -> str:
    return unproven(evidence_of(history, playbook), policy)


def unproven(evidence: Evidence, policy: Policy) -> str:
    """Return what the evidence for a playbook lacks; empty if it is enough."""
    wanted = policy.auto
    if evidence.judged < wanted.min_verified_runs:
        return f"{plural(evidence.judged, 'judged run')} of it as it is now, {wanted.min_verified_runs} are needed"
    if evidence.low < wanted.min_success:
        return (
            f"{evidence.verified} of {plural(evidence.judged, 'run')} verified: a rate of at least "
            f"{evidence.low:.2f} (95 %), {wanted.min_success:.2f} is needed"
        )
    return ""


def confidence(case: Case) -> Refused | None:
    """Refuse a cause that is not certain enough; without a person only a measured certainty counts."""
    wanted, got = case.playbook.guards.min_confidence, case.situation.confidence
    if got not in CONFIDENCES or CONFIDENCES.index(got) < CONFIDENCES.index(wanted):
        return Refused("confidence_low", f"confidence in the cause is {got or 'absent'}, it requires {wanted}")
    return _measured(case) if case.is_alone else None


def _measured(case: Case) -> Refused | None:
    """Refuse unless decisions like it are right often enough, or else suspects like its own are the cause."""
    found, least = case.world.certainty, case.policy.auto.min_certainty
    record = record_of(list(case.history.trials.values()), case.bodies, case.playbook.name)
    lack = record.lack(least)
    if not lack:
        return None
    if found is None:
        why = "it was not measured here how often such a suspect is the cause: confirm causes of incidents"
        code = "confidence_uncalibrated" if record.bound is None else "confidence_unproven"
        return Refused(code, f"{why}; {lack}")
    # No comparison with a bound that is no number is true.
    if not found.bound >= least:
        why = f"a suspect like this was the cause in at least {found.bound:.0%} of incidents here"
        return Refused("confidence_unproven", f"{why}, {least:.0%} is required; {lack}")
    return None


def age(case: Case) -> Refused | None:
    """Refuse an incident that has not settled; without a person also a condition that is not new."""
    old, wanted = case.world.now - case.situation.opened_at, case.playbook.guards.min_age
    if not old >= seconds(wanted):
        return Refused("too_young", f"the incident is {compact(old)} old; correlation may settle for {wanted}")
    most = case.policy.auto.max_age
    # A condition may be new in an incident that is open for a day.
    since = max((case.situation.seen[index].fact.first_at for index in case.fit.facts), default=0.0)
    if case.is_alone and not case.world.now - since <= seconds(most):
        return Refused("too_old", f"no alert that it is for began within {most}: people know of it")
    return None


def verification(case: Case) -> Refused | None:
    """Refuse a run without a person if nobody would notice that it did not help."""
    if not case.is_alone or any(isinstance(check, AlertResolved | Form) for check in case.playbook.verify):
        return None
    return Refused("unverifiable", "nothing that the engine can check would show whether it helped")
