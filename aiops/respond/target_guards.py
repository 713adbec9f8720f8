"""Guards on targets: concrete, few, allowed, unprotected, not in maintenance, not managed elsewhere.

Site Reliability Engineering (Google, 2016), chapter 7: an empty set of targets once meant all disks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase

from aiops.respond.gitops import advice, manager_of
from aiops.respond.guard_case import Case, Refused
from aiops.wording import plural

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERYTHING = frozenset({"", "*", "all", "any", "-", "none", "null", "unknown"})


def targets(case: Case) -> Refused | None:
    """Refuse no target, one that means everything, too many, and those that are not allowed."""
    found, limit = case.targets, case.playbook.guards.max_targets
    if not found:
        return Refused("no_target", "there is no target")
    if any(target.strip().lower() in _EVERYTHING for target in found):
        return Refused("target_everything", "there is a target that means everything")
    if len(set(found)) != len(found):
        return Refused("target_twice", "a target is named twice")
    if len(found) > limit.count:
        return Refused("too_many_targets", f"{plural(len(found), 'target')}, at most {limit.count} allowed")
    return _share(case) or _allowed(case)


def _share(case: Case) -> Refused | None:
    percent, members = case.playbook.guards.max_targets.percent, case.world.members
    if percent is None:
        return None
    if not members:
        most = f"at most {percent:g} % of the service may be touched"
        return Refused("size_unknown", f"{most}, and its size is not known")
    if 100 * len(case.targets) / members > percent:
        touched = f"{len(case.targets)} of {plural(members, 'member')}"
        return Refused("too_many_percent", f"{touched} is more than {percent:g} %")
    return None


def _allowed(case: Case) -> Refused | None:
    guards, policy = case.playbook.guards, case.policy
    for target in case.targets:
        if any(fnmatchcase(target, pattern) for pattern in [*policy.protect, *guards.protect]):
            return Refused("target_protected", f"{target} is protected")
        for allowed in (policy.allow, guards.allow or ["*"]):
            if not any(fnmatchcase(target, pattern) for pattern in allowed):
                return Refused("target_not_allowed", f"{target} is not among the allowed targets")
    return None


def windows(case: Case) -> Refused | None:
    """Refuse what is under maintenance, and times that the playbook denies."""
    if case.world.maintenance:
        return Refused("maintenance", f"maintenance: {case.world.maintenance}")
    for target in case.targets:
        if target in case.world.silenced:
            return Refused("maintenance", f"maintenance: {case.world.silenced[target]}")
    for window in case.playbook.guards.windows.deny:
        if in_window(window, case.world.now):
            return Refused("deny_window", f"runs are denied during {window} UTC")
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


def gitops(case: Case) -> Refused | None:
    """Refuse a target that is managed from a repository, unless the operator leaves that to approvers."""
    if case.policy.gitops == "warn" and not case.is_alone:
        return None
    return next((Refused("gitops_managed", text) for text in gitops_warnings(case)), None)


def gitops_warnings(case: Case) -> list[str]:
    """Return a sentence for each target that is managed from a repository.

    It is known from the host, from the labels of its alerts, and from the object that a step would change.
    """
    found = []
    for target in case.targets:
        objects = [one.observed for one in case.states if one.target == target and one.observed.managed]
        manager = case.world.managed.get(target) or _by_labels(case, target)
        known = [(one.subject or target, one.managed) for one in objects] or ([(target, manager)] if manager else [])
        found += [f"{name} is managed by {by}: {advice(by)}" for name, by in dict.fromkeys(known)]
    return found


def _by_labels(case: Case, target: str) -> str | None:
    for one in case.situation.seen:
        if target in (one.fact.entity, one.fact.workload):
            found = manager_of(one.fact.labels) or manager_of(one.fact.annotations)
            if found is not None:
                return found
    return None
