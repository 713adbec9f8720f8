"""docs/playbooks.md lists what the shipped playbooks read and change, and these are fit to be run."""

from __future__ import annotations

import pytest

from aiops.respond.collectors import Collect
from aiops.respond.format import Playbook
from aiops.respond.reversible import irreversible
from aiops.respond.step_registry import kind_of
from aiops.step_kinds.forms import Form
from tests.docs.playbook_table import PAGE, acting, manual_steps, reading, written

ACTING = acting()


def test_the_tables_are_as_the_catalogue_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run `make docs`"


def test_there_are_enough() -> None:
    assert len(reading()) >= 20
    assert len(ACTING) >= 12


@pytest.mark.parametrize("playbook", ACTING, ids=lambda one: one.name)
def test_an_action_is_asked_for_checked_and_bounded(playbook: Playbook) -> None:
    assert playbook.mode in ("approve", "auto")
    # What runs without a person can be undone: all of it, or what comes before people approve the rest.
    assert playbook.mode == "approve" or irreversible(playbook) is None
    assert playbook.preconditions
    assert any(isinstance(check, Form) for check in playbook.verify) or playbook.reversible
    assert manual_steps(playbook) == []
    assert playbook.approval.approvers
    assert playbook.match.incident.max_targets is None or playbook.guards.max_targets.count == 1
    assert playbook.match.cause.min_confidence in ("medium", "high")
    assert playbook.reversible or playbook.rollback


@pytest.mark.parametrize("playbook", ACTING, ids=lambda one: one.name)
def test_a_playbook_is_reversible_exactly_if_all_that_it_sends_is(playbook: Playbook) -> None:
    effects = [kind_of(step).effect(step) for step in playbook.steps if isinstance(step, Form)]
    assert playbook.reversible is all(effect.reversible for effect in effects)


@pytest.mark.parametrize("playbook", ACTING, ids=lambda one: one.name)
def test_its_tests_show_what_is_sent_and_that_a_hostile_value_is_not(playbook: Playbook) -> None:
    assert any(trial.expect.sends for trial in playbook.tests)
    decisions = {trial.expect.decision for trial in playbook.tests}
    assert decisions == {"suggest", "none"}
    blanks = [trial for trial in playbook.tests if trial.expect.shows and "<" in "".join(trial.expect.shows)]
    assert blanks or playbook.name in {"rotate-host-logs", "park-dead-letters", "disable-feature-flag"}


def test_collectors_stand_before_what_a_person_reads() -> None:
    for playbook in reading():
        kinds = [isinstance(step, Collect) for step in playbook.diagnosis]
        assert kinds == sorted(kinds, reverse=True), playbook.name
