"""Ties in plain words: only what the engine measured, for every sentence that it makes."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.join_evidence import Join
from aiops.records import Evidence
from aiops.views.ties import plain_ties, tie_text, ties_of
from tests.views.incidents import affected, incident, member

NAMES = st.sampled_from(
    ["Slow", "Disk full", "fires on fire", "<b>", "a, closer than its rhythm explains", "漢字", "x" * 900]
)


def _join(**values: Any) -> Join:
    found = Join()
    for name, value in values.items():
        setattr(found, name, value)
    return found


def evidence(name: str, text: str, value: float = 1.0) -> Evidence:
    return Evidence(name, value, text)


def test_the_strongest_tie_comes_first_and_the_opening_last() -> None:
    near = evidence("near", "its place in the dependency graph is 1 hop from that of cart", 0.5)
    often = evidence("co_occurrence", "often fires together with Slow (NPMI 0.59)", 2.5)
    found = ties_of(
        incident(member("A", "web"), member("B", "cart", evidence=[near]), member("C", "db", evidence=[often]))
    )
    assert [one.name for one in found] == ["C", "B", "A"]
    assert [one.opened for one in found] == [False, False, True]
    assert [one.words for one in found] == [["often come together"], ["next to cart"], []]
    assert tie_text(found[1]) == "B on cart: next to cart"
    assert tie_text(found[2]) == "A on web: opened this incident"


def test_each_workload_leads_with_its_strongest_tie() -> None:
    strong = [evidence("near", "its place in the dependency graph is 1 hop from that of cart", 3.0)]
    weak = [evidence("near", "its place in the dependency graph is 2 hops from that of cart", 1.0)]
    back = [evidence("returns", "the same alert on the same workload came here 2 seconds ago", 9.0)]
    members = [
        member("A", "web-0", workload="web", evidence=strong),
        member("A", "web-1", workload="web", evidence=back),
        member("B", "db", workload="db", evidence=weak),
        member("C", "web-2", workload="web", evidence=weak),
    ]
    found = ties_of(incident(*members))
    assert [one.entity for one in found] == ["web-0", "db", "web-1", "web-2"]


def test_evidence_against_a_tie_is_no_reason_for_it() -> None:
    far = evidence("near", "its place in the dependency graph is 4 hops from that of cart", -1.0)
    rarely = evidence("co_occurrence", "not known to fire together with Slow (NPMI 0.00)", 0.1)
    assert plain_ties([far, rarely]) == []


def test_a_place_that_is_not_in_the_graph_is_not_stated() -> None:
    assert plain_ties([evidence("near", "its place in the dependency graph is -1 hops from that of cart")]) == []
    assert (
        plain_ties([evidence("near", "its place in the dependency graph is more than 4 hops from that of cart")]) == []
    )


def test_the_time_is_stated_whatever_it_counted_for() -> None:
    assert plain_ties([evidence("timing", "fired 1.2 s after Slow on web", -0.4)]) == ["1 s after Slow"]
    assert plain_ties([evidence("timing", "fired 0.4 s after Slow on web")]) == ["less than 1 s after Slow"]
    assert plain_ties([evidence("timing", "fired 190.0 s after Slow")]) == ["3 min after Slow"]
    assert plain_ties([evidence("timing", "fired at the same moment as Slow on web")]) == ["same moment as Slow"]


def test_the_own_entity_and_siblings_have_their_words() -> None:
    here = evidence("near", "at the same place in the dependency graph as cart-0")
    away = evidence("near", "its place in the dependency graph is 2 hops from that of cart-1")
    members = [
        member("A", "cart-0", workload="cart", evidence=[here]),
        member("B", "cart-1", workload="cart", evidence=[here]),
        member("C", "till", workload="till", evidence=[here]),
        member("D", "cart-2", workload="cart", evidence=[away]),
    ]
    found = {one.name: one.words for one in ties_of(incident(*members, workloads=[affected("cart", 2)]))}
    assert found == {"A": ["same entity"], "B": ["sibling pod"], "C": ["same place as cart-0"], "D": ["sibling pod"]}


def test_returns_and_rare_alerts_have_their_words() -> None:
    back = evidence(
        "returns", "the same alert on the same workload came here 2 seconds ago; its pause before that was 9 seconds"
    )
    assert plain_ties([back]) == ["same alert on this workload 2 s before"]
    rare = evidence("rare", "both alerts are rare on db: they have hardly ever fired before")
    same = evidence("same_entity", "the cluster has alerts on the same entity, db")
    assert plain_ties([rare, same]) == ["same entity", "both are rare"]


@given(
    st.builds(
        _join,
        type=NAMES,
        entity=NAMES,
        npmi=st.floats(-1, 1),
        distance=st.integers(-1, 6),
        gap_s=st.floats(0, 90_000),
        silent_s=st.floats(0, 90_000),
        count=st.integers(1, 9),
        streams=st.integers(1, 9),
        known=st.booleans(),
        is_placed=st.booleans(),
        is_new=st.booleans(),
        is_same_type=st.booleans(),
        rate=st.one_of(st.just(0.0), st.floats(1e-6, 1)),
        pace_s=st.floats(0, 100),
        timing=st.floats(-3, 3),
        silence=st.floats(-3, 3),
        size=st.floats(-3, 3),
        near=st.floats(-3, 3),
        together=st.floats(-3, 3),
        same_entity=st.floats(0, 3),
        rare=st.floats(0, 3),
        is_return=st.booleans(),
        returns=st.floats(0, 3),
        interval_s=st.floats(0, 900),
    )
)
def test_every_sentence_of_the_engine_has_words_or_is_no_reason(join: Join) -> None:
    terms = {one.name: one for one in join.evidence()}
    words = plain_ties(list(terms.values()))
    if "timing" in terms:
        assert any("after" in word or "same moment" in word for word in words)
    if "returns" in terms and terms["returns"].value > 0:
        assert any(word.startswith("same alert on this workload") for word in words)
    near = terms.get("near")
    if near is not None and near.value > 0 and 0 <= join.distance <= 4:
        assert any(word.endswith(join.entity) for word in words)
    assert "hop" not in " ".join(words).replace(join.type, "").replace(join.entity, "")
    assert "NPMI" not in " ".join(words).replace(join.type, "").replace(join.entity, "")


def test_figures_stay_with_the_tie() -> None:
    terms = [evidence("timing", "fired 1.0 s after Slow on web", 0.7)]
    [found] = ties_of(incident(member("B", "cart", evidence=terms)))
    assert msgspec.to_builtins(found)["evidence"] == [{"name": "timing", "value": 0.7, "text": terms[0].text}]
    assert found.strength == 0.7
