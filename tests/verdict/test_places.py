"""What is hurt: places as people know them, counted truly."""

from __future__ import annotations

from aiops.records import Affected, Incident, Member
from aiops.verdict.places import hurt, on, place_of


def member(entity: str, name: str = "HighErrorRate", workload: str = "", service: str | None = None) -> Member:
    return Member(f"{name} {entity}", name, entity, "high", "firing", 1, 0.0, 0.0, workload=workload, service=service)


def test_the_cause_is_not_among_what_it_hurts() -> None:
    found = Incident(
        id="i-1",
        members=[member("gateway"), member("api")],
        entities=["gateway", "api", *(f"e{number}" for number in range(8))],
        entity_count=10,
    )
    assert hurt(found, "api").text(1) == "gateway and 8 more"
    assert hurt(found).text(1) == "gateway and 9 more"


def test_the_cause_alone_hurts_itself() -> None:
    found = Incident(id="i-1", members=[member("api")], entities=["api"], entity_count=1)
    assert hurt(found, "api").names == ["api"]


def test_replicas_are_one_place() -> None:
    pods = [member(f"cart-{number}", workload="cart") for number in range(4)]
    found = Incident(
        id="i-1",
        members=[*pods, member("db-1", workload="shop", service="shop")],
        entities=[*(one.entity for one in pods), "db-1"],
        entity_count=5,
        workloads=[Affected("cart", "cart-0", 4, "pod"), Affected("shop", "db-1")],
    )
    assert hurt(found).names == ["cart", "db-1"]
    assert hurt(found, "cart").names == ["db-1"]
    assert place_of(pods[2], found) == "cart"
    assert [one.entity for one in on(found, "cart")] == ["cart-0", "cart-1", "cart-2", "cart-3"]
    assert [one.entity for one in on(found, "shop")] == ["db-1"]


def test_beyond_the_listed_ones_the_count_is_that_of_entities() -> None:
    found = Incident(id="i-1", members=[member("a")], entities=["a", "b"], entity_count=9_000, more_entities=True)
    assert hurt(found).text(1) == "a and at least 8,999 more"


def test_a_long_name_is_cut() -> None:
    assert len(hurt(Incident(id="i-1", members=[member("x y\n" * 300)])).names[0]) <= 80
