"""Mutants of approvals in the middle of a run: what lets it continue, what ends it, and what survives a restart."""

from __future__ import annotations

from tests.mutants.model import Mutant

HERE = "tests/respond/test_step_approvals.py::"
R = "aiops/respond/"


def _mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(f"wait-{name}", f"{R}{file}.py", old, new, tuple(one if "/" in one else HERE + one for one in tests))


MUTANTS: list[Mutant] = [
    _mutant(
        "a-run-goes-on-at-its-approval",
        "execution",
        "            if call.url == APPROVAL:\n",
        "            if call.url == APPROVAL[1:]:\n",
        "test_run_waits_with_nothing_more_sent",
    ),
    _mutant(
        "a-stop-before-the-wait-is-forgotten",
        "execution",
        'return Outcome("stopped", stopped, done, left[number:])',
        "pass",
        "test_stop_before_the_wait_ends_the_run",
    ),
    _mutant(
        "anybody-approves",
        "step_approvals",
        "        may_approve(self._playbook_of(known), actor, groups, found.approvers)\n",
        "",
        "test_not_everybody_may_approve",
    ),
    _mutant(
        "the-steps-own-approvers-are-ignored",
        "authority",
        "set(approvers or playbook.approval.approvers)",
        "set(playbook.approval.approvers)",
        "test_step_may_name_its_own_approvers_and_quorum",
    ),
    _mutant(
        "any-id-will-do",
        "step_approvals",
        "if found.id != expected:",
        "if not expected:",
        "test_id_of_what_is_left_cannot_be_guessed",
    ),
    _mutant(
        "the-id-can-be-guessed",
        "calls",
        "_hashed([_FORM, run, plan, step, nonce])",
        "_hashed([_FORM, run, plan, step])",
        "test_id_of_what_is_left_cannot_be_guessed",
    ),
    _mutant(
        "what-is-left-is-approved-whatever-refuses",
        "step_approvals",
        "        if found.refused is not None:\n            stop = next",
        "        if found.refused is None and False:\n            stop = next",
        "test_stop_voids_what_was_approved_before_it",
    ),
    _mutant(
        "guards-are-not-asked-again",
        "step_approvals",
        'stop = refusal(found.checks) or refusal(evaluate(case), but="approval")',
        "stop = None",
        "test_guards_are_asked_again",
    ),
    _mutant(
        "another-plan-continues",
        "step_approvals",
        "if plan.base != run.base:",
        "if not plan.base:",
        "test_guards_are_asked_again",
    ),
    _mutant(
        "a-stop-in-between-is-forgotten",
        "step_approvals",
        "if (stopped := watch.halted()) is not None:",
        "if (stopped := None) is not None:",
        "test_stop_voids_what_was_approved_before_it",
    ),
    _mutant(
        "approvals-outlive-a-stop",
        "history",
        'if run.wait is not None and data["scope"] in run.wait.scopes:',
        'if run.wait is not None and data["scope"] not in run.wait.scopes:',
        "test_stop_alone_voids_approvals_and_another_owners_does_not",
    ),
    _mutant(
        "what-was-refused-keeps-its-approvals",
        "history",
        "        if run is not None and run.wait is not None:\n            run.wait.void()\n",
        "",
        "test_step_may_name_its_own_approvers_and_quorum",
    ),
    _mutant(
        "approvals-of-another-state-count",
        "step_approvals",
        "if found.id != approved:",
        "if not approved:",
        "tests/kubernetes/test_bound_runs.py::test_what_changed_while_a_run_waited_is_not_changed",
    ),
    _mutant(
        "one-person-is-a-quorum",
        "step_approvals",
        "return list(dict.fromkeys(one.actor for one in wait.approvals.get(approval, [])))",
        "return [one.actor for one in wait.approvals.get(approval, [])]",
        "test_step_may_name_its_own_approvers_and_quorum",
    ),
    _mutant(
        "late-approvals-count",
        "step_approvals",
        "count < run.wait.quorum or case.world.now >= run.wait.until",
        "count < run.wait.quorum",
        "test_approval_that_comes_too_late_lets_nothing_continue",
    ),
    _mutant(
        "silence-ends-nothing",
        "step_approvals",
        "if run.wait is not None and now >= run.wait.until]",
        "if run.wait is not None and now < run.wait.at]",
        "test_nobody_approves_by_silence",
    ),
    _mutant(
        "nobody-is-called-at-the-end-of-a-wait",
        "step_approvals",
        "page=known.wait.escalates, watch=watch",
        "page=False, watch=watch",
        "test_nobody_approves_by_silence",
    ),
    _mutant(
        "a-step-of-the-clock-ends-a-wait",
        "history",
        "            wait.shifted += step\n",
        "            pass\n",
        "test_step_of_the_clock_neither_ends_nor_prolongs_a_wait",
    ),
    _mutant(
        "what-was-done-is-not-rolled-back",
        "rollback",
        'self._end("stopped", why, state, data, page=page or waits or stays)\n        if needed and not waits:',
        'self._end("stopped", why, state, data, page=page or waits or stays)\n        if False:',
        "test_rejection_rolls_back_what_was_done",
    ),
    _mutant(
        "what-stays-calls-nobody",
        "rollback",
        "page=page or waits or stays)",
        "page=page)",
        "test_rejection_of_what_cannot_be_undone_calls_somebody",
        "test_rejection_while_stopped_leaves_the_rollback_to_a_person",
    ),
    _mutant(
        "a-waiting-run-frees-its-target",
        "run_states",
        'return self.state in ("running", "waiting") or unsettled',
        'return self.state == "running" or unsettled',
        "test_waiting_run_holds_its_target_and_its_slot",
    ),
    _mutant(
        "a-run-stands-in-its-own-way",
        "guard_case",
        "return [run for run in self.history.active() if run.id != self.own]",
        "return self.history.active()",
        "test_approved_run_continues_where_it_waited",
    ),
    _mutant(
        "a-run-that-continued-is-not-on-disk",
        "step_approvals",
        '            self._write("continued", world.now, data | {"approval": approved})\n',
        "            pass\n",
        "test_crash_after_it_continued_is_unknown_and_never_repeated",
    ),
    _mutant(
        "the-engine-waits-without-calling-anybody",
        "run_core",
        'data["page"] = run.by == "engine"',
        'data["page"] = False',
        "test_engine_takes_the_steps_before_alone_and_calls_people",
    ),
    _mutant(
        "steps-before-an-approval-need-no-way-back",
        "reversible",
        "return steps[:first]",
        "return steps[:0]",
        "tests/respond/test_reversible.py::test_what_follows_an_approval_is_for_people_to_decide",
    ),
]
