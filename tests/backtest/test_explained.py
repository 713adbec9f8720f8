"""The sentences of an explanation: each one says what was decided, and by which figures."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from aiops.backtest.explained import Compared, Explanation, Outcome, age_text, not_compared, sentence, surge_text
from aiops.records import Evidence


def compared(score: float = 2.0, cluster: str = "c7", incident: str | None = None, **more: Any) -> Compared:
    return Compared(cluster, incident, "CPUHigh on db-1", score, [Evidence("timing", score, "soon")], 75.0, **more)


def explanation(outcome: Outcome, **more: Any) -> Explanation:
    given: dict[str, Any] = {"threshold": 5.4, **more}
    return Explanation("a1", "DiskFull", "db-2", None, "f", 1.0, 12, outcome, "incident", "c12", **given)


def test_joined_names_the_incident_and_both_figures() -> None:
    text = sentence(explanation("joined", incident="inc-1", chosen=compared(9.0)))
    assert text == "It joined inc-1: its score is +9.00, and more than 5.40 nats are needed."


def test_opened_names_the_best_that_did_not_fit() -> None:
    others = [compared(2.0), compared(1.0), compared(3.0, was_compared=False)]
    text = sentence(explanation("opened", others=others))
    assert text.startswith("It opened cluster c12: 2 clusters were compared, and none fits.")
    assert text.endswith("For the best its score is +2.00, and more than 5.40 nats are needed.")
    assert sentence(explanation("opened")) == "It opened cluster c12: no other cluster was active then."


def test_opened_says_why_it_is_no_incident_yet() -> None:
    text = sentence(explanation("opened", reason="too few warnings"))
    assert text.endswith("No incident at that moment: too few warnings.")
    assert "No incident" not in sentence(explanation("opened", reason="late", incident="inc-1"))


def test_cut_names_the_cluster_that_was_ended_and_why_with_figures() -> None:
    text = sentence(explanation("cut", others=[compared(8.0, incident="inc-9")]), surge_text(34.2, 2.0))
    assert text.startswith("It opened cluster c12. It fits inc-9 (CPUHigh on db-1): its score is +8.00")
    assert "34 alerts came within about ten seconds, and its own pace is 2.0" in text
    assert (
        age_text(7_300.0, 1 / 3_600) == "it has lasted 2 h 1 min, and a new problem begins here about every 1 h 0 min"
    )


@pytest.mark.parametrize("outcome", [each for each in get_args(Outcome) if each not in ("joined", "opened", "cut")])
def test_every_other_outcome_has_a_sentence_with_its_place(outcome: Outcome) -> None:
    assert sentence(explanation(outcome, incident="inc-1")).endswith("inc-1.")


def test_reason_is_given_where_it_adds_something() -> None:
    assert sentence(explanation("suppressed", reason="silence s1")).endswith("Reason: silence s1.")
    assert "Reason" not in sentence(explanation("resolved", reason="resolved", incident="inc-1"))


def test_a_cluster_that_was_not_compared_is_said_to_be_so() -> None:
    assert not_compared(compared()).startswith("It was not compared: its last alert had come 1 min 15 s before")
