"""How sure the first place is."""

from __future__ import annotations

import pytest
from aiops_models.causes.confidence import HIGH, MEDIUM, confidence

from tests.models.scenes import fact, graph


@pytest.mark.parametrize(
    ("margin", "level"),
    [(0.0, "low"), (MEDIUM - 0.01, "low"), (MEDIUM, "medium"), (HIGH - 0.01, "medium"), (HIGH, "high")],
)
def test_margin_to_the_next_suspect_decides(margin: float, level: str) -> None:
    here = graph(fact("cart"), fact("db"))
    assert confidence(here, [("db", 5.0 + margin), ("web", 5.0)]) == level


def test_replica_and_its_service_are_no_rivals() -> None:
    here = graph(fact("cart"), fact("cart-1"))
    assert confidence(here, [("cart-1", 5.0), ("cart", 5.0), ("db", 1.0)]) == "high"


def test_suspect_without_a_rival_is_measured_against_nothing() -> None:
    here = graph(fact("cart"))
    assert [confidence(here, [("cart", score)]) for score in (0.1, MEDIUM, HIGH)] == ["low", "medium", "high"]


def test_suspect_that_explains_little_is_never_high() -> None:
    here = graph(fact("host-1"), fact("host-2"), fact("host-3"), fact("host-4"), fact("web"))
    assert here.reach("host-4") < 0.3
    assert confidence(here, [("host-4", 99.0)]) == "medium"
