"""Explanations of a playbook for people: its fit, its steps and its guards, without any effect."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.ports import IncidentView
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Case, GuardCheck, Policy, World
from aiops.respond.guards import evaluate
from aiops.respond.history import History
from aiops.respond.matching import Fit, compile_match, fit
from aiops.respond.parameters import resolve
from aiops.respond.playbook_tests import render
from aiops.respond.rendering import Shown
from aiops.respond.situation import situation
from aiops.respond.targets import leading, shown_for, target_of
from aiops.step_kinds.forms import Scalar
from aiops.topology import Topology


class Explanation(Struct, omit_defaults=True):
    """One playbook against one incident. `guards` is empty for playbooks that a person carries out."""

    playbook: str
    summary: str
    fits: bool
    reason: str
    when_not_to_use: str
    parameters: dict[str, Scalar] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    steps: list[Shown] = field(default_factory=list)
    guards: list[GuardCheck] = field(default_factory=list)


def explain(playbook: Playbook, view: IncidentView, topology: Topology) -> Explanation:
    """Match, render and, for a playbook that could run, evaluate the guards as if nothing had ever run."""
    compiled = compile_match(playbook)
    now = situation(view, topology)
    found = fit(compiled, now)
    values = resolve(playbook, shown_for(now, target_of(compiled, found, now)), leading(found, now))
    made = Explanation(playbook.name, playbook.summary, found.ok, found.reason, playbook.when_not_to_use)
    made.parameters, made.missing = values.values, values.missing
    made.steps = render(playbook, values)
    if playbook.mode != "suggest":
        strict: Fit = fit(compiled, now, strict=True)
        default = target_of(compiled, strict, now)
        targets = [default] if default else []
        world = World(max(fact.last_at for fact in view.facts), members=None)
        # The kill switch counts as released; otherwise it alone would answer for all other guards.
        history, policy = History(switches={"global": False}), Policy(ceiling="approve")
        case = Case(playbook, now, strict, targets, [values for _ in targets], "", history, policy, world)
        made.guards = evaluate(case)
    return made
