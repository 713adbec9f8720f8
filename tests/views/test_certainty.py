"""Certainty of a cause: no percentage and no word that was not measured on this site."""

from __future__ import annotations

from aiops.records import Cause
from aiops.views.certainty import certainty_of, measured


def test_uncalibrated_cause_has_a_lead_and_the_number_of_confirmations() -> None:
    found = certainty_of(Cause("db", confidence="high"), {"outcomes": 3, "needed": 10, "hits": 3, "kept": 3})
    assert found.text == "clear lead, not yet checked here"
    assert (found.lead, found.percent) == ("high", None)
    assert found.measured == "Not yet measured on this site (3 of 10 confirmations)."
    assert "%" not in found.text + found.measured


def test_calibrated_cause_has_its_percentage_and_what_stands_behind_it() -> None:
    found = certainty_of(
        Cause("db", probability=0.714), {"outcomes": 14, "needed": 10, "hits": 9, "kept": 14, "error": 0.01}
    )
    assert (found.text, found.percent) == ("71 %", 71)
    assert "right in 9 of 14 confirmed incidents" in found.measured
    assert "off by 1 point." in found.measured


def test_engine_that_does_not_answer_is_named() -> None:
    assert "is not known now" in measured(None)


def test_ranker_that_counts_no_hits_states_its_outcomes_alone() -> None:
    assert measured({"outcomes": 40}) == "Measured on 40 confirmed incidents of this site."
    assert measured({"outcomes": 0}) == "Not yet measured on this site (no confirmation)."
