"""The watch on the models: what is stated was measured, and what is not measured has its reason."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.drift.jumper import ALARM
from aiops.engine.engine import Engine
from aiops.views.model_watch import STANDS_S, Watch, WatchedModel, model_watch, standing

NOW = 5_000_000.0


def watch(calibration: dict[str, Any] | None = None, trained_at: float = 0.0, **drift: Any) -> Watch:
    accounts = Engine().accounts()
    accounts["calibration"] = calibration
    accounts["drift"] = {**accounts["drift"], **drift}
    return model_watch(accounts, {"causes": "causes 0.1"}, NOW, trained_at, ALARM)


def row(found: Watch, slot: str) -> WatchedModel:
    return next(one for one in found.models if one.slot == slot)


def alarm(at: float, what: str = "causes") -> dict[str, Any]:
    return {"at": at, "what": what, "text": "right in 35 % of the last 20 judgements, in 80 % before"}


def test_nothing_is_claimed_before_anything_was_measured() -> None:
    found = watch()
    assert found.ok
    for one in found.models:
        assert one.drift == "no hour measured yet"
        assert any(text.startswith("outcomes: ") for text in one.unmeasured), one.slot
        assert "%" not in " ".join([*one.sentences, *one.unmeasured])
    assert {one.state for one in found.inputs} == {"unknown"}


def test_promises_are_compared_with_what_they_held() -> None:
    calibration = {
        **{"outcomes": 30, "needed": 10, "hits": 20, "kept": 30, "error": 0.08, "floor": 0.05},
        **{"promises": 14, "coverage": 0.857, "promise": 0.9},
    }
    found = row(watch(calibration), "causes")
    assert (found.promise, found.coverage, found.promises, found.error) == (0.9, 0.857, 14, 0.08)
    assert "held the cause in 86 % of 14 promises (90 % promised)" in found.sentences[1]
    assert "off by 8 points" in found.sentences[0]
    assert found.unmeasured == ["outcomes: none yet; confirm causes (aiops incidents confirm)"]


def test_a_ranker_with_few_outcomes_states_what_it_waits_for() -> None:
    found = row(watch({"outcomes": 3, "needed": 10, "hits": 1, "kept": 3, "promises": 0}), "causes")
    assert "coverage: no set of suspects was promised before 10 outcomes (3 so far)" in found.unmeasured
    assert "calibration: no percentage was stated before 10 outcomes (3 so far)" in found.unmeasured
    assert found.coverage is None


def test_an_alarm_stands_until_a_training_follows_it_or_two_weeks_pass() -> None:
    drift = {"alarms": [alarm(NOW - STANDS_S - 1), alarm(NOW - 100), alarm(NOW - 50, "rate")]}
    assert [one.at for one in standing(drift, NOW, 0.0)] == [NOW - 100, NOW - 50]
    assert [one.what for one in standing(drift, NOW, NOW - 60)] == ["rate"]
    assert standing(drift, NOW, NOW) == []


def test_drift_is_shown_where_it_is() -> None:
    found = watch(alarms=[alarm(NOW - 10), alarm(NOW - 5, "names")])
    assert not found.ok
    assert found.detail.startswith("causes: right in 35 %")
    assert row(found, "causes").has_drifted
    assert row(found, "causes").drift == "less often right than before, or than stated"
    assert row(found, "similar").drift == "inputs changed"
    assert next(one.state for one in found.inputs if one.kind == "names") == "drifted"
    assert watch(trained_at=NOW, alarms=[alarm(NOW - 10)]).ok


@pytest.mark.parametrize("claim", ["promises", "calibration"])
def test_broken_claims_are_drift_of_the_causes(claim: str) -> None:
    assert row(watch(alarms=[alarm(NOW - 10, claim)]), "causes").has_drifted


def test_judged_slots_have_their_count() -> None:
    engine = Engine()
    for number in range(7):
        engine.drift.outcomes.judged("grouping", str(number), number < 4)
    found = row(model_watch(engine.accounts(), {}, NOW, 0.0, ALARM), "grouping")
    assert found.sentences == ["The grouping was right in 4 of 7 judged incidents."]
    assert (found.drift, found.is_judged) == ("no drift in 7 outcomes", True)


def test_an_alarm_that_was_answered_is_not_forgotten() -> None:
    engine = Engine()
    for number in range(400):
        engine.drift.outcomes.judged("grouping", str(number), number < 200)
    found = row(model_watch(engine.accounts(), {}, NOW, NOW, ALARM), "grouping")
    assert (found.drift, found.has_drifted) == ("no drift stands, 1 alarm so far", False)


def test_an_engine_of_another_kind_has_no_watch_to_show() -> None:
    found = model_watch({}, {}, NOW, 0.0, ALARM)
    assert (found.ok, found.inputs, found.alarms) == (True, [], [])
    assert not any(one.is_judged for one in found.models)
