"""Plans: the requests and guards of a run, as a pure function of incident, catalogue and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field, structs

from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.respond.calls import Call, StepState, Systems, body_of, bound, by_hand, calls_of, digest
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Case, GuardCheck, Policy, World
from aiops.respond.guards import evaluate, refusal
from aiops.respond.history import By, History, Mode
from aiops.respond.matching import compile_match, fit
from aiops.respond.mode_guards import effective_mode
from aiops.respond.parameters import resolve
from aiops.respond.secrets import Secrets, requests_of
from aiops.respond.situation import Situation, situation
from aiops.respond.target_guards import gitops_warnings
from aiops.respond.targets import leading, on_target, target_of
from aiops.step_kinds.forms import Scalar
from aiops.topology import Topology


class Plan(Struct):
    """A run as it would be, guard by guard. `refused` is the first guard that refuses.

    `requests` is all that may be sent, in order: preconditions, steps, checks afterwards, and the rollback, which is
    sent only if a step or the verification fails. `id` is a digest of it and of the playbook: an approval covers
    exactly that, with `states`: what the steps would change, as it was read. `base` is the digest without it.

    `warnings` are for whoever approves. `code` is that of the guard that refuses, empty if none does.

    `mode` is what author, operator and evidence permit. `automatic` has the guards' answers to a run without a person,
    for a playbook whose author permits one.
    """

    id: str
    playbook: str
    incident: str
    targets: list[str]
    checks: list[GuardCheck]
    requests: list[Call]
    refused: str | None
    sentence: str
    parameters: dict[str, dict[str, Scalar]] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)
    code: str = ""
    mode: Mode = "suggest"
    automatic: list[GuardCheck] = field(default_factory=list)
    base: str = ""
    states: list[StepState] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.playbook} on {', '.join(self.targets) or 'nothing'}"

    def weigh(self, checks: list[GuardCheck]) -> GuardCheck | None:
        """Adopt the answers of the guards; return the first that refuses."""
        stop = refusal(checks)
        self.checks, self.refused = checks, stop.reason if stop is not None else None
        self.code = stop.code if stop is not None else ""
        self.sentence = f"would run {self}" + (f"; refused because {stop.reason}" if stop is not None else "")
        return stop


class Planner:
    """Makes plans over one catalogue, topology, policy and history."""

    def __init__(
        self,
        playbooks: Mapping[str, Playbook],
        topology: Topology,
        policy: Policy,
        history: History,
        systems: Systems | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._systems, self._secrets = systems or {}, secrets
        self._compiled = {name: compile_match(playbook) for name, playbook in playbooks.items()}
        self._bodies = {name: body_of(one) for name, one in playbooks.items() if one.mode == "auto"}
        self._topology, self._policy, self._history = topology, policy, history

    def playbook(self, name: str) -> Playbook | None:
        """Return a playbook of the catalogue."""
        compiled = self._compiled.get(name)
        return compiled.playbook if compiled is not None else None

    def plan(
        self,
        view: IncidentView,
        name: str,
        world: World,
        targets: Sequence[str] | None = None,
        by: By = "person",
        states: Sequence[StepState] = (),
        own: str = "",
    ) -> tuple[Plan, Case]:
        """Plan a run that `by` would start; `states` is what was read of what its steps would change.

        `own` is a run that would continue: guards do not count it.

        The targets default to `target_of`. Raise `UsageError` for what cannot be planned.
        """
        compiled = self._compiled.get(name)
        if compiled is None:
            raise UsageError(f"expected a playbook of the catalogue; got {name!r}")
        now, playbook = situation(view, self._topology), compiled.playbook
        found = fit(compiled, now, strict=True)
        default = target_of(compiled, found, now)
        chosen = list(targets) if targets is not None else ([default] if default else [])
        lead = leading(found, now)
        values = [resolve(playbook, on_target(now, target), lead) for target in chosen]
        requests = calls_of(playbook, chosen, values, self._systems)
        base = digest(playbook, view.id, chosen, values, requests)
        plan_id = bound(base, states)
        world = structs.replace(world, members=world.members or self._members(now))
        case = Case(
            playbook,
            now,
            found,
            chosen,
            values,
            plan_id,
            self._history,
            self._policy,
            world,
            self._systems,
            by,
            states,
            own=own,
            bodies=self._bodies,
        )
        if self._secrets is not None:
            # Here, and not in the guard: files are read, and guards are evaluated under a lock.
            case.secret = self._secrets.refusal(requests_of(requests))
        given = {target: one.values for target, one in zip(chosen, values, strict=True)}
        plan = Plan(plan_id, name, view.id, chosen, [], requests, None, "", given, by_hand(playbook.rollback))
        plan.base, plan.states, plan.warnings = base, list(states), gitops_warnings(case)
        plan.weigh(evaluate(case))
        plan.mode = effective_mode(playbook, self._history, self._policy)
        if playbook.mode == "auto":
            plan.automatic = plan.checks if case.is_alone else evaluate(structs.replace(case, by="engine"))
        return plan, case

    def _members(self, now: Situation) -> int | None:
        if now.service is None or now.service == now.cause:
            return None
        count = sum(1 for node in self._topology.nodes if self._topology.service_of(node) == now.service)
        # The service's own node is no member that a run could touch.
        return count - 1 if now.service in self._topology.nodes and count > 1 else count or None
