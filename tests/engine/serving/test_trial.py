"""A candidate beside the model that serves: contained, bounded, and counted once an incident."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from aiops.engine.serving.comparison import MAX_NAME_CHARS, Tally
from aiops.engine.serving.trial import MAX_COMPARED, MAX_EXAMPLES, Role, Trial, names, unmeasured
from aiops.engine.serving.versions import Kept, Version

T = TypeVar("T")
VERSION = Version("causes", "mine", "0" * 16, 1.0, 7, "ann")


def trial(role: Role = "shadow", services: list[str] | None = None, model: Any = None) -> Trial:
    return Trial(role, VERSION, model, services or [])


def test_version_is_named_by_algorithm_and_digest() -> None:
    assert VERSION.id == "mine-0000000000000000"
    assert Kept("causes", "mine", "{}", "1" * 16).id == "mine-1111111111111111"


def test_fault_of_a_candidate_is_counted_and_goes_nowhere_else() -> None:
    def broken(model: Any) -> list[str]:
        raise ValueError("x" * 1_000)

    one = trial()
    assert one.run(broken, unmeasured) is None
    assert one.run(lambda model: ["a"], unmeasured) == ["a"]
    assert one.faults == 1
    assert one.fault.startswith("ValueError: x")
    assert len(one.fault) == 300


def test_each_call_is_measured_by_slot_and_role() -> None:
    seen: list[tuple[str, str]] = []

    def meter(slot: str, role: str, call: Callable[[], T]) -> T:
        seen.append((slot, role))
        return call()

    trial("canary").run(lambda model: 1, meter)
    assert seen == [("causes", "canary")]


@pytest.mark.parametrize(
    ("services", "touched", "decides"),
    [
        ([], {"a"}, False),
        (["a"], {"a", "b"}, True),
        (["c"], {"a"}, False),
        (["c", "b"], {"b"}, True),
        (["a"], set(), False),
    ],
)
def test_canary_covers_what_touches_its_services(services: list[str], touched: set[str], decides: bool) -> None:
    assert trial("canary", services).covers(lambda: touched) is decides


def test_shadow_never_looks_at_what_is_touched() -> None:
    def unused() -> set[str]:
        raise AssertionError

    assert trial().covers(unused) is False


def test_incident_counts_once_with_its_last_decisions() -> None:
    one = trial()
    one.compare("inc-1", ["a", "b"], ["b", "a"], False)
    one.compare("inc-1", ["a", "b"], ["a", "c"], False)
    one.compare("inc-2", ["a"], ["b"], False)
    assert (one.beside.compared, one.beside.same_first, one.beside.same_three) == (2, 1, 0)


def test_incident_that_comes_under_a_canary_moves_to_its_counts() -> None:
    one = trial("canary", ["a"])
    one.compare("inc-1", ["a"], ["a"], False)
    one.compare("inc-1", ["a"], ["a"], True)
    assert (one.beside, one.decided.compared) == (Tally(), 1)


def test_confirmed_answer_counts_for_both_sides_and_can_be_corrected() -> None:
    one = trial()
    one.compare("inc-1", ["a", "b"], ["b", "a"], False)
    one.confirm("inc-1", lambda name: name == "b")
    assert (one.beside.serving_first, one.beside.candidate_first, one.beside.only_candidate) == (0, 1, 1)
    assert (one.beside.serving_three, one.beside.candidate_three) == (1, 1)
    one.confirm("inc-1", lambda name: name == "a")
    assert (one.beside.confirmed, one.beside.serving_first, one.beside.candidate_first) == (1, 1, 0)
    one.confirm("inc-1", lambda name: False)
    assert (one.beside.confirmed, one.beside.serving_three, one.beside.candidate_three) == (1, 0, 0)


def test_ranking_after_the_confirmation_changes_no_count() -> None:
    one = trial()
    one.compare("inc-1", ["a"], ["b"], False)
    one.confirm("inc-1", lambda name: name == "a")
    one.compare("inc-1", ["a"], ["a"], False)
    assert (one.beside.same_first, one.beside.candidate_first) == (0, 0)
    one.confirm("inc-2", lambda name: True)
    assert one.beside.confirmed == 1


def test_compared_incidents_are_bounded_and_their_counts_stay() -> None:
    one = trial()
    for number in range(MAX_COMPARED + 50):
        one.compare(f"inc-{number}", ["a"], ["b"], False)
    assert len(one.compared) == MAX_COMPARED
    assert one.beside.compared == MAX_COMPARED + 50
    assert "inc-0" not in one.compared


def test_differences_are_the_newest_and_few() -> None:
    one = trial()
    for number in range(20):
        one.compare(f"inc-{number}", ["a"], ["a" if number % 2 else "b"], False)
    one.compare("inc-0", ["a"], ["c"], False)
    found = [each.key for each in one.differences()]
    assert found == ["inc-0", "inc-18", "inc-16", "inc-14", "inc-12"]
    assert len(found) == MAX_EXAMPLES
    assert list(trial().differences()) == []


def test_restart_forgets_the_counts_and_keeps_the_candidate() -> None:
    one = trial(model="m")
    one.compare("inc-1", ["a"], ["b"], False)
    one.restart()
    assert (one.beside, one.decided, one.compared, one.model) == (Tally(), Tally(), {}, "m")


def test_names_are_cut() -> None:
    assert names(["x" * 2_000, "b", "c"], str, 2) == ["x" * MAX_NAME_CHARS, "b"]
