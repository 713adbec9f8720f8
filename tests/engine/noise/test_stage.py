"""The noise stage: marks, models, and its state."""

from __future__ import annotations

import pytest

from aiops.engine.engine import SINCE, Engine
from aiops.engine.noise.sight import NAMES, Sight
from aiops.engine.noise.stage import MAX_SIGHTS, MAX_SPARED, MOST_S, Noise
from aiops.errors import UsageError
from tests.engine.made import made
from tests.engine.noise.models import state, swap
from tests.engine.noise.site import Site


def sight(kind: str = "Slow @ db", at: float = 0.0) -> Sight:
    return made(Sight, at=at, severity=2, values=[1.0] * len(NAMES), kinds=[kind], entities=["db"])


def test_a_model_is_promoted_named_and_rolled_back() -> None:
    noise = Noise(0.5)
    assert noise.swap("logistic", state()) == "logistic takes the place of no model in noise"
    assert noise.exported() == ("logistic", state())
    assert noise.in_place is not None
    assert noise.swap("none", "") == "no model takes the place of logistic in noise"
    assert noise.exported() is None
    assert noise.model is None


def test_a_model_that_does_not_load_leaves_the_present_one() -> None:
    noise = Noise(0.5)
    noise.swap("logistic", state())
    for algorithm, text in (("logistic", "{}"), ("forest", state())):
        with pytest.raises(UsageError):
            noise.swap(algorithm, text)
    assert noise.exported() == ("logistic", state())


def test_what_a_person_took_back_is_not_held_until_the_next_model() -> None:
    noise = Noise(0.9)
    noise.swap("logistic", state())
    assert noise.reason(1, sight())[1]
    noise.take_back(1, sight())
    assert noise.reason(2, sight()) == (None, False)
    assert noise.reason(3, sight("Slow @ web"))[1]
    noise.swap("logistic", state())
    assert noise.reason(4, sight())[1]


def test_the_held_share_and_the_spared_kinds_are_bounded() -> None:
    noise = Noise(0.9)
    noise.swap("logistic", state())
    for number in range(MAX_SPARED + 5):
        noise.take_back(number, sight(f"Slow @ {number}"))
    assert len(noise.dump()["spared"]) == MAX_SPARED
    for number in range(MAX_SIGHTS + 5):
        noise.saw(f"inc-{number}", sight())
    assert len(noise.sights) == MAX_SIGHTS


def test_time_that_is_set_back_lets_no_cluster_be_held_for_longer() -> None:
    noise = Noise(0.9)
    noise.swap("logistic", state(lasted_s=1e9))
    noise.reason(1, sight(at=1_000_000.0))
    noise.set_back(500.0)
    assert noise.next_due() <= 500.0 + MOST_S
    assert [number for _, number in noise.overdue(1e9)] == [1]


def test_a_mark_is_kept_without_what_was_seen_but_teaches_nothing() -> None:
    noise = Noise(0.5)
    noise.mark("inc-1", "noise", (1.0, "alice"), 60.0)
    noise.saw("inc-2", sight())
    noise.mark("inc-2", "actionable", (2.0, "bob"), 60.0)
    noise.ended("inc-2", 90.0)
    [lesson] = noise.lessons()
    assert (lesson.incident, lesson.lasted_s, noise.label_of("inc-1")) == ("inc-2", 90.0, "noise")
    noise.merged("inc-2")
    assert noise.lessons() == []


def test_a_snapshot_of_the_version_before_has_no_noise_and_is_read() -> None:
    site = Site()
    site.held()
    older = Engine(site.config)
    assert SINCE["noise"] == 8
    older.step([record for record in site.records if record.id != "model-noise-1"])
    pieces = list(older.snapshot_parts())
    assert Engine(site.config).noise.exported() is None
    restored = Engine(site.config)
    restored.restore_parts(iter(pieces))
    assert restored.snapshot() == older.snapshot()
    assert swap(0.0).args["slot"] == "noise"
