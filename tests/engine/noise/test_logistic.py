"""The noise model: what it scores, of what it knows nothing, and which states it refuses."""

from __future__ import annotations

import pytest

from aiops.engine.noise.logistic import MAX_STATE, Logistic, evidence
from aiops.engine.noise.sight import NAMES, Sight
from aiops.errors import UsageError
from tests.engine.made import made
from tests.engine.noise.models import state


def sight(*kinds: str, severity: int = 2, values: float = 1.0) -> Sight:
    numbers = [values] * len(NAMES)
    return made(Sight, at=0.0, severity=severity, values=numbers, kinds=list(kinds), entities=["db"])


def test_what_people_marked_is_noise_with_the_marks_of_the_least_noisy_name() -> None:
    verdict = Logistic.from_state(state()).judge(sight("Slow @ db", "Lag @ db"))
    assert verdict is not None
    assert (verdict.name, verdict.noise, verdict.marks) == ("Slow", 8, 10)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (sight("Slow @ db", "Down @ db"), state()),
        (sight(), state()),
        (sight("Slow @ db", severity=3), state(severity=2)),
        (sight("Slow @ db", values=21.0), state()),
        (sight("Slow @ db"), state(kinds={"Slow": (0, 10)})),
        (sight("Slow @ db"), state(threshold=100.0)),
    ],
    ids=["an unknown name", "no alert", "worse", "larger", "never noise", "below the threshold"],
)
def test_nothing_is_noise_beyond_what_people_marked(found: Sight, text: str) -> None:
    assert Logistic.from_state(text).judge(found) is None


def test_a_cluster_that_is_not_known_whole_is_no_noise() -> None:
    found = sight("Slow @ db")
    found.is_cut = True
    assert Logistic.from_state(state()).judge(found) is None


def test_the_evidence_is_that_of_the_least_noisy_kind_and_of_its_workload_first() -> None:
    marks = {"Slow": (8, 8), "Slow @ db": (0, 4), "Lag": (4, 4)}
    assert evidence(["Lag @ web"], marks, 0.5) > 0.0 > evidence(["Lag @ web", "Slow @ db"], marks, 0.5)
    assert evidence(["Slow @ db"], marks, 0.5) < evidence(["Slow @ web"], marks, 0.5)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "missing required field"),
        (state(mean=[0.0]), "expected 8 numbers each"),
        (state(scale=[0.0] * 8), "> 0.0"),
        (state(severity=4), "<= 3"),
        (state(share=1.0), "< 1.0"),
        (state(other=1), "unknown field"),
        (state(weights=["NaN"] * 8), "Expected `float`"),
        ('{"mean": [NaN]}', "invalid"),
        (" " * (MAX_STATE + 1), "at most"),
        (state(kinds={str(each): (1, 1) for each in range(5_001)}), "at most 5000 kinds"),
    ],
)
def test_a_state_that_is_no_model_is_refused_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=r"\$\.args\.state") as caught:
        Logistic.from_state(text)
    assert problem in str(caught.value)
