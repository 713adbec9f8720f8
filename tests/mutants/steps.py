"""Mutants of step kinds: the gate, values of answers, reads, dry runs, progress and undos."""

from __future__ import annotations

from tests.mutants.model import Mutant

GATE = "tests/respond/test_gate.py::"
EXCHANGE = "tests/respond/test_execution_exchange.py::"

MUTANTS = [
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
        '            if (stopped := self._gate.halted()) is not None:\n                return Sent(f"accepted;',
        '            if (stopped := None) is not None:\n                return Sent(f"accepted;',
        (EXCHANGE + "test_a_stop_is_read_before_each_request",),
    ),
]
