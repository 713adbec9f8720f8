"""Changes as evidence: breadth, recency, reach."""

from __future__ import annotations

import math

import pytest
from aiops_models.causes.changes import DECAY_S, LATE_S, MAX_CHANGES, WINDOW_S, suspects

from aiops.records import Change
from tests.models.scenes import AT, fact, graph


def change(entity: str, before_s: float, name: str = "deploy") -> Change:
    return Change(ts=AT - before_s, entity=entity, name=name)


@pytest.mark.parametrize(
    ("before_s", "counts"),
    [(0.0, True), (WINDOW_S, True), (WINDOW_S + 1, False), (-LATE_S, True), (-LATE_S - 1, False)],
)
def test_change_counts_within_its_window(before_s: float, counts: bool) -> None:
    assert bool(suspects(graph(fact("cart"), changes=[change("cart", before_s)]))) == counts


def test_change_fades_with_its_age() -> None:
    def value(before_s: float) -> float:
        return suspects(graph(fact("cart"), changes=[change("cart", before_s)]))["cart"].value

    assert value(DECAY_S) == pytest.approx(value(0.0) / math.e)
    assert value(-30.0) == value(0.0)


def test_change_of_a_dependency_reaches_those_above_it() -> None:
    found = suspects(graph(fact("web"), fact("cart"), changes=[change("db", 60.0)]))
    assert found["db"].value > 0
    assert found["db"].before_s == 60.0
    above = suspects(graph(fact("db"), changes=[change("web", 60.0)]))
    assert above == {}, "nothing that alerts depends on the web"


def test_roll_out_to_everything_says_less_than_one_change() -> None:
    one = suspects(graph(fact("cart"), changes=[change("cart", 60.0)]))
    names = ["web", "cart", "db", "host-1", "host-2"]
    every = suspects(graph(fact("cart"), changes=[change(name, 60.0) for name in names]))
    assert every["cart"].value < one["cart"].value


def test_strongest_change_of_an_entity_counts() -> None:
    changes = [change("cart", 900.0, "old"), change("cart", 30.0, "new"), change("cart", 600.0, "older")]
    assert suspects(graph(fact("cart"), changes=changes))["cart"].change.name == "new"


def test_number_of_changes_is_bounded_by_the_latest() -> None:
    changes = [change("db", 3_000.0)] + [change("cart", 10.0 + n * 1e-3, f"c{n}") for n in range(MAX_CHANGES)]
    assert set(suspects(graph(fact("cart"), fact("db"), changes=changes))) == {"cart"}


def test_no_change_or_no_alert_is_no_suspect() -> None:
    assert suspects(graph(fact("cart"))) == {}
    assert suspects(graph(changes=[change("cart", 0.0)])) == {}


def test_change_of_an_unknown_entity_counts_for_its_service() -> None:
    unknown = Change(ts=AT - 60, entity="acme/cart-charts", name="deploy", service="cart")
    assert set(suspects(graph(fact("cart"), changes=[unknown]))) == {"cart"}


def test_changes_elsewhere_leave_the_one_that_matters() -> None:
    elsewhere = [change(f"another-{number}", 60.0) for number in range(20)]
    found = suspects(graph(fact("cart"), changes=[change("cart", 60.0), *elsewhere]))
    assert set(found) == {"cart"}
    assert found["cart"].value > 0
