"""Decisions on runs without a person, pure functions of incident, catalogue, history and world.

The daemon takes them while incidents are open, and a replay for incidents of an archive: nothing else is read.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.ports import IncidentView
from aiops.respond.guard_case import World
from aiops.respond.guards import refusal
from aiops.respond.history import By
from aiops.respond.plans import Plan, Planner

WOULD_RUN = "would_run"
# The codes of a certainty that was not measured, or is too small.
_MEASURED = frozenset({"confidence_uncalibrated", "confidence_unproven"})
# What a decision in shadow passes by: the operator's word on runs, not what is known of the incident.
_OPERATOR = frozenset({"kill_switch", "mode_ceiling", "not_promoted", "unproven"})


class Decision(Struct):
    """A decision: `code` is `would_run`, or that of the first guard that refuses, with its `reason`."""

    playbook: str
    incident: str
    targets: list[str]
    plan: Plan
    code: str
    guard: str
    reason: str
    by: By

    @property
    def runs(self) -> bool:
        """Return True if nothing refuses."""
        return self.code == WOULD_RUN

    @property
    def is_trial(self) -> bool:
        """Return True if nothing refuses but the measured certainty.

        Its outcome shows how certain such decisions are.
        """
        codes = {check.code for check in self.plan.checks if check.state == "refused"}
        return bool(self.plan.requests and codes & _MEASURED) and codes <= _MEASURED | _OPERATOR


def decide(planner: Planner, view: IncidentView, playbook: str, world: World, by: By = "engine") -> Decision:
    """Return the decision on a playbook for an incident; raise `UsageError` for what cannot be planned."""
    plan, _ = planner.plan(view, playbook, world, by=by)
    stop = refusal(plan.checks)
    if stop is None and not plan.requests:
        return Decision(playbook, view.id, plan.targets, plan, "no_request", "parameters", "it has no request", by)
    if stop is not None:
        return Decision(playbook, view.id, plan.targets, plan, stop.code, stop.guard, stop.reason, by)
    return Decision(playbook, view.id, plan.targets, plan, WOULD_RUN, "", "all guards hold", by)
