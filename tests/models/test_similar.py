"""Similar incidents: the right one first, what it shares, what fixed it; bounded and replayable."""

from __future__ import annotations

import json

from aiops_models.similar import MAX_INCIDENTS, SimilarIncidents
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.ports import AlertFact, IncidentView, Similar, Stateful
from aiops.topology import Node, Topology

TOPOLOGY = Topology.build([Node("cart"), Node("cart-0", "pod", {"service": "cart"}), Node("db", "database")], [])


def view(name: str, *pairs: tuple[str, str], at: float = 0.0) -> IncidentView:
    return IncidentView(name, at, [AlertFact(entity, type_, 2, 1, at, at) for entity, type_ in pairs])


DISK = (("db", "disk_full"), ("cart-0", "errors:up"), ("web", "latency:up"))
CERT = (("web", "cert_expired"), ("web", "errors:up"))


def memory() -> SimilarIncidents:
    found = SimilarIncidents(TOPOLOGY, None)
    found.add(view("disk", *DISK), {"resolved_at": "1800", "root": "db", "playbook": "free-disk"})
    found.add(view("cert", *CERT, at=10.0), {"root": "web"})
    for number in range(6):
        found.add(view(f"noise-{number}", ("web", "latency:up"), ("mail", f"odd_{'x' * number}")), {})
    return found


def test_is_what_the_engine_asks_for() -> None:
    assert isinstance(memory(), Similar)
    assert isinstance(memory(), Stateful)


def test_tells_what_is_shared_what_caused_it_what_fixed_it_and_how_long_it_took() -> None:
    first = memory().nearest(view("now", *DISK, at=100.0))[0]
    assert first.name == "disk"
    assert 0.95 < first.value <= 1.0
    shared, *told = first.text.split("; ")
    assert shared == "shares disk full on db, errors:up on cart-0, errors:up on some cart"
    assert told == ["caused by db", "fixed by free-disk", "took 30 min"]


def test_rare_features_count_more() -> None:
    found = memory().nearest(view("now", ("web", "latency:up"), ("db", "disk_full"), at=100.0))
    assert found[0].name == "disk"


def test_another_replica_of_the_service_is_still_alike() -> None:
    topology = Topology.build([*TOPOLOGY.nodes.values(), Node("cart-1", "pod", {"service": "cart"})], [])
    found = SimilarIncidents(topology)
    found.add(view("past", ("cart-0", "oom_killed")), {})
    found.add(view("other", ("db", "disk_full")), {})
    assert [each.name for each in found.nearest(view("now", ("cart-1", "oom_killed"), at=9.0))] == ["past"]


def test_strangers_are_not_listed() -> None:
    assert memory().nearest(view("now", ("tape", "jammed"), at=100.0)) == []
    assert SimilarIncidents().nearest(view("now", *DISK)) == []


def test_neither_itself_nor_what_came_later() -> None:
    found = memory()
    found.add(view("later", *DISK, at=900.0), {})
    assert [each.name for each in found.nearest(view("disk", *DISK))] == []
    assert "later" not in [each.name for each in found.nearest(view("now", *DISK, at=100.0))]


def test_recent_ones_come_first() -> None:
    found = SimilarIncidents()
    for years in (0, 3, 1):
        found.add(view(f"y{years}", *DISK, at=years * 365 * 86_400.0), {})
    now = view("now", *DISK, at=4 * 365 * 86_400.0)
    assert [each.name for each in found.nearest(now)] == ["y3", "y1", "y0"]


def test_telling_again_keeps_what_was_known() -> None:
    found = memory()
    found.add(view("disk", *DISK), {"root": "db"})
    assert "fixed by free-disk" in found.nearest(view("now", *DISK, at=100.0))[0].text


def test_odd_times_are_ignored() -> None:
    found = SimilarIncidents()
    found.add(view("past", *DISK), {"resolved_at": "soon", "opened_at": "nan"})
    assert "took" not in found.nearest(view("now", *DISK, at=5.0))[0].text


def test_bounded_and_oldest_forgotten() -> None:
    found = SimilarIncidents()
    for number in range(MAX_INCIDENTS + 20):
        found.add(view(f"i{number}", ("web", f"type_{'ab'[number % 2]}"), (f"host-{number}", "down")), {})
    assert len(found._past) == MAX_INCIDENTS
    assert "i0" not in found._past
    assert "down on host-0" not in found._with


PAIRS = st.lists(
    st.tuples(st.sampled_from(["web", "db", "cart-0"]), st.sampled_from(["cpu", "disk", "odd"])), max_size=6
)


@settings(max_examples=50, deadline=None)
@given(st.lists(PAIRS, max_size=8), PAIRS)
def test_state_survives_json_and_similarity_is_a_share(
    past: list[list[tuple[str, str]]], now: list[tuple[str, str]]
) -> None:
    found, copy = SimilarIncidents(TOPOLOGY), SimilarIncidents(TOPOLOGY)
    for number, pairs in enumerate(past):
        found.add(view(f"i{number}", *pairs, at=float(number)), {"resolved_at": "9.5"})
    copy.load(json.loads(json.dumps(found.dump())))
    asked = view("now", *now, at=50.0)
    assert copy.nearest(asked) == found.nearest(asked)
    assert copy.dump() == found.dump()
    assert all(0 <= each.value <= 1 for each in found.nearest(asked))


def test_another_replica_of_the_same_workload_is_alike() -> None:
    def crash(name: str, pod: str, at: float) -> IncidentView:
        return IncidentView(name, at, [AlertFact(pod, "OOMKilled", 3, 1, at, at, workload="cart")])

    found = memory()
    found.add(crash("old", "pod/cart-7d9f8c6b5d-x2x4z", 0.0), {})
    (near,) = found.nearest(crash("new", "pod/cart-59d6b8c7f4-qwhl6", 100.0))
    assert near.name == "old"
    assert "some cart" in near.text
