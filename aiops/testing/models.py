"""The conformance kits of rankers and memories of past incidents.

Each function takes `make`, which builds a new model each time, and raises `AssertionError` with the broken promise.
A model must be deterministic and bounded, explain its scores, and survive a snapshot. The kit of suggesters is
`aiops.testing.playbooks.check_suggester`.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec

from aiops.ports import Ranker, Similar, Stateful
from aiops.testing.incidents import empty, incident

MAX_CAUSES = 10
# Incidents learned before the state is measured; a state that still grows by then holds every incident for ever.
INCIDENTS = 1_200
# The state as JSON after that many incidents. A snapshot holds it, and is written every five minutes.
MAX_STATE_BYTES = 4_000_000
# Questions while the memory is measured; keeping an answer for each is a leak.
QUESTIONS = 100
MAX_GROWTH_BYTES = 1_000_000


def check_ranker(make: Callable[[], Ranker], max_state_bytes: int = MAX_STATE_BYTES) -> None:
    """Check the promises of `aiops.ports.Ranker`."""
    one, other = make(), make()
    assert one.rank(empty()) == [], "ranked a cause for an incident without alerts"
    for number in range(INCIDENTS):
        view = incident(number)
        if number < 100:
            found = one.rank(view)
            assert found == other.rank(view), f"two of the same differ at incident {number}"
            assert found == one.rank(view), f"ranking changed the state at incident {number}"
            _check_causes(found, {fact.entity for fact in view.facts})
            other.learn(view, "e0" if number % 2 else None)
        one.learn(view, "e0" if number % 2 else None)
    view = incident(INCIDENTS + 1)
    _check_state(one, make(), lambda model: model.rank(view), max_state_bytes)
    _check_growth(lambda number: one.rank(incident(INCIDENTS + number)))


def check_similar(make: Callable[[], Similar], max_state_bytes: int = MAX_STATE_BYTES) -> None:
    """Check the promises of `aiops.ports.Similar`."""
    one, other = make(), make()
    assert one.nearest(incident(0)) == [], "found a past incident before there was one"
    for number in range(INCIDENTS):
        view = incident(number)
        one.add(view, {"root": "e0", "playbook": "restart"})
        if number < 100:
            other.add(view, {"root": "e0", "playbook": "restart"})
            found = one.nearest(incident(number + 6), 2)
            assert found == other.nearest(incident(number + 6), 2), f"two of the same differ at incident {number}"
            _check_neighbours(found, 2)
    last = incident(INCIDENTS - 1)
    view = msgspec.structs.replace(last, id="again", opened_at=last.opened_at + 600.0)
    assert [found.name for found in one.nearest(view, 1)] == [last.id], "did not find the incident with the same alerts"
    one.add(last, {"root": "e1"})
    assert [found.name for found in one.nearest(view)].count(last.id) == 1, "an incident that is added again is two"
    _check_state(one, make(), lambda model: model.nearest(view), max_state_bytes)
    _check_growth(lambda number: one.nearest(incident(INCIDENTS + number)))


def _check_causes(found: list[Any], entities: set[str]) -> None:
    assert len(found) <= MAX_CAUSES, f"{len(found)} causes, at most {MAX_CAUSES}"
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True), "not the best first"
    assert len({one.entity for one in found}) == len(found), "an entity is ranked twice"
    for one in found:
        total = sum(evidence.value for evidence in one.evidence)
        assert abs(total - one.score) < 1e-6, f"{one.entity!r}: score {one.score}, its evidence sums to {total}"
        assert all(evidence.text for evidence in one.evidence), f"{one.entity!r}: evidence without a sentence"
        assert one.probability is None or 0.0 <= one.probability <= 1.0, f"probability {one.probability}"
        assert entities, "ranked a cause without alerts"


def _check_neighbours(found: list[Any], k: int) -> None:
    values = [one.value for one in found]
    assert len(found) <= k, f"{len(found)} incidents, at most {k}"
    assert values == sorted(values, reverse=True), "not the most similar first"
    assert all(0.0 <= value <= 1.0 for value in values), f"similarities {values}, expected 0 to 1"
    assert all(one.text for one in found), "an incident without a sentence"


def _check_state(model: Any, fresh: Any, answer: Callable[[Any], Any], max_bytes: int) -> None:
    if not isinstance(model, Stateful):
        return
    raw = msgspec.json.encode(model.dump())
    assert len(raw) <= max_bytes, f"its state takes {len(raw)} bytes after {INCIDENTS} incidents, at most {max_bytes}"
    fresh.load(msgspec.json.decode(raw))
    assert msgspec.json.encode(fresh.dump()) == raw, "the loaded state is not the dumped one"
    assert answer(fresh) == answer(model), "it answers differently after a snapshot"


def _check_growth(answer: Callable[[int], object]) -> None:
    for number in range(10):
        answer(number)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(QUESTIONS):
        answer(number)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < MAX_GROWTH_BYTES, f"answers are kept: memory grew by {grown} bytes over {QUESTIONS} questions"
