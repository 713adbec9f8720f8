"""Confirmed roots count from the fifth on, only ever for an entity, and can be corrected."""

from __future__ import annotations

import json
import math

import pytest
from aiops_models.causes import CauseRanker
from aiops_models.causes.history import MAX_IDS, History
from aiops_models.causes.memory import MAX_CONFIRMED, MIN_CONFIRMED, SILENT_MOST, Memory

from aiops.ports import AlertFact, IncidentView
from aiops.topology import Edge, Node, Topology

TOPOLOGY = Topology.build(
    [Node("web"), Node("cart"), Node("db", "database"), Node("mail")],
    [Edge("web", "cart", "calls"), Edge("cart", "db", "uses"), Edge("web", "mail", "calls")],
)


def view(name: str, *pairs: tuple[str, str]) -> IncidentView:
    return IncidentView(name, 0.0, [AlertFact(entity, type_, 2, 1, 0.0, 0.0) for entity, type_ in pairs])


LOOK = (("web", "latency:up"), ("cart", "heap:up"), ("db", "connections:up"))


def test_memory_is_silent_before_five() -> None:
    ranker = CauseRanker(TOPOLOGY)
    plain = ranker.rank(view("now", *LOOK))
    for number in range(MIN_CONFIRMED - 1):
        ranker._memory.add(f"i{number}", ["db"], LOOK)
    assert ranker.rank(view("now", *LOOK)) == plain
    ranker._memory.add("i4", ["db"], LOOK)
    assert ranker.rank(view("now", *LOOK)) != plain


def test_what_was_the_root_before_is_named_again_and_why() -> None:
    ranker = CauseRanker(TOPOLOGY)
    assert ranker.rank(view("now", *LOOK))[0].entity != "db"
    for number in range(6):
        ranker.learn(view(f"i{number}", *LOOK), "db")
    first = ranker.rank(view("now", *LOOK))[0]
    assert first.entity == "db"
    assert any("100% alike, was confirmed to be caused by db" in each.text for each in first.evidence)


def test_sign_of_an_entity_is_nearer_to_its_own_past_than_to_that_of_others() -> None:
    memory = Memory()
    for number in range(6):
        memory.add(f"i{number}", ["db"], [("db", "heap"), ("web", "heap"), ("web", "slow")])
    # Of 12 that alerted, 6 were roots: base 1/2; of those with the type 1/2 again.
    assert memory.signs([("db", "heap")]) == pytest.approx(math.log((6 + 2 * 0.5) / (6 + 2) / 0.5))
    assert memory.signs([("web", "heap")]) == 0.0
    assert memory.signs([("cart", "heap"), ("db", "heap")]) == memory.signs([("db", "heap")])


def test_silent_root_is_named_by_likeness() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(6):
        ranker.learn(view(f"i{number}", *LOOK), "mail")
    assert "mail" in [cause.entity for cause in ranker.rank(view("now", *LOOK))[:2]]


def test_nobody_is_punished() -> None:
    ranker = CauseRanker(TOPOLOGY)
    before = {cause.entity: cause.score for cause in ranker.rank(view("now", *LOOK))}
    for number in range(9):
        ranker._memory.add(f"i{number}", ["db"], LOOK)
    after = {cause.entity: cause.score for cause in ranker.rank(view("now", *LOOK))}
    assert all(after[entity] >= score for entity, score in before.items())


def test_correction_replaces_what_was_confirmed() -> None:
    corrected, right = CauseRanker(TOPOLOGY), CauseRanker(TOPOLOGY)
    for number in range(8):
        corrected.learn(view(f"i{number}", *LOOK), "web")
        right.learn(view(f"i{number}", *LOOK), "db")
    for number in range(8):
        corrected.learn(view(f"i{number}", *LOOK), "db")
    assert corrected.dump()["memory"] == right.dump()["memory"]
    assert corrected.rank(view("now", *LOOK))[0].entity == "db"
    assert corrected.calibration()["outcomes"] == 8


def test_counts_return_to_nothing_when_all_is_forgotten() -> None:
    memory = Memory()
    for number in range(MAX_CONFIRMED + 40):
        memory.add(f"i{number}", [f"e{number}"], [(f"e{number}", f"t{number}"), ("web", "latency")])
    assert len(memory) == MAX_CONFIRMED
    assert len(memory._pairs) == MAX_CONFIRMED + 1
    assert len(memory._types) == MAX_CONFIRMED + 1
    assert memory._all == [MAX_CONFIRMED, MAX_CONFIRMED]


def test_state_survives_json() -> None:
    memory, copy = Memory(), Memory()
    for number in range(7):
        memory.add(f"i{number}", ["db"], LOOK)
    copy.load(json.loads(json.dumps(memory.dump())))
    assert copy.likeness(LOOK) == memory.likeness(LOOK)
    assert copy.signs(LOOK) == memory.signs(LOOK)


def test_history_is_bounded_and_counts_once() -> None:
    history = History()
    for number in range(MAX_IDS + 10):
        assert history.add(f"i{number}", [(f"e{number % 7}", f"t{number}")])
    assert not history.add(f"i{MAX_IDS}", [("e", "t")])
    assert history.incidents == MAX_IDS + 10
    assert len(history._ids) == MAX_IDS
    for number in range(MAX_IDS, 30_000):
        history.add(f"j{number}", [("e", f"u{number}"), ("always", "there")])
    assert len(history._pairs) <= 20_000
    assert history.seen("always", "there") > 20_000


def silent_after(times: int, others: int = 0) -> Memory:
    """A memory in which `mail` was the root so often without an alert, and `db` with one."""
    memory = Memory()
    for number in range(times):
        memory.add(f"silent-{number}", ["mail"], LOOK)
    for number in range(others):
        memory.add(f"other-{number}", ["db"], LOOK)
    return memory


def test_silent_root_counts_from_the_fifth_confirmation_on() -> None:
    assert silent_after(MIN_CONFIRMED - 1).silence("mail", 20) == 0
    assert silent_after(MIN_CONFIRMED).silence("mail", 20) > 0


def test_silent_root_weighs_more_the_more_often_and_the_rarer_by_chance() -> None:
    seldom, often = silent_after(1, 9), silent_after(5, 5)
    assert 0 < seldom.silence("mail", 20) < often.silence("mail", 20) <= SILENT_MOST
    assert seldom.silence("mail", 20) < seldom.silence("mail", 200)
    assert silent_after(200).silence("mail", 10_000) == SILENT_MOST


def test_roots_that_alerted_are_no_silent_roots() -> None:
    memory = silent_after(0, 10)
    assert memory.silence("db", 20) == 0
    assert memory.silence("web", 20) == 0


def test_correction_takes_a_silent_root_back() -> None:
    memory = silent_after(2, 8)
    memory.add("silent-0", ["db"], LOOK)
    memory.add("silent-1", ["db"], LOOK)
    assert (memory.silence("mail", 20), memory.silent_times("mail")) == (0, 0)


def test_silent_roots_are_loaded_with_the_rest() -> None:
    memory, again = silent_after(3, 4), Memory()
    again.load(json.loads(json.dumps(memory.dump())))
    assert again.silence("mail", 20) == memory.silence("mail", 20) > 0


def test_silent_root_is_evidence_only_while_it_is_silent() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(6):
        ranker.learn(view(f"i{number}", ("web", f"kind{number}:up")), "mail")
    silent = {cause.entity: cause for cause in ranker.rank(view("now", ("web", "other:up")))}["mail"]
    [evidence] = [one for one in silent.evidence if one.name == "silence"]
    assert evidence.text == "mail raised no alert, and was 6 times the confirmed cause without one"
    loud = {cause.entity: cause for cause in ranker.rank(view("now", ("mail", "other:up")))}["mail"]
    assert "silence" not in {one.name for one in loud.evidence}
