"""The pipeline: what is measured learned before, what serves stands beside it, and nothing else recommends."""

from __future__ import annotations

from msgspec import structs

from aiops.config import Config
from aiops.model_state import canonical, version_id
from aiops.training.history import ReplayedHistory
from aiops.training.order import Found, Known, Work
from aiops.training.pipeline import UNTRAINED, Pipeline
from tests.training import site


def done(history: ReplayedHistory, work: Work) -> list[Found]:
    return Pipeline(history, Config(), site.topology(), lambda _: None).done(work)


def known(found: Found, until: float | None) -> Known:
    return Known(found.id, found.algorithm, found.text, until)


def test_a_version_is_the_digest_of_what_was_learned(confirmed: ReplayedHistory) -> None:
    (first,), (second,) = (done(confirmed, Work("causes")) for _ in range(2))
    assert (first.id, first.text) == (second.id, second.text)
    assert first.id == version_id("causes", first.text)
    assert first.data == confirmed.data
    assert first.metrics == second.metrics
    assert first.metrics["outcomes"] >= 5


def test_a_model_like_the_one_that_learns_anyway_is_no_improvement(confirmed: ReplayedHistory) -> None:
    (found,) = done(confirmed, Work("causes"))
    assert found.verdict is False
    assert found.incumbent is None
    assert f"of {UNTRAINED}" in found.reason
    assert "neither simpler nor newer" in found.reason
    assert found.metrics["top1_difference"] == 0.0


def test_outcomes_that_the_serving_version_learned_do_not_judge(confirmed: ReplayedHistory) -> None:
    (found,) = done(confirmed, Work("causes"))
    (again,) = done(confirmed, Work("causes", incumbent=known(found, confirmed.data.until)))
    assert again.verdict is None
    assert "0 judged outcomes" in again.reason
    (unknown,) = done(confirmed, Work("causes", incumbent=known(found, None)))
    assert unknown.verdict is None
    assert "unknown what" in unknown.reason


def test_a_serving_version_that_knows_nothing_is_replaced(confirmed: ReplayedHistory) -> None:
    (found,) = done(confirmed, Work("similar"))
    empty = canonical({"incidents": []})
    stale = Known(version_id("similar", empty), "similar", empty, site.START + 15 * site.PERIOD_S)
    (better,) = done(confirmed, Work("similar", incumbent=stale))
    assert better.incumbent == stale.id
    assert better.metrics["same_cause3"] >= better.metrics["same_cause3_incumbent"]
    (seen,) = done(confirmed, structs.replace(Work("similar"), kind="evaluate", candidates=[stale]))
    assert seen.id == stale.id
    assert seen.metrics["outcomes"] >= 5
    assert found.id != stale.id


def test_without_an_outcome_there_is_no_recommendation(confirmed: ReplayedHistory) -> None:
    (found,) = done(confirmed, Work("detect", {"algorithm": "hbos"}))
    assert found.problem or found.verdict is not True


def test_a_problem_of_one_slot_is_found_beside_the_others(confirmed: ReplayedHistory) -> None:
    (found,) = done(confirmed, Work("causes", {"depth": "3"}))
    assert "unknown parameter" in found.problem
    assert found.text == ""
