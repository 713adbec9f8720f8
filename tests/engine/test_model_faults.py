"""A model that raises costs its part and never a record."""

from __future__ import annotations

import pytest

from aiops.engine.model_faults import PORTS, Faults, all_of
from aiops.records import Cause


def test_answer_of_a_model_is_passed_on() -> None:
    faults = Faults()
    assert faults.contained("causes", lambda: 1, 0) == 1
    assert (faults.counts, faults.texts) == ({}, [])


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("y"), RecursionError(), ZeroDivisionError(), MemoryError()]
)
def test_fault_gives_the_other_answer_and_is_counted(error: Exception) -> None:
    def fail() -> list[int]:
        raise error

    faults = Faults()
    assert faults.contained("causes", fail, [7]) == [7]
    assert faults.counts == {"causes": 1}
    assert type(error).__name__ in faults.texts[0]


def test_interrupt_is_no_fault_of_a_model() -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Faults().contained("causes", fail, None)


def test_faults_are_told_at_powers_of_ten_by_port() -> None:
    faults = Faults()
    for _ in range(1_000):
        faults.add("causes", ValueError("x"))
    faults.add("similar", ValueError("x"))
    assert len(faults.texts) == 5
    assert [text.partition("(")[2].partition(" ")[0] for text in faults.texts] == ["", "10", "100", "1000", ""]
    assert faults.counts == {"causes": 1_000, "similar": 1}


def test_text_of_an_error_is_bounded() -> None:
    faults = Faults()
    faults.add("detect", ValueError("x" * 100_000))
    assert len(faults.texts[0]) < 500


def test_values_are_all_of_one_kind() -> None:
    causes = [Cause("a"), Cause("b")]
    assert all_of(Cause, iter(causes)) == causes
    assert all_of(Cause, ()) == []
    for wrong in ([Cause("a"), None], ["a"], [{"entity": "a"}]):
        with pytest.raises(TypeError, match="expected Cause, got"):
            all_of(Cause, wrong)
    with pytest.raises(TypeError):
        all_of(Cause, None)


def test_ports_are_those_that_models_have() -> None:
    assert set(PORTS) == {"causes", "playbooks", "similar", "detect"}
