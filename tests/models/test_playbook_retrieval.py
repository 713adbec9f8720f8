"""BM25 with fields: against the formula, and what a query is made of."""

from __future__ import annotations

import math

import pytest
from aiops_models.playbooks.query import expression_of, incident_query
from aiops_models.retrieval import Bm25, stem, terms, weighted

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.respond.situation import situation
from aiops.topology import Topology

DOCS = [{"t": "disk full disk"}, {"t": "redis memory"}, {"t": "disk latency of the database"}]


def test_one_field_is_plain_bm25() -> None:
    """Robertson and Zaragoza 2009, equation 3.15 (without the constant factor k1 + 1) and their idf plus one."""
    k1, b = 1.2, 0.75
    index = Bm25(DOCS, {"t": 1.0}, k1, b)
    lengths = [len(terms(doc["t"])) for doc in DOCS]
    mean = sum(lengths) / 3
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    tf = 2 / (1 - b + b * lengths[0] / mean)
    assert index.scores({"disk": 1.0})[0] == pytest.approx(idf * tf / (k1 + tf))
    assert index.ceiling({"disk": 1.0}) == pytest.approx(idf)
    assert index.scores({"unheard": 1.0}) == {}


def test_fields_are_weighted_before_they_saturate() -> None:
    docs = [{"name": "disk", "body": "other words here"}, {"name": "other", "body": "disk words here"}]
    assert [number for number, _ in Bm25(docs, {"name": 3.0, "body": 0.5}).best({"disk": 1.0}, 2)] == [0, 1]
    assert [number for number, _ in Bm25(docs, {"name": 0.5, "body": 3.0}).best({"disk": 1.0}, 2)] == [1, 0]


def test_coverage_counts_words_that_no_document_has() -> None:
    index = Bm25(DOCS, {"t": 1.0})
    assert index.coverage({"disk": 1.0}, 0) == (1.0, 1)
    share, count = index.coverage({"disk": 1.0, "unheard": 1.0}, 0)
    assert (share < 0.4, count) == (True, 1)
    assert index.coverage({}, 0) == (0.0, 0)


def test_one_look_tells_what_the_single_questions_tell() -> None:
    index = Bm25(DOCS, {"t": 1.0})
    query = weighted([("disk full, disk slow", 2.0), ("unheard", 1.0)], ['up{job="queue"} == 0'])
    found = index.likeness(query)
    scores = index.scores(query)
    assert found.scores == [scores.get(number, 0.0) for number in range(len(DOCS))]
    told = list(zip(found.shares, found.words, strict=True))
    assert told == [index.coverage(query, number) for number in range(len(DOCS))]
    assert found.ceiling == index.ceiling(query) > max(found.scores) > 0


def test_no_documents_and_no_words() -> None:
    assert Bm25([], {"t": 1.0}).best({"disk": 1.0}, 5) == []
    assert Bm25([{"t": ""}], {"t": 1.0}).best({"disk": 1.0}, 5) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("filling", "fills"), ("queries", "query"), ("connections", "connection"), ("crashed", "crashing")],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_words_that_differ_stay_apart() -> None:
    assert len({stem(word) for word in ("disk", "dns", "pod", "port", "process", "load", "log")}) == 7


def test_what_people_and_machines_both_say_counts_more() -> None:
    query = weighted([("Searcher memory high", 1.0)], ['container_memory_bytes{name=~"searcher.*"}'])
    assert query[stem("searcher")] > query[stem("memory")] > query["high"] > query[stem("container")]


def test_the_expression_of_a_generator_link() -> None:
    assert expression_of("http://p/graph?g0.expr=rate%28x%5B5m%5D%29+%3E+1&g0.tab=1") == "rate(x[5m]) > 1"
    for url in (None, "", "http://p/graph", "http://p/?g0.expr=", "http://[bad/?g0.expr=1", "g0.expr=" + "a" * 100_000):
        assert len(expression_of(url)) <= 2_000


def test_the_cause_counts_twice_and_the_query_is_bounded() -> None:
    facts = [
        AlertFact(f"e{i}", f"Name{chr(97 + i % 26)}xyz{chr(97 + i // 26)}", 2, 1, 0.0, 0.0, message="m " * 9000)
        for i in range(300)
    ]
    facts.append(AlertFact("culprit", "TeapotHot", 2, 1, 0.0, 0.0))
    query = incident_query(situation(IncidentView("i", 0.0, facts, causes=[Cause("culprit")]), Topology()))
    assert query["teapot"] == 2.0
    assert len(query) < 100
