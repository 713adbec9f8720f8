"""A claim as a bet: what is kept is believed, what is not is noticed, and nothing is lost by a restart."""

from __future__ import annotations

from random import Random

from aiops.engine.drift.claim import Claim

BETS = (0.0, 1.0, 4.0)


def test_kept_claim_raises_nothing_and_more_than_was_stated_neither() -> None:
    for seed in range(20):
        claim, random = Claim(BETS), Random(seed)
        assert not any(claim.take(0.9, random.random() < 0.9) for _ in range(300))
    assert not any(Claim(BETS).take(0.9, True) for _ in range(300))


def test_broken_claim_is_noticed_also_after_years_of_keeping_it() -> None:
    claim = Claim(BETS)
    for _ in range(2_000):
        claim.take(0.9, True)
    random = Random(1)
    taken = next(number for number in range(200) if claim.take(0.9, random.random() < 0.5))
    assert taken < 60
    assert claim.alarms == 1
    assert claim.report()["capital"] == 1.0


def test_sentence_has_what_was_stated_and_what_held() -> None:
    claim = Claim(BETS)
    assert claim.sentence("promises") == "no promises so far"
    for number in range(4):
        claim.take(0.9, number > 0)
    assert claim.sentence("promises") == "75 % of 4 promises held, 90 % were stated"


def test_restored_claim_is_the_same() -> None:
    claim, other = Claim(BETS), Claim(BETS)
    for number in range(9):
        claim.take(0.8, number % 3 > 0)
    other.load(claim.dump())
    assert (other.dump(), other.report()) == (claim.dump(), claim.report())
