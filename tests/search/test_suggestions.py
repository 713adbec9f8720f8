"""Suggestions: the word that was meant, with the query that finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aiops.search.suggestions import Suggestion, suggestions
from aiops.search.syntax import read_query
from tests.search.stored import Filled, filled, incident, member


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    one = incident("inc-1", member("DiskFull", "db-1", service="payments-api", labels={"env": "prod"}))
    with filled(tmp_path_factory.mktemp("store"), one) as found:
        yield found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("service:payment-api", [Suggestion("service:payment-api", "service:payments-api", "service:payments-api")]),
        ("dsik", [Suggestion("dsik", "disk", "disk")]),
        ("-x paymnets storm:no", [Suggestion("paymnets", "payments", "-x payments storm:no")]),
        ("label:env=prd", [Suggestion("label:env=prd", "label:env=prod", "label:env=prod")]),
        ("alert:DisFull", [Suggestion("alert:DisFull", "alert:diskfull", "alert:diskfull")]),
        ("disk", []),
        ("-service:payment-api", []),
        ("service:zebra", []),
        ("service:payment-api,x", []),
        ('"no such phrase"', []),
        ("", []),
    ],
)
def test_the_word_that_was_meant(store: Filled, query: str, found: list[Suggestion]) -> None:
    assert suggestions(store.reader, read_query(query)) == found
    for one in found:
        assert "service" not in query or store.found(one.query)


def test_few_are_made(store: Filled) -> None:
    assert len(suggestions(store.reader, read_query("dsik flul paymnets inc- aip"))) == 3
