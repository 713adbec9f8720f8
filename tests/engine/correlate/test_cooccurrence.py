"""Which types fire together: learned from the past, bounded, and the same after a restart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.correlate.cooccurrence import (
    BIN_S,
    BOTH_NEW,
    FLOOR,
    MAX_BIN_TYPES,
    MAX_PARTNERS,
    MAX_TYPES,
    NEVER_TOGETHER,
    Cooccurrence,
)


def learned(*bins: str, gap: int = 5, quiet: bool = True) -> Cooccurrence:
    """Each word is a bin of one-letter types, `gap` bins apart; the last ones are settled."""
    made = Cooccurrence(quiet)
    for number, types in enumerate(bins):
        for type_ in types:
            made.observe(type_, number * gap * BIN_S)
    for extra in range(40):
        made.observe("z", (len(bins) * gap + extra) * BIN_S)
    return made


def test_types_that_always_fire_together_and_only_then_are_near_one() -> None:
    made = learned(*["ab", "c"] * 50)
    assert made.npmi("a", "b") > 0.9
    assert made.npmi("a", "b") == made.npmi("b", "a")
    assert made.npmi("a", "c") == NEVER_TOGETHER


def test_type_is_always_with_itself() -> None:
    assert Cooccurrence().npmi("a", "a") == 1.0


def test_types_that_nobody_has_seen_are_new_and_one_of_them_is_no_evidence() -> None:
    made = learned(*["ab"] * 5)
    assert made.npmi("x", "y") == BOTH_NEW
    assert made.is_new("x", "y")
    assert (made.npmi("a", "x"), made.npmi("x", "a"), made.is_new("a", "x")) == (0.0, 0.0, False)
    assert not made.is_new("x", "x")


def test_one_sighting_together_is_an_accident() -> None:
    made = learned(*["a", "b"] * 20, "ab")
    assert made.npmi("a", "b") < 0.5


def test_questions_are_answered_from_bins_that_are_over() -> None:
    made = learned(*["a", "b"] * 20)
    before = made.npmi("a", "b")
    made.observe("a", 100_000.0)
    made.observe("b", 100_001.0)
    assert made.npmi("a", "b") == before


def test_long_flood_counts_less_in_each_bin() -> None:
    flood = learned(*["ab"] * 40, gap=1)
    apart = learned(*["ab"] * 40, gap=20)
    assert flood.types["a"].bins < apart.types["a"].bins / 5


def test_quiet_bins_count_only_where_they_are_asked_for() -> None:
    assert learned("a", "b", gap=100).total > 2 * learned("a", "b", gap=100, quiet=False).total


def test_bin_of_a_storm_is_bounded() -> None:
    made = Cooccurrence()
    for number in range(200):
        made.observe(f"t{number}", 0.0)
    assert len(made.seen) == MAX_BIN_TYPES


def test_types_and_partners_are_bounded() -> None:
    made = Cooccurrence()
    for number in range(MAX_TYPES + 300):
        made.observe("hub", number * 50 * BIN_S)
        made.observe(f"t{number}", number * 50 * BIN_S)
    assert len(made.types) <= MAX_TYPES
    assert max(len(known.partners) for known in made.types.values()) <= MAX_PARTNERS
    for name, known in made.types.items():
        assert all(made.types[other].partners[name] is pair for other, pair in known.partners.items())


def test_what_was_learned_elsewhere_weighs_less_and_keeps_its_ratios() -> None:
    made = learned(*["ab", "c"] * 50)
    before = made.types["a"].bins / made.total
    made.discount(20.0)
    assert made.types["a"].bins / made.total == before
    assert made.npmi("a", "b") < 1.0


@pytest.mark.parametrize("later", [True, False])
def test_bin_under_way_is_forgotten_where_the_clock_went_back(later: bool) -> None:
    made = learned("ab")
    made.observe("c", 50_000.0)
    made.set_back(1_000.0 if later else 60_000.0)
    assert (made.seen == {}) == later


STREAM = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdef")), max_size=60)


@settings(max_examples=60)
@given(STREAM, STREAM)
def test_restored_counts_answer_and_learn_as_before(
    before: list[tuple[int, str]], after: list[tuple[int, str]]
) -> None:
    one, other, at = Cooccurrence(), Cooccurrence(), 0.0
    for gap, type_ in before:
        at += gap
        one.observe(type_, at)
    other.load(plain(one.dump()))
    for gap, type_ in after:
        at += gap
        for each in (one, other):
            each.observe(type_, at)
    assert plain(one.dump()) == plain(other.dump())
    for a in "abcdef":
        for b in "abcdef":
            assert one.npmi(a, b) == other.npmi(a, b)
            assert FLOOR <= one.npmi(a, b) <= 1.0


def plain(state: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state))
