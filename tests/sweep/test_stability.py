"""Without truth: the widest stable range, the pages, and no suggestion."""

from __future__ import annotations

from aiops.sweep.bootstrap import draws
from aiops.sweep.stability import describe, widest
from tests.sweep.outcomes import measured, outcome, page

APART = list(range(40))
PAIRS = [number // 2 for number in range(40)]
TENS = [number // 10 for number in range(40)]


def test_widest_range_of_values_that_group_alike_is_named() -> None:
    found = measured(
        outcome(0.1, APART),
        outcome(0.3, PAIRS),
        outcome(0.5, TENS, is_current=True),
        outcome(0.7, TENS),
        outcome(0.9, TENS),
    )
    plateau = widest(found, draws(10))
    assert plateau is not None
    assert (plateau.places, plateau.agreement) == ([2, 3, 4], 1.0)
    said = describe(found)
    assert (said.verdict, said.place, said.paste) == ("none", None, "")
    assert "Widest stable range: 0.5 to 0.9." in said.text[1]
    assert "0.5 (current) lies inside it" in said.text[2]


def test_current_value_outside_the_range_is_reported() -> None:
    found = measured(outcome(0.1, PAIRS, is_current=True), outcome(0.5, TENS), outcome(0.7, TENS), outcome(0.9, TENS))
    assert "0.1 (current) lies outside it; 0.7, in its middle" in describe(found).text[2]


def test_values_that_all_differ_have_no_stable_range() -> None:
    found = measured(outcome(0.1, APART), outcome(0.5, PAIRS, is_current=True), outcome(0.9, TENS))
    assert widest(found, draws(10)) is None
    assert "the choice matters" in describe(found).text[1]


def test_pages_of_the_ends_are_stated_with_their_doubt() -> None:
    days = [day * 86_400.0 + 5.0 for day in range(10)]
    found = measured(
        outcome(0.1, APART, pages=[page(at) for at in days for _ in range(5)]),
        outcome(0.5, TENS, is_current=True, pages=[page(at) for at in days]),
        outcome(0.9, TENS),
    )
    [line] = [line for line in describe(found).text if line.startswith("Pages a day")]
    assert "1.0 (1.0 to 1.0) at 0.5 (current)" in line
    assert "fewest 0.0 at 0.9, a difference of −1.0 to −1.0" in line
    assert "most 5.0 at 0.1, a difference of +4.0 to +4.0" in line


def test_several_keys_are_compared_with_the_current_setting() -> None:
    found = measured(outcome(0.1, PAIRS), outcome(0.5, TENS, is_current=True), outcome(0.9, TENS))
    found.keys = ["a.b", "c.d"]
    assert "2 settings of 3 group as the current one does" in describe(found).text[1]


def test_input_without_alerts_has_nothing_to_describe() -> None:
    found = describe(measured(outcome(0.1, []), outcome(0.5, [], is_current=True)))
    assert found.text == ["No suggestion: the input holds no alerts."]
