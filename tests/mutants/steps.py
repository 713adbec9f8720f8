"""Mutants of step kinds: the gate, values of answers, reads, dry runs, progress and undos."""

from __future__ import annotations

from tests.mutants.model import Mutant

GATE = "tests/respond/test_gate.py::"
EXCHANGE = "tests/respond/test_execution_exchange.py::"

MUTANTS: list[Mutant] = [
    Mutant(
        "respond-the-gate-sends-what-is-not-in-the-plan",
        "aiops/respond/gate.py",
        "if request is None or not any(one is call or one == call for one in self._calls):",
        "if request is None:",
        (GATE + "test_a_request_that_is_not_in_the_plan_is_not_sent",),
    ),
    Mutant(
        "respond-values-of-answers-are-not-checked",
        "aiops/respond/gate.py",
        "with_values(request, checked(call.taken, values))",
        "with_values(request, values)",
        (GATE + "test_holes_are_filled_with_checked_values_alone",),
    ),
    Mutant(
        "respond-a-dry-run-that-fails-prevents-nothing",
        "aiops/respond/execution.py",
        "if sent.problem is not None and request is not call and more is None:",
        "if sent.problem is not None and request not in (call, call.dry_run) and more is None:",
        (EXCHANGE + "test_nothing_is_changed_if_what_comes_before_fails",),
    ),
    Mutant(
        "respond-a-step-that-was-not-sent-is-undone",
        "aiops/respond/rollback.py",
        "if not one[0].undoes or step_place(one[0].undoes, one[0].target) in taken]",
        "]",
        (EXCHANGE + "test_only_steps_that_were_sent_are_undone",),
    ),
    Mutant(
        "respond-progress-is-read-without-the-switch",
        "aiops/respond/execution.py",
        '            if (stopped := self._gate.halted()) is not None:\n                return Sent(f"{NOT_FOLLOWED}',
        '            if (stopped := None) is not None:\n                return Sent(f"{NOT_FOLLOWED}',
        (EXCHANGE + "test_a_stop_is_read_before_each_request",),
    ),
]

# What an approval is bound to, held against a cluster in which somebody acts in between.
BOUND = "tests/kubernetes/test_bound_runs.py::"


def _bound(name: str, file: str, old: str, new: str, test: str) -> Mutant:
    return Mutant(f"bound-{name}", f"aiops/{file}.py", old, new, (test if "/" in test else BOUND + test,))


MUTANTS += [
    _bound(
        "states-are-not-in-the-digest",
        "respond/calls",
        "_hashed([_FORM, base, list(states)])[:ID_CHARS] if states else base",
        "base",
        "test_fix_after_the_approval_is_not_undone",
    ),
    _bound(
        "nothing-is-compared-before-the-change",
        "respond/execution",
        "            self._compare(call, looked.observed)\n",
        "            pass\n",
        "test_fix_at_any_moment_of_the_run_stays",
    ),
    _bound(
        "what-was-not-read-is-changed",
        "respond/execution",
        "if planned is None or planned.problem:",
        "if planned is None:\n            return\n        if planned.problem:",
        "tests/respond/test_states.py::test_step_that_was_not_read_is_not_made",
    ),
    _bound(
        "a-rollback-ignores-gitops",
        "respond/execution",
        "if observed.managed and observed.managed not in",
        "if False and observed.managed not in",
        "tests/respond/test_states.py::test_rollback_leaves_alone_what_came_under_gitops",
    ),
    _bound(
        "pins-are-not-compared",
        "step_kinds/observing",
        "if (type(was), was) != (type(now), now):",
        "if was is None:",
        "tests/step_kinds/test_observing.py::test_each_difference_is_named",
    ),
    _bound(
        "the-object-is-not-compared",
        "step_kinds/observing",
        "if before.subject != after.subject else []",
        "if not after.subject else []",
        "tests/step_kinds/test_observing.py::test_each_difference_is_named",
    ),
    _bound(
        "the-manager-is-not-compared",
        "step_kinds/observing",
        "if before.managed != after.managed:",
        "if False:",
        "tests/step_kinds/test_observing.py::test_each_difference_is_named",
    ),
    _bound(
        "problems-of-states-refuse-nothing",
        "respond/guards",
        "(one for one in case.states if one.problem)",
        "(one for one in () if one.problem)",
        "test_what_a_step_would_refuse_is_seen_before_it_is_approved",
    ),
    _bound(
        "objects-of-gitops-are-not-refused",
        "respond/target_guards",
        "if one.target == target and one.observed.managed]",
        "if one.target == target and not one.observed.managed]",
        "test_gitops_is_refused_with_the_alternative",
    ),
    _bound(
        "a-warning-is-enough-without-a-person",
        "respond/target_guards",
        'if case.policy.gitops == "warn" and not case.is_alone:',
        'if case.policy.gitops == "warn":',
        "test_engine_leaves_gitops_alone_and_records_it_once",
    ),
    _bound(
        "reads-go-out-while-stopped",
        "respond/runs",
        'return bool(observing(plan.requests)) and refusal(plan.checks, but="approval") is None',
        "return bool(observing(plan.requests))",
        "test_nothing_is_read_while_a_guard_refuses",
    ),
    _bound(
        "any-plan-is-the-one-that-was-looked-at",
        "respond/runs",
        "if expected is not None and plan.id != expected:",
        "if False:",
        "test_fix_after_the_approval_is_not_undone",
    ),
    _bound(
        "states-of-an-approval-are-lost-in-a-restart",
        "respond/history",
        'data.get("base", data["plan"])',
        'data["plan"]',
        "test_approval_after_a_restart_is_for_what_was_seen_before",
    ),
    _bound(
        "what-refused-begins-again-at-once",
        "respond/history_guards",
        "return _refused_lately(case) if case.is_alone else None",
        "return None",
        "tests/respond/test_history_guards.py::test_what_a_run_refused_is_not_begun_again_at_once",
    ),
]
