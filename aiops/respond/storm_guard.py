"""The storm guard: nothing runs while much is wrong at once, nor for a while afterwards.

Sources: Cluster API, MachineHealthCheck (`maxUnhealthy` short-circuits remediation); Kubernetes' node lifecycle
controller (no eviction in a zone most of whose nodes are not ready); medik8s NodeHealthCheck
(`stormCooldownDuration`: statuses lag behind the end of a storm).
"""

from __future__ import annotations

from aiops.durations import compact, seconds
from aiops.respond.guard_case import Case, Policy, Refused, World
from aiops.wording import plural

# A share of so few entities means nothing: two of three workers alert in many an ordinary incident.
MIN_ALERTING = 5


def storm(case: Case) -> Refused | None:
    """Refuse a run during a storm and in the time after it."""
    count, limit = case.world.open_incidents, case.playbook.guards.storm_incidents
    if count > limit:
        grew = f"{plural(count, 'incident')} opened or grew within the hour"
        return Refused("storm_rate", f"{grew}, more than {limit}: nothing runs during a storm")
    if (now := storm_of(case.policy, case.world)) is not None:
        return now
    if case.is_alone and not case.world.known:
        return Refused("fleet_unknown", "it is not known how many entities there are: a storm could not be noticed")
    return _after(case)


def storm_of(policy: Policy, world: World) -> Refused | None:
    """Return why a storm is on, whatever the playbook; None if none is."""
    if world.storm:
        return Refused("storm_rate", f"{world.storm}: nothing runs during a storm")
    alerting, known = world.alerting, world.known or 0
    if alerting >= MIN_ALERTING and known and 100 * alerting / known > policy.storm.max_percent:
        share = f"{alerting} of {plural(known, 'entity', 'entities')} alert, more than {policy.storm.max_percent:g} %"
        return Refused("storm_share", f"{share}: nothing runs during a storm")
    return None


def _after(case: Case) -> Refused | None:
    last = case.history.storm
    if last is None:
        return None
    if last.active:
        # The host found it a few seconds ago.
        return Refused("storm_rate", f"{last.why}")
    since, wait = case.world.now - last.ended, case.policy.storm.cooldown
    if since >= seconds(wait):
        return None
    return Refused("storm_cooldown", f"a storm ended {compact(since)} ago; nothing runs for {wait} after one")
