"""Mutants of authority: who may release a switch, which reasons count, and what is shown of a stop."""

from __future__ import annotations

from tests.mutants.model import Mutant

OWN = "tests/respond/test_authority.py::"
WEB = "tests/web/test_runs.py::"
HEALTH = "tests/daemon/test_run_health.py::"

MUTANTS: list[Mutant] = [
    Mutant(
        "authority-anybody-releases",
        "aiops/respond/authority.py",
        "        if scope == GLOBAL or (scope in",
        "        if scope != GLOBAL or (scope in",
        (OWN + "test_who_may_release",),
    ),
    Mutant(
        "authority-an-approver-of-one-releases-all",
        "aiops/respond/authority.py",
        "for playbook in able or stopped:",
        "for playbook in (able or stopped)[:1]:",
        (OWN + "test_who_may_release",),
    ),
    Mutant(
        "authority-what-names-nobody-is-released-by-anybody",
        "aiops/respond/authority.py",
        "in able or stopped:",
        "in able:",
        (OWN + "test_who_may_release",),
    ),
    Mutant(
        "authority-only-the-named-playbook-has-a-say",
        "aiops/respond/authority.py",
        "if scope in scopes(one)]",
        'if scope in one.owners or (scope == f"playbook:{one.name}")][:1]',
        (OWN + "test_who_may_release",),
    ),
    Mutant(
        "authority-a-release-takes-any-capitals",
        "aiops/respond/authority.py",
        " if engaged else set[str]()",
        "",
        (OWN + "test_a_stop_is_not_refused_for_its_capitals_and_a_release_is",),
    ),
    Mutant(
        "authority-blanks-are-a-reason",
        "aiops/respond/authority.py",
        "    if not any(character.isalnum() for character in reason):",
        "    if not reason:",
        (OWN + "test_a_reason_has_words",),
    ),
    Mutant(
        "authority-a-token-releases-what-it-may-not",
        "aiops/daemon/runs.py",
        "            if vouched:\n                self._authority.may_release(scope, actor)",
        "            if not vouched:\n                self._authority.may_release(scope, actor)",
        ("tests/daemon/test_runs.py::test_whoever_writes_stops_and_only_approvers_release",),
    ),
    Mutant(
        "authority-a-stop-needs-a-reason",
        "aiops/daemon/runs.py",
        "            reason = optional_reason(reason)\n        else:",
        '            reason = required_reason(reason, "a stop")\n        else:',
        (WEB + "test_a_release_without_a_reason_in_words_is_400_and_a_stop_is_not",),
    ),
    Mutant(
        "authority-a-rollback-needs-no-reason",
        "aiops/daemon/runs.py",
        '        reason = required_reason(reason, "closing a rollback" if close else "a rollback")',
        "        reason = optional_reason(reason)",
        (WEB + "test_a_release_without_a_reason_in_words_is_400_and_a_stop_is_not",),
    ),
    Mutant(
        "authority-the-same-mode-again-is-no-promotion",
        "aiops/daemon/runs.py",
        "MODES.index(mode) < MODES.index(level)",
        "MODES.index(mode) <= MODES.index(level)",
        ("tests/daemon/test_runs_alone.py::test_shadow_sends_nothing_and_promotions_are_one_click_back",),
    ),
    Mutant(
        "authority-a-release-forgets-what-was-seen",
        "aiops/respond/switches.py",
        "last.at != seen:",
        "last.at == 0.0:",
        (WEB + "test_a_stop_that_came_after_the_page_is_not_released_by_it",),
    ),
    Mutant(
        "authority-a-form-does-not-say-what-was-seen",
        "aiops/pages/controls.py",
        '    if fields.get("seen"):',
        '    if not fields.get("seen"):',
        ("tests/pages/test_runs.py::test_a_stop_that_came_after_the_page_is_not_released_by_its_form",),
    ),
    Mutant(
        "authority-the-word-on-a-rollback-replaces-why-the-run-failed",
        "aiops/respond/run_progress.py",
        '    return f"{why[:MAX_WHY]}; {more}" if why else more',
        "    return more",
        ("tests/respond/test_rollback.py::test_nothing_else_touches_a_target_whose_rollback_waits",),
    ),
    Mutant(
        "authority-a-start-before-the-first-release-is-no-crash",
        "aiops/respond/history.py",
        "[Start(one.at, True) for one in self.starts[-1:]]",
        "self.starts[-1:]",
        ("tests/respond/test_decision_log.py::test_a_start_counts_from_the_release_that_made_runs_possible",),
    ),
    Mutant(
        "authority-health-hides-stops",
        "aiops/daemon/run_health.py",
        "problems += _first([str(one) for one in stops if not one.is_initial])",
        "problems += _first([str(one) for one in stops if one.is_initial])",
        (HEALTH + "test_health_names_each_stop_and_what_releases_it",),
    ),
    Mutant(
        "authority-health-hides-breakers",
        "aiops/daemon/run_health.py",
        "    problems += _first([str(one) for one in breakers])\n",
        "",
        (HEALTH + "test_health_names_an_open_breaker_and_until_when",),
    ),
    Mutant(
        "authority-a-cut-trail-stops-without-a-word",
        "aiops/respond/history.py",
        "            if not self.engaged([scope]) or scope not in self.moved:",
        "            if self.moved is None:",
        (HEALTH + "test_health_names_each_stop_and_what_releases_it",),
    ),
]
