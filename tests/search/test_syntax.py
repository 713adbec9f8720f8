"""The text of a query: what it means, what is refused and with which words, in linear time for any text."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.search.suggestions import text_of
from aiops.search.syntax import FIELDS, MAX_CHARS, Age, Query, Term, Value, age_of, quoted, read_query


def term(field: str, *values: Value | str, negated: bool = False) -> Term:
    return Term(field, tuple(Value(one) if isinstance(one, str) else one for one in values), negated)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("  \t ", []),
        ("disk full", [term("", "disk"), term("", "full")]),
        ("-disk", [term("", "disk", negated=True)]),
        ('"no space left"', [term("", Value("no space left", is_quoted=True))]),
        ('-"no space"', [term("", Value("no space", is_quoted=True), negated=True)]),
        (r'"a \"b\" \\c"', [term("", Value('a "b" \\c', is_quoted=True))]),
        ("service:payments-api", [term("service", "payments-api")]),
        ("SERVICE:Payments", [term("service", "Payments")]),
        ("-owner:alice", [term("owner", "alice", negated=True)]),
        ("severity:critical,High", [term("severity", "critical", "high")]),
        ("status:recent storm:YES", [term("status", "recent"), term("storm", "yes")]),
        ('service:"a, b",c', [term("service", Value("a, b", is_quoted=True), "c")]),
        ("entity:payments-*", [term("entity", Value("payments-", is_prefix=True))]),
        ('entity:"pay*"', [term("entity", Value("pay*", is_quoted=True))]),
        ('label:app="a b"', [term("label", Value("app=a b", is_quoted=True))]),
        ("label:env=prod label:env", [term("label", "env=prod"), term("label", "env")]),
        ("age:<1h", [term("age", "<1h")]),
        ("10.0.0.1:9100", [term("", "10.0.0.1:9100")]),
        ("a-b db-1:5432", [term("", "a-b"), term("", "db-1:5432")]),
        (":x", [term("", ":x")]),
        ('"AND"', [term("", Value("AND", is_quoted=True))]),
    ],
)
def test_a_query_is_read(text: str, terms: list[Term]) -> None:
    assert read_query(text) == Query(tuple(terms))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sevice:payments", ["no field 'sevice'", "did you mean service:", "quote it: 'sevice:payments'"]),
        ("kafka:9092", ["no field 'kafka'", "known: service, severity"]),
        ("severity:hihg", ["severity", "got 'hihg'", "did you mean severity:high?"]),
        ("status:closed", ["status", "open, acknowledged", "got 'closed'"]),
        ("storm:maybe", ["expected yes or no"]),
        ("service:", ["service", "expected a value", "got nothing"]),
        ("service:a,", ["service", "expected a value"]),
        ('"no end', ["quotation mark", "no end"]),
        ("-", ["after the minus"]),
        ('""', ["expected a word", "got nothing"]),
        ("disk OR cpu", ["service:a,b", '"OR"']),
        ("a AND b", ["joined by 'and' already"]),
        ("NOT a", ["minus in front"]),
        ("age:soon", ["<1h or >2d", "got 'soon'"]),
        ("age:<<1h", ["got '<<1h'"]),
        ("age:<1w", ["s, m, h or d"]),
        ("age:²h", ["age"]),
        ("label:=prod", ["label", "name=value"]),
        ("x" * 301, ["at most 300 characters", "got 301"]),
        ("a\ud800b", ["expected text", "a\\ud800b"]),
        ("*", ["expected a word"]),
        ("a " * 41, ["at most 40"]),
        ("service:" + ",".join("a" * 41), ["at most 40"]),
        ("x" * (MAX_CHARS + 1), ["at most 8,000 characters", "got 8,001"]),
    ],
)
def test_a_query_that_does_not_fit_is_refused_with_its_words(text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as raised:
        read_query(text)
    for word in ["query: ", *words]:
        assert word in str(raised.value)
    assert len(str(raised.value)) < 400


def test_an_age_is_below_or_above() -> None:
    ages = [age_of(read_query(f"age:{text}").terms[0].values[0]) for text in ("<90s", ">2d", "15m")]
    assert ages == [Age(True, 90.0), Age(False, 172_800.0), Age(True, 900.0)]


ALPHABET = st.sampled_from(list('ab:"\\-*,=<> \t\n٣é\u202e\x00\ud800') + list(FIELDS) + ["severity:", "age:", 'x"'])


@settings(max_examples=400, deadline=None)
@given(st.lists(ALPHABET, max_size=60).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = read_query(text)
    except UsageError:
        return
    # What was read is written in a way that means the same.
    again = read_query(" ".join(map(text_of, query.terms)))
    assert [(one.field, one.is_negated, [(v.text, v.is_prefix) for v in one.values]) for one in again.terms] == [
        (one.field, one.is_negated, [(v.text, v.is_prefix) for v in one.values]) for one in query.terms
    ]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda text: text.strip() != ""))
def test_a_quoted_text_means_itself(text: str) -> None:
    (term,) = read_query(f"service:{quoted(text)}").terms
    assert [(value.text, value.is_prefix) for value in term.values] == [(text, False)]


@pytest.mark.parametrize("piece", ['"', '\\"', "a:", "-", "-a ", "service:", ",", "a,", 'a"b"', "*", " ", "\\", ":"])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    def cost(size: int) -> float:
        text = ("service:" + piece * size)[:size]
        begun = time.process_time()
        for _ in range(20):
            with suppress(UsageError):
                read_query(text)
        return time.process_time() - begun

    # Four times the text in at most some ten times the time: square would be sixteen.
    assert cost(8_000) < 10 * cost(2_000) + 0.05
