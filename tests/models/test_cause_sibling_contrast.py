"""What one replica shows and its siblings do not."""

from __future__ import annotations

import pytest
from aiops_models.causes.sibling_contrast import contrast, peers_of

from tests.models.scenes import CPU, fact, surprise


def test_siblings_are_of_one_service_and_one_kind() -> None:
    found = surprise(fact("cart-1", CPU), fact("host-1", CPU), fact("cart"))
    assert peers_of(found, "cart-1") == {"cart-1", "cart-2", "cart-3"}
    assert {"host-1", "host-2", "host-3", "host-4"} <= peers_of(found, "host-1")
    assert peers_of(found, "cart") == frozenset()


def test_replica_alone_with_a_signal_stands_out() -> None:
    alone = surprise(fact("cart-1", CPU))
    kind = next(iter(alone.graph.by_entity["cart-1"]))
    assert contrast(alone, "cart-1") == pytest.approx(alone.value["cart-1", kind])


def test_signal_that_a_sibling_shares_counts_in_part_and_one_of_all_not_at_all() -> None:
    two = surprise(fact("cart-1", CPU), fact("cart-2", CPU))
    kind = next(iter(two.graph.by_entity["cart-1"]))
    assert contrast(two, "cart-1") == pytest.approx(two.value["cart-1", kind] / 2)
    every = surprise(*[fact(f"cart-{n}", CPU) for n in (1, 2, 3)])
    assert contrast(every, "cart-1") == 0.0


@pytest.mark.parametrize("entity", ["cart", "db", "nobody"])
def test_entity_without_siblings_has_no_contrast(entity: str) -> None:
    assert contrast(surprise(fact("cart"), fact("db")), entity) == 0.0


def test_what_users_see_of_a_replica_is_no_contrast() -> None:
    found = surprise(fact("cart-1"), fact("cart-1", CPU))
    own = next(signal.type for signal in found.signals("cart-1") if signal.cls == "resource")
    assert contrast(found, "cart-1") == pytest.approx(found.value["cart-1", own])
    assert contrast(surprise(fact("cart-1")), "cart-1") == 0.0


def test_silent_sibling_has_no_contrast() -> None:
    assert contrast(surprise(fact("cart-1", CPU)), "cart-2") == 0.0
