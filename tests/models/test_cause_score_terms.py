"""The score of an entity is the sum of its terms, each with its sentence."""

from __future__ import annotations

import pytest
from aiops_models.causes.memory import Memory
from aiops_models.causes.score_terms import GRID, MAX_LABEL, MAX_LABELS, MAX_MESSAGE, WEIGHTS, Terms, on_grid
from hypothesis import given
from hypothesis import strategies as st

from aiops.records import Change
from tests.models.scenes import AT, CPU, fact, graph, surprise


def terms() -> Terms:
    facts = [fact("web"), fact("cart"), fact("cart-1", CPU), fact("db", CPU)]
    changes = [Change(ts=AT - 60, entity="db", name="deploy")]
    found = surprise(*facts)
    found.graph = graph(*facts, changes=changes)
    return Terms(found.graph, found, Memory(), [])


def test_score_is_the_exact_sum_of_its_parts() -> None:
    made = terms()
    for entity in made.candidates:
        account = made.account(entity)
        assert account.score == sum(account.parts.values())
        assert all(value > 0 for value in account.parts.values())
        assert all(value * GRID == round(value * GRID) for value in account.parts.values())


def test_parts_are_those_that_speak_of_the_entity() -> None:
    made = terms()
    assert set(made.account("db").parts) >= {"internal", "change"}
    assert "symptom" in made.account("web").parts
    assert "internal" not in made.account("web").parts
    assert made.account("nobody").parts == {}


def test_each_part_has_its_sentence_the_weightiest_first() -> None:
    made = terms()
    account = made.account("db")
    evidence = made.evidence(account)
    assert {each.name: each.value for each in evidence} == account.parts
    assert [each.value for each in evidence] == sorted(account.parts.values(), reverse=True)
    assert all(each.text and "db" in each.text for each in evidence)
    change = next(each for each in evidence if each.name == "change")
    assert "deploy" in (change.text or "")


def test_candidates_are_named_once() -> None:
    names = terms().candidates
    assert len(names) == len(set(names))
    assert {"web", "cart", "db"} <= set(names)


@given(st.lists(st.floats(0, 20), max_size=10), st.randoms(use_true_random=False))
def test_sums_on_the_grid_do_not_depend_on_their_order(values: list[float], random: object) -> None:
    parts = [on_grid(value) for value in values]
    assert sum(parts) == sum(reversed(parts))


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_every_term_has_a_positive_weight(name: str) -> None:
    assert WEIGHTS[name] > 0


def test_the_change_keeps_where_it_came_from_and_is_bounded() -> None:
    labels = {f"l{number}": "v" * 500 for number in range(60)}
    long = Change(ts=AT - 60, entity="db", name="deploy", message="m" * 5_000, labels=labels)
    long.service, long.url = "orders", "https://ci.example/7"
    found = surprise(fact("db", CPU))
    found.graph = graph(fact("db", CPU), changes=[long])
    made = Terms(found.graph, found, Memory(), [])
    change = made.change(made.account("db"))
    assert change is not None
    assert (change.service, change.url, len(change.message or "")) == ("orders", "https://ci.example/7", MAX_MESSAGE)
    assert len(change.labels) == MAX_LABELS
    assert max(map(len, change.labels.values())) == MAX_LABEL
    assert len(long.labels) == 60
